"""The command `_node` of the program that is sent to hosts. PROGRAM is what `Launcher.prepare` returns.

    PROGRAM _node --root DIR run CLONE KEY EXCHANGE

It runs the job to its end and pushes its result. It stays in the foreground, and prints the log of the job as
`stream.py` describes. SIGTERM cancels the job. Started again after any death, it continues. DIR is `root` of the host,
or `~/.cache/mission`. It ends with 0 if the job has a result, and otherwise with another status and one line on stderr.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli._support.text import one_line
from mission_cli.adapters.executors.remote.node.run import run_job
from mission_cli.domain.errors import MissionError

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORDS = 500
_USAGE = 2


def node(words: Sequence[str]) -> int:
    """Run one job; return the exit status."""
    match words:
        case ["--root", folder, "run", clone, key, exchange]:
            pass
        case _:
            sys.stderr.write(f"unknown command: {one_line(' '.join(words), _WORDS)}\n")
            return _USAGE
    root = Path(folder).expanduser()
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        return run_job(root.resolve(), clone, key, exchange)
    except (MissionError, OSError, ValueError) as error:
        sys.stderr.write(f"{one_line(str(error), _WORDS)}\n")
        return 1
