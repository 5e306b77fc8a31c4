"""Find missions without progress: count observations with work left, and name what blocks each feature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import one_line, stamp
from mission_cli.domain.ids import FeatureNumber
from mission_cli.domain.status import FINISHED_FEATURE, MissionStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.engine.case import Case

EVENT = "stuck"
_COUNT, _MARK = "still.looks", "still.mark"
MEMORY = frozenset({_COUNT, _MARK})
"""What is remembered between observations and not reported."""
_AS_PLANNED = frozenset({"clock", "delay", "hours", "wait"})
_FOLLOWS = frozenset({"dependency", "milestone", "recovery"})
"""Kinds of holds that follow from another hold."""


def watch(case: Case, before: Mapping[str, str], looks: int) -> Mapping[str, str]:
    """Return what to remember and, after `looks` observations without progress, the text of a standstill.

    The text stays the same until something progresses. Nothing is counted while a worker or a check runs. Planned waits
    are no standstill, nor are waits for a person, which are reported anyway.
    """
    mission = case.mission
    if mission.status is not MissionStatus.ACTIVE:
        return {}
    mark = _mark(case)
    if mark != before.get(_MARK):
        return {_MARK: mark, _COUNT: "0"}
    kept = {name: before[name] for name in (_MARK, _COUNT, EVENT) if name in before}
    if case.plan.running or case.watched_jobs:
        return kept
    count = int(before.get(_COUNT, "0")) + 1
    kept[_COUNT] = str(count)
    blockers = [h for h in case.plan.holds if h.kind not in _AS_PLANNED | _FOLLOWS]
    if count >= looks and blockers and not any(h.person for h in case.plan.holds):
        kept.setdefault(EVENT, f"no progress in {looks} observations: {_blockers(case)}")
    return kept


def _mark(case: Case) -> str:
    finished = sum(f.status in FINISHED_FEATURE for f in case.mission.features())
    milestones = ",".join(str(m.status) for m in case.mission.milestones)
    return f"{finished} {milestones} {case.observation.work or ''}"


def _blockers(case: Case) -> str:
    last = {r.feature: r for r in case.observation.records if r.cause is not None}
    words = []
    for hold in case.plan.holds:
        record = last.get(FeatureNumber(hold.subject))
        ended = f", after {record.cause}: {record.detail}" if hold.until and record else ""
        what = f"until {stamp(hold.until)}{ended}" if hold.until else hold.detail
        words.append(one_line(f"{hold.subject} {hold.kind}: {what}".strip(), 200))
    return "; ".join(words)
