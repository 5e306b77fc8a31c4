"""The merge queue: which candidates are merged on top of which, and in which order.

Candidates are merged one on another and judged at the same time. When the first ones pass, they are integrated, and
the verdicts on those above stay valid because their trees stay the same. If one fails, they are judged without it.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.forge.rows import Proposing
from mission_cli.domain.status import EXECUTABLE_KINDS, FeatureStatus
from mission_cli.planner.attempts.endings import ending
from mission_cli.planner.pulls.rows import proposing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.ids import RunId
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.evidence import Evidence
    from mission_cli.domain.runs.jobs import Exit
    from mission_cli.domain.runs.record import RunRecord

_WAITING = frozenset({FeatureStatus.DISPATCHED, FeatureStatus.REVIEW})

MOST_ORDERED = 8
"""The most candidates whose order is chosen; the others follow by age."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An attempt that can be merged on finished work."""

    run: RunId
    clashes: frozenset[RunId]
    """The other candidates that it conflicts with."""
    lost: int = 0
    """How many attempts at its feature have ended with a conflict."""


def merge_order(candidates: Sequence[Candidate]) -> list[RunId]:
    """Return the order in which the fewest candidates conflict with earlier ones; `candidates` are sorted by age.

    The largest group without conflicts comes first, of equal ones the oldest. A feature that has lost attempts by
    conflicts counts more than all those together that have lost fewer, so each is first at some time.
    """
    weights = [(MOST_ORDERED + 1) ** min(one.lost, MOST_ORDERED) for one in candidates]
    places = range(len(candidates))
    groups = [
        group
        for size in range(len(candidates), 0, -1)
        for group in combinations(places, size)
        if not any(candidates[b].run in candidates[a].clashes for a, b in combinations(group, 2))
    ]
    best = min(groups, key=lambda group: (-sum(weights[place] for place in group), group), default=())
    return [candidates[place].run for place in (*best, *(place for place in places if place not in best))]


def carries(mission: Mission, record: RunRecord, end: Exit, evidence: Evidence) -> bool:
    """Whether others may be judged on top of an attempt's candidate: it can pass without waiting for a person."""
    feature = mission.feature(record.feature)
    if (
        mission.poc
        or proposing(mission) is Proposing.FEATURE
        or feature is None
        or feature.status not in _WAITING
        or evidence.candidate is None
    ):
        return False
    runnable = all(c.kind in EXECUTABLE_KINDS and not c.wrong for c in feature.criteria)
    asks = bool(evidence.against.lost_tests) or (evidence.against.commit is not None and evidence.against.person)
    over = evidence.integrated or end.report.cause is not None
    return not over and runnable and not asks and ending(end, evidence, record.run, provable=True) is None
