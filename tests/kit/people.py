"""A person with a repository and a worker; everything real: git, processes, the command line."""

from __future__ import annotations

import contextlib
import fcntl
import io
import json
import os
import select
import subprocess
import sys
import textwrap
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.kit.schemas import check_output

from mission_cli.adapters.proc import scan
from mission_cli.document.reading.load import load
from mission_cli.document.runs.record import read_run
from mission_cli.surfaces.cli.app import run as run_command_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.document.reading.loaded import Loaded

SETTINGS = """\
retry_delays = ["0s"]
outage_delays = ["0s"]
lost_grace = "0s"
agree_after = "0s"
min_free_memory_mib = 0
min_free_disk_mib = 0
sandbox = "off"
"""


NO_TOOLS = "[mcp]\nworkers = false\n"
"""Starting the server of tools takes each worker a second."""


@dataclass(frozen=True)
class Answer:
    """What a command printed, and its exit status."""

    code: int
    out: str
    err: str

    @property
    def facts(self) -> dict[str, Any]:
        """Its JSON."""
        found: dict[str, Any] = json.loads(self.out)
        return found


@dataclass
class Person:
    """Somebody at work in a repository."""

    repo: Path
    settings: str = SETTINGS
    tables: list[str] = field(default_factory=list)

    # git

    def git(self, *args: str, cwd: Path | None = None, ok: tuple[int, ...] = (0,)) -> str:
        """Run git as a person does."""
        done = subprocess.run(["git", *args], cwd=cwd or self.repo, capture_output=True, text=True, check=False)
        assert done.returncode in ok, f"git {' '.join(args)}: {done.stderr}"
        return done.stdout.rstrip("\n")

    def write(self, name: str, text: str) -> Path:
        """Write a file of the checkout."""
        path = self.repo / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def commit(self, message: str, **files: str) -> str:
        """Write files and commit them."""
        for name, text in files.items():
            self.write(name, text)
            self.git("add", "--", name)
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def log(self, branch: str = "main") -> list[str]:
        """Subjects of a branch, newest first."""
        return self.git("log", "--format=%s", branch).splitlines()

    # workers and settings

    def worker(self, *sources: str, name: str = "script", deadline: str = "60s") -> None:
        """Configure a runner that runs this Python source in the worker's tree."""
        script = self.repo.parent / f"{name}.py"
        script.write_text(_PRELUDE + "".join(map(textwrap.dedent, sources)), encoding="utf-8")
        command = json.dumps([sys.executable, os.fspath(script)])
        self.tables = [t for t in self.tables if not t.startswith(f"[runners.{name}]")]
        self.tables.append(f'[runners.{name}]\nkind = "command"\ncommand = {command}\ndeadline = "{deadline}"\n')
        self.save_settings()

    def set(self, text: str) -> None:
        """Add top-level settings."""
        names = [line.split("=")[0].strip() for line in text.splitlines() if "=" in line]
        kept = [line for line in self.settings.splitlines() if line.split("=")[0].strip() not in names]
        self.settings = "\n".join([*kept, text.strip()]) + "\n"
        self.save_settings()

    def save_settings(self) -> None:
        """Write .mission.toml; it is excluded, so that `git status` speaks of other things."""
        tables = [*self.tables, *([] if any("[mcp]" in table for table in self.tables) else [NO_TOOLS])]
        self.write(".mission.toml", self.settings + "\n".join(tables))
        exclude = self.repo / ".git/info/exclude"
        if exclude.is_file() and "/.mission.toml" not in exclude.read_text():
            exclude.write_text(exclude.read_text() + "/.mission.toml\n")

    # the command line

    def mission(self, *words: str, ok: tuple[int, ...] | None = (0,), stdin: str = "") -> Answer:
        """Run a command in this process; a pulse after those that workers' ends have started."""
        if words[:1] == ("pulse",):
            self.let_pulses_end()
        out, err = io.StringIO(), io.StringIO()
        before = Path.cwd()
        os.chdir(self.repo)
        old_stdin = sys.stdin
        sys.stdin = io.StringIO(stdin)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = run_command_line(list(words))
        finally:
            os.chdir(before)
            sys.stdin = old_stdin
        answer = Answer(code, out.getvalue(), err.getvalue())
        assert ok is None or code in ok, f"mission {' '.join(words)} ended with {code}\n{answer.out}\n{answer.err}"
        check_output(words, answer.out)
        return answer

    def process(self, *words: str, env: dict[str, str] | None = None) -> Answer:
        """Run a command as a process of its own."""
        done = subprocess.run(
            [sys.executable, "-P", "-m", "mission_cli", *words],
            cwd=self.repo,
            env={**os.environ, **(env or {})},
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        check_output(words, done.stdout)
        return Answer(done.returncode, done.stdout, done.stderr)

    def plan(self, text: str, *flags: str, identity: str = "m") -> str:
        """Make a mission from a plan; return its id."""
        place = self.repo.parent / f"{identity}.yaml"
        place.write_text(textwrap.dedent(text), encoding="utf-8")
        settings = [self.repo / ".mission.toml", Path(os.environ["HOME"]) / ".config/mission/config.toml"]
        if not any(file.is_file() and "[runners.script]" in file.read_text() for file in settings):
            self.tables.append('[runners.script]\nkind = "command"\ncommand = ["true"]\n')
            self.save_settings()
        self.mission("new", "--plan", os.fspath(place), "--id", identity, "--runner", "script", *flags)
        return identity

    def start(self, identity: str = "m") -> None:
        """Start a mission without being asked."""
        self.mission("start", identity, "--headless")

    def run(self, identity: str = "m", ok: tuple[int, ...] | None = (0,)) -> Answer:
        """Let it run until it is finished or needs a person."""
        answer = self.mission("run", identity, "--json", ok=ok)
        self.rest()
        return answer

    # what is there

    @property
    def runtime(self) -> Path:
        """`.git/mission`."""
        return self.repo / ".git/mission"

    def file(self, identity: str = "m") -> Path:
        """The mission file in the work tree."""
        return self.repo / "missions" / identity / "mission.md"

    def loaded(self, identity: str = "m") -> Loaded:
        """The mission file as it is committed."""
        text = self.git("show", f"missions:{identity}/mission.md", cwd=self.repo / "missions") + "\n"
        return load(text, identity)

    def features(self, identity: str = "m") -> dict[str, str]:
        """Status by feature."""
        return {f.number: str(f.status) for f in self.loaded(identity).mission.features()}

    def causes(self, identity: str = "m") -> list[tuple[str, str]]:
        """(attempt, cause) of all run records, in order."""
        folder = self.repo / "missions" / identity / "runs"
        records = [read_run(p.read_text(encoding="utf-8")) for p in sorted(folder.glob("*.md"))]
        return [(r.run.split("/")[1], str(r.cause or r.state)) for r in records if r is not None]

    def state_log(self, limit: int = 500) -> list[str]:
        """Subjects of the state branch, newest first."""
        return self.git("log", "--format=%s", f"-{limit}", "missions", cwd=self.repo / "missions").splitlines()

    def state_head(self) -> str:
        """Head of the state branch."""
        return self.git("rev-parse", "missions", cwd=self.repo / "missions")

    def starts(self) -> list[str]:
        """One line for each time that a worker really began, from the file that the prelude writes."""
        place = self.repo.parent / "starts.log"
        return place.read_text().splitlines() if place.exists() else []

    # waiting for what is real

    def wait_for_job(self, run: str) -> None:
        """Return when nobody looks after the job any more: blocks on its lock."""
        with (self.runtime / "jobs" / run / "lock").open("r+b") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)

    def rest(self) -> None:
        """Return when no supervisor is at work, and a pulse of ours has seen what they left."""
        for lock in sorted(_below(self.runtime / "jobs", "lock")):
            with lock.open("r+b") as handle:
                fcntl.flock(handle, fcntl.LOCK_EX)
        self.let_pulses_end()

    def rest_until(self, status: str, identity: str = "m") -> None:
        """Return when a mission has a status, to which pulses bring it that the ends of jobs start."""
        for _ in range(_RESTS):
            self.rest()
            if self.loaded(identity).mission.status == status:
                return
        pytest.fail(f"{identity} is {self.loaded(identity).mission.status}, not {status}")

    def let_pulses_end(self) -> None:
        """Return when the pulses that have begun by now have ended, those included that have no lock yet."""
        for entry in Path("/proc").iterdir():
            words = scan.command_of(int(entry.name)) if entry.name.isdigit() else []
            if "pulse" in words and os.fspath(self.repo) in words:
                with contextlib.suppress(ProcessLookupError):
                    ended = os.pidfd_open(int(entry.name))
                    select.select([ended], [], [])
                    os.close(ended)
        if (self.runtime / "lock").exists():
            with (self.runtime / "lock").open("r+b") as handle:
                fcntl.flock(handle, fcntl.LOCK_EX)

    def decides_again(self) -> None:
        """Every recorded round of every mission here is decided as it was, as far as it can be read."""
        for place in sorted((self.runtime / "ticks").glob("*.jsonl")):
            answer = self.mission("replay", place.stem, "--json", ok=None)
            if answer.code in {0, 1}:
                assert answer.facts.get("differences", []) == [], place.stem

    def leave(self) -> None:
        """Stop everything that is still running, so that nothing of a test outlives it."""
        jobs = self.runtime / "jobs"
        for spec in _below(jobs, "spec.json"):
            with contextlib.suppress(FileNotFoundError):
                (spec.parent / "cancel").touch()
        if self.runtime.is_dir():
            (self.runtime / "STOP").touch()
            self.rest()


