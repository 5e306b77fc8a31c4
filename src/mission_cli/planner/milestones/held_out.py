"""Judge a milestone by its held-out criteria when it has passed everything else.

Nothing that a worker can read reveals them: neither their text nor their output is in a fix feature or a record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import counted, signature, stamp
from mission_cli.domain.notice import do
from mission_cli.domain.status import FINISHED_FEATURE, HoldKind, MilestoneStatus, Verdict
from mission_cli.planner.core.moves.milestones import AddFix, MarkHeldOut, MoveMilestone
from mission_cli.planner.core.transitions import move_milestone
from mission_cli.planner.milestones.judging import judge, start_checks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.mission import Milestone
    from mission_cli.domain.tables import HeldOut
    from mission_cli.planner.core.draft import Draft
    from mission_cli.planner.milestones.judgment import Judged

_MOST_RESULTS = 5
_SHORT = 7
_HINT = (
    "Everything that is written down as a criterion passes, and a criterion that no worker sees does not. Read the "
    "goal and the features again, find what was asked for and is missing, wrong, or made to fit the visible criteria, "
    "and correct it."
)


def held_out_pass(draft: Draft, milestone: Milestone, turn: str) -> bool:
    """Whether every held-out criterion of a milestone passes on finished work; start checks and record verdicts."""
    sealed = [one for one in draft.mission.held_out if one.milestone == milestone.number]
    if not sealed or draft.observation.work is None:
        return True
    number = str(milestone.number)
    opened = [(one, draft.observation.held_out.get(one.number)) for one in sealed]
    closed = [one for one, criterion in opened if criterion is None or criterion.wrong]
    if closed:
        words = f"{closed[0].name} cannot be opened on this machine"
        draft.hold(number, HoldKind.CHECK, words, unblock=do("hold-out", draft.mission.id), person=True)
        return False
    criteria = [replace(criterion, text=one.name, index=-1) for one, criterion in opened if criterion is not None]
    work, tree = draft.observation.work, draft.observation.work_tree
    judgment = judge(draft, criteria, owner=number, commit=work, tree=tree, turn=f"held out, {turn}", secret=True)
    stuck = judgment.having(Verdict.COULD_NOT_RUN)
    if stuck:
        words = f"{stuck[0].criterion.text} cannot be run"
        draft.hold(number, HoldKind.CHECK, words, unblock=do("hold-out", draft.mission.id), person=True)
        draft.pause(words)
        return False
    if not judgment.over:
        start_checks(draft, judgment)
        words = f"{counted(len(sealed), 'held-out criterion', 'held-out criteria')} to judge"
        draft.hold(number, HoldKind.VALIDATING, words)
        return False
    draft.transitions += [_mark(draft, one, judged) for one, judged in zip(sealed, judgment.known, strict=True)]
    failed = [judged for judged in judgment.known if not judged.passes]
    if failed:
        _send_back(draft, milestone, failed)
    return not failed


def _mark(draft: Draft, sealed: HeldOut, judged: Judged) -> MarkHeldOut:
    result = f"{judged.verdict} {stamp(draft.observation.now)} {(draft.observation.work or '')[:_SHORT]}"
    results = [text.strip() for text in sealed.results.split(";") if text.strip()]
    kept = [*results[:1], *results[1:][-(_MOST_RESULTS - 2) :]]
    return MarkHeldOut(sealed.number, "; ".join([*kept, result]), f"{sealed.name}: {judged.verdict}")


def _send_back(draft: Draft, milestone: Milestone, failed: Sequence[Judged]) -> None:
    number, rounds = milestone.number, milestone.rounds + 1
    names = ", ".join(judged.criterion.text for judged in failed)
    move_milestone(MilestoneStatus.VALIDATING, MilestoneStatus.FAILED)
    if rounds >= draft.policy.validation_rounds:
        why = f"milestone {number} failed its validation {counted(rounds, 'time')}: {names}"
        draft.transitions.append(MoveMilestone(number, MilestoneStatus.FAILED, why, rounds=rounds))
        draft.pause(why)
        return
    move_milestone(MilestoneStatus.FAILED, MilestoneStatus.ACTIVE)
    why = f"validation {rounds} of {draft.policy.validation_rounds} of milestone {number} failed: {names}"
    draft.transitions.append(MoveMilestone(number, MilestoneStatus.ACTIVE, why, rounds=rounds))
    sign = signature(f"held out {number}", names)
    if any(f.fixes == sign and f.status not in FINISHED_FEATURE for f in draft.mission.features()):
        return
    feature = draft.mission.next_feature_number(number)
    title = f"fix: what a held-out criterion of milestone {number} misses"
    draft.transitions.append(AddFix(number, feature, title, sign, _HINT, None, why))
