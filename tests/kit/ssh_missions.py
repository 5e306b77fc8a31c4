"""Missions whose workers run on machines with a real sshd, and what can be killed while they do."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.kit.people import HONEST, Person, make_person
from tests.kit.sshd import Network, machines, python_there

from mission_cli.adapters.proc import scan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_WORKER = """\
#!{python}
import os, subprocess, sys, time
from pathlib import Path

PROMPT = sys.stdin.read()
FEATURE = os.environ["MISSION_FEATURE"]
RUN = os.environ["MISSION_RUN"]
ATTEMPT = int(os.environ["MISSION_ATTEMPT"])
HOME = Path("{home}")


def note(what):
    with open(HOME / "starts.log", "a") as log:
        log.write(f"{{RUN}} {{what}} {{time.clock_gettime(time.CLOCK_BOOTTIME)}}\\n")


def write(name, text):
    Path(name).write_text(text, encoding="utf-8")


def commit(message="work"):
    subprocess.run(["git", "add", "--all"], check=True)
    subprocess.run(["git", "commit", "--quiet", "-m", message + "\\n\\nCompletes-feature: " + FEATURE], check=True)


note("start")
{source}
note("end")
"""
_PATIENCE = 120


@dataclass(frozen=True)
class Work:
    """What one worker did on one machine: which attempt, from when to when."""

    run: str
    host: str
    began: float
    ended: float


class Fleet:
    """A person with a repository here, and machines with the worker `worker`."""

    def __init__(self, person: Person, network: Network, workers: int) -> None:
        self.person, self.network, self.workers = person, network, workers

    @property
    def names(self) -> list[str]:
        """The names of the machines."""
        return list(self.network.machines)

    def plan(self, features: int, **preferences: object) -> None:
        """Make and start a mission of so many equal features, whose workers run on the machines only."""
        most = len(self.names) * self.workers
        wanted = {"land": "auto", "hosts": self.names, "max_parallel_workers": most, **preferences}
        rows = "\n".join(
            f'      - {{title: part {n}, criteria: ["file: `1.{n}.txt`"]}}' for n in range(1, features + 1)
        )
        named = ", ".join(f"{key}: {_yaml(value)}" for key, value in wanted.items())
        self.person.plan(f"""\
title: Parts
budget: {{time_hours: 2}}
preferences: {{{named}}}
milestones:
  - name: First
    validation: ["file: `1.1.txt`"]
    features:
{rows}
""")
        self.person.start()

    def done(self) -> list[Work]:
        """What all workers did so far; `ended` is 0 for those that did not come to their end."""
        found = []
        for name, machine in self.network.machines.items():
            place = machine.home / "starts.log"
            for line in place.read_text().splitlines() if place.exists() else []:
                run, what, at = line.split()
                if what == "start":
                    found.append(Work(run, name, float(at), 0.0))
                else:
                    last = max(n for n, work in enumerate(found) if work.run == run)
                    found[last] = Work(run, name, found[last].began, float(at))
        return found

    def most_at_once(self, host: str) -> int:
        """How many workers ran on a machine at the same time."""
        there = [work for work in self.done() if work.host == host]
        return max((sum(w.began <= work.began < (w.ended or w.began) for w in there) for work in there), default=0)

    def doubled(self) -> dict[str, int]:
        """The attempts that began more than once, anywhere."""
        return {run: n for run, n in Counter(work.run for work in self.done()).items() if n > 1}

    def pulse(self) -> None:
        """One pulse, as cron starts it."""
        self.person.process("pulse")

    def begin_pulse(self) -> subprocess.Popen[bytes]:
        """Start one pulse, and go on."""
        command = [sys.executable, "-P", "-m", "mission_cli", "pulse"]
        nothing = subprocess.DEVNULL
        return subprocess.Popen(command, cwd=self.person.repo, stdin=nothing, stdout=nothing, stderr=nothing)

    def here(self, *words: str) -> list[int]:
        """Processes of this machine for this repository that have all words in their command line."""
        place = os.fspath(self.person.repo.parent)
        found = []
        for entry in Path("/proc").iterdir():
            line = scan.command_of(int(entry.name)) if entry.name.isdigit() else []
            if all(any(word in one for one in line) for word in (*words, place)):
                found.append(int(entry.name))
        there = {pid for machine in self.network.machines.values() for pid in machine.pids()}
        return [pid for pid in found if pid not in there and pid != os.getpid()]

    def kill_here(self, *words: str) -> int:
        """Kill -9 such processes; return how many."""
        found = self.here(*words)
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return len(found)

    def leave(self) -> None:
        """Let everything end."""
        for machine in self.network.machines.values():
            machine.kill_each("worker")
        self.person.leave()
        self.kill_here("_follow")
        self.kill_here("-M", "-N")


@contextmanager
def fleet(
    folder: Path,
    names: Sequence[str] = ("a", "b", "c"),
    *,
    workers: int = 2,
    source: str = HONEST,
    clocks: Sequence[int] = (),
) -> Iterator[Fleet]:
    """Machines with the worker, and a person whose settings name them. `clocks`: how far each is ahead, in seconds."""
    before = os.environ["PATH"]
    with machines(folder / "network", names) as network:
        for name, skew in zip(names, clocks, strict=False):
            network[name].kill()
            network[name].skew_s = skew
            network[name].start()
        python = python_there()
        for machine in network.machines.values():
            place = machine.home / ".local" / "bin"
            place.mkdir(parents=True)
            (place / "worker").write_text(worker_script(machine.home, source))
            (place / "worker").chmod(0o755)
            (machine.home / ".profile").write_text('PATH="$HOME/.local/bin:$PATH"\n')
        (network.folder / "bin" / "worker").write_text("#!/bin/sh\nexit 9\n")
        (network.folder / "bin" / "worker").chmod(0o755)
        os.environ["PATH"] = network.environment["PATH"]
        person = make_person(folder / "repo")
        tables = [
            f'[hosts.{name}]\naddress = "{name}"\nworkers = {workers}\npython = "{python}"\n'
            for name in network.machines
        ]
        own = Path(os.environ["HOME"]) / ".config" / "mission" / "config.toml"
        own.parent.mkdir(parents=True, exist_ok=True)
        own.write_text("\n".join(tables))
        person.tables.append('[runners.script]\nkind = "command"\ncommand = ["worker"]\ndeadline = "120s"\n')
        person.save_settings()
        made = Fleet(person, network, workers)
        try:
            yield made
        finally:
            for name in network.machines:
                network[name].connect()
            made.leave()
            os.environ["PATH"] = before


def worker_script(home: Path, source: str) -> str:
    """Return the command `worker` of a machine, which notes in `home` when it begins and ends."""
    return _WORKER.format(python=python_there(), home=home, source=source)


def until(what: Callable[[], bool], between: Callable[[], object] = lambda: None) -> None:
    """Ask again and again, a fiftieth of a second apart, until something is true."""
    ends = time.monotonic() + _PATIENCE
    while not what():
        assert time.monotonic() < ends, "it did not happen"
        between()
        select.select([], [], [], 0.02)


def _yaml(value: object) -> str:
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else str(value)
