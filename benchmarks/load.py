"""Many missions at work in one repository: how long pulses take, how soon STOP is obeyed, what is left on disk.

    python benchmarks/load.py [MISSIONS] [SECONDS]

Makes a repository of that many active missions (300) with two features each, whose worker is a program that commits a
file, and starts one pulse after the other for so many seconds (60). Prints the seconds that pulses took, the ratio of
the median to a pulse of one mission, the memory of the largest pulse, the seconds from STOP to the last process, and
what the repository holds per attempt.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from itertools import zip_longest
from pathlib import Path

LONGEST_STOP = 120
PLAN = """\
title: Load
goal: g
budget: {money_usd: 5}
preferences: {land: ask, max_parallel_workers: 1}
milestones:
  - name: One
    validation: ["run: `true`"]
    features:
      - {title: a, criteria: ["run: `test -f x/$MISSION_ID-1.1.txt`"]}
      - {title: b, criteria: ["run: `test -f x/$MISSION_ID-1.2.txt`"]}
"""
WORKER = """\
import os, pathlib, subprocess, sys
sys.stdin.read()
name = f"x/{os.environ['MISSION_ID']}-{os.environ['MISSION_FEATURE']}.txt"
pathlib.Path("x").mkdir(exist_ok=True)
pathlib.Path(name).write_text("x\\n")
subprocess.run(["git", "add", name], check=True)
subprocess.run(["git", "commit", "-qm", "feat: x"], check=True)
"""
SETTINGS = """\
machine_workers = 4
sandbox = "off"
[runners.script]
kind = "command"
command = [{python!r}, {worker!r}]
deadline = "60s"
"""


class Lab:
    """A home and a repository that are thrown away."""

    def __init__(self, root: Path) -> None:
        self.repo, home = root / "repo", root / "home"
        for folder in (self.repo, home):
            folder.mkdir()
        person = "[user]\n\tname = L\n\temail = l@example.org\n"
        (home / ".gitconfig").write_text(f"{person}[init]\n\tdefaultBranch = main\n")
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.env = {"HOME": os.fspath(home), "PATH": path, "LOAD_LAB": root.name}
        (root / "worker.py").write_text(WORKER)
        self.git("init", "-q")
        worker = os.fspath(root / "worker.py")
        (self.repo / ".mission.toml").write_text(SETTINGS.format(python=sys.executable, worker=worker))
        self.git("add", "-A")
        self.git("commit", "-qm", "base")

    def git(self, *words: str, at: str = "") -> str:
        """Run git in the repository or in a folder of it."""
        argv = ["git", *words]
        return subprocess.run(argv, cwd=self.repo / at, env=self.env, check=True, capture_output=True, text=True).stdout

    def mission(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run our command line."""
        argv = [sys.executable, "-m", "mission_cli", *words]
        return subprocess.run(argv, cwd=self.repo, env=self.env, check=False, capture_output=True, text=True)

    def fill(self, count: int) -> None:
        """Make so many active missions."""
        plan = self.repo.parent / "plan.yaml"
        plan.write_text(PLAN)
        self.mission("new", "--plan", os.fspath(plan), "--headless", "--runner", "script")
        made = (self.repo / "missions").glob("*/mission.md")
        first = next(place for place in made if "\nstatus: planning" in place.read_text())
        text, name = first.read_text().replace("status: planning", "status: active", 1), first.parent.name
        for number in range(count):
            mission = name if not number else f"m-20261128-{number:06x}"
            folder = self.repo / "missions" / mission
            folder.mkdir(exist_ok=True)
            (folder / "mission.md").write_text(text.replace(name, mission))
        self.git("add", "-A", at="missions")
        self.git("commit", "-qm", "many", at="missions")

    def processes(self) -> int:
        """How many processes of this lab there are, this one not counted."""
        mark, found = self.env["LOAD_LAB"].encode(), 0
        for place in Path("/proc").glob("[0-9]*/environ"):
            try:
                found += place.parent.name != str(os.getpid()) and mark in place.read_bytes()
            except OSError:
                continue
        return found


def pulses(lab: Lab, seconds: float) -> list[float]:
    """How long each pulse took, one after the other."""
    took: list[float] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end or not took:
        began = time.monotonic()
        done = lab.mission("pulse")
        took.append(time.monotonic() - began)
        if done.returncode:
            print(f"pulse exits with {done.returncode}: {done.stderr.strip()[-300:]}")
    return took


def stopped(lab: Lab) -> float:
    """Seconds from the end of `stop --all`, in the middle of a pulse, to the last process."""
    argv = [sys.executable, "-m", "mission_cli", "pulse"]
    with subprocess.Popen(argv, cwd=lab.repo, env=lab.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as one:
        time.sleep(2)
        began = time.monotonic()
        lab.mission("stop", "--all")
        while lab.processes() and time.monotonic() - began < LONGEST_STOP:
            time.sleep(0.1)  # between looks: detached processes cannot be waited on
        one.wait()
    return time.monotonic() - began


def disk(lab: Lab) -> str:
    """Loose objects and bytes of the state and of the code repository, per attempt."""
    attempts = len(list((lab.repo / "missions").glob("*/runs/*.md"))) or 1
    words = []
    for name, git_dir in (("state", ".git/mission-state.git"), ("code", ".git")):
        facts = dict(line.split(": ") for line in lab.git("--git-dir", git_dir, "count-objects", "-v").splitlines())
        size = (int(facts["size"]) + int(facts["size-pack"])) / attempts
        words.append(f"{name} {facts['count']} loose objects, {size:.0f} KiB")
    jobs = sum(p.stat().st_size for p in (lab.repo / ".git/mission").rglob("*") if p.is_file())
    return f"{attempts} attempts: {'; '.join(words)} an attempt; jobs {jobs / attempts / 1024:.0f} KiB an attempt"


def main() -> int:
    """Print the figures."""
    count, seconds = (float(given or usual) for given, usual in zip_longest(sys.argv[1:], (300, 60)))
    with tempfile.TemporaryDirectory(prefix="mission-load-") as folder:
        lab = Lab(Path(folder))
        lab.fill(1)
        one = pulses(lab, 0)[0]
        while lab.processes():
            time.sleep(0.1)  # between looks: detached processes cannot be waited on
        lab.fill(int(count))
        took = sorted(pulses(lab, seconds))
        p50, p99 = took[len(took) // 2], took[min(len(took) - 1, len(took) * 99 // 100)]
        print(f"{count:.0f} missions, {len(took)} pulses: p50 {p50:.1f} s, p99 {p99:.1f} s, one mission {one:.1f} s")
        print(f"p50 / a pulse of one mission: {p50 / one:.1f}")
        print(f"largest process: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MiB")
        print(disk(lab))
        print(f"STOP to the last process: {stopped(lab):.1f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
