"""The log and the tally of a job on a host, kept here as if its supervisor wrote them."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mission_cli.adapters.executors.jobs.log import Log
from mission_cli.adapters.executors.remote.node.stream import FACTS, LINE
from mission_cli.adapters.fs.atomic import create_whole, read_tail, write_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.adapters.executors.remote.followed import Followed

_MOST_FACTS = 64 << 10
_MOST_NOTES = 64 << 10
_OVERLAP = 4096
_MISSING = b"[some of the output is missing here: the host could not be asked for it]"


class Mirror:
    """Takes what a job printed, part by part. `scrub` hides the secrets of this machine."""

    def __init__(self, one: Followed, now: Callable[[], str], scrub: Callable[[str], str]) -> None:
        self._one, self._now, self._scrub = one, now, scrub
        self._rest = b""
        self.offset = one.progress.stream
        self._again = not self.offset
        """What was printed before is printed again, from its beginning: then it replaces the log."""
        if not self._again:
            self._shorten(one.progress.log)

    def take(self, part: bytes, next_offset: int) -> None:
        """Add what was printed from `offset` on."""
        self.offset = next_offset
        *lines, self._rest = (self._rest + part).split(b"\n")
        logged = [line[1:] for line in lines if line.startswith(LINE)]
        if logged:
            if self._again:
                self._shorten(0)
            self._again = False
            self._write(logged)
        for line in lines:
            if line.startswith(FACTS):
                self._facts(line[1:])
        notes = [line for line in lines if line and not line.startswith((LINE, FACTS))]
        if notes:
            self._note(notes)
        if not self._rest:
            self._one.progress.stream, self._one.progress.log = next_offset, self._size()
            self._one.save()

    def complete(self, end: bytes) -> None:
        """Add what the end of the log has beyond what was printed."""
        job = self._one.job
        had = read_tail(job.log, _OVERLAP).encode("utf-8", "replace")
        end = self._scrub(end.decode("utf-8", "replace")).encode("utf-8", "replace")
        if not end or (had and end.endswith(had)):
            return
        at = _after(had, end)
        rest = end[at:] if at is not None else _MISSING + b"\n" + end
        if rest:
            self._write(rest.removesuffix(b"\n").split(b"\n"))

    def _write(self, lines: list[bytes]) -> None:
        text = self._scrub(b"\n".join(lines).decode("utf-8", "replace"))
        log = Log(self._one.job.log)
        for line in text.split("\n"):
            log.write(line.encode("utf-8", "replace"))
        log.close()

    def _facts(self, line: bytes) -> None:
        job = self._one.job
        try:
            told: Any = json.loads(line[:_MOST_FACTS])
        except ValueError:
            return
        if not isinstance(told, dict):
            return
        if told.get("began") is True and not job.started.exists():
            create_whole(job.started, f'{{"at": "{self._now()}", "pid": {os.getpid()}}}\n'.encode())
        tally = told.get("tally")
        if isinstance(tally, dict):
            action = self._scrub(str(tally.get("action", "")))
            with suppress(OSError):
                write_json(job.tally, {**tally, "action": action, "last_event": self._now()}, durable=False)

    def _note(self, lines: list[bytes]) -> None:
        place = self._one.job.supervisor_log
        text = self._scrub(b"\n".join(lines)[-_MOST_NOTES:].decode("utf-8", "replace"))
        with suppress(OSError), place.open("ab") as out:
            if out.tell() < _MOST_NOTES:
                out.write(text.encode("utf-8", "replace") + b"\n")

    def _shorten(self, size: int) -> None:
        """Drop what a follower that died had written without recording it: it is read again."""
        if self._size() > size:
            with suppress(OSError):
                os.truncate(self._one.job.log, size)

    def _size(self) -> int:
        try:
            return self._one.job.log.stat().st_size
        except OSError:
            return 0


def _after(had: bytes, end: bytes) -> int | None:
    """Return where in `end` begins what comes after `had`; None if they have no line in common."""
    at = end.rfind(had)
    if at >= 0:
        return at + len(had)
    while had := had.partition(b"\n")[2]:
        if end.startswith(had):
            return len(had)
    return None
