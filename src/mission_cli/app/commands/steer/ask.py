"""`mission ask`: a person asks another one something about a mission; and questions that need no answer any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli._support.text import (
    did_you_mean,
    one_line,
    parse_duration,
    question,
    stamp,
    why_no_duration,
)
from mission_cli.app.commands.features import open_request
from mission_cli.app.transaction import Done, Wanted, commit_change
from mission_cli.document.changes import SetCell
from mission_cli.domain.asking.data import MOST_BYTES, canonical, is_too_large
from mission_cli.domain.asking.options import Answers, Option, problem_of
from mission_cli.domain.asking.urgency import URGENCIES, USUAL_URGENCY
from mission_cli.domain.errors import UsageError
from mission_cli.domain.events import EventKind
from mission_cli.domain.noted import highest_request
from mission_cli.domain.notice import advise, do
from mission_cli.domain.status import RequestStatus
from mission_cli.domain.tables import InputRequest
from mission_cli.engine.recording.requests import context_write, request_row
from mission_cli.planner.core.requests import answer_to, context_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from mission_cli.app.addressing import Address
    from mission_cli.engine.context import Context


@dataclass(frozen=True, slots=True)
class Given:
    """A question as a person gives it."""

    prompt: str
    options: Sequence[str] = ()
    """Each `LABEL`, or `LABEL=DESCRIPTION`."""
    free_text: bool = False
    """Whether a text that is not an option is an answer, too."""
    urgency: str = USUAL_URGENCY
    expires: str = ""
    """A duration; empty: as the settings say."""
    context: str | None = None
    """Data about it, JSON."""


def ask(ctx: Context, text: str, given: Given) -> Done:
    """Ask a question about a mission or a feature, which waits for the answer; `about` of the result is its number.

    Raises UsageError for what cannot be asked so.
    """
    prompt = question(given.prompt)
    if not prompt:
        raise UsageError("the question is empty", hint=do("ask", text or "ID", "QUESTION"))
    answers, lifetime = _answers(given), _lifetime(ctx, given.expires)
    told = _context(given.context)

    def change(address: Address) -> Wanted:
        mission, owner = address.mission, _owner(address)
        now = ctx.clock.now()
        request = InputRequest(
            number=highest_request(mission) + 1,
            asked=stamp(now),
            feature=owner,
            prompt=prompt,
            options=tuple(option.label for option in answers.options),
            descriptions=tuple(option.description for option in answers.options),
            free_text=bool(answers.options) and answers.free,
            urgency=_urgency(given.urgency),
            expires=stamp(now + lifetime),
        )
        request = replace(request, context=context_name(request, told))
        words = f"{request.number}: {prompt}"
        return Wanted(
            words,
            EventKind.REQUEST_ASKED,
            (request_row(request),),
            noted=(str(request.number),),
            said=f"request {words}; to answer it: {answer_to(mission, request)}",
            about=str(request.number),
            files=(context_write(address.stored, request, told),) if told else (),
        )

    return commit_change(ctx, text, change, part=True)


def withdraw(ctx: Context, text: str, number: int, *, reason: str = "") -> Done:
    """Withdraw an open request: it needs no answer any more."""

    def change(address: Address) -> Wanted:
        request = open_request(address, number)
        words = f"request {number} is withdrawn" + (f": {reason}" if reason else "")
        changes = (SetCell("Input Requests", {"#": str(number)}, "Status", RequestStatus.WITHDRAWN),)
        decision = f"Withdraw request {number}"
        return Wanted(
            words,
            EventKind.REQUEST_WITHDRAWN,
            changes,
            decisions=(decision,),
            reason=reason or request.prompt,
        )

    return commit_change(ctx, text, change, part=True)


def _owner(address: Address) -> str:
    """Return what a question is about, as its column Feature says it; empty for the mission."""
    if address.feature is None and address.milestone is None:
        return ""
    if address.feature is None:
        hint = advise("ask about the mission: ", do("ask", address.mission.id, "QUESTION"))
        raise UsageError("a question is about a feature or about the mission", hint=hint)
    feature = address.need_feature()
    if feature.finished:
        hint = advise("ask about the mission: ", do("ask", address.mission.id, "QUESTION"))
        raise UsageError(f"{feature.number} is {feature.status}: it does not wait for an answer", hint=hint)
    return feature.number


def _answers(given: Given) -> Answers:
    parts = (text.partition("=") for text in given.options)
    options = tuple(Option(label.strip(), told.strip()) for label, _, told in parts)
    problem = problem_of(options)
    if problem:
        raise UsageError(problem, hint='for example --option "redis=fast, and loses data"')
    return Answers(options, free=given.free_text or not options)


def _urgency(text: str) -> str:
    word = text.strip().casefold()
    if word not in URGENCIES:
        raise UsageError(f"`{one_line(text, 40)}` is not an urgency", hint=did_you_mean(word, URGENCIES))
    return word


def _lifetime(ctx: Context, text: str) -> timedelta:
    length = parse_duration(text) if text else ctx.settings.request_lifetime
    if not length:
        words = f"`expires` is `{one_line(text, 40)}`, which {why_no_duration(text) or 'is not a length of time'}"
        raise UsageError(words, hint="for example 2h, 90m or 3d")
    return length


def _context(text: str | None) -> str:
    """Return the data as it is stored; empty without any."""
    if text is None:
        return ""
    if is_too_large(text):
        raise UsageError(
            f"the context has more than {MOST_BYTES // 1024} KiB", hint="store it elsewhere, and say where"
        )
    try:
        return canonical(text)
    except ValueError as error:
        raise UsageError(f"the context is not valid JSON: {error}", hint="a text goes in double quotes") from None
