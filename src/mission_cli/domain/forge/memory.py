"""What is remembered of the forge of one mission between two pulses, so that an idle pulse asks nothing."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.domain.forge.facts import PullFacts, Repository, Rules


@dataclass(frozen=True, slots=True)
class ForgeMemory:
    """The last answers. Losing it costs requests, nothing else."""

    asked: str = ""
    """When the forge answered last, ISO 8601."""
    again: str = ""
    """When it is asked next; empty: now."""
    changed: str = ""
    """When its answers changed last."""
    trouble: str = ""
    """Why it could not be asked; empty: it answered."""
    hint: str = ""
    person: bool = False
    """Whether only a person can end that."""
    failures: int = 0
    """How often in a row it could not be asked."""
    settings: str = ""
    """A hash of the settings with which it was asked; others make everything unknown."""
    rules: Rules | None = None
    repository: Repository | None = None
    ruled: str = ""
    """When rules and repository were asked for last."""
    pulls: Mapping[str, PullFacts] = field(default_factory=dict)
    """By branch."""
    looked: tuple[str, ...] = ()
    """The branches that were asked for."""
    logs: Mapping[str, str] = field(default_factory=dict)
    """What failed checks printed, by their id."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """The forge's words when it refused a merge, by `seen_as` of what it said then: anything new is tried again."""
    described: Mapping[str, str] = field(default_factory=dict)
    """A hash of title and description as they were written last, by subject."""
    issues: Mapping[str, str] = field(default_factory=dict)
    """The reference to the issue of each feature, such as `GH#12`."""
    closed: tuple[str, ...] = ()
    """Features whose issues are closed."""
    no_issues: str = ""
    """Why the forge takes no issues; empty: it does, or was not asked."""
    no_issues_until: str = ""
    """When it is asked for one again."""
    tidied: tuple[int, ...] = ()
    """The pull requests whose branches are deleted, or stay for a reason."""


def seen_as(facts: PullFacts) -> str:
    """Return a hash of what the forge says of a pull request."""
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
