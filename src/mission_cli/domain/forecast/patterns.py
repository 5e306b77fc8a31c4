"""Which tiers succeed at which kind of task, by the run records of the repository: `model_routing.patterns`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.routing import PATTERNS, is_research
from mission_cli.domain.status import Cause

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mission_cli.domain.mission import Feature, Mission
    from mission_cli.domain.runs.record import RunRecord

FEWEST, ENOUGH_PCT = 3, 75
"""With fewer attempts nothing follows; with more successes than this a tier is good enough for a kind of task."""
_ON = frozenset({"on", "true", "yes"})
BY_THE_WORKER = frozenset(
    {
        Cause.DONE,
        Cause.NOOP,
        Cause.WRONG_OUTPUT,
        Cause.CRITERIA_FAILED,
        Cause.TAMPERED,
        Cause.DEADLINE,
        Cause.STALLED,
        Cause.OVER_BUDGET,
        Cause.TOO_MANY_STEPS,
    }
)
"""Causes that say something about the worker; all others are about machines, services or people."""


@dataclass(frozen=True, slots=True)
class Sort:
    """A kind of task, and who worked on it."""

    task: str
    """`development`, or another type of mission; `fix` or `research` of a feature."""
    runner: str
    model: str


@dataclass(frozen=True, slots=True)
class Seen:
    """How many attempts ended with the feature done, and how many there were."""

    done: int
    tried: int

    @property
    def good(self) -> bool | None:
        """Whether that is good enough; None: too few to say."""
        return None if self.tried < FEWEST else self.done * 100 > ENOUGH_PCT * self.tried

    @property
    def words(self) -> str:
        """Such as `4 of 5 such attempts were done`."""
        return f"{self.done} of {self.tried} such attempts were done"


def uses_patterns(mission: Mission) -> bool:
    """Whether a mission chooses tiers by what was seen of them."""
    return mission.models.get(PATTERNS, "").strip().casefold() in _ON


def task_of(mission: Mission, feature: Feature) -> str:
    """Return the kind of task that a feature is."""
    return "fix" if feature.fixes else "research" if is_research(mission, feature) else mission.kind


def patterns_in(missions: Iterable[tuple[Mission, Iterable[RunRecord]]]) -> Mapping[Sort, Seen]:
    """Return what was seen in some missions."""
    done: Counter[Sort] = Counter()
    tried: Counter[Sort] = Counter()
    for mission, records in missions:
        tasks = {feature.number: task_of(mission, feature) for feature in mission.features()}
        for record in records:
            counts = record.cause in BY_THE_WORKER and not (record.by or record.open)
            if counts and record.feature in tasks:
                sort = Sort(tasks[record.feature], record.runner, record.model)
                tried[sort] += 1
                done[sort] += record.cause is Cause.DONE
    return {sort: Seen(done[sort], count) for sort, count in tried.items()}
