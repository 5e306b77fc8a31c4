"""What was observed of the pull requests of a mission: the forge's answers, and what git says of their commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mission_cli.domain.branches.landing import Merge
    from mission_cli.domain.forge.facts import PullFacts, Repository, Rules
    from mission_cli.domain.notice import Notice


@dataclass(frozen=True, slots=True)
class PullLook:
    """One pull request, as it was last seen."""

    facts: PullFacts | None = None
    """None: there is none from that branch."""
    known: bool = False
    """Whether the forge was asked at all."""
    tip: str = ""
    """The commit of the branch at the forge, as git last saw it."""
    pushed: bool = False
    """Whether the branch at the forge has what is to be merged."""
    foreign: bool = False
    """Whether the branch at the forge has commits that this program did not push."""
    gone: bool = False
    """Whether the branch is not at the forge."""
    arrived: bool = False
    """Whether the base contains the commit, or all of its changes."""
    tree: str = ""
    """Tree of what is to be merged, without mission folders."""
    update: Merge | None = None
    """The base merged into it; None: the base is contained."""
    update_tree: str = ""
    logs: Mapping[str, str] = field(default_factory=dict)
    """What failed checks printed, by name."""
    refused: str = ""
    """The forge's words when it last refused to merge this head."""
    described: bool = True
    """Whether title and description are current."""
    tidied: bool = False
    """Whether its branch was deleted, or stays for a reason."""


@dataclass(frozen=True, slots=True)
class ForgeState:
    """The forge of a mission."""

    trouble: Notice | None = None
    """Why it cannot be used now; then nothing that it said before counts."""
    person: bool = False
    """Whether only a person can end the trouble."""
    again: datetime | None = None
    """When it is asked next."""
    rules: Rules | None = None
    repository: Repository | None = None
    issues: Mapping[str, str] = field(default_factory=dict)
    """The reference to the issue of each feature, such as `GH#12`."""
    closed: tuple[str, ...] = ()
    """Features whose issues are closed."""
    no_issues: str = ""
    """Why the forge takes no issues now; empty: it may."""
    has_workflows: bool = False
    """Whether the repository has checks that the forge starts by itself."""
