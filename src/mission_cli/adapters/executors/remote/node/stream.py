"""What `_node run` prints, so that the machine that drives sees a job while it runs.

Each line begins with what it is:
    |…    a line of the job's log
    ^{…}  facts: {"began": true} once, and {"tally": {…}} as in `tally.json`
Other lines come from the host or from this program, and say why something does not work.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, BinaryIO

from mission_cli.adapters.executors.jobs.log import read_part
from mission_cli.adapters.fs.atomic import read_json

if TYPE_CHECKING:
    from mission_cli.adapters.executors.jobs.folder import JobFolder

LINE, FACTS = b"|", b"^"
_MOST = 48 << 20
"""Bytes of the log that are printed; the rest is on the host, and the end of it in the result."""


class Stream:
    """Prints what is new of one job."""

    def __init__(self, job: JobFolder, out: BinaryIO) -> None:
        self._job, self._out = job, out
        self._offset, self._rest, self._printed = 0, "", 0
        self._began = False
        self._tally: Any = None

    def pump(self, *, last: bool = False) -> None:
        """Print what is new; `last`: a line without an end is printed too."""
        try:
            self._facts()
            while self._printed < _MOST and self._lines(last=last):
                pass
            self._out.flush()
        except OSError:
            self._printed = _MOST  # nothing reads it any more; the result does not depend on it

    def _facts(self) -> None:
        if not self._began and self._job.started.exists():
            self._began = True
            self._out.write(FACTS + b'{"began": true}\n')
        tally: Any = read_json(self._job.tally)
        if isinstance(tally, dict) and tally != self._tally:
            self._tally = tally
            self._out.write(FACTS + json.dumps({"tally": tally}).encode() + b"\n")

    def _lines(self, *, last: bool) -> bool:
        text, self._offset = read_part(self._job.log, self._offset)
        lines = (self._rest + text).split("\n")
        self._rest = lines.pop()
        if last and not text and self._rest:
            lines, self._rest = [self._rest], ""
        for line in lines:
            raw = LINE + line.encode("utf-8", "replace") + b"\n"
            self._printed += len(raw)
            self._out.write(raw)
        return bool(text or (last and lines))
