"""The sessions of the web page of one server: a file in the user's state folder that only its owner can read.

Only the server that listens at an address reads and writes its file, so there is no lock.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mission_cli._support.lazy_re import pattern
from mission_cli._support.records import from_plain, to_plain
from mission_cli.adapters.fs.atomic import make_folder, read_json, write_json
from mission_cli.adapters.fs.env_file import open_to_others
from mission_cli.domain.deciding.sessions import KeptSession

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_NOT_A_NAME = pattern(r"[^0-9A-Za-z.]+")
_OLD_SECONDS = 7 * 24 * 60 * 60


class SessionFile:
    """The file of one address."""

    def __init__(self, folder: Path, address: str) -> None:
        self._place = folder / f"{_NOT_A_NAME.sub('-', address)}.json"

    def load(self) -> tuple[KeptSession, ...]:
        """Return the sessions; none if others can read or write the file, or if it is damaged."""
        self._sweep()
        if open_to_others(self._place):
            return ()
        with suppress(KeyError, TypeError, ValueError, OSError):
            found = from_plain(read_json(self._place), (KeptSession,))
            if isinstance(found, tuple) and all(map(_is_sound, found)):
                return found
        return ()

    def save(self, sessions: Sequence[KeptSession]) -> None:
        """Replace the file. An error of the disk ends no session: it is kept until the server ends."""
        with suppress(OSError):
            make_folder(self._place.parent)
            write_json(self._place, to_plain(sessions), mode=0o600)

    def _sweep(self) -> None:
        """Remove what servers at other addresses have left long ago."""
        with suppress(OSError):
            for path in self._place.parent.glob("*.json"):
                if path.stat().st_mtime < time.time() - _OLD_SECONDS:
                    path.unlink(missing_ok=True)


def _is_sound(one: object) -> bool:
    kinds: dict[str, Any] = {"key": str, "digest": str, "ends": int | float}
    return isinstance(one, KeptSession) and all(isinstance(getattr(one, key), kind) for key, kind in kinds.items())
