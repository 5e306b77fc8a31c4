"""Plannings and interviews beside a repository: a file for each that only its owner can read, changed under a lock."""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from mission_cli.adapters.fs.atomic import make_folder, write_whole
from mission_cli.adapters.fs.locks import locked, try_lock, unlock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PATIENCE = 10.0
_NAME = re.compile(r"[0-9a-z-]+")


class FileTexts:
    """The texts in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.texts: dict[str, str] = {}
        for place in folder.glob("*.json"):
            with suppress(OSError, UnicodeDecodeError):
                self.texts[place.stem] = place.read_text("utf-8")

    def note(self, name: str, text: str) -> None:
        """Write or remove a file."""
        place = self._folder / f"{_checked(name)}.json"
        if text:
            write_whole(place, text.encode("utf-8", "surrogateescape"), mode=0o600)
            self.texts[name] = text
            return
        place.unlink(missing_ok=True)
        place.with_suffix(".lock").unlink(missing_ok=True)
        self.texts.pop(name, None)


@contextmanager
def held_texts(folder: Path, kind: str) -> Iterator[FileTexts]:
    """Yield the texts of a kind in a runtime folder while no other process can change them."""
    place = folder / kind
    make_folder(place)
    with locked(folder / f"{kind}.lock", patience=_PATIENCE):
        yield FileTexts(place)


@contextmanager
def carried(folder: Path, kind: str, name: str) -> Iterator[bool]:
    """Try to be the one that works on a text of a kind; the value is whether that worked."""
    make_folder(folder / kind)
    handle = try_lock(folder / kind / f"{_checked(name)}.lock")
    try:
        yield handle is not None
    finally:
        if handle is not None:
            unlock(handle)


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not such a name")
    return name
