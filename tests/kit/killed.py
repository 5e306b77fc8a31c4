"""Runs the command line, and every tick that follows from it, in processes that die once, at one point.

    python killed.py MARK POINT -- WORDS…

POINT is `port.method:before` or `port.method:after`; MARK is a file that is made when the process has killed
itself, so that it happens once in the life of a mission.
"""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mission_cli.adapters.git.state import publisher
from mission_cli.surfaces import plain
from mission_cli.surfaces.cli.app import run
from mission_cli.wiring import command_lines, compose

if TYPE_CHECKING:
    from tests.kit.people import Person

    from mission_cli.wiring.opened import Opened

_PORTS = ("state", "code", "executor", "runtime", "share")
_FUNCTIONS = {"following": publisher}
"""Functions that a module calls by their own name; the place of a point is the module that defines them."""


def run_under(person: Person, mark: Path, step: str, *words: str) -> int:
    """Run a command that dies at the step, unless something has died there already; return its exit status."""
    command = [sys.executable, os.fspath(Path(__file__).resolve()), os.fspath(mark), step, "--", *words]
    environment = {**os.environ, "PYTHONPATH": os.fspath(Path(__file__).resolve().parents[2])}
    done = subprocess.run(command, cwd=person.repo, env=environment, check=False, capture_output=True)
    return done.returncode


def die_once(mark: str) -> None:
    """Kill this process, unless one has died already."""
    try:
        os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def arm(target: Any, method: str, when: str, mark: str) -> None:
    """Let a method of one object kill the process before or after it does its work."""
    real = getattr(target, method)

    def armed(*args: Any, **values: Any) -> Any:
        if when == "before":
            die_once(mark)
        result = real(*args, **values)
        if when == "after":
            die_once(mark)
        return result

    setattr(target, method, armed)


def main(mark: str, point: str, words: list[str]) -> int:
    """Arm the point and run."""
    place, _, when = point.partition(":")
    port, _, method = place.partition(".")
    real_open, real_command = compose.open_repository, command_lines.python_command
    if port in _FUNCTIONS:
        arm(_FUNCTIONS[port], method, when, mark)

    def open_armed(*args: Any, **values: Any) -> Opened:
        opened = real_open(*args, **values)
        if port not in _FUNCTIONS:
            arm(getattr(opened.context, port), method, when, mark)
        return dataclasses.replace(opened)

    def command(*more: str) -> tuple[str, ...]:
        if more[:1] == ("pulse",):
            return (sys.executable, os.fspath(Path(__file__).resolve()), mark, point, "--", *more)
        return real_command(*more)

    compose.open_repository = open_armed
    command_lines.python_command = command
    assert port in (*_PORTS, *_FUNCTIONS)
    if words[:1] == ["pulse"]:
        return plain.plain_pulse(words[words.index("--repo") + 1], quiet=True)
    return run(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[4:]))
