"""Make the change of a command a commit in the person's name; try again if the file was changed meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.app.addressing import Address, resolve
from mission_cli.domain.errors import ConflictError
from mission_cli.domain.events import EventKind
from mission_cli.engine.recording.entry import Entry
from mission_cli.engine.recording.record import (
    log_rows,
    message,
    mission_write,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.document.changes import Change
    from mission_cli.domain.ids import Sha
    from mission_cli.engine.context import Context

_TRIES = 20


@dataclass(frozen=True, slots=True)
class Done:
    """What a command did, in words; `address` is the mission as it was before."""

    words: str
    address: Address
    commit: Sha | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """The changes that a command asks for, which may be none, and the message of their commit."""

    words: str
    event: EventKind | None = None
    """None: nothing changes."""
    changes: tuple[Change, ...] = ()
    logged: bool = True
    decisions: tuple[str, ...] = ()
    """Rows for the Decision Log; empty if nothing was decided."""
    reason: str = ""
    """The reason that the person gave."""


def commit_change(ctx: Context, text: str, change: Callable[[Address], Wanted]) -> Done:
    """Read, change, commit; start over if the file was changed meanwhile."""
    person = ctx.person()
    for attempt in range(_TRIES):
        snapshot = ctx.state.snapshot()
        address = resolve(snapshot, text)
        wanted = change(address)
        if not wanted.changes:
            return Done(wanted.words, address)
        now = ctx.clock.now()
        by = f"by {person.name}"
        reason = f"{wanted.reason} ({by})" if wanted.reason else by
        words = f"{wanted.words} ({by})"
        entry = Entry(
            wanted.event or EventKind.MISSION_EDITED,
            words,
            logged=wanted.logged,
            decisions=wanted.decisions,
            reason=reason,
        )
        changes: list[Change] = [*wanted.changes, *log_rows(address.loaded, [entry], now)]
        try:
            commit = ctx.state.commit(
                [mission_write(address.stored, changes)],
                message=message(address.mission.id, [entry]),
                expect=snapshot.head,
                author=person,
            )
        except ConflictError:
            if attempt + 1 == _TRIES:
                raise
            continue
        ctx.runtime.request_pulse()
        return Done(wanted.words, address, commit)
    raise AssertionError("the loop returns or raises")
