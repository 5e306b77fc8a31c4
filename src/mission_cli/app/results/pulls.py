"""The pull requests of missions: how each stands, what blocks it, and who can clear that (`mission pr`, `status`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.notice import NO_ADVICE, Advice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.ids import MissionId


@dataclass(frozen=True, slots=True)
class PullChecks:
    """The checks on its head that count: the required ones, or all of them where none is required."""

    passed: int
    total: int
    """With the required checks that have not started."""
    failed: tuple[str, ...] = ()
    """Names, like those below."""
    running: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    """Checks that wait for a person."""
    missing: tuple[str, ...] = ()
    """Required checks that have not started."""


@dataclass(frozen=True, slots=True)
class PullReviews:
    """The reviews that count: of people who may write to the repository."""

    approved: int
    """Approvals of its head."""
    required: int
    """Approvals that the forge demands."""
    changes_requested: tuple[str, ...] = ()
    """Who requested changes."""
    open_threads: int = 0
    """Threads at places of the diff that are not resolved."""


@dataclass(frozen=True, slots=True)
class PullBlock:
    """One rule of the forge that is not met."""

    kind: str
    """Such as `check failed` or `approvals`."""
    text: str
    who: str
    """Who can clear it."""


@dataclass(frozen=True, slots=True)
class PullView:
    """One pull request, as the mission recorded it and as the forge last described it."""

    subject: str
    """A feature (`1.2`), a milestone (`1`), `mission`, or `todo` for `TODO.md`."""
    title: str
    """Of the feature, the milestone or the mission."""
    number: int
    """0: it is not open yet."""
    url: str
    """Empty: it is not open yet."""
    state: str
    """planned, draft, open, queued, theirs, merged, done or closed."""
    branch: str
    base: str
    head: str
    """The judged commit that is to be merged."""
    since: str
    """Since when its head is this one, ISO 8601; empty if unknown."""
    checks: PullChecks | None
    """Null: the forge has not said anything about it yet, like `reviews`."""
    reviews: PullReviews | None
    blocked_by: tuple[PullBlock, ...] = ()
    """What the forge demands before it merges, the first one to clear first."""
    who_can: str = ""
    """Who can clear the first of them; empty if nothing blocks it."""
    reason: str = ""
    """Why it is not merged, in one sentence; empty if it is, or if the next pulse continues."""
    unblock: Advice = NO_ADVICE
    """The command or event that helps."""
    person: bool = False
    """Whether it waits for a person of this mission."""


@dataclass(frozen=True, slots=True)
class ForgeView:
    """What is known of the forge of a mission, without asking it."""

    remote: str
    """The git remote; empty: there is no forge."""
    repository: str
    """`owner/name`; empty before the forge was asked."""
    asked: str
    """When it answered last, ISO 8601; empty: never."""
    again: str
    """When it is asked next, ISO 8601; empty: by the next pulse."""
    trouble: str = ""
    """Why it cannot be used now; empty if it can."""
    unblock: Advice = NO_ADVICE
    """What ends the trouble."""
    person: bool = False
    """Whether only a person can end the trouble."""


@dataclass(frozen=True, slots=True)
class MissionPulls:
    """The pull requests of one mission."""

    id: MissionId
    title: str
    pull_requests: str
    """What gets a pull request: none, feature, milestone or mission."""
    forge: ForgeView
    pulls: Sequence[PullView]


@dataclass(frozen=True, slots=True)
class PullRequests:
    """The pull requests of the missions of a repository, or of one of them."""

    missions: Sequence[MissionPulls]
