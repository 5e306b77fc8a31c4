"""Try a scheduled job once, as its scheduler would start it, before relying on it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli._support.text import one_line
from mission_cli.adapters.fs.atomic import read_tail
from mission_cli.adapters.proc.run import run
from mission_cli.domain.errors import ToolError
from mission_cli.domain.notice import advise, do

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.ports.schedule import Job

_PATIENCE = 300.0


def try_job(argv: Sequence[str], job: Job, *, environment: Mapping[str, str], sign: Path) -> None:
    """Run `argv`, the job's command, in the user's home with exactly this `environment`.

    Raises ToolError with its output if it fails, or if it does not touch `sign`, which every pulse does.
    """
    log = Path(job.log)
    log.parent.mkdir(parents=True, exist_ok=True)
    before, said = _look(sign), log.stat().st_size if log.exists() else 0
    done = run(argv, cwd=environment["HOME"], env=environment, timeout=_PATIENCE)
    words = (done.out + done.err).decode("utf-8", "replace")
    if log.exists():
        words += read_tail(log, log.stat().st_size - said)
    if done.code:
        raise ToolError(
            f"a trial run of the scheduled pulse ended with {done.code}: {one_line(words, 600) or 'no output'}",
            hint=advise("nothing was changed; fix that and try again (details: ", do("doctor", "--as-cron"), ")"),
        )
    if _look(sign) == before:
        raise ToolError(
            f"a trial run of the scheduled pulse succeeded, but no pulse has run: {sign} was not touched",
            hint="nothing was changed; check that HOME and the XDG folders are the same as in this shell",
        )


def _look(path: Path) -> int:
    try:
        return os.stat(path).st_mtime_ns  # noqa: PTH116 - nanoseconds distinguish two pulses
    except OSError:
        return 0
