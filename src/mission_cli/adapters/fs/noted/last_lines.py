"""Files of which the newest lines are kept, readable only by their owner."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from mission_cli.adapters.fs.atomic import write_whole

if TYPE_CHECKING:
    from pathlib import Path

_MOST_BYTES = 8_000_000


def append_line(place: Path, line: str, *, most: int = _MOST_BYTES) -> None:
    """Append a line; above `most` bytes, the older half goes. Errors are ignored: nothing depends on the file."""
    with suppress(OSError):
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "ab") as out:
            out.write(line.encode("ascii", "backslashreplace") + b"\n")
            size = out.tell()
        if size > most:
            whole = place.read_bytes()
            write_whole(place, whole[whole.index(b"\n", size // 2) + 1 :], durable=False, mode=0o600)


def kept_lines(place: Path) -> tuple[str, ...]:
    """Return the whole lines; none if the file cannot be read."""
    try:
        found = place.read_bytes()
    except OSError:
        return ()
    return tuple(line.decode("ascii", "replace") for line in found.split(b"\n")[:-1])
