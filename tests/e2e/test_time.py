"""The clock of a real repository's pulses: what waits for a second tick, and what a jump does not do."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from tests.kit.people import HONEST

from mission_cli.domain.timeline import Moment
from mission_cli.engine.loop import pulse
from mission_cli.wiring import open_repository

if TYPE_CHECKING:
    from tests.kit.people import Person

    from mission_cli.engine.world import World

ONE = """\
title: One file
budget: {time_hours: 1}
milestones:
  - name: Only
    validation: ["manual: it looks good"]
    features: [{title: one}]
"""
WAITS = "\n## Waits\n\n| Feature | Waiting for | Since | Timeout | Status |\n| --- | --- | --- | --- | --- |\n"


@dataclass
class Hands:
    """A clock whose hands a test moves: `pass_by` is time, `set_to` is a jump."""

    wall: datetime = datetime(2026, 11, 20, 10, tzinfo=UTC)
    up: float = 1000.0
    zone: tzinfo = UTC

    def now(self) -> datetime:
        """The wall clock."""
        return self.wall

    def moment(self) -> Moment:
        """All clocks."""
        return Moment(self.wall, self.up, self.up, "one")

    def pass_by(self, span: timedelta) -> None:
        """Let time pass."""
        self.wall += span
        self.up += span.total_seconds()


def waiting_mission(person: Person) -> tuple[World, Hands]:
    """A mission whose only feature waits for Bob for an hour, and a world with hands on its clock."""
    person.worker(HONEST)
    person.set('agree_after = "10s"')
    person.plan(ONE)
    hands = Hands()
    row = "| 1.1 | person:Bob | 2026-11-20T10:00:00Z | 1h | waiting |\n"
    person.file().write_text(person.file().read_text() + WAITS + row)
    person.git("commit", "--quiet", "-am", "Wait for Bob", cwd=person.repo / "missions")
    person.start()
    (person.runtime / "clock.json").unlink()  # what was seen of the real clock
    return replace(open_repository(person.repo).world, clock=hands), hands


def wait_of(person: Person) -> str:
    return person.loaded().mission.waits[0].status


def test_a_wait_runs_out_when_two_ticks_agree_and_not_when_the_clock_jumps(person: Person) -> None:
    world, hands = waiting_mission(person)
    pulse(world)
    hands.wall += timedelta(days=1)
    for _ in range(3):
        pulse(world)
        hands.pass_by(timedelta(seconds=60))
    assert wait_of(person) == "waiting", "a day on the clock, and a few minutes for Bob"

    hands.pass_by(timedelta(hours=1))
    pulse(world)
    assert wait_of(person) == "waiting"
    told = pulse(world).cases
    holds = [(h.kind, h.detail, h.until) for h in next(iter(told.values())).plan.holds if h.kind == "clock"]
    words = "the wait for person:Bob is over: a second tick has to agree about the time"
    assert holds == [("clock", words, hands.wall + timedelta(seconds=10))]

    hands.pass_by(timedelta(seconds=60))
    pulse(world)
    assert wait_of(person) == "failed"
    assert person.state_log(1) == ["1.1: person:Bob did not come in time"]
    assert person.starts() == []


def test_without_its_runtime_the_first_tick_only_notes(person: Person) -> None:
    world, hands = waiting_mission(person)
    pulse(world)
    hands.pass_by(timedelta(hours=2))
    shutil.rmtree(person.runtime)
    pulse(world)
    assert wait_of(person) == "waiting"
    hands.pass_by(timedelta(seconds=60))
    pulse(world)
    assert wait_of(person) == "failed"


def test_a_week_of_missed_ticks_is_one_and_done_once(person: Person) -> None:
    world, hands = waiting_mission(person)
    pulse(world)
    hands.pass_by(timedelta(days=7))
    before = person.state_head()
    for _ in range(3):
        pulse(world)
        hands.pass_by(timedelta(seconds=60))
    log = person.git("log", "--format=%s", f"{before}..missions", cwd=person.repo / "missions").splitlines()
    assert log == ["1.1: person:Bob did not come in time"]
