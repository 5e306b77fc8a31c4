"""The list of requests that went through a proxy: no bodies, no headers, no queries."""

from __future__ import annotations

import time
from typing import TextIO

_LONGEST_PATH = 200
_MOST_LINES = 20_000


class Record:
    """Writes one line for each request, up to a number of lines."""

    def __init__(self, out: TextIO) -> None:
        self._out, self._lines = out, 0

    def write(self, name: str, method: str, path: str, status: int, size: int, seconds: float, note: str = "") -> None:
        """Write the line of a request; `path` is without its query, `size` what was passed back in bytes."""
        self._lines += 1
        if self._lines > _MOST_LINES:
            return
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        words = [now, name, method, path[:_LONGEST_PATH], str(status), f"{size} bytes", f"{seconds:.1f} s", note]
        if self._lines == _MOST_LINES:
            words = [now, "further requests are not listed"]
        self._out.write(" ".join(word for word in words if word) + "\n")
        self._out.flush()
