"""Make the change of a command a commit in the person's name; try again if the file was changed meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.app.addressing import Address, resolve
from mission_cli.document.editing import patch
from mission_cli.domain.errors import BlockedError, ConflictError
from mission_cli.domain.events import EventKind
from mission_cli.engine.recording.decision_log import decision_files
from mission_cli.engine.recording.entry import Entry
from mission_cli.engine.recording.recipients import of_feature
from mission_cli.engine.recording.record import (
    log_rows,
    message,
    mission_write,
)
from mission_cli.ports.git.state import Write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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
    about: str = ""
    """The number of what the command added, moved or told."""


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
    rewrite: Callable[[str], str] | None = None
    """Makes a change that no `Change` describes, before `changes`; it must work on every version of the text."""
    said: str = ""
    """What the person reads; empty: `words`, which are also logged."""
    about: str = ""
    """See `Done.about`."""
    files: tuple[Write, ...] = ()
    """Other files of the mission, written in the same commit."""
    noted: tuple[str, ...] = ()
    """What later decisions recognize the event by, see `domain.noted`."""
    record: bool = False
    """Make a commit that records the event even if nothing else changes in the file."""


def commit_change(ctx: Context, text: str, change: Callable[[Address], Wanted], *, part: bool = False) -> Done:
    """Read, change, commit; start over if the file was changed meanwhile.

    Raises UsageError if the address names a part of a mission, unless the change is about a `part`.
    """
    person = ctx.person()
    for attempt in range(_TRIES):
        snapshot = ctx.state.snapshot()
        address = resolve(snapshot, text)
        if not part:
            address.need_whole()
        wanted = change(address)
        if not (wanted.changes or wanted.record) and wanted.rewrite is None:
            return Done(wanted.words, address, about=wanted.about)
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
            about=wanted.noted,
            notify=of_feature(address.mission, address.feature) if address.feature is not None else (),
        )
        changes: list[Change] = [*wanted.changes, *log_rows(address.loaded, [entry], now, filed=True)]
        files = (*wanted.files, *decision_files(address.stored, [entry], now))
        try:
            commit = ctx.state.commit(
                [_write(ctx, address, wanted.rewrite, changes), *files],
                message=message(address.mission.id, [entry]),
                expect=snapshot.head,
                author=person,
            )
        except ConflictError:
            if attempt + 1 == _TRIES:
                raise
            continue
        ctx.runtime.request_pulse()
        return Done(wanted.said or wanted.words, address, commit, wanted.about)
    raise AssertionError("the loop returns or raises")


def _write(ctx: Context, address: Address, rewrite: Callable[[str], str] | None, changes: Sequence[Change]) -> Write:
    """Return the write of a command. Raises BlockedError if an uncommitted edit changes the same place."""
    stored = address.stored
    if rewrite is None:
        return mission_write(stored, changes)
    new = rewrite(stored.text)

    def beside(theirs: str) -> str:
        merged = ctx.state.merge(stored.text, new, theirs)
        if merged is None:
            raise BlockedError("your uncommitted edit changes the same place", hint="commit your edit first")
        return patch.apply_fitting(merged, changes).text

    there = ctx.state.text_on_disk(stored)
    if there is not None and there != stored.text:
        beside(there)
    return Write(stored.path, patch.apply(new, changes, where=stored.path), stored.text, beside)
