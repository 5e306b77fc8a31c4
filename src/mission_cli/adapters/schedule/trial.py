"""A scheduled job is tried once, as its scheduler would start it, before it is believed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli._support.text import one_line
from mission_cli.adapters.fs.atomic import read_tail
from mission_cli.adapters.proc.run import run
from mission_cli.domain.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.ports.schedule import Job

_PATIENCE = 300.0


def try_job(argv: Sequence[str], job: Job, *, environment: Mapping[str, str], sign: Path) -> None:
    """Run `argv`, the job's command, with nothing else around it than `environment`, in the user's home.

    Raises ToolError with what it said when it fails, or when it leaves no `sign` that a pulse has run.
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
            f"tried as it would be started, it ended with {done.code}: {one_line(words, 600) or 'without a word'}",
            hint="nothing was changed; mend that and try again (`mission doctor --as-cron` looks closer)",
        )
    if _look(sign) == before:
        raise ToolError(
            f"tried as it would be started, it ended well but no pulse has run: {sign} was not touched",
            hint="nothing was changed; do HOME and the XDG folders lead to the same place as in this shell?",
        )


def _look(path: Path) -> int:
    try:
        return os.stat(path).st_mtime_ns  # noqa: PTH116 - nanoseconds tell two ticks apart
    except OSError:
        return 0