def _below(folder: Path, name: str) -> Iterator[Path]:
    """Files of a name below a folder, of which parts may be removed meanwhile."""
    for place, _, files in os.walk(folder):
        if name in files:
            yield Path(place) / name


_RESTS = 50
"""How often jobs and pulses may end, one behind the other, before a test gives up."""
_PRELUDE = """\
import os, subprocess, sys, time
from pathlib import Path

PROMPT = sys.stdin.read()
FEATURE = os.environ["MISSION_FEATURE"]
RUN = os.environ["MISSION_RUN"]
ATTEMPT = int(os.environ["MISSION_ATTEMPT"])
OUTSIDE = Path(__file__).parent

with open(OUTSIDE / "starts.log", "a") as log:
    log.write(RUN + "\\n")


def write(name, text):
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def git(*args):
    subprocess.run(["git", *args], check=True)


def commit(message="work", *names):
    git("add", "--all") if not names else git("add", "--", *names)
    git("commit", "--quiet", "-m", message + "\\n\\nCompletes-feature: " + FEATURE)


"""

HONEST = """\
write(f"{FEATURE}.txt", f"{FEATURE} by attempt {ATTEMPT}\\n")
commit()
"""


def make_person(repo: Path) -> Person:
    """A repository with one commit on main, and somebody in it."""
    repo.mkdir(parents=True)
    someone = Person(repo)
    someone.git("init", "--quiet", "--initial-branch=main")
    someone.commit("Begin", **{"notes.txt": "hello\n"})
    return someone
