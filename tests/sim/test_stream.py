"""Events of worlds of many seeds: whoever replays them has the last state, and each change of a status is told once."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from tests.kit.nightly import NIGHTLY
from tests.sim.events import events_of
from tests.sim.phased import PhaseSim
from tests.sim.run import LENGTH
from tests.sim.sim import Sim, head_of

from mission_cli.app.queries.stream.compare import status_of
from mission_cli.app.queries.stream.journal import Position, events_since
from mission_cli.app.queries.stream.kinds import (
    ApprovalRequired,
    ApprovalResolved,
    FeatureChanged,
    Kind,
    MilestoneChanged,
    PhaseChanged,
    StatusChanged,
)
from mission_cli.document.reading.load import load
from mission_cli.domain.ids import MissionId
from mission_cli.domain.phases.table import current

if TYPE_CHECKING:
    from tests.kit.fakes.host import Host

    from mission_cli.app.queries.stream.journal import Recorded
    from mission_cli.domain.mission import Mission

M = MissionId("m")
TICKS = LENGTH if NIGHTLY else 20


class Told(Sim):
    """A world of which other tests check the laws."""

    def _laws(self) -> None:
        pass


class ToldPhases(PhaseSim):
    """The same with phases."""

    def _laws(self) -> None:
        pass


def known(mission: Mission | None) -> dict[object, str]:
    """Every status of a mission, by what has it."""
    if mission is None:
        return {}
    phase = current(mission.phases)
    found: dict[object, str] = {"": status_of(mission), "phase": phase.name if phase else ""}
    found |= {one.number: str(one.status or one.raw_status) for one in mission.milestones}
    return found | {str(one.number): str(one.status or one.raw_status) for one in mission.features()}


def told(event: Recorded) -> tuple[object, str, str] | None:
    """What has another status: its old one, and its new one."""
    match event.data:
        case StatusChanged(status=now, previous_status=was):
            return "", was, now
        case PhaseChanged(current_phase=now, previous_phase=was):
            return "phase", was, now
        case MilestoneChanged(milestone=number, status=now, previous_status=was):
            return number, was, now
        case FeatureChanged(feature=feature, status=now, previous_status=was):
            return feature, was, now
        case _:
            return None


def changes_between(states: list[dict[object, str]]) -> list[tuple[object, str, str]]:
    """Each change of a status from one state to the next, by looking at the states alone."""
    found = []
    for before, after in itertools.pairwise(states):
        keys = [key for key in {**before, **after} if before.get(key, "") != after.get(key, "")]
        found += [(key, before.get(key, ""), after.get(key, "")) for key in keys]
    return found


def check(sim: Sim, host: Host) -> Counter[Kind]:
    """Replay what a host has; return how many events of each kind there were."""
    line = list(sim.objects.line(head_of(host)))[::-1]
    texts = [sim.objects.get(name).files.get("m/mission.md") for name in line]
    states = [known(load(text, "m").mission if text is not None else None) for text in texts]
    steps = events_since(host.context().state, Position(line[0]), limit=len(line))
    assert steps is not None
    events = [event for step in steps for event in step if event.mission == M]
    assert len({str(event.place) for event in events}) == len(events)
    seen = [one for event in events if (one := told(event)) is not None]
    assert Counter(seen) == Counter(changes_between(states))
    replayed = dict(states[0])
    for key, was, now in seen:
        assert replayed.get(key, "") == was
        replayed[key] = now
    assert {key: word for key, word in replayed.items() if word} == {k: w for k, w in states[-1].items() if w}
    asked = [
        (type(one.data), one.data.gate) for one in events if isinstance(one.data, ApprovalRequired | ApprovalResolved)
    ]
    for gate in {name for _, name in asked}:
        kinds = [kind for kind, name in asked if name == gate]
        assert all(pair != (ApprovalRequired, ApprovalRequired) for pair in itertools.pairwise(kinds)), gate
    return Counter(event.kind for event in events)


@pytest.mark.parametrize(("world", "by_day"), [(Told, 1), (ToldPhases, 12)])
@pytest.mark.timeout(7200)
def test_whoever_replays_the_events_has_the_last_state(world: type[Sim], by_day: int) -> None:
    kinds: Counter[Kind] = Counter()
    for seed in range(30) if NIGHTLY else [by_day]:
        sim = world(seed)
        for event in events_of(seed, LENGTH if NIGHTLY else 40)[:TICKS]:
            sim.tick(event)
        for host in sim.hosts:
            kinds += check(sim, host)
    wanted = {
        Kind.STATUS_CHANGED,
        Kind.MILESTONE_CHANGED,
        Kind.FEATURE_CHANGED,
        Kind.ATTEMPT_CHANGED,
        Kind.SPEND_CHANGED,
    }
    wanted |= {Kind.PHASE_CHANGED, Kind.APPROVAL_REQUIRED} if world is ToldPhases else set()
    assert {*kinds} >= wanted
