"""Milestones: activation with its negative control, validation, fix features."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import command_line, counted, first_error, one_line, share, stamp
from mission_cli.domain.branches.refs import work_branch
from mission_cli.domain.criteria.criterion import Result
from mission_cli.domain.evidence.verdicts import VALIDATION
from mission_cli.domain.notice import Notice, advise, do
from mission_cli.domain.status import EXECUTABLE_KINDS, HoldKind, MilestoneStatus, MissionStatus, Verdict
from mission_cli.planner.core.effects import MakeWork, MoveWork
from mission_cli.planner.core.moves.milestones import Mark, MarkCriteria, MoveMilestone
from mission_cli.planner.core.phases import open_to_work
from mission_cli.planner.core.requests import Question, answer_to, ask, find_request
from mission_cli.planner.core.transitions import move_milestone
from mission_cli.planner.milestones.blame import blame
from mission_cli.planner.milestones.fixes import fix_features
from mission_cli.planner.milestones.held_out import held_out_pass
from mission_cli.planner.milestones.judged_before import as_before
from mission_cli.planner.milestones.judging import judge, start_checks, turn_of
from mission_cli.planner.milestones.judgment import for_file, says_yes
from mission_cli.planner.milestones.negative_control import control
from mission_cli.planner.milestones.regressions import regressions
from mission_cli.planner.mission.base import base_gone
from mission_cli.planner.reviewing.reviews import milestone_change

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.mission import Milestone, Mission
    from mission_cli.planner.core.draft import Draft
    from mission_cli.planner.milestones.judgment import Judged, Judgment

_SHORT = 12


def current_milestones(mission: Mission) -> tuple[Milestone, ...]:
    """Return the milestones that may progress: the first unfinished one, and independent ones after a blocked one.

    In a mission with phases only those of the active phase may.
    """
    current: list[Milestone] = []
    for milestone in open_to_work(mission):
        if milestone.finished:
            continue
        if not current or (current[0].status is MilestoneStatus.BLOCKED and milestone.independent):
            current.append(milestone)
    return tuple(current)


def milestones(draft: Draft) -> None:
    """Activate, watch and validate the current milestones of an active mission."""
    if draft.mission.status is not MissionStatus.ACTIVE:
        return
    for milestone in current_milestones(draft.mission):
        if milestone.status is MilestoneStatus.PENDING:
            _activate(draft, milestone)
        elif milestone.status in {MilestoneStatus.ACTIVE, MilestoneStatus.VALIDATING}:
            _watch(draft, milestone)
        elif milestone.status is MilestoneStatus.FAILED:
            move_milestone(milestone.status, MilestoneStatus.ACTIVE)
            why = f"milestone {milestone.number} is tried again"
            draft.transitions.append(MoveMilestone(milestone.number, MilestoneStatus.ACTIVE, why))
        else:
            words = f"it is {milestone.raw_status or 'without a status'}"
            unblock = do("edit", draft.mission.id)
            draft.hold(str(milestone.number), HoldKind.MILESTONE, words, unblock=unblock, person=True)


def without_base(draft: Draft) -> None:
    """Hold the mission because its base branch does not exist, or is not known before the forge answers."""
    forge, mission = draft.observation.forge, draft.mission
    if mission.proposes and forge.trouble is not None:
        words, until = f"it waits for the forge: {forge.trouble.text}", None if forge.person else forge.again
        draft.hold("", HoldKind.FORGE, words, until=until, unblock=forge.trouble.remedy, person=forge.person)
        return
    if mission.proposes and forge.rules is None:
        draft.hold("", HoldKind.FORGE, f"the next pulse fetches `{mission.base}` from the forge")
        return
    if mission.proposes:
        unblock = advise("push it there, or name another one: ", do("set", mission.id, "base", "BRANCH"))
        draft.hold("", HoldKind.BASE, f"the forge has no branch `{mission.base}`", unblock=unblock, person=True)
        return
    gone = base_gone(mission, draft.observation.renamed)
    draft.hold("", HoldKind.BASE, gone.text, unblock=gone.remedy, person=True)


def apart(mission: Mission, conflicts: Sequence[str]) -> Notice:
    """Return why base and finished work cannot be merged automatically, and the command for a person."""
    work = work_branch(mission.id)
    words = f"`{mission.base}` was rewritten: it has no history in common with {work}"
    merge = command_line("git", "merge", "--allow-unrelated-histories", mission.base)
    if conflicts:
        words = f"`{mission.base}` has moved and conflicts with finished work in {', '.join(conflicts[:5])}"
        merge = command_line("git", "merge", mission.base)
    return Notice(words, advise(f"git switch {command_line(work)} && {merge} && git switch -"))


def work_gone(mission: Mission) -> Notice:
    """Return that the branch of finished work is gone, and the command that creates it again."""
    branch = work_branch(mission.id)
    return Notice(f"the branch {branch} is gone", advise(f"git branch {branch} COMMIT"))


def _activate(draft: Draft, milestone: Milestone) -> None:
    observation, number = draft.observation, milestone.number
    if observation.base is None:
        without_base(draft)
        draft.halt(draft.holds[-1].detail)
        return
    if observation.work is None:
        draft.effects.append(
            MakeWork(observation.base, f"create {work_branch(draft.mission.id)} at {observation.base[:7]}")
        )
        return
    if observation.base_merge is not None:
        if observation.base_merge.commit is not None:
            why = f"milestone {number} starts with {draft.mission.base} merged in"
            draft.effects.append(MoveWork(observation.base_merge.commit, observation.work, why))
            return
        found = apart(draft.mission, observation.base_merge.conflicts)
        draft.hold(str(number), HoldKind.CONFLICT, found.text, unblock=found.remedy, person=True)
        draft.halt(found.text)
        return
    move_milestone(MilestoneStatus.PENDING, MilestoneStatus.ACTIVE)
    draft.transitions.append(
        MoveMilestone(
            number,
            MilestoneStatus.ACTIVE,
            f"milestone {number} starts at {observation.work[:7]}",
            started_at=observation.work[:_SHORT],
        )
    )


def _watch(draft: Draft, milestone: Milestone) -> None:
    ready = control(draft, milestone)
    unfinished = [f for f in milestone.features if not f.finished]
    if unfinished:
        if milestone.status is MilestoneStatus.VALIDATING:
            why = f"{unfinished[0].number} is open again"
            draft.transitions.append(MoveMilestone(milestone.number, MilestoneStatus.ACTIVE, why))
        return
    if milestone.status is MilestoneStatus.ACTIVE:
        move_milestone(MilestoneStatus.ACTIVE, MilestoneStatus.VALIDATING)
        draft.transitions.append(
            MoveMilestone(
                milestone.number,
                MilestoneStatus.VALIDATING,
                f"every feature of milestone {milestone.number} is done or skipped",
            )
        )
    elif ready:
        _validate(draft, milestone)
    else:
        draft.hold(str(milestone.number), HoldKind.VALIDATING, "the negative control is still running")


def validation_criteria(draft: Draft, milestone: Milestone, tree: str) -> tuple[Criterion, ...]:
    """Return what a milestone is judged by: its criteria, or else the test and build commands that were found.

    In a POC, where features are not judged one by one, the criteria of its features come before those commands.
    """
    of_features = [replace(c, index=-1) for f in milestone.features for c in f.criteria] if draft.mission.poc else []
    return milestone.criteria or tuple(of_features) or draft.observation.detected.get(tree, ())


def passed_criteria(draft: Draft, tree: str) -> dict[Criterion, Milestone]:
    """Return the criteria of passed milestones that can be run, with the milestone of each."""
    sources: dict[Criterion, Milestone] = {}
    for milestone in draft.mission.milestones:
        if milestone.status is MilestoneStatus.PASSED:
            for criterion in validation_criteria(draft, milestone, tree):
                if criterion.kind in EXECUTABLE_KINDS:
                    sources.setdefault(criterion, milestone)
    return sources


def _validate(draft: Draft, milestone: Milestone) -> None:
    observation, number = draft.observation, str(milestone.number)
    if observation.work is None:
        gone = work_gone(draft.mission)
        draft.hold(number, HoldKind.WORK, gone.text, unblock=gone.remedy, person=True)
        return
    criteria = validation_criteria(draft, milestone, observation.work_tree)
    about = f"after fixes, round {milestone.rounds}: " if milestone.rounds else ""
    turn = turn_of(draft.mission)
    judgment = judge(
        draft,
        criteria,
        owner=number,
        commit=observation.work,
        tree=observation.work_tree,
        about=about,
        turn=turn,
        change=milestone_change(draft, milestone, turn),
    )
    if _stuck(draft, number, judgment):
        return
    failed = judgment.having(Verdict.FAILED, Verdict.SKIPPED)
    if failed and not (judgment.starts or judgment.running):
        _failed(draft, milestone, judgment, blame(draft, milestone, failed))
        return
    start_checks(draft, judgment)
    if judgment.asked:
        help_by = answer_to(draft.mission, judgment.asked[0])
        draft.hold(number, HoldKind.REQUEST, "a person has to judge a criterion", unblock=help_by, person=True)
    if not judgment.over:
        known = share(len(judgment.known), len(criteria), "criterion", "criteria")
        draft.hold(number, HoldKind.VALIDATING, f"{known} judged so far")
        return
    _complete(draft, milestone, judgment, criteria, about)


def _complete(
    draft: Draft, milestone: Milestone, judgment: Judgment, criteria: Sequence[Criterion], about: str
) -> None:
    """Decide about a milestone whose criteria have passed."""
    observation, number, turn = draft.observation, str(milestone.number), turn_of(draft.mission)
    everything = tuple(dict.fromkeys([*criteria, *passed_criteria(draft, observation.work_tree)]))
    before = as_before(draft, observation.work_against, everything, owner=number, about=about, turn=turn)
    if before.red and before.against:
        _failed(draft, milestone, judgment, before.failures)
    elif before.against:
        draft.pause(f"milestone {number} was not accepted: {before.against}")
    elif before.open:
        draft.hold(number, HoldKind.VALIDATING, "it is also being judged with the test files of the base")
    elif _has_regressed(draft, milestone, judgment, regressions(draft, milestone, criteria, turn)):
        return
    elif _accepted(draft, milestone, criteria, about) and held_out_pass(draft, milestone, turn):
        _passed(draft, milestone, judgment)


def _has_regressed(draft: Draft, milestone: Milestone, judgment: Judgment, found: Judgment) -> bool:
    """Whether what passed when the milestone started fails now, or that is not known yet."""
    if not found.over:
        start_checks(draft, found)
        draft.hold(str(milestone.number), HoldKind.VALIDATING, "the tests and builds of the repository are run")
        return True
    failed = found.having(Verdict.FAILED)
    if failed:
        _failed(draft, milestone, judgment, blame(draft, milestone, failed))
    return bool(failed)


def _stuck(draft: Draft, subject: str, judgment: Judgment) -> bool:
    stuck = judgment.having(Verdict.COULD_NOT_RUN)
    if not stuck:
        return False
    words = f"`{stuck[0].criterion.text}` cannot be run: {one_line(first_error(stuck[0].detail))}"
    draft.hold(subject, HoldKind.CHECK, words, unblock=do("resume", draft.mission.id), person=True)
    draft.pause(words)
    return True


def _accepted(draft: Draft, milestone: Milestone, criteria: Sequence[Criterion], about: str) -> bool:
    """Whether the criteria prove the work or a person has accepted it; ask the person if neither."""
    done = [f for f in milestone.features if f.status is not None and f.finished]
    vacuous = [c for c in criteria if c.baseline is not None and c.baseline.verdict is Verdict.PASSED]
    if not criteria:
        words = "has no criterion, and no test or build command was found"
    elif len(vacuous) == len(criteria) and done:
        words = "has only criteria that passed before any work"
    else:
        return True
    number = str(milestone.number)
    prompt = f"{about}milestone {number} {words}: accept it?"
    found = find_request(draft.mission, number, prompt)
    if found is None:
        found = ask(draft, Question(number, prompt, ("accept", "reject"), words))
    elif not found.open:
        if says_yes(found.response):
            return True
        draft.pause(f"milestone {number} was not accepted: {found.response}")
    help_by = answer_to(draft.mission, found)
    draft.hold(number, HoldKind.REQUEST, f"milestone {number} {words}", unblock=help_by, person=True)
    return False


def _marks(draft: Draft, judgment: Judgment) -> tuple[Mark, ...]:
    at, commit = stamp(draft.observation.now), (draft.observation.work or "")[:7]
    return tuple(
        Mark(j.criterion, j.passes, Result(j.verdict, at, commit), j.criterion.baseline, j.check)
        for j in judgment.known
        if j.criterion.index >= 0
    )


def _verdicts(draft: Draft, number: str, judgment: Judgment) -> MarkCriteria:
    words = f"the verdicts of milestone {number}"
    return MarkCriteria(
        number, _marks(draft, judgment), words, VALIDATION, for_file(judgment.known, draft.observation.now)
    )


def _passed(draft: Draft, milestone: Milestone, judgment: Judgment) -> None:
    move_milestone(MilestoneStatus.VALIDATING, MilestoneStatus.PASSED)
    number = str(milestone.number)
    work = draft.observation.work or ""
    why = f"milestone {number} passed: {counted(len(judgment.known), 'criterion', 'criteria')} on {work[:7]}"
    draft.transitions.append(MoveMilestone(milestone.number, MilestoneStatus.PASSED, why, passed_at=work[:_SHORT]))
    draft.transitions.append(_verdicts(draft, number, judgment))
    if _waits_for_person(draft.mission, milestone):
        look = f"look at it, then {do('resume', draft.mission.id)}"
        draft.pause(f"milestone {number} passed, and the mission is not autonomous: {look}")


def _waits_for_person(mission: Mission, passed: Milestone) -> bool:
    """Whether to pause for a person; without further milestones `mission land` is where they look."""
    left = any(not m.finished and m.number != passed.number for m in mission.milestones)
    return not mission.autonomous and (left or mission.preferences.land == "auto")


def _failed(draft: Draft, milestone: Milestone, judgment: Judgment, failed: Sequence[Judged] | None) -> None:
    if failed is None:  # what broke it is still being found out
        return
    number, rounds = str(milestone.number), milestone.rounds + 1
    words = "; ".join(f"{j.criterion.text}: {one_line(first_error(j.detail)) or j.verdict}" for j in failed[:3])
    move_milestone(MilestoneStatus.VALIDATING, MilestoneStatus.FAILED)
    marks = _verdicts(draft, number, judgment)
    if rounds >= draft.policy.validation_rounds:
        why = f"milestone {number} failed its validation {'once' if rounds == 1 else f'{rounds} times'}: {words}"
        draft.transitions += [MoveMilestone(milestone.number, MilestoneStatus.FAILED, why, rounds=rounds), marks]
        draft.pause(why)
        return
    move_milestone(MilestoneStatus.FAILED, MilestoneStatus.ACTIVE)
    why = f"validation {rounds} of {draft.policy.validation_rounds} of milestone {number} failed: {words}"
    draft.transitions += [MoveMilestone(milestone.number, MilestoneStatus.ACTIVE, why, rounds=rounds), marks]
    draft.transitions += fix_features(draft, milestone, failed)
