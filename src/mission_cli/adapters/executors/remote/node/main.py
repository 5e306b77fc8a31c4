"""The command `_node` of the program that is sent to hosts.

PROGRAM is what `Launcher.prepare` returns. Each command prints what is named here, ends with 0 if it was carried out,
and otherwise with another status and one line on stderr. DIR is `root` of the host, or `~/.cache/mission`.

    PROGRAM _node --root DIR run CLONE KEY EXCHANGE
        Run the job to its end and push its result. It stays in the foreground, and prints the log of the job as
        `stream.py` describes. SIGTERM cancels the job. Started again after any death, it continues.
    PROGRAM _node --root DIR start ID      stdin: {"argv": […], "env": {…}}
        Start a command that outlives this one, or adopt what exists under the id. Prints nothing.
    PROGRAM _node --root DIR look ID…      prints {"ID": {"state": …, "detail": …}, …}, as `LaunchState` names states
    PROGRAM _node --root DIR output ID OFFSET    prints at most 1 MiB of the command's output, as it is
    PROGRAM _node --root DIR cancel ID     sends SIGTERM to the command
    PROGRAM _node --root DIR forget ID     removes what is kept about an ended command
    PROGRAM _node --root DIR free WORKERS  prints {"free": N}
    PROGRAM _node --root DIR exchange      makes a bare repository; prints {"path": …}
    PROGRAM _node --root DIR test [NAME=PROGRAM…]    prints [{"name", "ok", "words", "hint"}, …] and the time there:
        {"name": "clock", …, "words": "<seconds since 1970>"}
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli._support.text import one_line
from mission_cli.domain.errors import MissionError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

USUAL_ROOT = "~/.cache/mission"
_WORDS = 500


def node(words: Sequence[str]) -> int:
    """Carry out one command; return its exit status."""
    root, rest = Path(USUAL_ROOT).expanduser(), list(words)
    if rest[:1] == ["--root"] and len(rest) > 1:
        root, rest = Path(rest[1]).expanduser(), rest[2:]
    command = _COMMANDS.get(rest[0]) if rest else None
    if command is None:
        sys.stderr.write(f"unknown command: {one_line(' '.join(rest), _WORDS)}\n")
        return 2
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        return command(root.resolve(), rest[1:])
    except (MissionError, OSError, ValueError) as error:
        sys.stderr.write(f"{one_line(str(error), _WORDS)}\n")
        return 1


def _run(root: Path, words: list[str]) -> int:
    from mission_cli.adapters.executors.remote.node.run import run_job

    clone, key, exchange = words
    return run_job(root, clone, key, exchange)


def _start(root: Path, words: list[str]) -> int:
    from mission_cli.adapters.executors.remote.node import starts

    [job] = words
    asked = json.loads(sys.stdin.buffer.read())
    starts.start(root, job, [str(word) for word in asked["argv"]], {str(n): str(v) for n, v in asked["env"].items()})
    return 0


def _look(root: Path, words: list[str]) -> int:
    from mission_cli.adapters.executors.remote.node import starts

    looks = {job: starts.look(root, job) for job in words}
    return _print({job: {"state": str(look.state), "detail": look.detail} for job, look in looks.items()})


def _output(root: Path, words: list[str]) -> int:
    from mission_cli.adapters.executors.remote.node import starts

    job, offset = words
    sys.stdout.buffer.write(starts.output(root, job, int(offset)))
    return 0


def _cancel(root: Path, words: list[str]) -> int:
    from mission_cli.adapters.executors.remote.node import starts

    [job] = words
    starts.cancel(root, job)
    return 0


def _forget(root: Path, words: list[str]) -> int:
    from mission_cli.adapters.executors.remote.node import starts

    [job] = words
    starts.forget(root, job)
    return 0


def _free(root: Path, words: list[str]) -> int:
    from mission_cli.adapters.executors.remote.node import starts

    [workers] = words
    return _print({"free": max(0, int(workers) - starts.running(root))})


def _exchange(root: Path, words: list[str]) -> int:
    from mission_cli.adapters.executors.remote.node.repository import make_bare

    if words:
        raise ValueError("`exchange` takes no arguments")
    return _print({"path": str(make_bare(root, "exchange.git"))})


def _test(root: Path, words: list[str]) -> int:
    from mission_cli.adapters.executors.remote.node.findings import findings

    programs = dict(word.partition("=")[::2] for word in words)
    found = findings(root, programs)
    return _print([{"name": one.name, "ok": one.ok, "words": one.words, "hint": one.hint} for one in found])


def _print(value: object) -> int:
    sys.stdout.write(f"{json.dumps(value)}\n")
    return 0


_COMMANDS: dict[str, Callable[[Path, list[str]], int]] = {
    "run": _run,
    "start": _start,
    "look": _look,
    "output": _output,
    "cancel": _cancel,
    "forget": _forget,
    "free": _free,
    "exchange": _exchange,
    "test": _test,
}
