"""Runs a Python program that dies, once, before one of its effects: `python dies.py MARK NUMBER PROGRAM WORD…`.

An effect is what `dying.py` counts. MARK is a file that is made when the process kills itself; the next run with the
same mark does not die.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
from pathlib import Path
from typing import Any

EFFECTS = frozenset(
    {"os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "subprocess.Popen", "ctypes.dlsym"}
)
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def die_before(number: int, mark: str) -> None:
    """From now on count effects, and die before one of them."""
    count = 0

    def look(event: str, args: tuple[Any, ...]) -> None:
        nonlocal count
        if not (event in EFFECTS or (event == "open" and int(args[2] or 0) & WRITES)):
            return
        if "__pycache__" in str(args[:1]):
            return
        count += 1
        if count == number + 1:
            try:
                os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                return
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(look)


if __name__ == "__main__":
    mark, number, program, *rest = sys.argv[1:]
    sys.argv[:] = [program, *rest]
    sys.path.pop(0)
    if not Path(mark).exists():
        die_before(int(number), mark)
    runpy.run_path(program, run_name="__main__")
