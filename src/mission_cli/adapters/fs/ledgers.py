"""The ledger of decisions from outside: a JSON file that only its owner can read, changed under a lock."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from mission_cli._support.records import from_plain, to_plain
from mission_cli.adapters.fs.atomic import make_folder, read_json, write_json
from mission_cli.adapters.fs.locks import locked
from mission_cli.domain.deciding.grants import Choice, Grant, Ledger, Reply, Seen, Trace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CLASSES = (Choice, Grant, Ledger, Reply, Seen, Trace)
_PATIENCE = 10.0


class FileBook:
    """The ledger in a file; empty if the file cannot be read, so no token is known and none can be used."""

    def __init__(self, place: Path) -> None:
        self._place = place
        try:
            found = from_plain(read_json(place), _CLASSES)
        except (KeyError, TypeError, ValueError):
            found = None
        self.ledger = found if isinstance(found, Ledger) else Ledger()

    def note(self, ledger: Ledger) -> None:
        """Replace the file."""
        write_json(self._place, to_plain(ledger), mode=0o600)
        self.ledger = ledger


@contextmanager
def held_book(folder: Path) -> Iterator[FileBook]:
    """Yield the ledger of a runtime folder while no other process can change it."""
    make_folder(folder)
    with locked(folder / "deciding.lock", patience=_PATIENCE):
        yield FileBook(folder / "deciding.json")
