"""Everything that may die dies, at random: pulses, supervisors, workers, and the folder that they keep notes in."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli.adapters.git.state.packing import LOCK
from mission_cli.adapters.proc import scan

if TYPE_CHECKING:
    from tests.kit.people import Person

PLAN = """\
title: Eight files
budget: {time_hours: 2}
preferences: {land: auto, max_parallel_workers: 2}
milestones:
  - name: First
    validation: ["file: `1.1.txt` `1.2.txt` `1.3.txt` `1.4.txt`"]
    features:
      - {title: one, criteria: ["grep: `by attempt` in `1.1.txt`"]}
      - {title: two, criteria: ["grep: `by attempt` in `1.2.txt`"]}
      - {title: three, depends: ["1.1"], criteria: ["grep: `by attempt` in `1.3.txt`"]}
      - {title: four, criteria: ["grep: `by attempt` in `1.4.txt`"]}
  - name: Second
    validation: ["file: `2.1.txt` `2.2.txt`"]
    features:
      - {title: five, criteria: ["grep: `by attempt` in `2.1.txt`"]}
      - {title: six, criteria: ["grep: `by attempt` in `2.2.txt`"]}
"""
WORKER = """\
write(f"{FEATURE}.txt", "half\\n")
commit("half")
time.sleep(0.3)
write(f"{FEATURE}.txt", f"{FEATURE} by attempt {ATTEMPT} of {RUN}\\n")
commit()
"""
FEATURES = ("1.1", "1.2", "1.3", "1.4", "2.1", "2.2")
_MOST_PULSES = 8
_MOST_RETRIES = 40


class Storm:
    """Rounds of a seed over one mission."""

    def __init__(self, person: Person, seed: int) -> None:
        self._person = person
        self._random = random.Random(seed)  # noqa: S311 - dice
        self._pulses: list[subprocess.Popen[bytes]] = []
        self.done: Counter[str] = Counter()
        """How often each thing was done."""
        self.thoughts: list[str] = []
        """What the person wrote into the file meanwhile."""

    def blow(self, rounds: int) -> None:
        """Do random things, then let the mission come to its end in peace."""
        things = {
            self._pulse_often: 6,
            self._kill_pulse: 3,
            self._kill_supervisor: 2,
            self._kill_worker: 2,
            self._write_thought: 2,
            self._delete_runtime: 1,
        }
        for _ in range(rounds):
            [thing] = self._random.choices(list(things), list(things.values()))
            thing()
            self._let_run()
        for pulse in self._pulses:
            pulse.wait()
        self._person.rest()

    def end(self) -> None:
        """Let it end; where attempts were used up, the person gives fresh ones."""
        for _ in range(_MOST_RETRIES):
            self._person.run(ok=None)
            failed = [n for n, status in self._person.features().items() if status == "failed"]
            if not failed:
                return
            self._person.mission("retry", f"m/{failed[0]}", ok=None)

    def _let_run(self) -> None:
        """Go on when a pulse has ended, or after a moment."""
        alive = [p for p in self._pulses if p.poll() is None]
        if alive:
            with suppress(subprocess.TimeoutExpired):
                alive[0].wait(self._random.uniform(0.0, 0.8))
        self._pulses = alive

    def _pulse_often(self) -> None:
        self._person.runtime.mkdir(exist_ok=True)
        (self._person.runtime / "kick").touch()
        many = self._random.choice([1, 1, 2, _MOST_PULSES])
        self._pulses += pulses_at_once(self._person, many)
        self.done[f"{many} pulses at once"] += 1

    def _kill_pulse(self) -> None:
        alive = [p.pid for p in self._pulses if p.poll() is None]
        self._kill("pulse", alive or self._commands("pulse"))

    def _kill_supervisor(self) -> None:
        self._kill("supervisor", self._commands("_supervise"))

    def _kill_worker(self) -> None:
        self._kill("worker", self._commands("script.py"))

    def _kill(self, what: str, pids: list[int]) -> None:
        if pids:
            with suppress(ProcessLookupError):
                os.kill(self._random.choice(pids), signal.SIGKILL)
            self.done[f"{what} killed"] += 1

    def _commands(self, word: str) -> list[int]:
        """Processes of this repository, or of its worker, that have the word in their command."""
        place = os.fspath(self._person.repo.parent)
        found = []
        for entry in Path("/proc").iterdir():
            words = scan.command_of(int(entry.name)) if entry.name.isdigit() else []
            if any(word in w for w in words) and any(w.startswith(place) for w in words):
                found.append(int(entry.name))
        return found

    def _write_thought(self) -> None:
        """A person's editor: it reads the file, and replaces it if nobody else has done so meanwhile."""
        file = self._person.file()
        before = file.read_text(encoding="utf-8")
        thought = f"Thought {len(self.thoughts)} of the night.\n"
        temp = file.with_name(".thought")
        temp.write_text(before + "\n" + thought, encoding="utf-8")
        if file.read_text(encoding="utf-8") == before:
            temp.replace(file)
            self.thoughts.append(thought)
            self.done["thought"] += 1
        else:
            temp.unlink()

    def _delete_runtime(self) -> None:
        gone = self._person.repo.parent / f"gone-{self.done['runtime deleted']}"
        with suppress(FileNotFoundError):
            self._person.runtime.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)
            self.done["runtime deleted"] += 1


def pulses_at_once(person: Person, many: int) -> list[subprocess.Popen[bytes]]:
    """Start pulses that begin at the same instant: each waits for the end of one pipe."""
    ear, mouth = os.pipe()
    command = ["/bin/sh", "-c", 'read _; exec "$@"', "sh", sys.executable, "-P", "-m", "mission_cli", "pulse"]
    started = [
        subprocess.Popen(command, cwd=person.repo, stdin=ear, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(many)
    ]
    os.close(ear)
    os.close(mouth)
    return started


def assert_nothing_was_lost(storm: Storm, person: Person) -> None:
    """The end is as it would have been in a calm night."""
    starts = Counter(person.starts())
    assert {run: n for run, n in starts.items() if n > 1} == {}
    assert person.features() == dict.fromkeys(FEATURES, "done")
    assert person.loaded().mission.status == "completed"
    committed = person.git("show", "missions:m/mission.md", cwd=person.repo / "missions")
    there = person.file().read_text(encoding="utf-8")
    assert [t for t in storm.thoughts if t.strip() not in there + committed] == []
    for feature in FEATURES:
        assert (person.repo / f"{feature}.txt").read_text().startswith(f"{feature} by attempt ")
    assert person.git("status", "--porcelain") == ""
    assert person.git("fsck", "--no-dangling", cwd=person.repo / "missions") == ""
    git_dir = person.repo / ".git/mission-state.git"
    assert {p.name for p in git_dir.iterdir() if "lock" in p.name} <= {"mission-write.lock", LOCK}
    assert json.loads(person.mission("status", "m", "--json").out)["problems"] == []
