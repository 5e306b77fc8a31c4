"""Requests to people: unique numbers, finding an earlier request, withdrawing those that need no answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli._support.lazy_re import pattern
from mission_cli._support.numbers import whole
from mission_cli._support.text import parse_duration, parse_stamp, question, sha256_of, stamp
from mission_cli.domain.asking.urgency import USUAL_URGENCY
from mission_cli.domain.noted import highest_request
from mission_cli.domain.notice import Advice, advise, do
from mission_cli.domain.phases.table import PHASE
from mission_cli.domain.status import MilestoneStatus, RequestStatus
from mission_cli.domain.tables import InputRequest
from mission_cli.planner.core.moves.waiting import Ask, MoveRequest, Renumber

if TYPE_CHECKING:
    from datetime import timedelta

    from mission_cli.domain.asking.asked import Asked
    from mission_cli.domain.mission import Mission
    from mission_cli.planner.core.draft import Draft

FINAL = "final"
"""The owner of requests about the whole mission: after the last milestone, or before a merge lands."""
_LOGGED = pattern(r"(\d+): ")
_AFTER_FIXES = pattern(r"after fixes, round (\d+): ")
_OF_ATTEMPT = pattern(r"(\d+\.\d+) attempt (\d+): ")


@dataclass(frozen=True, slots=True)
class Question:
    """A question for a person; it gets its number when it becomes a request in the draft."""

    owner: str
    prompt: str
    options: tuple[str, ...]
    why: str
    descriptions: tuple[str, ...] = ()
    free_text: bool = False
    """Whether a text that is not an option is an answer, too."""
    urgency: str = ""
    """Empty: normal."""
    lifetime: timedelta | None = None
    """How long until it expires; None: as the settings say."""
    context: str = ""
    """Data about it, JSON; empty without any."""


def ask(draft: Draft, wanted: Question) -> InputRequest:
    """Add a request to the draft, once in a round, and return it. Its number has never been used before."""
    owner, prompt = wanted.owner, question(wanted.prompt)
    for move in draft.transitions:
        if isinstance(move, Ask) and (move.request.feature, move.request.prompt) == (owner, prompt):
            return move.request
    request = InputRequest(
        number=_next_number(draft),
        asked=stamp(draft.observation.now),
        feature=owner,
        prompt=prompt,
        options=wanted.options,
        descriptions=wanted.descriptions,
        free_text=wanted.free_text,
        urgency=wanted.urgency or USUAL_URGENCY,
        expires=stamp(draft.observation.now + (wanted.lifetime or draft.policy.request_lifetime)),
    )
    request = replace(request, context=context_name(request, wanted.context))
    draft.transitions.append(Ask(request, wanted.why, wanted.context))
    return request


def find_request(mission: Mission, owner: str, prompt: str) -> InputRequest | None:
    """Return the latest request of an owner with that prompt, or None.

    Requests that were withdrawn, or asked in an earlier execution, do not count.
    """
    began = parse_stamp(mission.started) if mission.recurs else None
    wanted = question(prompt)
    for found in reversed(mission.requests):
        if found.feature == owner and found.prompt == wanted and found.status != RequestStatus.WITHDRAWN:
            asked = parse_stamp(found.asked)
            return None if began and asked and asked < began else found
    return None


def answer_to(mission: Mission, request: InputRequest) -> Advice:
    """Return the command that answers a request, and what it may be answered with."""
    answer = do("answer", mission.id, request.number, "ANSWER" if request.options else "TEXT")
    allowed = " or ".join([*request.options, *(["any text"] if request.free_text else [])])
    return advise(answer, f" ({allowed})") if request.options else answer


def context_name(request: InputRequest, text: str) -> str:
    """Return the cell that names the file with the data about a request; empty without data."""
    return f"assets/request-{request.number}-{sha256_of(text)[:16]}.json" if text else ""


def from_worker(owner: str, prompt: str, why: str, asked: Asked | None) -> Question:
    """Return the question of an attempt, with everything that its worker said about it."""
    if asked is None:
        return Question(owner, prompt, (), why)
    options = asked.answers.options
    told = tuple(option.description for option in options)
    return Question(
        owner,
        prompt,
        tuple(option.label for option in options),
        why,
        descriptions=told if any(told) else (),
        free_text=bool(options) and asked.answers.free,
        urgency=asked.urgency,
        lifetime=parse_duration(asked.expires),
        context=asked.context,
    )


def renumber(draft: Draft) -> bool:
    """Give open requests without a number, or with the number of another one, a new number; True if there were any."""
    taken: set[int] = set()
    found = False
    for request in draft.mission.requests:
        if request.number and request.number not in taken:
            taken.add(request.number)
        elif request.open:
            number = _next_number(draft)
            had = f"the number {request.number}, which another one has" if request.number else "no number"
            draft.transitions.append(Renumber(request, number, f"a request had {had}; it is request {number} now"))
            found = True
    return found


def withdraw_stale(draft: Draft) -> None:
    """Withdraw requests about work that has been judged without their answer or is finished."""
    for request in draft.mission.requests:
        why = _stale(draft, request) if request.open else ""
        if why:
            words = f"request {request.number} is withdrawn: {why}"
            draft.transitions.append(MoveRequest(request.number, RequestStatus.WITHDRAWN, words))


def _stale(draft: Draft, request: InputRequest) -> str:
    attempt = _OF_ATTEMPT.match(request.prompt)
    if attempt is not None and request.feature == attempt[1]:
        number = whole(attempt[2])
        settled = any(r.attempt == number and not r.open for r in draft.observation.records if r.feature == attempt[1])
        return f"attempt {number} at {attempt[1]} has been judged" if settled else ""
    if request.feature == FINAL:
        passed = any(m.status is MilestoneStatus.PASSED for m in draft.mission.milestones)
        return "" if passed else "no milestone counts as passed now"
    if request.feature.startswith(PHASE):
        active = any(p.owner == request.feature and p.active for p in draft.mission.phases)
        return "" if active else "its phase is over"
    milestone = next((m for m in draft.mission.milestones if str(m.number) == request.feature), None)
    if milestone is None:
        return ""
    if milestone.finished:
        return f"milestone {milestone.number} is {milestone.status}"
    after = _AFTER_FIXES.match(request.prompt)
    asked_in = (whole(after[1]) or 0) if after else 0
    return f"milestone {milestone.number} is judged again after fixes" if asked_in < milestone.rounds else ""


def _next_number(draft: Draft) -> int:
    """Return one more than the highest number that a request ever had, in this round included."""
    taken = [highest_request(draft.mission)]
    taken += [move.request.number for move in draft.transitions if isinstance(move, Ask)]
    taken += [move.number for move in draft.transitions if isinstance(move, Renumber)]
    return max(taken, default=0) + 1
