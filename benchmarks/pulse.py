"""What pulses cost, as ratios in one run: idle, over many missions, writing a few, filling slots, starting a worker.

Each ratio stands beside what the project promises. CPU is that of a process and of all that it waited for; what is
measured and what it is compared with run in turns, and the median counts. Everything runs as it does when it is
installed: from compiled bytecode.
"""

from __future__ import annotations

import compileall
import fcntl
import json
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.kit.people import HONEST, Person

from mission_cli.ports.executor import JobSpec, Program, Tree
from mission_cli.wiring import compose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Cost = Callable[[], float]

_TRIES = 11
_MISSION = [sys.executable, "-P", "-m", "mission_cli"]
_PYTHON = [sys.executable, "-P", "-c", "pass"]
_THREE = ("n1", "n2", "n3")
_SLOTS = 3
_ROUNDS = 4
PLAN = """\
title: Small
budget: {money_usd: 50, per_feature_usd: 2}
preferences: {land: auto, runner: script, max_parallel_workers: 3}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
"""
_TIMED = """
with open(OUTSIDE / "times.log", "a") as log:
    log.write(f"begins {time.time()}\\n")
time.sleep(SECONDS)
write(f"{FEATURE}.txt", f"{FEATURE} by attempt {ATTEMPT}\\n")
commit()
with open(OUTSIDE / "times.log", "a") as log:
    log.write(f"ends {time.time()}\\n")
"""


