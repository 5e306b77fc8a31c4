"""The merge queue: which candidates are judged on top of which.

Candidates are merged one on another and judged at the same time. When the first one passes, it is integrated, and the
verdicts on those above it stay valid because their trees stay the same. If it fails, they are judged without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.forge.rows import Proposing
from mission_cli.domain.status import EXECUTABLE_KINDS, FeatureStatus
from mission_cli.planner.attempts.endings import ending
from mission_cli.planner.pulls.rows import proposing

if TYPE_CHECKING:
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs import Evidence, Exit, RunRecord

_WAITING = frozenset({FeatureStatus.DISPATCHED, FeatureStatus.REVIEW})


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
