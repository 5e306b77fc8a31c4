"""What a page about missions shows: plain texts and numbers, without anything that changes by itself with time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import digest
from mission_cli.domain.asking.urgency import urgency_rank
from mission_cli.domain.notice import NO_ADVICE, Advice

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

_PLAIN = pattern(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Need:
    """Something that waits for a person."""

    mission: str
    words: str
    """The question, or what is held and why."""
    since: str = ""
    """When it was asked; empty if unknown."""
    help: Advice = NO_ADVICE
    """The command that helps."""
    urgency: str = ""
    """Of a request: low, normal, high or urgent."""


@dataclass(frozen=True, slots=True)
class BoardFeature:
    """One feature."""

    number: str
    title: str
    state: str
    """The status, or what it waits for: blocked, waiting_human, waiting_external, recovering."""
    worker: str
    """Who makes the last attempt, or has made it, such as `script a2`; empty before the first one."""
    held: str = ""
    """The reason why it does not go on; empty if nothing holds it."""
    help: Advice = NO_ADVICE
    """The command that helps."""


@dataclass(frozen=True, slots=True)
class BoardMilestone:
    """One milestone."""

    number: int
    name: str
    state: str
    done: int
    planned: int
    features: Sequence[BoardFeature]


@dataclass(frozen=True, slots=True)
class BoardMoney:
    """One category of the budget."""

    label: str
    spent: str
    cap: str
    """Empty without a cap."""
    pct: int | None
    """Of the cap; None without one."""


@dataclass(frozen=True, slots=True)
class SpendPoint:
    """Dollars spent so far, at a time."""

    at: str
    usd: Decimal


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A row of a log."""

    at: str
    what: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class BoardMission:
    """One mission."""

    id: str
    title: str
    goal: str
    state: str
    """The status, or what an active mission does: waiting, blocked, validating, recovering."""
    finished: bool
    link: str
    """The path of its file, from the folder of the missions."""
    repo: str
    """Its repository, if those of several are shown."""
    priority: str
    deadline: str
    phase: str
    """The current phase and how far it is; empty without phases."""
    done: int
    planned: int
    milestones: Sequence[BoardMilestone]
    money: Sequence[BoardMoney]
    usd: Decimal
    """Dollars spent."""
    cap: Decimal | None
    """Of dollars."""
    curve: Sequence[SpendPoint]
    decisions: Sequence[BoardRow]
    """The newest ones first."""
    history: Sequence[BoardRow]
    """The newest entries first."""
    needs: Sequence[Need]

    @property
    def anchor(self) -> str:
        """The id of its part of the page; folders may have any names."""
        plain = not self.repo and _PLAIN.fullmatch(self.id)
        return f"m-{self.id}" if plain else f"m-{digest(f'{self.repo}/{self.id}')}"


@dataclass(frozen=True, slots=True)
class Board:
    """Everything that a page shows."""

    missions: Sequence[BoardMission]
    """What needs a person first, then by priority; finished ones last. Without those in the archive."""
    as_of: str
    """The time of the newest entry in the logs; empty without one."""

    @property
    def needs(self) -> list[tuple[BoardMission, Need]]:
        """Everything that waits for people, each with its mission: urgent things first, then by mission."""
        found = [(mission, need) for mission in self.missions for need in mission.needs]
        return sorted(found, key=lambda one: -urgency_rank(one[1].urgency))

    @property
    def done(self) -> int:
        """Planned features that are done."""
        return sum(mission.done for mission in self.missions)

    @property
    def planned(self) -> int:
        """Planned features."""
        return sum(mission.planned for mission in self.missions)
