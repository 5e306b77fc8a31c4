"""What becomes of an answer: a request to a person, or what the orchestrator may do by itself. Each is decided once."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import one_line
from mission_cli.domain.asking.options import chosen
from mission_cli.domain.events import EventKind
from mission_cli.domain.ids import JUDGING, FeatureNumber, attempt_name
from mission_cli.domain.judgments.rules import Judging, JudgmentKind
from mission_cli.domain.noted import is_noted
from mission_cli.domain.notice import do
from mission_cli.domain.status import Cause, FeatureStatus, MilestoneStatus, MissionStatus, RequestStatus
from mission_cli.planner.core.moves.mission import Note, TakeAdvice
from mission_cli.planner.core.moves.waiting import MoveRequest
from mission_cli.planner.core.requests import Question, ask
from mission_cli.planner.core.transitions import move_feature
from mission_cli.planner.judgments.asking import answer_in
from mission_cli.planner.judgments.plan import feature_of, not_begun, reaches

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.domain.judgments.answers import Answer, Necessity, Reduction, Replan, Serialization
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.domain.tables import InputRequest
    from mission_cli.planner.core.draft import Draft

LEAVE = "leave"
_SERIALIZE, _SKIP, _REPLAN = "serialize", "skip", "replan"
_LONG, _LONGEST = 200, 1_000
_DECIDED = frozenset({JudgmentKind.SERIALIZE, JudgmentKind.REDUCE, JudgmentKind.UNNECESSARY, JudgmentKind.REPLAN})


@dataclass(frozen=True, slots=True)
class Advised:
    """What an answer comes to."""

    owner: str
    """Of the request."""
    question: str
    options: Mapping[str, str]
    """What each means, the recommended one first."""
    advice: Mapping[str, TakeAdvice]
    """What is carried out for an option; the others change nothing."""
    alone: str = ""
    """The option that the orchestrator may take by itself; empty: a person decides."""


def decide_judgments(draft: Draft) -> None:
    """Ask a person about each new answer, or carry it out; carry out what a person answered."""
    if draft.mission.status not in {MissionStatus.ACTIVE, MissionStatus.PAUSED}:
        return
    for record in draft.records_of(JUDGING):
        name, kind = attempt_name(record.run), JudgmentKind.of(record.asks)
        if record.cause is not Cause.DONE or kind not in _DECIDED:
            continue
        if not is_noted(draft.mission, EventKind.JUDGMENT_DECIDED, name):
            _decide(draft, record, name)
        if draft.takes_advice:
            return  # the next round sees the plan as it is then


def request_about(draft: Draft, name: str) -> InputRequest | None:
    """Return the request that a judgment led to."""
    return next((r for r in draft.mission.requests if r.prompt.startswith(f"{name}: ")), None)


def _decide(draft: Draft, record: RunRecord, name: str) -> None:
    request = request_about(draft, name)
    moot = _moot(draft, record)
    if moot:
        if request is not None and request.open:
            words = f"request {request.number} is withdrawn: {moot}"
            draft.transitions.append(MoveRequest(request.number, RequestStatus.WITHDRAWN, words))
        _note(draft, name, f"nothing comes of {name}: {moot}")
        return
    if request is not None and request.open:
        return
    if request is None and draft.mission.orchestrator.judgments is Judging.OFF:
        return
    answer = answer_in(record)
    found = _advised(draft, record, answer) if answer is not None else "its answer cannot be read"
    if isinstance(found, str):
        _note(draft, name, f"nothing comes of {name}: {found}")
    elif request is not None:
        _carry_out(draft, request, found, name)
    elif found.alone and draft.mission.orchestrator.judgments is Judging.ACT:
        draft.transitions.append(found.advice[found.alone])
    else:
        why = f"{name} is a proposal of a model"
        told = tuple(found.options.values())
        ask(draft, Question(found.owner, f"{name}: {found.question}", tuple(found.options), why, descriptions=told))


def _carry_out(draft: Draft, request: InputRequest, found: Advised, name: str) -> None:
    option = chosen(request.answers.options, request.response)
    label = option.label if option is not None and request.status != RequestStatus.WITHDRAWN else ""
    advice = found.advice.get(label)
    if advice is None:
        said = f"request {request.number} was answered with {one_line(request.response, _LONG)}"
        withdrawn = f"request {request.number} was withdrawn"
        _note(draft, name, f"nothing comes of {name}: {said if request.response else withdrawn}")
        return
    draft.transitions.append(advice)


def _note(draft: Draft, name: str, words: str) -> None:
    draft.transitions.append(Note(EventKind.JUDGMENT_DECIDED, words, about=(name,)))


def _moot(draft: Draft, record: RunRecord) -> str:
    """Return why a judgment is about nothing any more, from the file and the records alone; empty if it is not."""
    mission = draft.mission
    match JudgmentKind.of(record.asks):
        case JudgmentKind.REPLAN:
            failed = any(
                str(m.number) == record.about and m.status is MilestoneStatus.FAILED for m in mission.milestones
            )
            return "" if failed and mission.status is MissionStatus.PAUSED else "the mission continues"
        case JudgmentKind.REDUCE:
            feature = feature_of(mission, record.about)
            failed = feature is not None and feature.status is FeatureStatus.FAILED
            return "" if failed else f"{record.about} is no longer failed"
        case _:
            named = [feature_of(mission, number) for number in record.criteria]
            left = [f for f in named if f is not None and not_begun(draft, f)]
            return "" if left else "every feature that it may name has begun or is finished"


def _advised(draft: Draft, record: RunRecord, answer: Answer) -> Advised | str:
    """Return what an answer comes to, or why it changes nothing. It names only what it was asked about."""
    match JudgmentKind.of(record.asks):
        case JudgmentKind.SERIALIZE:
            return _serialized(draft, record, cast("Serialization", answer))
        case JudgmentKind.REDUCE:
            return _reduced(draft, record, cast("Reduction", answer))
        case JudgmentKind.UNNECESSARY:
            return _unneeded(draft, record, cast("Necessity", answer))
        case _:
            return _replanned(draft, cast("Replan", answer))


def _serialized(draft: Draft, record: RunRecord, answer: Serialization) -> Advised | str:
    first, second, mission = answer.first, answer.second, draft.mission
    if not answer.serialize:
        return answer.decision
    if first == second or record.about not in {first, second} or not {first, second} <= set(record.criteria):
        return "it names features that it was not asked about"
    earlier, later = feature_of(mission, first), feature_of(mission, second)
    if earlier is None or earlier.finished or later is None or not not_begun(draft, later):
        return f"{second} has begun, or {first} is finished"
    if reaches(mission, first, second) or reaches(mission, second, first):
        return f"one of {first} and {second} depends on the other already"
    why = f"{second} waits for {first}: {one_line(answer.reason, _LONG)} ({record.run})"
    advice = TakeAdvice(record.run, why, after=(FeatureNumber(first), FeatureNumber(second)))
    options = {_SERIALIZE: f"{second} is built after {first}", LEAVE: "both may be built at the same time"}
    question = f"build {second} after {first}? {one_line(answer.reason, _LONG)}"
    return Advised(second, question, options, {_SERIALIZE: advice}, alone=_SERIALIZE)


def _reduced(draft: Draft, record: RunRecord, answer: Reduction) -> Advised | str:
    number, feature = FeatureNumber(record.about), feature_of(draft.mission, record.about)
    if feature is None or feature.status is None:
        return f"{record.about} is no longer in the file"
    note = one_line(answer.note, _LONGEST)
    move_feature(feature.status, FeatureStatus.PENDING)
    again = {
        what: TakeAdvice(record.run, f"{number} is tried again, {how}: {note} ({record.run})", again=number, note=note)
        for what, how in (("simplify", "smaller"), ("retry", "with a hint"))
    }
    skip = TakeAdvice(record.run, f"{number} is skipped, as a person answered ({record.run})", skip=(number,))
    meant = {
        "simplify": f"try it again as: {one_line(answer.note, _LONG)}",
        "retry": f"try it again with this hint: {one_line(answer.note, _LONG)}",
        _SKIP: "the mission continues without it",
        LEAVE: "it stays as it is",
    }
    order = dict.fromkeys([answer.choice, *meant])
    question = f"what becomes of {number}, whose attempts are used up? {one_line(answer.reason, _LONG)}"
    first = answer.choice == "simplify" and not feature.tries_after and not feature.side_effects
    options = {label: meant[label] for label in order}
    return Advised(str(number), question, options, {**again, _SKIP: skip}, alone="simplify" if first else "")


def _unneeded(draft: Draft, record: RunRecord, answer: Necessity) -> Advised | str:
    if not answer.unnecessary:
        return answer.decision
    if not set(answer.unnecessary) <= set(record.criteria):
        return "it names features that it was not asked about"
    features = [feature_of(draft.mission, number) for number in answer.unnecessary]
    left = [f.number for f in features if f is not None and not_begun(draft, f)]
    if not left:
        return "every feature that it names has begun or is finished"
    names = ", ".join(dict.fromkeys(left))
    skip = TakeAdvice(
        record.run, f"{names}: skipped, as a person answered ({record.run})", skip=tuple(dict.fromkeys(left))
    )
    options = {_SKIP: f"the mission continues without {names}", LEAVE: "it stays in the plan"}
    question = f"leave {names} out, because the goal does not need it? {one_line(answer.reason, _LONG)}"
    return Advised(str(left[0]), question, options, {_SKIP: skip})


def _replanned(draft: Draft, answer: Replan) -> Advised:
    """Return a request that points to the command: an answer would apply a plan that was shown somewhere else."""
    command = do("replan", draft.mission.id, "--proposed")
    question = f"the plan does not work: {one_line(answer.cause, _LONG)} Proposed: {one_line(answer.decision, _LONG)}"
    options = {
        _REPLAN: f"you run {command}, which shows the new plan before it is applied",
        LEAVE: f"nothing changes; {do('resume', draft.mission.id)} tries again",
    }
    return Advised("", question, options, {})
