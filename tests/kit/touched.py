"""A hundred plans whose features change the same files, with a history to learn from: lived through in memory.

A plan of a seed has five to eight features, three at a time, that change one to three of nine files. Which files change
together is the same in the history and in the features of a seed. Workers take 10 to 30 minutes.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from tests.kit.fakes.code import REFS
from tests.kit.fakes.executor import JOBS, Outcome
from tests.kit.fakes.host import make_host, make_mission
from tests.kit.fakes.objects import Commit
from tests.kit.fakes.others import ADA

from mission_cli.app.commands import lifecycle
from mission_cli.domain.ids import Sha
from mission_cli.domain.status import FINISHED_MISSION
from mission_cli.domain.touch.score import Accuracy, accuracy
from mission_cli.engine.loop import pulse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.kit.fakes.host import Host

    from mission_cli.ports.executor import JobSpec

PATHS = [f"{folder}/{name}.py" for folder in "abc" for name in "xyz"]
_COMMITS, _PARTNER, _NAMED = 60, 0.8, 0.7


@dataclass(frozen=True)
class Lived:
    """How a mission of a plan went."""

    ends: Counter[str]
    took: timedelta
    checks: int
    hits: Accuracy


@dataclass(frozen=True)
class Recorded:
    """A plan: what each feature changes, whether its description names its first file, and the history before."""

    areas: Mapping[str, tuple[str, ...]]
    names: Mapping[str, bool]
    history: tuple[tuple[str, ...], ...]


def recorded(seed: int, *, coupled: bool) -> Recorded:
    """The plan of a seed. `coupled`: files change together as they did before; otherwise any files do."""
    chance = Random(seed)  # noqa: S311 - dice
    partner = dict(zip(PATHS, chance.sample(PATHS, len(PATHS)), strict=True))

    def some() -> tuple[str, ...]:
        if not coupled:
            return tuple(chance.sample(PATHS, chance.choice([1, 1, 2, 3])))
        first = chance.choice(PATHS)
        rest = [partner[first]] if chance.random() < _PARTNER else []
        rest += [chance.choice(PATHS)] if chance.random() < 0.15 else []
        return tuple(dict.fromkeys((first, *rest)))

    numbers = [f"1.{n}" for n in range(1, 5 + seed % 4)]
    areas = {number: some() for number in numbers}
    names = {number: chance.random() < _NAMED for number in numbers}
    return Recorded(areas, names, tuple(some() for _ in range(_COMMITS)))


def lived(plan: Recorded, shared_files: str, *, declared: bool, every: timedelta | None = None) -> Lived:
    """Live through the mission of a plan, with pulses at an interval; None: whenever a job ends."""
    host = make_host(partial(_touching, plan.areas))
    _begin(host, plan)
    make_mission(host, _text(plan, shared_files, declared=declared))
    lifecycle.start(host.context(), "m")
    begun = host.jobs.clock.time.now
    for _ in range(500):
        [case] = pulse(host.context()).cases.values()
        if all(f.finished for f in case.mission.features()) or case.mission.status in FINISHED_MISSION:
            break
        due = host.jobs.next_due() or host.jobs.clock.time.now
        host.jobs.clock.time.pass_by(every or max(due - host.jobs.clock.time.now, timedelta(seconds=20)))
        host.jobs.work()
    records = case.observation.records
    checks = sum(name.endswith("/spec") for name in host.jobs.disk.below(f"{JOBS}/m/checks"))
    took = host.jobs.clock.time.now - begun
    return Lived(Counter(str(one.cause) for one in records), took, checks, accuracy(records))


def _touching(areas: Mapping[str, tuple[str, ...]], spec: JobSpec) -> Outcome:
    """Write a line of its own into each file of its area, for ten to thirty minutes."""
    number = spec.program.env["MISSION_FEATURE"]
    minutes = 10 + 20 * Random(number).random()  # noqa: S311 - dice
    return Outcome(minutes * 60, dict.fromkeys(areas[number], f"{number}\n"))


def _begin(host: Host, plan: Recorded) -> None:
    """Commit the files, and the history of a plan."""
    place = f"{REFS}/heads/main"
    for number, paths in enumerate((tuple(PATHS), *plan.history)):
        head = Sha(host.jobs.disk.read(place, str) or "")
        files = {**host.jobs.objects.get(head).files, **dict.fromkeys(paths, f"change {number}\n")}
        made = Commit(files, (head,), f"Change {number}\n", ADA, host.jobs.clock.now())
        host.jobs.disk.write(place, host.jobs.objects.add(made))


def _text(plan: Recorded, shared_files: str, *, declared: bool) -> str:
    rows = ""
    for number, paths in plan.areas.items():
        files = f", files: [{', '.join(paths)}]" if declared else ""
        about = f", description: 'Work on `{paths[0]}`.'" if plan.names[number] else ""
        rows += f"      - {{title: n{number[2:]}{about}{files}, criteria: ['file: `notes.txt`']}}\n"
    return f"""\
title: Some
budget: {{time_hours: 200}}
preferences: {{runner: script, max_parallel_workers: 3, shared_files: {shared_files}}}
milestones:
  - name: Only
    validation: ["file: `{PATHS[0]}`"]
    features:
{rows}"""


def added(worlds: list[Lived]) -> Lived:
    """The sum of some."""
    ends = sum((one.ends for one in worlds), Counter[str]())
    took = sum((one.took for one in worlds), timedelta(0))
    hits = [one.hits for one in worlds]
    sums = [sum(getattr(one, name) for one in hits) for name in ("predicted", "changed", "right", "covered")]
    return replace(worlds[0], ends=ends, took=took, checks=sum(w.checks for w in worlds), hits=Accuracy(*sums))
