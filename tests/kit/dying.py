"""Does a step in a forked process that dies before one of its effects, and lets somebody save a file before another.

An effect is anything that outlives a process: a file opened for writing, linked, renamed or removed, a program
started. No `finally` runs and no lock is given back: it is what `kill -9` leaves.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mission_cli.domain.errors import MissionError

if TYPE_CHECKING:
    from collections.abc import Callable

_EFFECTS = frozenset(
    {"os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "subprocess.Popen", "ctypes.dlsym"}
)
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


@dataclass(frozen=True)
class End:
    """How the step ended."""

    died: bool
    saved: bool
    """The moment of saving came."""
    refused: str = ""
    """What a MissionError said."""
    effects: int = 0


def die_within(
    step: Callable[[], object], *, before: int, save: Callable[[], object] | None = None, save_before: int = 0
) -> End:
    """Do the step; die before effect number `before`, call `save` before number `save_before`. Counts from 0."""
    source, sink = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the child runs nothing that the other threads hold
        pid = os.fork()
    if pid == 0:
        _child(step, before, save, save_before, sink)
    os.close(sink)
    with os.fdopen(source, "rb") as answer:
        told = answer.read().decode()
    _, status = os.waitpid(pid, 0)
    died = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    facts = dict(line.partition("\t")[::2] for line in told.splitlines())
    assert died or os.WEXITSTATUS(status) == 0, told
    return End(died, "saved" in facts, facts.get("refused", ""), int(facts.get("effects", 0)))


def _child(
    step: Callable[[], object], before: int, save: Callable[[], object] | None, save_before: int, sink: int
) -> None:
    count, saving = 0, False

    def look(event: str, args: tuple[Any, ...]) -> None:
        nonlocal count, saving
        if saving or not (event in _EFFECTS or (event == "open" and int(args[2] or 0) & _WRITES)):
            return
        if save is not None and count == save_before:
            saving = True
            save()
            saving = False
            os.write(sink, b"saved\t\n")
        if count == before:
            os.kill(os.getpid(), signal.SIGKILL)
        count += 1

    sys.addaudithook(look)
    code = 0
    try:
        step()
    except MissionError as error:
        os.write(sink, f"refused\t{error.message}\n".encode())
    except BaseException:  # noqa: BLE001 - told to the parent
        os.write(sink, traceback.format_exc().encode())
        code = 1
    os.write(sink, f"effects\t{count}\n".encode())
    os._exit(code)
