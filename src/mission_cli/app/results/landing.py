"""What `mission land` would bring to the base, what it did, and previews of work before it lands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.branches.landing import LandedCommit, LandedFile
    from mission_cli.domain.ids import MissionId


@dataclass(frozen=True, slots=True)
class LandedFeature:
    """A feature whose work lands."""

    number: str
    title: str
    agent: str
    """Runner and model of the attempt that finished it; empty if a person did, or if it is not known."""


@dataclass(frozen=True, slots=True)
class LandedCriterion:
    """A criterion of what lands, with its last verdict."""

    owner: str
    """Number of its milestone (`1`) or feature (`1.2`)."""
    text: str
    verdict: str
    """passed, flaky, failed, skipped or could-not-run; empty if it was not judged."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A feature that does not land."""

    number: str
    title: str
    why: str


@dataclass(frozen=True, slots=True)
class LandingPreview:
    """What `mission land` would bring to the base."""

    id: MissionId
    title: str
    base: str
    """Name of the branch."""
    work: str
    """The commit with the finished work."""
    method: str
    """merge or squash."""
    base_moved: bool
    """Whether the base has commits that the work lacks: then the merge is judged before it lands."""
    features: Sequence[LandedFeature]
    commits: Sequence[LandedCommit]
    files: Sequence[LandedFile]
    added: int
    """Added lines in all files."""
    removed: int
    """Removed lines in all files."""
    criteria: Sequence[LandedCriterion]
    left_out: Sequence[LeftOut]
    obstacle: str
    """What is in the way of landing now; empty if nothing."""


@dataclass(frozen=True, slots=True)
class Landed:
    """What `mission land` did, and what the landing still waits for."""

    id: MissionId
    message: str
    commit: str
    """The commit of the mission file; empty if nothing had to be changed."""
    waits: Sequence[str]
    """Empty if it can go ahead."""
    landed: str = ""
    """The commit on the base that landed the work; empty if it has not landed yet."""
    take_back: str = ""
    """The git command that takes the landing back; empty if the work has not landed yet."""


@dataclass(frozen=True, slots=True)
class PreviewView:
    """A preview of finished work."""

    number: int
    commit: str
    """The commit that it shows."""
    status: str
    """planned, starting, ready, failed, closing or closed."""
    url: str
    """Where it can be opened; empty before it is ready."""
    since: str
    """Since when it has this status, ISO 8601."""
    expires: str
    """When a ready one ends, ISO 8601; empty otherwise."""
    reason: str
    """Who asked for it, or why it failed or ended."""


@dataclass(frozen=True, slots=True)
class Previewed:
    """What `mission preview` did, and the preview as it is then."""

    id: str
    message: str
    commit: str
    """The commit of the mission file; empty if nothing had to be changed."""
    preview: PreviewView | None
    """Null if there has been none."""
    log: str = ""
    """The end of the output of a failed one."""
