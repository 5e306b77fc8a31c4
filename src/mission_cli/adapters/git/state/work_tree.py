"""Update the work tree after a state commit. Uncommitted edits of a person stay, and get the change too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.adapters.fs.atomic import sync_folder
from mission_cli.adapters.fs.exchange import remove_unless_changed, rework_file
from mission_cli.adapters.git.state.commit_tempfiles import copies

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mission_cli.adapters.git.state.branch_home import Layout
    from mission_cli.ports.git.state import Write


def follow(layout: Layout, write: Write) -> None:
    """Bring one file of the work tree to its new content."""
    place, temp = layout.work_tree / write.path, copies(layout.git_dir)
    if write.new is None:
        remove_unless_changed(place, as_bytes(write.old or ""), temp_folder=temp)
        return
    rework = write.rework

    def again(now: bytes) -> bytes | None:
        if rework is None:
            return None
        try:
            return as_bytes(rework(now.decode("utf-8", "surrogateescape")))
        except Exception:  # noqa: BLE001 - if a person's half-edited file cannot be changed, it stays as it is
            return None

    old = None if write.old is None else as_bytes(write.old)
    rework_file(place, old, as_bytes(write.new), again, temp_folder=temp)


def sync_removed(layout: Layout, writes: Iterable[Write]) -> None:
    """Sync the folders of removed files to disk."""
    gone = (layout.work_tree / write.path for write in writes if write.new is None)
    for folder in {path.parent for path in gone if path.parent.is_dir()}:
        sync_folder(folder)


def as_bytes(text: str) -> bytes:
    """Return a text as the bytes that are stored."""
    return text.encode("utf-8", "surrogateescape")
