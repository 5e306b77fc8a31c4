"""How far one remote carries: clones that push to one state branch, simulated and measured; the size of the state.

    python benchmarks/fleet.py [SECONDS]

Clones with a mission each write and push one note after the other for so many seconds (30) to a repository that takes
a second to answer, as a forge does. The same is simulated with the times of one clone that is alone. Then the
simulation says what hundreds of machines reach, and a mission that was driven to its end what its state weighs.
"""

from __future__ import annotations

import compileall
import heapq
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.kit.clones import make_hub
from tests.kit.people import HONEST, Person

MOST_TRIES = 10
"""As in `engine/remote_sync.py`: then the next pulse tries again."""
NEXT_PULSE = 60.0
CLONES = (1, 2, 4, 8)
SLOW = 1.0
"""Seconds that the repository takes before it answers, as a forge on the internet does."""
TARGET = 1.3
"""How far the simulation may be from what was measured, as a ratio in either direction."""
PLAN = """\
title: Fleet
goal: g
budget: {money_usd: 50}
preferences: {land: auto, runner: script}
milestones:
  - name: One
    validation: ["file: `1.1.txt`"]
    features:
"""
PUSHER = """\
import sys, time
from pathlib import Path
from mission_cli.app.commands.steer.tell import note
from mission_cli.engine import remote_sync
from mission_cli.wiring import compose
ctx = compose.open_repository(Path(sys.argv[1]), ticking=False).context
name, ends, done, tries = sys.argv[2], float(sys.argv[3]), 0, 0
real = ctx.share.push
def push(head):
    global tries
    tries += 1
    return real(head)
ctx.share.push = push
while time.time() < ends:
    note(ctx, name, f"note {done}")
    if remote_sync.sync_if_behind(ctx) is not remote_sync.SyncResult.UNREACHABLE:
        done += time.time() < ends
print(done, tries)
"""


Step = "Callable[[float, int, float, int], None]"


@dataclass(frozen=True)
class Times:
    """What one clone takes, in seconds."""

    write: float
    """To write a commit."""
    push: float
    """To push it."""
    fetch: float
    """To fetch what others pushed, and to merge it."""


@dataclass(frozen=True)
class Reached:
    """What a number of clones reaches."""

    per_minute: float
    """Pushes that the remote accepted."""
    tries: float
    """Pushes for each accepted one."""
    late: float
    """Seconds from the commit to the accepted push, at the 99th percentile."""
    given_up: float
    """Share of the commits that wait for the next pulse, because each try came too late."""


class Simulation:
    """Clones that push to one branch, which moves only forward. `every`: seconds between commits; 0: at once again.

    A clone whose tries are used up waits for `rest` seconds.
    """

    def __init__(self, clones: int, times: Times, *, every: float, rest: float = NEXT_PULSE, seed: int = 0) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - a simulation
        self._times, self._every, self._rest = times, every, rest
        self._version, self._known = 0, [0] * clones
        self._tried, self._given_up, self._waits = 0, 0, list[float]()
        self._turn, self._events = 0, list[tuple[float, int, Step, int, float, int]]()
        for clone in range(clones):
            self._add(self._chance.uniform(0, every or times.push), self._commit, clone)

    def run(self, minutes: float = 60) -> Reached:
        """Return what they reach in so many minutes."""
        while self._events and self._events[0][0] <= minutes * 60:
            now, _, step, clone, since, tries = heapq.heappop(self._events)
            step(now, clone, since, tries)
        accepted = len(self._waits)
        late = statistics.quantiles(self._waits, n=100)[-1] if accepted > 1 else 0.0
        shares = self._tried / max(1, accepted), self._given_up / max(1, accepted + self._given_up)
        return Reached(accepted / minutes, shares[0], late, shares[1])

    def _commit(self, now: float, clone: int, since: float, tries: int) -> None:
        del since, tries
        self._add(now + self._about(self._times.push), self._push, clone, now, 1)

    def _push(self, now: float, clone: int, since: float, tries: int) -> None:
        self._tried += 1
        if self._known[clone] == self._version:
            self._version += 1
            self._known[clone] = self._version
            self._waits.append(now - since)
            pause = self._chance.expovariate(1 / self._every) if self._every else 0.0
            self._add(now + pause + self._times.write, self._commit, clone)
        elif tries >= MOST_TRIES:
            self._given_up += 1
            self._add(now + self._rest + self._times.write, self._commit, clone)
        else:
            self._add(now + self._about(self._times.fetch), self._fetch, clone, since, tries)

    def _fetch(self, now: float, clone: int, since: float, tries: int) -> None:
        """It brings what the remote has when it answers."""
        self._known[clone] = self._version
        self._add(now + self._about(self._times.push), self._push, clone, since, tries + 1)

    def _about(self, seconds: float) -> float:
        return seconds * self._chance.uniform(0.9, 1.1)

    def _add(self, at: float, step: Step, clone: int, since: float = 0.0, tries: int = 0) -> None:
        self._turn += 1
        heapq.heappush(self._events, (at, self._turn, step, clone, since, tries))


def measure(folder: Path, clones: int, seconds: float) -> tuple[float, float]:
    """(accepted pushes a minute, pushes for each) of real clones that push notes as fast as they can."""
    folder.mkdir()
    people = _people(folder, clones)
    ends = time.time() + seconds + 2 + clones
    argv = [[sys.executable, "-c", PUSHER, os.fspath(p.repo), f"m{n}", str(ends)] for n, p in enumerate(people)]
    begun = time.time()
    running = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for words in argv]
    said = [process.communicate()[0].split() for process in running]
    assert all(process.returncode == 0 for process in running)
    done, tries = sum(int(word[0]) for word in said), sum(int(word[1]) for word in said)
    return 60 * done / (ends - begun), tries / max(1, done)


