"""Run the commands of the settings before and after the steps of a mission.

A command before a step holds it until it has passed. A command after a step becomes due in the commit of that step, and
is removed from what is due in the commit that records how it ended; in between its job has a name, so it starts once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import one_line, parse_stamp
from mission_cli.domain.branches.landing import LandState
from mission_cli.domain.events import EventKind
from mission_cli.domain.hooks.rules import AFTER, BEFORE, MOST_DUE, RETRY, Due, Point, all_due, as_fact, key_of
from mission_cli.domain.ids import Sha
from mission_cli.domain.noted import HOOKS_BEGUN, HOOKS_DUE, HOOKS_LANDING, HOOKS_PASSED, times_resumed
from mission_cli.domain.notice import do
from mission_cli.domain.status import FeatureStatus, HoldKind, JobState, MilestoneStatus, MissionStatus
from mission_cli.planner.core.effects import Land, MakeWork, MergePull, RunCheck, RunHook
from mission_cli.planner.core.moves.features import Dispatch
from mission_cli.planner.core.moves.milestones import MarkCriteria, MoveMilestone
from mission_cli.planner.core.moves.mission import Note
from mission_cli.planner.core.moves.outside import WritePull
from mission_cli.planner.core.moves.phases import RetryFeature

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mission_cli.domain.hooks.rules import HookState
    from mission_cli.planner.core.decisions import Transition
    from mission_cli.planner.core.draft import Draft
    from mission_cli.planner.core.effects import Effect

_TRIES = 3
"""Tries of a command before a step that the machine interrupts; after that a person looks."""
_AT_ONCE = 4
_SHORT = 12
_VALIDATED = frozenset({MilestoneStatus.PASSED, MilestoneStatus.FAILED})


@dataclass(frozen=True, slots=True)
class _Step:
    """A step that a command may hold: where it is shown, what it is about, and on which commit the command runs."""

    point: Point
    subject: str
    facts: tuple[tuple[str, str], ...]
    commit: Sha


def hooks(draft: Draft) -> None:
    """Hold the steps whose command has not passed, note what becomes due, and run what is due."""
    if draft.policy.hook_rules.commands and draft.mission.status is MissionStatus.ACTIVE:
        if _may_start(draft):
            _filter(draft, lambda step: step is None or _passes(draft, step))
        _begun(draft)
        _landed(draft)
        for due in _due_after(draft):
            make_due(draft, due)
    _run_due(draft)


def make_due(draft: Draft, due: Due) -> None:
    """Note that a command has to run once, in the commit of what it is about."""
    waiting = all_due(draft.mission.noted.get(HOOKS_DUE, ""))
    new = sum(isinstance(m, Note) and m.event is EventKind.HOOK_DUE for m in draft.transitions)
    if len(waiting) + new >= MOST_DUE:
        words = f"{due.text} is left out: {MOST_DUE} commands are due"
        draft.transitions.append(Note(EventKind.HOOK_FAILED, words))
        return
    draft.transitions.append(Note(EventKind.HOOK_DUE, f"{due.text} is due", about=(due.text,)))


def _may_start(draft: Draft) -> bool:
    """Whether the command before the start has passed; otherwise nothing starts in this round."""
    start = _start_of(draft)
    if not draft.policy.hook_rules.command(BEFORE, Point.START) or draft.mission.noted.get(HOOKS_PASSED, "") == start:
        return True
    if _was_at_work(draft, start) or draft.observation.base is None:
        return True
    if _passes(draft, _Step(Point.START, "", (("MISSION_START", start),), draft.observation.base)):
        words = f"the command {BEFORE}_{Point.START} passed"
        draft.transitions.append(Note(EventKind.HOOK_PASSED, words, about=(f"{HOOKS_PASSED}={start}",)))
        return True
    kept = [m for m in draft.transitions if not isinstance(m, Dispatch | MoveMilestone | MarkCriteria)]
    draft.transitions[:] = kept
    draft.effects[:] = [act for act in draft.effects if not isinstance(act, RunCheck | MakeWork | Land | MergePull)]
    draft.judgments.clear()
    return False


def _start_of(draft: Draft) -> str:
    return draft.mission.noted.get(EventKind.MISSION_STARTED, "") or draft.mission.started


def _was_at_work(draft: Draft, start: str) -> bool:
    """Whether attempts were made since the start: then it is too late for the commands of a start."""
    since = parse_stamp(start)
    begun = (parse_stamp(record.intended) for record in draft.observation.records)
    return since is None or any(at is not None and at >= since for at in begun)


def _filter(draft: Draft, may: Callable[[_Step | None], bool]) -> None:
    draft.transitions[:] = [move for move in draft.transitions if may(_step_of(draft, move))]
    draft.effects[:] = [act for act in draft.effects if may(_landing_of(act))]


def _step_of(draft: Draft, move: Transition) -> _Step | None:
    work = draft.observation.work
    if isinstance(move, Dispatch) and not (move.record.answering or move.record.by):
        return _Step(Point.DISPATCH, move.record.feature, _attempt(move), Sha(move.record.base))
    if isinstance(move, MoveMilestone) and move.to is MilestoneStatus.VALIDATING and work is not None:
        facts = (("MISSION_MILESTONE", str(move.number)), ("MISSION_COMMIT", work))
        return _Step(Point.VALIDATION, str(move.number), facts, work)
    return None


def _landing_of(act: Effect) -> _Step | None:
    if isinstance(act, Land):
        return _Step(Point.LANDING, "", (("MISSION_COMMIT", act.commit),), act.commit)
    if isinstance(act, MergePull):
        facts = (("MISSION_COMMIT", act.head), ("MISSION_PULL", str(act.number)))
        return _Step(Point.LANDING, act.subject if "." in act.subject else "", facts, act.head)
    return None


def _attempt(move: Dispatch) -> tuple[tuple[str, str], ...]:
    record = move.record
    return (
        ("MISSION_FEATURE", record.feature),
        ("MISSION_ATTEMPT", str(record.attempt)),
        ("MISSION_RUNNER", as_fact(record.runner)),
    )


def _passes(draft: Draft, step: _Step) -> bool:
    """Whether the command before a step has passed, or there is none; otherwise it is started, or holds the step."""
    rules, name = draft.policy.hook_rules, f"{BEFORE}_{step.point}"
    command = rules.command(BEFORE, step.point)
    if not command:
        return True
    facts = (("MISSION_HOOK", name), *step.facts)
    again = str(times_resumed(draft.mission))
    key = key_of([draft.mission.id, name, command, step.commit, again, *(value for _, value in facts)])
    draft.hooks[key] = _TRIES
    state = draft.observation.hooks.get(key)
    if state is not None and state.passed:
        return True
    about = step.subject or "the mission"
    if state is not None and state.ended and not (state.interrupted and state.tries < _TRIES):
        words = f"the command {name} of {about} did not pass ({one_line(state.words, 200)})"
        help_by = do("resume", draft.mission.id)
        draft.hold(step.subject, HoldKind.HOOK, words, unblock=help_by, person=True)
        return False
    if state is None or state.ended or state.job.state in {JobState.UNKNOWN, JobState.GONE}:
        tries = 1 if state is None else state.tries + 1 if state.ended else state.tries
        draft.effects.append(_run(draft, key, tries, command, step.commit, facts, f"{name} of {about} is run"))
    draft.running += state is not None
    draft.hold(step.subject, HoldKind.HOOK, f"the command {name} of {about} runs")
    return False


def _run(
    draft: Draft, key: str, tries: int, command: str, commit: Sha, facts: tuple[tuple[str, str], ...], why: str
) -> RunHook:
    limit = int(draft.policy.hook_rules.timeout.total_seconds())
    return RunHook(key, tries, command, commit, facts, limit, why)


def _begun(draft: Draft) -> None:
    """Make the command after the start due, once for each start."""
    start, rules, noted = _start_of(draft), draft.policy.hook_rules, draft.mission.noted
    if not rules.command(AFTER, Point.START) or noted.get(HOOKS_BEGUN, "") == start or _was_at_work(draft, start):
        return
    passed = any(isinstance(m, Note) and m.event is EventKind.HOOK_PASSED for m in draft.transitions)
    if rules.command(BEFORE, Point.START) and noted.get(HOOKS_PASSED, "") != start and not passed:
        return
    due = Due(f"{AFTER}_{Point.START}", {"MISSION_START": start})
    words = f"{due.text} is due"
    draft.transitions.append(Note(EventKind.HOOK_DUE, words, about=(due.text, f"{HOOKS_BEGUN}={start}")))


def _landed(draft: Draft) -> None:
    """Note what is about to land, and make the command after a landing due when it has landed."""
    if not draft.policy.hook_rules.command(AFTER, Point.LANDING):
        return
    noted = draft.mission.noted.get(HOOKS_LANDING, "")
    landing = next((act.commit for act in draft.effects if isinstance(act, Land)), "")
    target = draft.observation.target
    if noted and target == noted and draft.observation.landing.state is LandState.LANDED:
        due = Due(f"{AFTER}_{Point.LANDING}", {"MISSION_COMMIT": noted})
        about = (due.text, f"{HOOKS_LANDING}=")
        draft.transitions.append(Note(EventKind.HOOK_DUE, f"{due.text} is due", about=about))
    elif landing and landing != noted:
        words = f"{landing[:_SHORT]} is about to land"
        draft.transitions.append(Note(EventKind.HOOK_DUE, words, about=(f"{HOOKS_LANDING}={landing}",)))


def _due_after(draft: Draft) -> Iterator[Due]:
    """Yield the commands after the steps of this round."""
    rules = draft.policy.hook_rules
    for move in list(draft.transitions):
        match move:
            case Dispatch() if not (move.record.answering or move.record.by) and rules.command(AFTER, Point.DISPATCH):
                yield Due(f"{AFTER}_{Point.DISPATCH}", dict(_attempt(move)))
            case MoveMilestone() if move.to in _VALIDATED and rules.command(AFTER, Point.VALIDATION):
                facts = {"MISSION_MILESTONE": str(move.number), "MISSION_RESULT": str(move.to)}
                facts |= {"MISSION_COMMIT": draft.observation.work or "-"}
                yield Due(f"{AFTER}_{Point.VALIDATION}", facts | {"MISSION_ROUND": str(move.rounds or 0)})
            case WritePull() if move.event is EventKind.PULL_MERGED and rules.command(AFTER, Point.LANDING):
                facts = {"MISSION_COMMIT": move.row.head or "-", "MISSION_PULL": str(move.row.number)}
                yield Due(f"{AFTER}_{Point.LANDING}", facts)


def _run_due(draft: Draft) -> None:
    """Run what is due, a few at a time, and record how each ended."""
    places = _AT_ONCE
    for due in all_due(draft.mission.noted.get(HOOKS_DUE, "")):
        if due.name == RETRY:
            _retry(draft, due)
            continue
        if places:
            places -= _run_one(draft, due)


def _run_one(draft: Draft, due: Due) -> bool:
    """Start one command that is due, wait for it, or record its end; whether it takes a place."""
    command, commit = draft.policy.hook_rules.of(due), draft.observation.work or draft.observation.base
    if not command or commit is None:
        words = f"{due.text} is left out: {'there is no such command' if not command else 'there is no commit'}"
        draft.transitions.append(Note(EventKind.HOOK_ENDED, words, about=(due.text,)))
        return False
    key = key_of([draft.mission.id, due.text])
    draft.hooks[key] = 1
    state = draft.observation.hooks.get(key)
    if state is not None and state.ended:
        _end(draft, due, state)
        return False
    if state is None or state.job.state in {JobState.UNKNOWN, JobState.GONE}:
        facts = (("MISSION_HOOK", due.name), *due.facts.items())
        draft.effects.append(_run(draft, key, 1, command, commit, facts, f"{due.name} is run"))
    draft.running += state is not None
    return True


def _end(draft: Draft, due: Due, state: HookState) -> None:
    kind = EventKind.HOOK_ENDED if state.passed else EventKind.HOOK_FAILED
    how = "ended" if state.passed else "did not pass"
    draft.transitions.append(Note(kind, f"{due.text} {how} ({one_line(state.words, 200)})", about=(due.text,)))


def _retry(draft: Draft, due: Due) -> None:
    """Try a feature again, as a watcher asked for when it failed."""
    number = due.facts.get("MISSION_FEATURE", "")
    feature = next((f for f in draft.mission.features() if f.number == number), None)
    said = f"the watcher {due.facts.get('MISSION_WATCHER', '')} retries {number}"
    if feature is not None and feature.status is FeatureStatus.FAILED:
        draft.transitions.append(RetryFeature(feature.number, said))
    draft.transitions.append(Note(EventKind.HOOK_ENDED, said, about=(due.text,)))
