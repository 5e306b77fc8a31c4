"""Commit a person's edit of a mission file, merged with later commits and with edits that are not committed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import command_line
from mission_cli.app.addressing import resolve
from mission_cli.app.transaction import Done
from mission_cli.domain.errors import BlockedError, ConflictError
from mission_cli.domain.events import EventKind
from mission_cli.domain.notice import advise, do
from mission_cli.engine.recording.entry import Entry
from mission_cli.engine.recording.record import message
from mission_cli.ports.git.state import Write

if TYPE_CHECKING:
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Edit

_TRIES = 20


def save_edit(ctx: Context, mission: str, before: str, edited: str, *, seen: str | None = None) -> Done:
    """Commit the text that a person made from `before`, merged field by field with what was committed since.

    The same change is made in the working file, which keeps its uncommitted edits, except for those in `seen`: a
    working file that the person has taken into their text. Raises BlockedError if a commit or an uncommitted edit
    changes the same place; then nothing has been changed.
    """
    for attempt in range(_TRIES):
        snapshot = ctx.state.snapshot()
        address = resolve(snapshot, mission)
        old = address.stored.text
        new = edited if old == before else ctx.state.merge(before, old, edited)
        if new is None:
            hint = advise(do("diff", mission), " shows what was changed")
            raise BlockedError("the same place in the file was changed in the meantime", hint=hint)
        if new == old:
            return Done("nothing was changed", address)
        there = ctx.state.text_on_disk(address.stored)
        if there is not None and there not in {old, new, seen} and ctx.state.merge(old, new, there) is None:
            words = "your uncommitted edit changes the same place"
            raise BlockedError(words, hint=f"commit it first: {commit_command(ctx, address.stored.path)}")

        def beside(theirs: str, old: str = old, new: str = new) -> str:
            merged = new if theirs == seen else ctx.state.merge(old, new, theirs)
            if merged is None:
                raise ConflictError("the file was changed at the same place")
            return merged

        words = message(address.mission.id, [Entry(EventKind.MISSION_EDITED, "edited by hand")])
        write = Write(address.stored.path, new, old, beside)
        try:
            commit = ctx.state.commit([write], message=words, expect=snapshot.head, author=ctx.person())
        except ConflictError:
            if attempt + 1 == _TRIES:
                raise
            continue
        return Done(f"{address.mission.id} is saved", address, commit)
    raise AssertionError("the loop returns or raises")


def commit_command(ctx: Context, path: str, kind: str = "modified") -> str:
    """Return the command that commits a person's edit of a mission file, and nothing else."""
    git = ["git", "-C", ctx.state.work_path("").rstrip("/")]
    commit = command_line(*git, "commit", "-m", f"Edit {path}", "--", path)
    return f"{command_line(*git, 'add', '--', path)} && {commit}" if kind == "untracked" else commit


def commit_commands(ctx: Context, edits: list[Edit]) -> tuple[str, ...]:
    """Return the commands that commit these edits, one for each."""
    return tuple(commit_command(ctx, edit.path, edit.kind) for edit in edits)
