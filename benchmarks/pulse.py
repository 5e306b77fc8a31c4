"""What pulses cost, as ratios in one run: idle, over many missions, writing a few, filling slots, starting a worker.

Each ratio stands beside what the project promises. CPU is that of the process and of all that it started.
"""

from __future__ import annotations

import json
import math
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.kit.people import HONEST, Person

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_TRIES = 9
_MISSION = [sys.executable, "-P", "-m", "mission_cli"]
_PYTHON = [sys.executable, "-P", "-c", "pass"]
PLAN = """\
title: Small
budget: {money_usd: 50}
preferences: {land: auto, runner: script, max_parallel_workers: 3}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
"""


def plan(features: int) -> str:
    """A plan of one milestone with equal features."""
    rows = (f"      - {{title: f{n}, criteria: ['file: `1.{n}.txt`']}}\n" for n in range(1, features + 1))
    return PLAN + "".join(rows)


def cpu(argv: list[str], cwd: Path, *, before: Callable[[], object] = lambda: None) -> float:
    """Median seconds of CPU of a command, children included."""
    spent = []
    for _ in range(_TRIES):
        before()
        start = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(argv, cwd=cwd, check=True, capture_output=True)
        end = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime)
    return statistics.median(spent)


def commit_all(person: Person, cwd: Path, words: str) -> None:
    """Commit what stands in a folder."""
    person.git("add", "-A", cwd=cwd)
    person.git("commit", "-q", "-m", words, cwd=cwd)


def with_missions(person: Person, number: int) -> None:
    """A repository with so many completed missions, copies of one that was really driven, and looked at once."""
    missions = person.repo / "missions"
    have = sum(1 for _ in missions.glob("*/mission.md"))
    for n in range(have, number):
        shutil.copytree(missions / "m", missions / f"n{n}")
        for file in (missions / f"n{n}").rglob("*.md"):
            file.write_text(file.read_text().replace('id: "m"', f'id: "n{n}"').replace("run: m/", f"run: n{n}/"))
    commit_all(person, missions, f"{number} missions")
    subprocess.run([*_MISSION, "pulse"], cwd=person.repo, check=True, capture_output=True)


def driven(folder: Path, *, features: int = 1, settings: str = "") -> Person:
    """A repository whose mission `m` was driven to its end."""
    person = fresh(folder)
    if settings:
        person.set(settings)
    person.worker(HONEST)
    person.plan(plan(features))
    person.start()
    person.run()
    return person


def fresh(folder: Path) -> Person:
    """A repository with a home of its own."""
    home = folder / "home"
    home.mkdir(parents=True)
    os.environ["HOME"] = os.fspath(home)
    for name in [n for n in os.environ if n.startswith("XDG_")]:
        del os.environ[name]
    repo = folder / "repo"
    subprocess.run(["git", "init", "-q", "-b", "main", os.fspath(repo)], check=True)
    person = Person(repo)
    person.git("config", "--global", "user.name", "Ada")
    person.git("config", "--global", "user.email", "ada@example.org")
    person.commit("Begin", **{"README.md": "x\n"})
    return person


def ratios(folder: Path) -> Iterator[tuple[str, float, float]]:
    """(name, ratio, promise)."""
    start = cpu(_PYTHON, folder)
    person = driven(folder / "many")
    with_missions(person, 1_000)
    thousand = cpu([*_MISSION, "pulse"], person.repo)
    yield "idle pulse over 1,000 missions / a bare Python start", thousand / start, 3
    yield "pulse that writes 3 of 1,000 / git commit --only of the same", writing(person), 8
    large = with_code(driven(folder / "large"), 50_000)
    with_missions(large, 1_000)
    yield "the same in a repository of 50,000 code files", writing(large, code=True), 0.6
    with_missions(person, 10_000)
    ten = cpu([*_MISSION, "pulse"], person.repo)
    exponent = math.log10(max(ten - start, 1e-4) / max(thousand - start, 1e-4))
    yield "exponent of an idle pulse from 1,000 to 10,000 missions, net of the start", exponent, 1.05
    yield "launch of a supervisor / a bare Python start", supervisor(folder) / start, 4
    yield "12 equal features on 3 slots under a cron of a minute / ideal", makespan(folder), 1.05


def with_code(person: Person, files: int) -> Person:
    """So many files of code beside the missions."""
    for n in range(files):
        person.write(f"code/{n % 200}/{n}.py", f"print({n})\n")
    commit_all(person, person.repo, "Code")
    return person


def writing(person: Person, *, code: bool = False) -> float:
    """CPU of a pulse that writes three missions, to that of a `git commit --only` of the same files.

    What it writes: the three are set to active by hand with all done; the pulse finds them completed.
    """
    missions = person.repo / "missions"
    names = ["n1", "n2", "n3"]
    files = [missions / name / "mission.md" for name in names]

    def reopen() -> None:
        for file in files:
            text = file.read_text().replace("status: completed", "status: active")
            file.write_text(text)
        person.git("commit", "-q", "-m", "Open", "--", *[f"{name}/mission.md" for name in names], cwd=missions)

    ours = cpu([*_MISSION, "pulse"], person.repo, before=reopen)
    place = person.repo if code else missions
    plain = [person.repo / "code" / "0" / f"{n}.py" for n in (0, 200, 400)] if code else files

    def edit() -> None:
        for file in plain:
            file.write_text(file.read_text() + "\n")

    theirs = cpu(["git", "commit", "-q", "--only", "-m", "x", "--", *map(os.fspath, plain)], place, before=edit)
    return ours / theirs


def supervisor(folder: Path) -> float:
    """CPU of a supervisor that finds its job ended: what a launch costs beside the work."""
    job = folder / "job"
    job.mkdir()
    (job / "exit.json").write_text("{}")
    lock = os.open(job / "lock", os.O_RDWR | os.O_CREAT)
    os.set_inheritable(lock, True)  # noqa: FBT003 - positional by its signature
    spent = []
    for _ in range(_TRIES):
        start = resource.getrusage(resource.RUSAGE_CHILDREN)
        argv = [*_MISSION, "_supervise", os.fspath(job), str(lock)]
        subprocess.run(argv, cwd=folder, check=False, capture_output=True, pass_fds=[lock])
        end = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime)
    return statistics.median(spent)


def makespan(folder: Path, *, seconds: float = 15.0) -> float:
    """Wall time of 12 equal features on 3 slots to four times one of them; only supervisors' ticks fill slots."""
    person = fresh(folder / "slots")
    person.set("max_parallel_workers = 3")
    person.worker(f"import time; time.sleep({seconds})\n", HONEST)
    person.plan(plan(12))
    person.start()
    began = time.monotonic()
    while True:
        person.rest()
        status = json.loads(person.process("status", "m", "--json").out)
        done = [f["status"] for m in status["milestones"] for f in m["features"]]
        if set(done) == {"done"}:
            return (time.monotonic() - began) / (4 * seconds)


def main() -> int:
    """Print the table; 1 where a promise is not kept."""
    worse = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, ratio, promise in ratios(Path(folder)):
            kept = ratio <= promise
            worse += not kept
            print(f"  {name:<75} {ratio:7.2f}   ≤ {promise}{'' if kept else '   NOT KEPT'}", flush=True)
    return 1 if worse else 0


if __name__ == "__main__":
    raise SystemExit(main())
