"""The retrospective: facts only, counted from the file and the run records."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mission_cli._support.shown import quantity_of
from mission_cli._support.text import counted, share
from mission_cli.document.changes import Change, FillSection, SetCell
from mission_cli.domain.budget.amounts import (
    CATEGORIES,
    LABELS,
)
from mission_cli.domain.budget.ledger import account
from mission_cli.domain.events import EventKind
from mission_cli.domain.judging.quarantine import quarantined
from mission_cli.domain.status import Cause, FeatureStatus
from mission_cli.domain.tables import REMOVED
from mission_cli.engine.recording.entry import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs import RunRecord


def retrospective(mission: Mission, records: Sequence[RunRecord]) -> Iterator[Change]:
    """Fill the sections of `## Retrospective`."""
    for title, lines in (
        ("outcomes", _outcomes(mission)),
        ("lessons learned", _lessons(mission, records)),
        ("improvements", _improvements(mission, records)),
        ("budget accuracy", _budget(mission, records)),
    ):
        yield FillSection(("retrospective", title), "\n".join(lines))


def _outcomes(mission: Mission) -> Iterator[str]:
    features = list(mission.features())
    done = sum(f.status is FeatureStatus.DONE for f in features)
    skipped = sum(f.status is FeatureStatus.SKIPPED for f in features)
    fixes = sum(bool(f.fixes) for f in features)
    yield f"- {done} of {counted(len(features), 'feature')} done, {skipped} skipped, {fixes} of them fix features."
    for milestone in mission.milestones:
        passed = sum(c.ticked for c in milestone.criteria)
        judged = share(passed, len(milestone.criteria), "criterion", "criteria")
        yield f"- Milestone {milestone.number} {milestone.status}: {judged} passed."


def _lessons(mission: Mission, records: Sequence[RunRecord]) -> Iterator[str]:
    causes = Counter(r.cause for r in records if not r.planning and r.cause not in {None, Cause.DONE})
    yield from (f"- Flaky {'criterion' if one.whole else 'test'}: {one.name}." for one in quarantined(mission))
    if not causes:
        yield "- Every attempt succeeded at the first try."
    for cause, count in causes.most_common():
        yield f"- {counted(count, 'attempt')} ended with {cause}."


def _improvements(mission: Mission, records: Sequence[RunRecord]) -> Iterator[str]:
    tries = Counter(r.feature for r in records)
    times = max(1, mission.executions) if mission.recurs else 1
    often = [f for f in mission.features() if tries[f.number] > times]
    if not often and not any(m.rounds for m in mission.milestones):
        yield "- Nothing had to be done twice."
    for feature in often:
        in_all = f" in {times} executions" if times > 1 else ""
        yield f"- {feature.number} took {counted(tries[feature.number], 'attempt')}{in_all}."
    for milestone in mission.milestones:
        if milestone.rounds:
            yield f"- Milestone {milestone.number} needed {counted(milestone.rounds, 'round')} of fixes."


def _budget(mission: Mission, records: Sequence[RunRecord]) -> Iterator[str]:
    state = account(mission.limits, mission.spends, records)
    for category in CATEGORIES:
        cap, spent = state.cap(category), quantity_of(category, state.spent.of(category))
        allowed = "no cap" if cap is None else f"a cap of {quantity_of(category, cap)}"
        yield f"- {LABELS[category]}: {spent} spent, {allowed}."
    if state.spent.unknown:
        yield f"- Cost unknown: {counted(state.spent.unknown, 'attempt')}."
    estimated = sum((f.estimate_hours or 0) for f in mission.features())
    if estimated:
        yield f"- Estimated: {quantity_of('hours', estimated)}, worked: {quantity_of('hours', state.spent.hours)}."


def closing(mission: Mission, records: Sequence[RunRecord]) -> Iterator[Change]:
    """Write the retrospective, and mark agents that existed only for this mission as removed; their rows stay."""
    yield from retrospective(mission, records)
    for member in mission.team:
        if member.volatile:
            yield SetCell("Team", {"Agent": member.agent}, "Volatile", REMOVED)


def removals(mission: Mission) -> Iterator[Entry]:
    """Yield a row of the log for each of them."""
    for member in mission.team:
        if member.volatile:
            words = f"{member.agent} was only for this mission, and is removed from the team"
            yield Entry(EventKind.AGENT_REMOVED, words)
