"""The journal of a mission: its commits with types, messages, and the conversations of agents that they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.results.reports import EventRun, History, HistoryEntry
from mission_cli.document.runs.record import read_run
from mission_cli.domain.events import EventKind
from mission_cli.domain.news.types import TYPES, EventType, types_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mission_cli.app.addressing import Address
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Event

_LAST_WORDS = 2000
_ABOUT_RUNS = {
    EventKind.ATTEMPT_SETTLED,
    EventKind.REVIEW_SETTLED,
    EventKind.JUDGMENT_DISPATCHED,
    EventKind.JUDGMENT_SETTLED,
    EventKind.FEATURE_DISPATCHED,
    EventKind.REVIEW_DISPATCHED,
    EventKind.FEATURE_TAKEN,
}
"""Events with the trailer `Mission-Run`."""


def journal(ctx: Context, address: Address, events: Sequence[Event]) -> History:
    """Return the entries for some events of a mission, in their order."""
    records = records_by_run(ctx, address) if any(event.runs for event in events) else {}
    return History(address.mission.id, [_entry(event, records) for event in events])


def records_by_run(ctx: Context, address: Address) -> Mapping[str, RunRecord]:
    """Return all committed run records of a mission, by their run ids."""
    head = ctx.state.head()
    texts = ctx.state.runs(address.stored, head) if head is not None else {}
    return {record.run: record for record in map(read_run, texts.values()) if record is not None}


def event_types(event: Event, records: Mapping[str, RunRecord]) -> tuple[EventType, ...]:
    """Return the types of what a commit records."""
    return types_of(event.events, [record.cause for record in _settled(event, records)])


def _entry(event: Event, records: Mapping[str, RunRecord]) -> HistoryEntry:
    return HistoryEntry(
        event.commit,
        event.at,
        event.author.name,
        event.subject,
        event.events,
        event_types(event, records),
        event.why,
        [*_runs(event, records)],
    )


def _runs(event: Event, records: Mapping[str, RunRecord]) -> Iterator[EventRun]:
    settled = {record.run for record in _settled(event, records)}
    for run in event.runs:
        record = records.get(run)
        agent = " ".join(filter(None, (record.runner, record.model))) if record is not None else ""
        told = record is not None and run in settled
        words = record.last_words[-_LAST_WORDS:] if told and record is not None else ""
        yield EventRun(run, agent, record.session if record is not None else "", words)


def _settled(event: Event, records: Mapping[str, RunRecord]) -> Iterator[RunRecord]:
    """Yield the attempts that a commit settles. Its trailers name one for each event that is about an attempt."""
    about = [kind for kind in event.events if kind in _ABOUT_RUNS]
    pairs = zip(about, event.runs, strict=False) if len(about) == len(event.runs) else ()
    yield from (records[run] for kind, run in pairs if kind in TYPES[EventType.AGENT_MESSAGE] and run in records)
