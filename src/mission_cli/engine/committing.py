"""How a command becomes a commit: read, change, commit under the person's name; again when the file moved meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.document.changes import AppendRow, Change
from mission_cli.domain.errors import ConflictError
from mission_cli.domain.records import dataclass
from mission_cli.domain.text import stamp
from mission_cli.engine.names import Address, resolve
from mission_cli.engine.record import Entry, log_rows, message, mission_write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mission_cli.domain.ids import Sha
    from mission_cli.engine.world import World

_TRIES = 20


@dataclass(frozen=True, slots=True)
class Done:
    """What a command did, for people; `address` as it was before."""

    words: str
    address: Address
    commit: Sha | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """The changes of a command with the reason for the commit; nothing to change is fine."""

    words: str
    event: str
    changes: tuple[Change, ...] = ()
    logged: bool = True


def commit_change(world: World, text: str, change: Callable[[Address], Wanted]) -> Done:
    """Read, change, commit; from the beginning when the file moved meanwhile."""
    person = world.machine.person()
    for attempt in range(_TRIES):
        snapshot = world.state.snapshot()
        address = resolve(snapshot, text)
        wanted = change(address)
        if not wanted.changes:
            return Done(wanted.words, address)
        now = world.clock.now()
        entry = Entry(wanted.event, f"{wanted.words} (by {person.name})", logged=wanted.logged)
        changes: Sequence[Change] = [*_dated(wanted.changes, stamp(now)[:10]), *log_rows([entry], now)]
        try:
            commit = world.state.commit(
                [mission_write(address.stored, changes)],
                message=message(address.mission.id, [entry]),
                expect=snapshot.head,
                author=person,
            )
        except ConflictError:
            if attempt + 1 == _TRIES:
                raise
            continue
        world.runtime.kick()
        return Done(wanted.words, address, commit)
    raise AssertionError("the loop returns or raises")


def _dated(changes: Sequence[Change], date: str) -> list[Change]:
    return [
        AppendRow(c.section, {**c.values, "Date": date})
        if isinstance(c, AppendRow) and c.values.get("Date") == ""
        else c
        for c in changes
    ]
