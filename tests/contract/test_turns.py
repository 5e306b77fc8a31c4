"""A pulse serves many missions for a few seconds and leaves the rest to the next one, which begins behind them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.contract.places import FakePlace

from mission_cli._support.dataclass import replace
from mission_cli.document.reading.placed import load_placed
from mission_cli.domain.ids import MissionId
from mission_cli.engine.loop import pulse
from mission_cli.ports.git.state import Write

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from mission_cli.domain.timing.timeline import Moment
    from mission_cli.engine.context import Context
    from mission_cli.ports.clock import Clock

NAMES = [f"m-{n}" for n in range(1, 6)]
TEXT = """\
---
id: {name}
title: T
status: active
managed: mission
base: main
budget: {{time_hours: 1}}
preferences: {{runner: script}}
---
# T

## Milestones

### Milestone 1: One

**Status:** pending

| # | Feature | Task ID | Status | Estimate | Worker | PR |
|---|---------|---------|--------|----------|--------|----|
| 1.1 | one | | pending | | | |

#### Validation Criteria

- [ ] file: `a.txt`
"""


class Busy:
    """A clock of a machine on which every question to it takes a second."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._passed = clock, 0.0

    @property
    def zone(self) -> tzinfo:
        """As it was."""
        return self._clock.zone

    def now(self) -> datetime:
        """As it was."""
        return self._clock.now()

    def moment(self) -> Moment:
        """A second later than before."""
        self._passed += 1.0
        found = self._clock.moment()
        return replace(found, up=found.up + self._passed, wall=found.wall + timedelta(seconds=self._passed))


def begun(ctx: Context) -> list[str]:
    """The missions that were served: their milestone has started."""
    missions = ctx.state.snapshot().missions.values()
    return [s.id for s in missions if load_placed(s.text, s.id).mission.milestones[0].started_at]


def busy(place: FakePlace, again: list[str]) -> Context:
    """A world that is slow, in which pulses are asked for by name."""
    ctx = place.context()
    return replace(ctx, clock=Busy(ctx.clock), again=lambda: again.append("again"))


def test_what_a_pulse_has_no_time_for_is_served_by_those_behind_it() -> None:
    place, again = FakePlace(), list[str]()
    ctx = place.context()
    writes = [Write(ctx.state.path_for(MissionId(name)), TEXT.format(name=name)) for name in NAMES]
    ctx.state.commit(writes, message="begin", expect=ctx.state.head())
    served: list[list[str]] = []
    for _ in range(len(NAMES)):
        report = pulse(busy(place, again))
        served.append(begun(ctx))
        assert report.bugs == []
        if report.handed_over:
            assert not place.idle(), "what was left is to be done now"
    assert 0 < len(served[0]) < len(NAMES)
    assert served[1][: len(served[0])] == served[0]
    assert len(served[1]) > len(served[0])
    assert served[-1] == NAMES, "each comes before one comes for the second time"
    assert len(again) >= len(NAMES) - 1
    place.leave()


def test_a_mission_that_is_alone_is_served_to_its_end() -> None:
    place, again = FakePlace(), list[str]()
    ctx = place.context()
    one = Write(ctx.state.path_for(MissionId("m-1")), TEXT.format(name="m-1"))
    ctx.state.commit([one], message="begin", expect=ctx.state.head())
    assert not pulse(busy(place, again)).handed_over
    assert (begun(ctx), again) == (["m-1"], [])
    place.leave()


def test_a_pulse_that_is_kicked_again_and_again_leaves_that_to_another_one() -> None:
    place, again = FakePlace(), list[str]()
    ctx = busy(place, again)

    class Kicked:
        """A runtime that somebody kicks whenever nobody looks."""

        def __getattr__(self, name: str) -> Any:
            return getattr(place.context().runtime, name)

        def take_pulse_request(self) -> bool:
            """There is always one."""
            place.context().runtime.take_pulse_request()
            return True

    pulse(replace(ctx, runtime=Kicked()))
    assert again == ["again"]
    place.leave()


class StopsAt:
    """A state into which so many commits go until somebody sets STOP."""

    def __init__(self, ctx: Context, commits: int) -> None:
        self._world, self.left, self.at_work = ctx, commits, list[str]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._world.state, name)

    def commit(self, *args: Any, **words: Any) -> Any:
        """Commit; STOP is set when it is the last one."""
        self.left -= 1
        if not self.left:
            self._world.runtime.press_stop(on=True)
            self.at_work = list(self._world.executor.running())
        return self._world.state.commit(*args, **words)


@pytest.mark.parametrize("commits", range(1, len(NAMES) + 2))
def test_a_pulse_does_nothing_after_stop_and_starts_no_other_one(commits: int) -> None:
    place, again = FakePlace(), list[str]()
    ctx = place.context()
    writes = [Write(ctx.state.path_for(MissionId(name)), TEXT.format(name=name)) for name in NAMES]
    ctx.state.commit(writes, message="begin", expect=ctx.state.head())
    stopped = StopsAt(ctx, commits)
    ctx.runtime.request_pulse()
    report = pulse(replace(ctx, state=stopped, again=lambda: again.append("again")))
    assert (report.stopped, report.bugs, report.troubles, again) == (True, [], [], [])
    assert stopped.left == 0, "nothing is committed after STOP"
    assert list(ctx.executor.running()) == stopped.at_work, "nothing is started after STOP"
    place.leave()
