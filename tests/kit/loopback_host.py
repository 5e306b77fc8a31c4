"""A host in a folder of this machine: its launcher starts real processes, and tests decide what goes wrong.

Everything is kept in files, so that a launcher in another process sees the same host, and the same faults.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tests.kit import dies

from mission_cli.adapters.executors.remote.launcher import (
    Exchange,
    Finding,
    Launch,
    LaunchLook,
    LaunchState,
    UnreachableError,
)
from mission_cli.domain.errors import ToolError
from mission_cli.domain.hosts.cleaning import Cleaned, Remains

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.domain.hosts.cleaning import Cleaning
    from mission_cli.domain.hosts.host import Host

_DETACH = '"$@" >/dev/null 2>&1 &'
_RUN = """\
trap : TERM
cd "$1"
mkdir once || exit 0
read -r stat </proc/$$/stat
echo "$stat" >stat.new && mv stat.new stat
while [ -e "$2/late" ]; do sleep 0.02; done
: >began
shift 2
"$@" >out 2>&1 </dev/null &
wait $!
code=$?
while kill -0 $! 2>/dev/null; do wait $!; code=$?; done
echo $code >ended.new && mv ended.new ended
"""
"""What keeps one command; it survives a signal to its group, to write down how the command ended."""
_MOST = 1 << 20


class LoopbackLauncher:
    """One such host; `host.address` is its folder."""

    def __init__(self, host: Host, *, environment: Mapping[str, str], folder: Path) -> None:
        self._host, self._environment, self._folder = host, environment, folder
        self._place = Path(host.address)

    def prepare(self, program: bytes, digest: str) -> tuple[str, ...]:
        """Write the program, once."""
        self._reach()
        place = self._place / f"mission-{digest}.pyz"
        if not place.exists():
            new = place.with_suffix(f".{os.getpid()}")
            new.write_bytes(program)
            new.replace(place)
        dies = self._place / "dies"
        if dies.exists():
            return (sys.executable, *dies.read_text().splitlines(), os.fspath(place))
        return (sys.executable, "-I", os.fspath(place))

    def exchange(self) -> Exchange:
        """Make a bare repository; this machine sees it under another name, which can be taken away."""
        self._reach()
        place, near = self._place / "exchange.git", self._place / "near.git"
        if not near.is_symlink():
            subprocess.run(["git", "init", "--quiet", "--bare", place], check=True)
            with suppress(FileExistsError):
                near.symlink_to(place.name)
        return Exchange(os.fspath(near), os.fspath(place))

    def start(self, launch: Launch) -> None:
        """Start the command in a session of its own."""
        self._reach()
        if (self._place / "refuses").exists():
            raise ToolError("the host takes nothing")
        run = self._run(launch.id)
        run.mkdir(parents=True, exist_ok=True)
        if not (run / "stat").exists():
            self._begin(run, launch)
        lost = self._place / "lose-answer"
        if lost.exists():
            lost.unlink()
            raise UnreachableError("the answer was lost")

    def look(self, ids: Sequence[str]) -> Mapping[str, LaunchLook]:
        """Read what the files say."""
        self._reach()
        return {one: self._look(self._run(one)) for one in ids}

    def cancel(self, job: str) -> None:
        """Send SIGTERM to its group."""
        self._reach()
        run = self._run(job)
        if self._look(run).state is LaunchState.PENDING:
            _kill(run, signal.SIGKILL)
            (run / "ended").write_text("143\n")
        elif self._look(run).state is LaunchState.RUNNING:
            _kill(run, signal.SIGTERM)

    def output(self, job: str, offset: int) -> tuple[bytes, int]:
        """Read its file."""
        self._reach()
        out = self._run(job) / "out"
        if not out.exists():
            return b"", offset
        with out.open("rb") as source:
            source.seek(offset)
            found = source.read(_MOST)
        return found, offset + len(found)

    def free(self) -> int | None:
        """Count what runs."""
        self._reach()
        runs = [self._look(run).state for run in (self._place / "runs").glob("*")]
        return max(0, self._host.workers - sum(state is LaunchState.RUNNING for state in runs))

    def forget(self, job: str) -> None:
        """Remove its files."""
        self._reach()
        run = self._run(job)
        shutil.rmtree(run, ignore_errors=True)

    def clean(self, wanted: Cleaning) -> Cleaned:
        """Remove everything that it has."""
        self._reach()
        found = [
            one for name in ("exchange.git", "near.git", "runs", "root") if os.path.lexists(one := self._place / name)
        ]
        if not wanted.dry_run:
            for one in found:
                one.unlink() if one.is_symlink() else shutil.rmtree(one)
        return Cleaned(removed=tuple(Remains("folder", one.name) for one in found))

    def test(self, runners: Mapping[str, str]) -> Sequence[Finding]:
        """Nothing can be missing here."""
        self._reach()
        return [Finding("python", ok=True, words=sys.executable), *(Finding(r, ok=True, words="") for r in runners)]

    def close(self) -> None:
        """Nothing is open."""

    def _run(self, job: str) -> Path:
        return self._place / "runs" / job

    def _reach(self) -> None:
        if (self._place / "cut").exists():
            raise UnreachableError("no route to the host")

    def _begin(self, run: Path, launch: Launch) -> None:
        subprocess.run(
            ["/bin/sh", "-c", _DETACH, "sh", "/bin/sh", "-c", _RUN, "sh", run, self._place, *launch.argv],
            env={**self._there(), **launch.env, "PWD": os.fspath(run)},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            check=True,
        )

    def _there(self) -> dict[str, str]:
        """The environment of the host: that of this machine without what it does not have."""
        file = self._place / "hidden"
        hidden = file.read_text().splitlines() if file.exists() else []
        env = {name: value for name, value in self._environment.items() if name not in hidden}
        bin_ = self._place / "bin"
        return {**env, "PATH": os.fspath(bin_)} if bin_.is_dir() else env

    def _look(self, run: Path) -> LaunchLook:
        if not run.is_dir():
            return LaunchLook(LaunchState.UNKNOWN)
        if (run / "gone").exists():
            return LaunchLook(LaunchState.GONE, "the node does not answer")
        if (run / "ended").exists():
            return LaunchLook(LaunchState.ENDED, f"exit {(run / 'ended').read_text().strip()}")
        if not _alive(run):
            return LaunchLook(
                LaunchState.ENDED if (run / "ended").exists() else LaunchState.GONE, "its process is gone"
            )
        return LaunchLook(LaunchState.RUNNING if (run / "began").exists() else LaunchState.PENDING)


class LoopbackHost:
    """What a test does to such a host. `folder` is the address of the host."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder

    def cut(self) -> None:
        """From now on the host cannot be reached; what runs there goes on."""
        (self.folder / "cut").touch()
        with suppress(FileNotFoundError):
            (self.folder / "near.git").rename(self.folder / "far.git")

    def restore(self) -> None:
        """It can be reached again."""
        with suppress(FileNotFoundError):
            (self.folder / "far.git").rename(self.folder / "near.git")
        (self.folder / "cut").unlink(missing_ok=True)

    def lose_next_answer(self) -> None:
        """The next start happens, and its answer does not arrive."""
        (self.folder / "lose-answer").touch()

    def hold_starts(self, *, on: bool) -> None:
        """Whether what is started waits in a queue."""
        late = self.folder / "late"
        late.touch() if on else late.unlink(missing_ok=True)

    def die_at(self, number: int, mark: Path) -> None:
        """Kill the program of the first job before one of its effects."""
        (self.folder / "dies").write_text(f"{Path(dies.__file__)}\n{mark}\n{number}\n")

    def refuse(self, *, on: bool) -> None:
        """Whether the host answers, and takes nothing."""
        refuses = self.folder / "refuses"
        refuses.touch() if on else refuses.unlink(missing_ok=True)

    def kill_node(self, job: str) -> None:
        """Lose the machine under a command, with everything that runs on it."""
        run = self.folder / "runs" / job
        _kill(run, signal.SIGKILL)
        (run / "gone").touch()

    def lose_sight(self, job: str) -> None:
        """Say that the machine under a command is lost, while the command runs on as a zombie."""
        (self.folder / "runs" / job / "gone").touch()

    def hide_variable(self, name: str) -> None:
        """Let the host not have a variable of this machine."""
        with (self.folder / "hidden").open("a") as out:
            out.write(f"{name}\n")

    def hide_program(self, name: str) -> None:
        """Let the host not have a program of this machine."""
        (self.folder / "bin").mkdir()
        for folder in reversed(os.environ["PATH"].split(os.pathsep)):
            for place in Path(folder).glob("*"):
                link = self.folder / "bin" / place.name
                if place.name != name:
                    link.unlink(missing_ok=True)
                    link.symlink_to(place)

    def ids(self) -> list[str]:
        """Return the ids of everything that was started."""
        return sorted(run.name for run in (self.folder / "runs").glob("*"))

    def leave(self) -> None:
        """Kill whatever runs."""
        for run in (self.folder / "runs").glob("*"):
            _kill(run, signal.SIGKILL)


def _kill(run: Path, number: int) -> None:
    pid, since = _known(run)
    with suppress(OSError):
        if since and _since(pid) == since:
            os.killpg(os.getpgid(pid), number)


def _alive(run: Path) -> bool:
    pid, since = _known(run)
    return not since or _since(pid) == since


def _known(run: Path) -> tuple[int, str]:
    """Return the process that keeps a command, and when it began; nothing if it is being started."""
    try:
        text = (run / "stat").read_text()
    except OSError:
        return 0, ""
    return int(text.split(" ", 1)[0]), text.rpartition(")")[2].split()[19]


def _since(pid: int) -> str:
    """Return when a process began, empty if it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]
