"""When the orchestrator's model is asked about failures and the plan: rules over mission file and records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.judgments.rules import Judging, JudgmentKind
from mission_cli.domain.noted import times_resumed
from mission_cli.domain.status import Cause, FeatureStatus, HoldKind, MilestoneStatus, MissionStatus
from mission_cli.planner.core.moves.features import Dispatch
from mission_cli.planner.judgments.asking import Question, judged, subject_of
from mission_cli.planner.judgments.facts import about_conflict, about_failure, about_feature, about_rest
from mission_cli.planner.judgments.plan import not_begun, reaches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.domain.ids import FeatureNumber
    from mission_cli.domain.mission import Feature, Milestone
    from mission_cli.planner.core.draft import Draft

_SECOND = 2
_LASTING = frozenset(
    {
        HoldKind.RESOURCE,
        HoldKind.WAIT,
        HoldKind.APPROVAL,
        HoldKind.QUALITY,
        HoldKind.REQUEST,
        HoldKind.FOREIGN,
    }
)
"""Holds that only a person or an event outside ends, so that an answer can come in time."""
_WORKED_ON = frozenset({MilestoneStatus.ACTIVE, MilestoneStatus.VALIDATING})


def judge_failures(draft: Draft) -> None:
    """Ask about failed milestones and features, and about conflicts."""
    if draft.mission.orchestrator.judgments is Judging.OFF or draft.mission.poc:
        return
    for milestone in draft.mission.milestones:
        for question in _questions(draft, milestone):
            judged(draft, question)


def judge_the_rest(draft: Draft) -> None:
    """Ask whether what is held for long is needed, where everything else of its milestone is done."""
    mission = draft.mission
    if mission.orchestrator.judgments is Judging.OFF or mission.poc or mission.status is not MissionStatus.ACTIVE:
        return
    lasting = {hold.subject for hold in draft.holds if hold.kind in _LASTING}
    for milestone in mission.milestones:
        rest = [f for f in milestone.features if not f.finished]
        worked = any(f.status is FeatureStatus.DONE for f in milestone.features)
        held = all(f.number in lasting and not_begun(draft, f) for f in rest)
        if milestone.status is MilestoneStatus.ACTIVE and rest and worked and held:
            kind, names = JudgmentKind.UNNECESSARY, tuple(str(f.number) for f in rest)
            subject = subject_of(kind, str(milestone.number), str(mission.executions), *names)
            judged(
                draft, Question(kind, str(milestone.number), about_rest(draft, milestone, rest), subject, names=names)
            )


def _questions(draft: Draft, milestone: Milestone) -> Iterator[Question]:
    mission = draft.mission
    if mission.status is MissionStatus.PAUSED and milestone.status is MilestoneStatus.FAILED:
        yield _about(draft, JudgmentKind.REPLAN, milestone, paused=True)
    if mission.status is not MissionStatus.ACTIVE or milestone.status not in _WORKED_ON:
        return
    failed_fixes = [f for f in milestone.features if f.fixes and f.status is FeatureStatus.FAILED]
    open_fixes = [f for f in milestone.features if f.fixes and not f.finished]
    if failed_fixes or (milestone.rounds >= _SECOND and open_fixes):
        yield _about(draft, JudgmentKind.DIAGNOSE, milestone, *(str(f.number) for f in failed_fixes))
    for feature in milestone.features:
        if feature.fixes or feature.broken:
            continue
        if feature.status is FeatureStatus.FAILED:
            yield _reduce(draft, milestone, feature)
        elif feature.status is FeatureStatus.PENDING:
            yield from _serialize(draft, milestone, feature)


def _about(draft: Draft, kind: JudgmentKind, milestone: Milestone, *which: str, paused: bool = False) -> Question:
    """Return a question about a milestone that failed; it is another one in the next round."""
    number, mission = str(milestone.number), draft.mission
    subject = subject_of(
        kind, number, str(milestone.rounds), str(times_resumed(mission)), str(mission.executions), *which
    )
    return Question(kind, number, about_failure(draft, milestone), subject, paused=paused)


def _reduce(draft: Draft, milestone: Milestone, feature: Feature) -> Question:
    kind, number = JudgmentKind.REDUCE, str(feature.number)
    last = max((r.attempt for r in draft.records_of(feature.number)), default=0)
    subject = subject_of(kind, number, str(last), str(draft.mission.executions))
    return Question(kind, number, about_feature(draft, milestone, feature), subject)


def _serialize(draft: Draft, milestone: Milestone, feature: Feature) -> Iterator[Question]:
    """Yield a question about a feature whose last attempt conflicted, if others that have not begun may, too."""
    settled = [r for r in draft.records_of(feature.number) if not r.open and r.attempt > feature.tries_after]
    if not settled or settled[-1].cause is not Cause.CONFLICT or _starts_now(draft, feature.number):
        return
    mission, number = draft.mission, feature.number
    others = [
        other
        for other in milestone.features
        if other.number != number
        and not_begun(draft, other)
        and not (reaches(mission, number, other.number) or reaches(mission, other.number, number))
    ]
    if others:
        kind, names = JudgmentKind.SERIALIZE, tuple(str(f.number) for f in (feature, *others))
        subject = subject_of(kind, str(number), str(settled[-1].attempt), str(mission.executions))
        facts = about_conflict(milestone, settled[-1], (feature, *others))
        yield Question(kind, str(number), facts, subject, names=names)


def _starts_now(draft: Draft, number: FeatureNumber) -> bool:
    return any(isinstance(move, Dispatch) and move.record.feature == number for move in draft.transitions)
