"""Say what holds a mission and what waits for a person, a paragraph each; mistakes and errors are red."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.shown import clock, moment
from mission_cli._support.text import counted, one_line, show_duration
from mission_cli.app.results.reasons import Choice
from mission_cli.domain.asking.urgency import urgency_rank
from mission_cli.domain.notice import do
from mission_cli.domain.status import HoldKind
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from mission_cli.app.results.reasons import EndedAttempt, Reason, Why
    from mission_cli.app.results.views import FlakyView
    from mission_cli.app.results.waiting import Waiting
    from mission_cli.domain.notice import Finding
    from mission_cli.surfaces.lines import Span

_MISTAKES = frozenset({"value", "file", "bug", "error", "pulse"})
_AT_FORGE = frozenset({HoldKind.PULL, HoldKind.FORGE})
_MOST_ALSO = 5
_MOST_THEN = 3
_MOST_FLAKY = 5
_MOST_DATA = 500


def reasons(found: Why, now: datetime) -> Iterator[Span]:
    """Yield the lines of `mission why`: the first reason with what helps, then the others in one line each."""
    lead = found.reason
    if lead is None:
        for words in found.finished or ("everything is finished",):
            yield _plain(words)
        yield from _attempts(found.attempts)
    else:
        waiting = f"; {counted(lead.waiting, 'feature waits', 'features wait')} for it" if lead.waiting else ""
        yield _line(f"{_sentence(found.id, lead, now)}{waiting}", lead.kind or "")
        yield from _attempts(found.attempts or [lead.failed] if lead.failed else found.attempts)
        yield from _choices(lead.choices)
    for reason in found.also[:_MOST_ALSO]:
        yield _line(f"also {_sentence(found.id, reason, now)}", reason.kind or "")
        if reason.person:
            more = len(reason.choices) > 1 and reason.subject
            helps = [Choice(do("why", f"{found.id}/{reason.subject}"), "")] if more else reason.choices
            yield from _choices(helps)
    if len(found.also) > _MOST_ALSO:
        yield _plain(f"also {counted(len(found.also) - _MOST_ALSO, 'more reason')}: {do('why', f'{found.id}/N.M')}")
    yield from _then(found)
    for one in found.signals:
        yield _plain(f"data of {one.event} for {one.feature}: {one_line(one.data, _MOST_DATA)}")
    if found.forecast is not None:
        yield _plain(f"{found.id} {found.forecast.words}", "yellow")
    for words in found.routes:
        yield _plain(words)
    if found.preview:
        yield _plain(f"preview: {found.preview}")
    yield from (_plain(one) for one in found.deployments)
    yield from pulse_lines(found.pulse)
    yield from flaky_lines([(found.id, one) for one in found.flaky])


def flaky_lines(found: Sequence[tuple[str, FlakyView]]) -> Iterator[Span]:
    """Yield what is quarantined as flaky, one line for each, with the command that lifts it once per mission."""
    for mission, one in found[:_MOST_FLAKY]:
        yield _plain(f"note: flaky {one.kind} in {mission}: {one.name}", "yellow")
        yield _plain(f"  {one.why}")
    if len(found) > _MOST_FLAKY:
        yield _plain(f"note: {counted(len(found) - _MOST_FLAKY, 'more flaky test')}", "yellow")
    for lift in dict.fromkeys(one.lift for _, one in found):
        yield _plain(f"  → {lift}")


def waiting_lines(found: Sequence[tuple[str, Waiting]]) -> Iterator[Span]:
    """Return the lines of `mission inbox`: what waits, and the command to type."""
    for mission, waiting in found:
        urgent = urgency_rank(waiting.urgency) > urgency_rank("normal")
        name = f"{mission} ({waiting.urgency})" if urgent else mission
        yield _line(_about(name, waiting.name), waiting.kind)
        for option in waiting.options:
            if option.description:
                yield _plain(f"  {option.label}: {option.description}")
        if waiting.unblock:
            yield _plain(f"  → {waiting.unblock}")


def pulse_lines(found: Sequence[Finding]) -> Iterator[Span]:
    """Yield what keeps pulses from coming, with what helps."""
    for finding in found:
        yield _plain(finding.words, "yellow")
        yield _plain(f"  → {finding.todo}")


def _sentence(mission: str, reason: Reason, now: datetime) -> str:
    name = f"{mission}/{reason.subject}" if reason.subject else mission
    if reason.kind is HoldKind.BACKOFF and reason.until is not None:
        return f"{name} waits {show_duration(reason.until - now)} for its next attempt, at {clock(reason.until, now)}"
    if reason.kind in _AT_FORGE and reason.until is not None:
        return f"{_about(name, reason.detail)}; the forge is asked again at {moment(reason.until, now)}"
    until = f" (until {moment(reason.until, now)})" if reason.until is not None else ""
    return f"{_about(name, reason.detail)}{until}"


def _about(name: str, words: str) -> str:
    """Return words about something that begin with its name, once."""
    return words if words.startswith((f"{name} ", f"{name}: ")) else f"{name}: {words}"


def _attempts(attempts: Sequence[EndedAttempt]) -> Iterator[Span]:
    for ended in attempts:
        where = f" on {ended.ran_on}" if ended.ran_on else ""
        yield _plain(f"  attempt {ended.attempt}{where}: {ended.cause}: {ended.detail}")
        for line in ended.output:
            yield _plain(f"    {line}", "dim")


def _choices(choices: Sequence[Choice]) -> Iterator[Span]:
    width = max((len(str(choice.command)) for choice in choices if choice.does), default=0)
    for choice in choices:
        yield _plain(f"  → {choice.command!s:<{width}}  {choice.does}".rstrip())


def _then(found: Why) -> Iterator[Span]:
    """Yield what else holds the one feature that was asked about."""
    if len(found.why) != 1 or not found.why[0].subject:
        return
    rest = list({hold.detail: hold for hold in found.why[0].holds}.values())[1:]
    for hold in rest[:_MOST_THEN]:
        yield _line(f"  then {hold.detail}", hold.kind)
    if len(rest) > _MOST_THEN:
        yield _plain(f"  then {counted(len(rest) - _MOST_THEN, 'more reason')}")


def _line(words: str, kind: str) -> Span:
    return _plain(words, "red" if kind in _MISTAKES else "")


def _plain(words: str, style: str = "") -> Span:
    return clean(words), style
