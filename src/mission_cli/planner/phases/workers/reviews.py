"""Phases of the worker `reviews`: reviewers look at the whole change of the mission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import first_error, one_line
from mission_cli.domain.criteria.criterion import Criterion
from mission_cli.domain.status import Cause, CriterionKind
from mission_cli.planner.core.phases import rule_of
from mission_cli.planner.milestones.judging import judge, start_checks
from mission_cli.planner.phases.outcomes import Done, Failed, Person, Working
from mission_cli.planner.phases.workers.command import finished_work, turn_of
from mission_cli.planner.reviewing.reviews import Change

if TYPE_CHECKING:
    from mission_cli.domain.ids import Sha
    from mission_cli.domain.phases.table import Phase
    from mission_cli.planner.core.draft import Draft
    from mission_cli.planner.phases.outcomes import Outcome

_SHORT = 12
"""Digits of the commit in a question: an answer counts only for the work that it is about."""
_ASKED = "review: the whole change reaches the goal of the mission, is correct and tested, and breaks nothing"


def reviews(draft: Draft, phase: Phase) -> Outcome:
    """Finished when the reviewers accept the whole change; without reviewers a person decides, at a gate."""
    work = finished_work(draft)
    if work is None:
        return Working()
    if not draft.mission.reviews.reviewers:
        return _without_reviewers(draft, phase, work)
    start = draft.observation.phase.start
    if start is None:
        return Person(f"{draft.mission.base} and {work[:7]} have no common history: review it yourself")
    criterion = Criterion(_ASKED, CriterionKind.REVIEW, index=-1)
    judgment = judge(
        draft,
        [criterion],
        owner=phase.owner,
        commit=work,
        tree=draft.observation.work_tree,
        about=f"{work[:_SHORT]}: ",
        turn=turn_of(phase),
        change=_change(draft, phase, start),
    )
    start_checks(draft, judgment)
    if judgment.asked:
        return Working(f"the reviewers did not decide: a person answers request {judgment.asked[0].number}")
    if not judgment.over:
        return Working(f"{work[:7]} is being reviewed")
    judged = judgment.known[0]
    said = one_line(first_error(judged.detail) if not judged.passes else judged.detail.partition("\n")[0])
    if judged.passes:
        return Done(f"the review accepts {work[:7]}: {said}")
    return Failed(f"the review rejects {work[:7]}: {said}", judged.detail)


def _change(draft: Draft, phase: Phase, start: Sha) -> Change:
    """Return everything that the mission changes as one change, made by all its finished attempts."""
    made_by = tuple(r for r in draft.observation.records if r.cause is Cause.DONE and not r.answering)
    return Change(phase.owner, f"{draft.observation.work_tree} {turn_of(phase)}", start, made_by)


def _without_reviewers(draft: Draft, phase: Phase, work: Sha) -> Outcome:
    mission = draft.mission
    later = mission.phases[mission.phases.index(phase) :]
    gated = next((p for p in later if p.gate and not p.over and not rule_of(mission, p).document), None)
    words = "the mission has no reviewers"
    if gated is None:
        return Person(f"{words}: review {work[:7]} yourself")
    return Done(f"{words}: people review {work[:7]} at the gate {gated.gate}")