def _people(folder: Path, clones: int) -> list[Person]:
    """People with a mission each, who share them by one slow repository."""
    hub, slow = make_hub(folder), folder / "slow"
    slow.write_text(f'#!/bin/sh\nsleep {SLOW}\nexec git "$1" {hub.path}\n')
    slow.chmod(0o755)
    people = [hub.clone(folder / f"c{n}", worker=HONEST) for n in range(clones)]
    for n, person in enumerate(people):
        person.plan(f'{PLAN}      - {{title: f, criteria: ["file: `a`"]}}\n', identity=f"m{n}")
        person.mission("pulse", "--quiet")
    for person in people:
        person.mission("pulse", "--quiet")
        person.git("config", "protocol.ext.allow", "always")
        person.git("remote", "set-url", "origin", f"ext::{slow} %s")
    return people


def times_of_one(folder: Path) -> Times:
    """What writing, pushing and fetching take for a clone that is alone."""
    folder.mkdir()
    (person,) = _people(folder, 1)
    script = """\
import sys, time
from pathlib import Path
from mission_cli.app.commands.steer.tell import note
from mission_cli.wiring import compose
ctx = compose.open_repository(Path(sys.argv[1]), ticking=False).context
for n in range(7):
    at = [time.perf_counter()]
    note(ctx, "m0", f"note {n}")
    at.append(time.perf_counter())
    ctx.share.push(ctx.state.head())
    at.append(time.perf_counter())
    ctx.share.fetch()
    at.append(time.perf_counter())
    print(*(b - a for a, b in zip(at, at[1:])))
"""
    argv = [sys.executable, "-c", script, os.fspath(person.repo)]
    out = subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout
    columns = zip(*([float(word) for word in line.split()] for line in out.splitlines()[1:]), strict=True)
    return Times(*(statistics.median(column) for column in columns))


def weigh(folder: Path, features: int = 12) -> tuple[float, float]:
    """(kilobytes of packed state for each feature, commits for each) of a mission that was driven to its end."""
    folder.mkdir()
    person = make_hub(folder).clone(folder / "c", worker=HONEST)
    person.set('remote = ""')
    rows = "".join(f'      - {{title: f{n}, criteria: ["file: `1.{n}.txt`"]}}\n' for n in range(1, features + 1))
    person.plan(PLAN + rows)
    person.start()
    person.run()
    state = person.repo / "missions"
    commits = int(person.git("rev-list", "--count", "missions", cwd=state))
    person.git("gc", "--quiet", "--prune=now", cwd=state)
    said = person.git("count-objects", "-v", cwd=state)
    size = next(int(line.split()[1]) for line in said.splitlines() if line.startswith("size-pack:"))
    return size / features, commits / features


def sweep(folder: Path, missions: int) -> float:
    """Milliseconds of CPU to look at everything, for each of so many active missions that wait for a resource."""
    folder.mkdir()
    person = make_hub(folder).clone(folder / "c", worker=HONEST)
    person.set('remote = ""\nmachine_workers = 1')
    plan = "resources: [{name: key, type: account, purpose: tests}]\n" + PLAN
    plan += '      - {title: f, criteria: ["file: `a`"], needs: [key]}\n'
    spent = []
    for first, end in ((0, 1), (1, missions)):
        for n in range(first, end):
            person.plan(plan, identity=f"m{n}")
            person.start(f"m{n}")
        while person.mission("pulse").out:
            person.rest()
        argv = [sys.executable, "-m", "mission_cli", "pulse", "--dry-run"]
        costs = []
        for _ in range(4):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(argv, cwd=person.repo, check=True, capture_output=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            costs.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        spent.append(min(costs))
    person.leave()
    return 1000 * (spent[1] - spent[0]) / (missions - 1)


def main() -> int:
    """Print the measured points beside the simulated ones, and what more machines would reach."""
    seconds = float(sys.argv[1]) if sys.argv[1:] else 30.0
    compileall.compile_dir("src", quiet=1)
    missed = []
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        os.environ["HOME"] = os.fspath(root)
        (root / ".gitconfig").write_text(
            "[user]\n\tname = F\n\temail = f@example.org\n[init]\n\tdefaultBranch = main\n"
        )
        times = times_of_one(root / "alone")
        print(f"one clone: {times.write:.2f} s to write, {times.push:.2f} s to push, {times.fetch:.2f} s to fetch")
        print("clones | pushes a minute measured, simulated | tries measured, simulated")
        for clones in CLONES:
            real, tries = measure(root / f"of-{clones}", clones, seconds)
            same = Simulation(clones, times, every=0, rest=0).run()
            off = real / same.per_minute
            missed += [] if 1 / TARGET <= off <= TARGET else [f"{clones} clones: {off:.2f}"]
            print(f"{clones:6} | {real:7.1f} {same.per_minute:7.1f} | {tries:5.2f} {same.tries:5.2f}")
        print("machines, a decision a minute each | pushes a minute | tries | p99 s | wait for the next pulse")
        for machines in (10, 20, 40, 50, 100, 500):
            far = Simulation(machines, times, every=60).run()
            row = f"{far.per_minute:7.1f} | {far.tries:5.2f} | {far.late:6.1f} | {100 * far.given_up:5.1f} %"
            print(f"{machines:6} | {row}")
        size, commits = weigh(root / "weight")
        print(f"looking at everything: {sweep(root / 'sweep', 50):.1f} ms of CPU for each active mission")
        print(f"state: {size:.1f} KB packed and {commits:.1f} commits for each feature")
    for line in missed:
        print(f"missed: {line} (target: within {TARGET} of the simulation)")
    return bool(missed)


if __name__ == "__main__":
    raise SystemExit(main())
