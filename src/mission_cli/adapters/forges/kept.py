"""What the requests to a forge keep in a folder, for all processes: known answers, the last write, and limits.

The files contain what the forge answered, so only their owner can read them. No token is in them: it only goes into
the hash that names a file.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass
from mission_cli.adapters.fs.atomic import read_json, write_json
from mission_cli.adapters.fs.locks import locked
from mission_cli.domain.errors import refusals_said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

PAUSE = 1.0
"""Seconds between the starts of two writes."""
MOST_ANSWERS = 300
"""Number of answers that are kept; the least recently used ones are removed first."""
MOST_BYTES = 32 << 20
"""Size of all answers that are kept."""
_LONGEST_LIMIT = 24 * 3600.0
_PRIVATE = 0o600


@dataclass(frozen=True, slots=True)
class Known:
    """An answer that the forge gave before, and the tag by which it says whether it still holds."""

    etag: str
    headers: Mapping[str, str]
    data: Any
    at: float = 0.0
    """When it was given, in seconds since 1970."""


class Kept:
    """The files of one token in one folder. `clock` returns seconds since 1970."""

    def __init__(self, folder: Path, token: str, clock: Callable[[], float]) -> None:
        self._folder = folder
        self._secret = token
        self._clock = clock

    def known(self, url: str) -> Known | None:
        """Return the known answer to a URL, or None."""
        path = self._answer(url)
        found = read_json(path)
        if not isinstance(found, dict) or found.get("url") != url or not isinstance(found.get("etag"), str):
            return None
        at = found.get("at")
        moment = float(at) if isinstance(at, int | float) else 0.0
        return Known(found["etag"], found.get("headers") or {}, found.get("data"), moment)

    def forget(self, url: str) -> None:
        """Remove a known answer."""
        with suppress(OSError):
            self._answer(url).unlink(missing_ok=True)

    def confirm(self, url: str) -> None:
        """Keep that the forge says that a known answer still holds."""
        with suppress(OSError):
            os.utime(self._answer(url), (self._clock(), self._clock()))

    def confirmed(self, url: str) -> float:
        """Return when a known answer was given or confirmed, in seconds since 1970; 0 if it is not known."""
        try:
            return self._answer(url).stat().st_mtime
        except OSError:
            return 0.0

    def keep(self, url: str, known: Known) -> None:
        """Keep an answer. If the disk refuses it, the next request is not conditional."""
        path = self._answer(url)
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            facts = {"url": url, "etag": known.etag, "at": known.at, "headers": dict(known.headers), "data": known.data}
            write_json(path, facts, mode=_PRIVATE, durable=False)
            self.confirm(url)
            self._make_room()

    def next_write(self) -> float:
        """Reserve the moment of the next write, and return how many seconds from now it is.

        Raises ToolError if the disk refuses it: without that, several processes could send too much.
        """
        path = self._folder / f"writes-{self._hash('writes')}.json"
        with refusals_said(), self._in_turn(path):
            now = self._clock()
            found = read_json(path)
            last = float(found) if isinstance(found, int | float) else 0.0
            behind = last + PAUSE - now
            wait = behind if 0 < behind < _LONGEST_LIMIT else 0.0
            write_json(path, now + wait, mode=_PRIVATE, durable=False)
        return wait

    @contextmanager
    def _in_turn(self, path: Path) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with locked(path.with_suffix(".lock")):
            yield

    def limit(self, again: float) -> None:
        """Keep that the forge answers this token again in `again` seconds."""
        now = self._clock()
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            write_json(self._limit, {"since": now, "until": now + again}, mode=_PRIVATE, durable=False)

    def limited(self) -> float:
        """Return in how many seconds the forge answers this token again; 0: it does now, as far as known."""
        found = read_json(self._limit)
        if not isinstance(found, dict):
            return 0.0
        since, until = found.get("since"), found.get("until")
        if not isinstance(since, int | float) or not isinstance(until, int | float):
            return 0.0
        now = self._clock()
        return until - now if since <= now < until <= since + _LONGEST_LIMIT else 0.0

    @property
    def _limit(self) -> Path:
        return self._folder / f"limit-{self._hash('limit')}.json"

    def _answer(self, url: str) -> Path:
        return self._folder / "answers" / f"{self._hash(url)}.json"

    def _hash(self, what: str) -> str:
        return sha256(f"mission\0{self._secret}\0{what}".encode("utf-8", "surrogateescape")).hexdigest()[:32]

    def _make_room(self) -> None:
        found = []
        for file in (self._folder / "answers").glob("*.json"):
            with suppress(OSError):
                facts = file.stat()
                found.append((facts.st_mtime, facts.st_size, file))
        size = 0
        for number, (_, more, file) in enumerate(sorted(found, reverse=True)):
            size += more
            if number and (number >= MOST_ANSWERS or size > MOST_BYTES):
                file.unlink(missing_ok=True)
