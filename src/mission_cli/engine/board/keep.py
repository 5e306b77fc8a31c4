"""Keep the files for readers beside the mission files up to date, if the settings ask for that.

They depend on nothing but the mission files, so a pulse that dies before the commit leaves it to the next one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import sha256_of
from mission_cli.domain.board.marks import FILES, is_same, source_of
from mission_cli.domain.errors import ConflictError
from mission_cli.domain.events import EventKind
from mission_cli.domain.ids import MissionId
from mission_cli.engine.board.pages import rendered
from mission_cli.engine.board.read import arranged, board_of
from mission_cli.ports.git.state import Stored, Write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Snapshot, StateStore

_ANY = MissionId("any")
_HASH = 16
_MESSAGE = f"Bring the files for readers up to date\n\nMission-Event: {EventKind.STATE_SHOWN}\n"


def keep_pages(ctx: Context) -> bool:
    """Commit the files that would look different to a reader now; return whether there were any.

    A file that was made from the same mission files stays, even if another version of this program has made it.
    """
    wanted, head = _wanted(ctx), ctx.state.head()
    if not wanted or head is None:
        return False
    snapshot, folder = ctx.state.at(head), folder_of_missions(ctx.state)
    source = source_hash(snapshot)
    old = {name: ctx.state.file(f"{folder}{name}", head) for name in wanted}
    stale = [name for name, text in old.items() if _may_write(ctx, f"{folder}{name}", text, source)]
    if not stale:
        return False
    new = rendered(ctx.templates, arranged(board_of(snapshot, folder)), source, wanted)
    writes = [
        Write(f"{folder}{name}", new[name], was)
        for name, was in old.items()
        if name in stale and (was is None or not is_same(was, new[name]))
    ]
    if not writes:
        return False
    try:
        ctx.state.commit(writes, message=_MESSAGE, expect=head)
    except ConflictError:  # another process was faster; the next look shows the new state
        return True
    return True


def foreign_pages(ctx: Context) -> Iterator[str]:
    """Yield the paths of files that the settings ask for, and that are a person's own: they are never overwritten."""
    head, folder = ctx.state.head(), folder_of_missions(ctx.state)
    for name in _wanted(ctx) if head is not None else ():
        text = ctx.state.file(f"{folder}{name}", head) if head is not None else None
        if (text is not None and not source_of(text)) or _is_in_the_way(ctx, f"{folder}{name}"):
            yield f"{folder}{name}"


def source_hash(snapshot: Snapshot) -> str:
    """Return a hash of the mission files of a commit."""
    parts = (f"{stored.path} {sha256_of(stored.text)}\n" for stored in snapshot.missions.values())
    return sha256_of("".join(sorted(parts)))[:_HASH]


def folder_of_missions(store: StateStore) -> str:
    """Return the folder of the missions in the store, with a slash at its end, or empty."""
    return store.path_for(_ANY).removesuffix(f"{_ANY}/mission.md")


def _wanted(ctx: Context) -> list[str]:
    told = ctx.settings.dashboard
    return [name for name in FILES if name in told.files] if told.commit else []


def _may_write(ctx: Context, path: str, text: str | None, source: str) -> bool:
    if text is None:
        return not _is_in_the_way(ctx, path)
    made_from = source_of(text)
    return bool(made_from) and made_from != source and not _is_in_the_way(ctx, path)


def _is_in_the_way(ctx: Context, path: str) -> bool:
    """Whether the work tree has a file there that is a person's own, which is not committed."""
    there = ctx.state.text_on_disk(Stored(_ANY, path, "", ""))
    return there is not None and not source_of(there)
