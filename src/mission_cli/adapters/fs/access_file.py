"""The users of the server and the key of webhooks: files in the configuration folder that only their owner can read."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from mission_cli._support.records import from_plain, to_plain
from mission_cli.adapters.fs.atomic import create_whole, make_folder, random_hex, read_bytes, read_json, write_json
from mission_cli.adapters.fs.env_file import open_to_others
from mission_cli.adapters.fs.locks import locked
from mission_cli.domain.deciding.access import Access
from mission_cli.domain.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_KEY_BYTES = 32


class AccessFile:
    """The tokens of the server, as hashes."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def all(self) -> tuple[Access, ...]:
        """Return every token. Raises DocumentError if others can read or write the file, or if it is damaged."""
        if read_bytes(self.place) is None:
            return ()
        if open_to_others(self.place):
            hint = f"chmod 600 {self.place}"
            raise DocumentError("others may read or write this file", where=str(self.place), hint=hint)
        with suppress(KeyError, TypeError, ValueError):
            found = from_plain(read_json(self.place), (Access,))
            if isinstance(found, tuple) and all(isinstance(one, Access) for one in found):
                return found
        raise DocumentError("the file is damaged", where=str(self.place), hint="remove it, and add the tokens again")

    def change(self, change: Callable[[tuple[Access, ...]], tuple[Access, ...]]) -> None:
        """Replace the tokens."""
        make_folder(self.place.parent)
        with locked(self.place.with_suffix(".lock")):
            write_json(self.place, to_plain(change(self.all())), mode=0o600)


def webhook_key(place: Path) -> str:
    """Return the key from which the secrets of waits are made; create it if there is none."""
    if read_bytes(place) is None:
        make_folder(place.parent)
        create_whole(place, f"{random_hex(_KEY_BYTES)}\n".encode(), mode=0o600)
    if open_to_others(place):
        raise DocumentError("others may read or write this file", where=str(place), hint=f"chmod 600 {place}")
    return (read_bytes(place) or b"").decode("utf-8", "replace").strip()
