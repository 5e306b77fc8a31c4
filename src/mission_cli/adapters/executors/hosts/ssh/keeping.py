"""Runs alone on the other machine: `python3 -c … VERB FOLDER`, with what is wanted as JSON on standard input.

Each id has a folder. A lock in it is held by the process that keeps the command, and by the command: who holds it is
alive, whatever became of process numbers. `began` is written before the command starts, `ended` after its end.
"""

import fcntl
import json
import os
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import FrameType

_MOST = 1 << 20
_GRACE_S = 60
_TRIES = 60
_OF_SSH = ("SSH_CLIENT", "SSH_CONNECTION", "SSH_TTY", "SSH_ORIGINAL_COMMAND")
_FIRST_OTHER = 3
"""The first file descriptor after the standard ones."""


def start(runs: Path, wanted: dict[str, Any]) -> dict[str, Any]:
    """Start the command unless its id has begun already. The process that keeps it stays behind."""
    run = runs / wanted["id"]
    run.mkdir(parents=True, exist_ok=True)
    lock = os.open(run / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    if not _lock(lock, run) or (run / "began").exists():
        return _adopted(run, wanted)
    _write(run / "key", wanted["key"])
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            _keep(run, wanted, lock)
        os._exit(0)
    os.wait()
    return {"adopted": False}


def look(runs: Path, wanted: dict[str, Any]) -> dict[str, Any]:
    """Return the state of each id."""
    return {one: _look(runs / one) for one in wanted["ids"]}


def cancel(runs: Path, wanted: dict[str, Any]) -> dict[str, Any]:
    """Ask the command to end."""
    run = runs / wanted["id"]
    if _is_held(run) and (run / "began").exists():
        with suppress(ProcessLookupError):
            os.killpg(int((run / "group").read_text()), signal.SIGTERM)
    return {}


def forget(runs: Path, wanted: dict[str, Any]) -> dict[str, Any]:
    """Remove the folder of an id, unless its command runs."""
    run = runs / wanted["id"]
    if run.is_dir() and not _is_held(run):
        shutil.rmtree(run)
    return {}


def output(runs: Path, wanted: dict[str, Any]) -> bytes:
    """Return a part of the output."""
    try:
        with (runs / wanted["id"] / "out").open("rb") as source:
            source.seek(wanted["offset"])
            part: bytes = source.read(_MOST)
            return part
    except FileNotFoundError:
        return b""


def _adopted(run: Path, wanted: dict[str, Any]) -> dict[str, Any]:
    known = (run / "key").read_text() if (run / "key").exists() else wanted["key"]
    if known != wanted["key"]:
        sys.exit(f"the id {wanted['id']} is that of the job {known}")
    return {"adopted": True}


def _look(run: Path) -> dict[str, Any]:
    if not (run / "lock").exists():
        return {"state": "unknown"}
    alive = _is_held(run)
    if (run / "ended").exists():
        return {"state": "ended", "detail": (run / "ended").read_text()}
    if alive:
        return {"state": "running" if (run / "began").exists() else "pending"}
    return {"state": "gone", "detail": "its process is gone"} if (run / "began").exists() else {"state": "unknown"}


def _lock(lock: int, run: Path) -> bool:
    """Take the lock, unless a command has it. A look at the same moment has it, too, for less than a second."""
    for _ in range(_TRIES):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if (run / "began").exists():
                return False
            time.sleep(0.05)  # poll: waiting for a lock has no limit
        else:
            return True
    return False


def _is_held(run: Path) -> bool:
    try:
        with (run / "lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


def _keep(run: Path, wanted: dict[str, Any], lock: int) -> None:
    """Start the command, wait for its end, and write it down."""
    out = os.open(run / "out", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, source in enumerate((nothing, out, out)):
        os.dup2(source, number)
    for number in [int(path.name) for path in Path("/dev/fd").iterdir()]:
        if number >= _FIRST_OTHER and number != lock:
            with suppress(OSError):
                os.close(number)
    os.chdir(run)
    signal.signal(signal.SIGTERM, _nothing)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    _write(run / "group", str(os.getpgid(0)))
    _write(run / "began", "")
    child = os.fork()
    if child == 0:
        _become(wanted, lock)
    code = _wait(child, wanted["deadline_s"])
    _write(run / "ended", f"exit status {code}" if code >= 0 else f"signal {-code}")
    os._exit(0)


def _become(wanted: dict[str, Any], lock: int) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    os.set_inheritable(lock, True)  # noqa: FBT003 - the signature of the standard library
    os.umask(wanted["umask"])
    environment = {name: value for name, value in os.environ.items() if name not in _OF_SSH}
    environment.update(wanted["env"])
    try:
        os.execvpe(wanted["argv"][0], wanted["argv"], environment)  # noqa: S606 - the words of a job, no shell
    except OSError as error:
        os.write(2, f"{wanted['argv'][0]}: {error.strerror}\n".encode())
    os._exit(127)


def _wait(child: int, deadline_s: int) -> int:
    """Return how the command ended. At its deadline it is told to end, and killed a minute later."""
    limits = [(deadline_s, signal.SIGTERM), (deadline_s + _GRACE_S, signal.SIGKILL)] if deadline_s else []
    began = time.monotonic()
    while True:
        if not limits:
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() - began > limits[0][0]:
            os.kill(child, limits.pop(0)[1])
        time.sleep(1)  # poll: the deadline is hours away


def _nothing(_number: int, _frame: "FrameType | None") -> None:
    """Survive the signal that goes to the whole group."""


def _write(path: Path, text: str) -> None:
    """Write a small file, whole or not at all, and on the disk."""
    beside = path.with_name(f"{path.name}.new")
    with beside.open("w") as new:
        new.write(text)
        new.flush()
        os.fsync(new.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def main(verb: str, folder: str) -> None:
    """Do what one call wants."""
    usual = os.umask(0o077)
    do = {"start": start, "look": look, "cancel": cancel, "forget": forget, "output": output}[verb]
    said = do(Path(folder), {**json.load(sys.stdin), "umask": usual})
    sys.stdout.buffer.write(said if isinstance(said, bytes) else json.dumps(said).encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