def main() -> int:
    """Print the table; 1 where a target is missed."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    compileall.compile_dir(Path(compose.__file__).parent, quiet=1)
    worse = 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for name, value, promise in lines(Path(folder)):
            kept = promise is None or value <= promise
            worse += not kept
            said = f"≤ {promise}" if promise is not None else ""
            print(f"  {name:<77} {value:7.2f}   {said}{'' if kept else '   MISSED'}".rstrip(), flush=True)
    return 1 if worse else 0


def lines(folder: Path) -> Iterator[tuple[str, float, float | None]]:
    """(name, value, promise); a promise of None says something about another line."""
    person = driven(folder / "many")
    with_missions(person, 1_000)
    idle, bare = command([*_MISSION, "pulse"], person.repo), command(_PYTHON, person.repo)
    yield "idle pulse over 1,000 missions / bare Python start", ratio(idle, bare), 3
    ours, files = writes_three(person), [f"{name}/mission.md" for name in _THREE]
    theirs = commits_three(person, person.repo / "missions", files)
    yield "pulse that writes 3 of 1,000 missions / `git commit --only` of the same files", ratio(ours, theirs), 8
    large = with_code(driven(folder / "large"), 50_000)
    with_missions(large, 1_000)
    beside = writes_three(large)
    code = commits_three(large, large.repo / "code/0", ["0.py", "200.py", "400.py"])
    yield "  in a repository with 50,000 code files / in one without", ratio(beside, ours), 1.1
    yield "  with 50,000 code files / `git commit --only` of 3 of those", ratio(beside, code), 0.6
    person.git("gc", "--quiet", cwd=person.repo / "missions")
    yield "  with packed objects / `git commit --only` of the same files", ratio(ours, theirs), None
    more = driven(folder / "more")
    with_missions(more, 10_000, packed=True)
    yield "exponent of an idle pulse, 1,000 to 10,000 missions, without the start", exponent(person, more), 1.05
    begun, executed, with_gits = launch(folder)
    yield "start of a supervisor, until it makes its tree / bare Python start", begun, 4
    yield "  until its agent is executed", executed, None
    yield "  including the git commands that claim the attempt and make its tree", with_gits, None
    whole, gap = makespan(folder)
    yield "12 equal features on 3 slots, cron every minute / ideal", whole, 1.05
    yield "seconds from the end of a worker to the start of the next", gap, 1


# What is measured


def writes_three(person: Person) -> Cost:
    """CPU of a pulse that writes three missions.

    They are set to active by hand with all done; the pulse finds each completed, and says so in a commit of its own.
    """
    missions = person.repo / "missions"
    names = [f"{name}/mission.md" for name in _THREE]
    pulse = command([*_MISSION, "pulse"], person.repo)

    def cost() -> float:
        for name in names:
            file = missions / name
            file.write_text(file.read_text().replace("status: completed", "status: active"))
        person.git("commit", "-q", "-m", "Open", "--", *names, cwd=missions)
        before = len(person.state_log())
        spent = pulse()
        assert len(person.state_log()) == before + len(names), "each of the three was written"
        return spent

    return cost


def commits_three(person: Person, place: Path, names: Sequence[str]) -> Cost:
    """CPU of a `git commit --only` of three files; a pulse that is not counted looks at them afterwards."""
    commit = command(["git", "commit", "-q", "--only", "-m", "x", "--", *names], place)
    pulse = command([*_MISSION, "pulse"], person.repo)

    def cost() -> float:
        for name in names:
            with (place / name).open("a") as file:
                file.write("\n")
        spent = commit()
        pulse()
        return spent

    return cost


def exponent(few: Person, many: Person) -> float:
    """How the cost of an idle pulse grows from a thousand missions to ten thousand, without the start of Python."""
    bare = command(_PYTHON, few.repo)
    one, ten = command([*_MISSION, "pulse"], few.repo), command([*_MISSION, "pulse"], many.repo)
    spent = [(bare(), one(), ten()) for _ in range(2 * _TRIES)]
    start, thousand, ten_thousand = (statistics.median(column) for column in zip(*spent, strict=True))
    return math.log10(max(ten_thousand - start, 1e-4) / max(thousand - start, 1e-4))


def launch(folder: Path) -> tuple[float, float, float]:
    """CPU of real launches, to that of a bare Python start, at three points of a supervisor's life.

    Until it asks for its tree's lock, which we hold meanwhile: its start, its imports, its lock and its request. Until
    it has executed the job's program, which asks the kernel what its parent has used: slot, claim, tree and the
    `started` file too, what the new process used before it became the program, and whatever the supervisor did at the
    same time. And that with the gits that it waited for.
    """
    person = fresh(folder / "launch")
    person.worker(HONEST)
    person.plan(plan(1))
    executor = compose.open_repository(person.repo, ticking=False).executor
    bare = command(_PYTHON, person.repo)
    said = folder / "said"
    ask = f"cat /proc/$PPID/schedstat /proc/$$/schedstat /proc/$PPID/stat > {said}"
    commit = person.git("rev-parse", "HEAD")
    found: list[tuple[float, float, float]] = []
    trees = Path()
    for n in range(_TRIES + 1):
        start, key = bare(), f"m/1.1-a{n + 1}"
        argv = ("/bin/sh", "-c", ask)
        spec = JobSpec(
            key=key, kind="worker", tree=Tree(commit=commit, branch=f"mission/{key}"), program=Program(argv=argv)
        )
        (trees / "m").mkdir(parents=True, exist_ok=True)
        with (trees / f"{key}.lock").open("a") if n else nullcontext() as lock:
            if lock is not None:
                fcntl.flock(lock, fcntl.LOCK_EX)
            executor.submit(spec)
            begun = used_until_it_waits(f"/jobs/{key}") if lock is not None else 0.0
        executor.wait(key)
        supervisor, program, facts = said.read_text().splitlines()
        own = nanoseconds(supervisor) + nanoseconds(program)
        ticks = facts.rpartition(")")[2].split()
        gits = (int(ticks[13]) + int(ticks[14])) / os.sysconf("SC_CLK_TCK")
        found.append((begun / start, own / start, (own + gits) / start))
        trees = Path(json.loads((person.runtime / f"jobs/{key}/spec.json").read_text())["surroundings"]["trees"])
    begun, own, whole = (statistics.median(column) for column in zip(*found[1:], strict=True))
    return begun, own, whole


def used_until_it_waits(word: str) -> float:
    """Seconds of CPU of the supervisor with that word in its command, when it sleeps until something happens."""
    before = ""
    while True:
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                words = (entry / "cmdline").read_bytes().split(b"\0")
                if b"_supervise" not in words or word.encode() not in b"".join(words) or words[0] == b"/bin/sh":
                    continue
                used = (entry / "schedstat").read_text()
                if used == before and b") S " in (entry / "stat").read_bytes():
                    return nanoseconds(used)
                before = used
        time.sleep(0.03)


def nanoseconds(schedstat: str) -> float:
    """Seconds that a process has been on a CPU."""
    return int(schedstat.split(maxsplit=1)[0]) / 1e9


def makespan(folder: Path, *, seconds: float = 45.0) -> tuple[float, float]:
    """(wall time of 12 equal features on 3 slots to four times one of them, median seconds that a slot was free).

    A pulse is started once a minute, as cron does; in between slots are filled by those that supervisors start. One
    of them is what a worker takes from its first line to its last: a sleep, a commit.
    """
    person = fresh(folder / "slots")
    person.set(f"max_parallel_workers = {_SLOTS}")
    person.worker(_TIMED.replace("SECONDS", str(seconds)))
    person.plan(plan(_SLOTS * _ROUNDS))
    person.start()
    began = minute = time.monotonic()
    while not all_done(person):
        person.rest()
        if time.monotonic() - minute >= 60:  # noqa: PLR2004 - a minute
            minute += 60
            person.process("pulse", "--quiet")
    took = time.monotonic() - began
    person.rest()
    log = (folder / "slots/times.log").read_text().splitlines()
    events = sorted((float(at), word) for word, at in map(str.split, log))
    starts = [at for at, word in events if word == "begins"]
    ends = [at for at, word in events if word == "ends"]
    work = statistics.median(end - start for start, end in zip(starts, ends, strict=True))
    free = [start - end for start, end in zip(starts[_SLOTS:], ends, strict=False)]
    return took / (_ROUNDS * work), statistics.median(free)


def all_done(person: Person) -> bool:
    """Whether every feature is done."""
    return set(person.features().values()) == {"done"}


# How it is measured


def command(argv: Sequence[str], cwd: Path) -> Cost:
    """What runs a command and returns the seconds of CPU that it used, children included."""

    def cost() -> float:
        start = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(argv, cwd=cwd, check=True, capture_output=True)
        end = resource.getrusage(resource.RUSAGE_CHILDREN)
        return end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime

    return cost


def ratio(ours: Cost, theirs: Cost) -> float:
    """Median of the ratios of runs in turns; the first pair only warms up."""
    return statistics.median([ours() / theirs() for _ in range(_TRIES + 1)][1:])


# What it is measured on


def plan(features: int) -> str:
    """A plan of one milestone with equal features; each may cost 2 $, so that money is never what they wait for."""
    rows = (f"      - {{title: f{n}, criteria: ['file: `1.{n}.txt`']}}\n" for n in range(1, features + 1))
    return PLAN + "".join(rows)


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


def driven(folder: Path) -> Person:
    """A repository whose mission `m` was driven to its end."""
    person = fresh(folder)
    person.worker(HONEST)
    person.plan(plan(1))
    person.start()
    person.run()
    return person


def with_missions(person: Person, number: int, *, packed: bool = False) -> None:
    """So many completed missions, copies of one that was really driven, all of them looked at.

    Their objects lie there one by one, as they came to be, or in a pack, as `git gc` leaves them.
    """
    missions = person.repo / "missions"
    files = {file.relative_to(missions / "m").as_posix(): file.read_text() for file in (missions / "m").rglob("*.md")}
    stream = ["commit refs/heads/missions\ncommitter Ada <ada@example.org> now\ndata 4\nMany\n"]
    stream.append("from refs/heads/missions^0\n")
    for n in range(1, number):
        for name, text in files.items():
            copied = text.replace('id: "m"', f'id: "n{n}"').replace("run: m/", f"run: n{n}/")
            stream.append(f"M 100644 inline n{n}/{name}\ndata {len(copied.encode())}\n{copied}\n")
    data = "".join(stream).encode()
    limit = "fastimport.unpackLimit=" + ("1" if packed else "1000000")
    subprocess.run(
        ["git", "-c", limit, "fast-import", "--quiet", "--date-format=now"], cwd=missions, input=data, check=True
    )
    person.git("reset", "--quiet", "--hard", cwd=missions)
    for _ in range(2):
        subprocess.run([*_MISSION, "pulse"], cwd=person.repo, check=True, capture_output=True)


def with_code(person: Person, files: int) -> Person:
    """So many files of code beside the missions."""
    for n in range(files):
        person.write(f"code/{n % 200}/{n}.py", f"print({n})\n")
    person.git("add", "-A")
    person.git("commit", "-q", "-m", "Code")
    return person


if __name__ == "__main__":
    raise SystemExit(main())
