"""The clock of a real repository's pulses: what waits for a second pulse, and what a jump does not do."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from tests.kit.people import HONEST

from mission_cli.adapters.clock import SystemClock
from mission_cli.domain.timing.schedule import next_due
from mission_cli.domain.timing.timeline import Moment
from mission_cli.engine.loop import pulse
from mission_cli.wiring.compose import open_repository

if TYPE_CHECKING:
    from tests.kit.people import Person

    from mission_cli.engine.context import Context

ONE = """\
title: One file
budget: {time_hours: 1}
milestones:
  - name: Only
    validation: ["manual: it looks good"]
    features: [{title: one}]
"""
WEEKLY = """\
title: Each Monday
schedule: 0 3 * * 1
end_date: 2099-01-01
budget: {time_hours: 1}
preferences: {land: auto}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
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


def waiting_mission(person: Person) -> tuple[Context, Hands]:
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
    return replace(open_repository(person.repo).context, clock=hands), hands


def wait_of(person: Person) -> str:
    return person.loaded().mission.waits[0].status


def test_a_wait_runs_out_when_two_ticks_agree_and_not_when_the_clock_jumps(person: Person) -> None:
    ctx, hands = waiting_mission(person)
    pulse(ctx)
    hands.wall += timedelta(days=1)
    for _ in range(3):
        pulse(ctx)
        hands.pass_by(timedelta(seconds=60))
    assert wait_of(person) == "waiting", "a day on the clock, and a few minutes for Bob"

    hands.pass_by(timedelta(hours=1))
    pulse(ctx)
    assert wait_of(person) == "waiting"
    told = pulse(ctx).cases
    holds = [(h.kind, h.detail, h.until) for h in next(iter(told.values())).plan.holds if h.kind == "clock"]
    words = "the wait for person:Bob is over: a second pulse has to confirm the time"
    assert holds == [("clock", words, hands.wall + timedelta(seconds=10))]

    hands.pass_by(timedelta(seconds=60))
    pulse(ctx)
    assert wait_of(person) == "failed"
    assert person.state_log(1) == ["1.1: person:Bob did not happen in time"]
    assert person.starts() == []


def test_without_its_runtime_the_first_tick_only_notes(person: Person) -> None:
    ctx, hands = waiting_mission(person)
    pulse(ctx)
    hands.pass_by(timedelta(hours=2))
    shutil.rmtree(person.runtime)
    pulse(ctx)
    assert wait_of(person) == "waiting"
    hands.pass_by(timedelta(seconds=60))
    pulse(ctx)
    assert wait_of(person) == "failed"


def test_a_week_of_missed_ticks_is_one_and_done_once(person: Person) -> None:
    ctx, hands = waiting_mission(person)
    pulse(ctx)
    hands.pass_by(timedelta(days=7))
    before = person.state_head()
    for _ in range(3):
        pulse(ctx)
        hands.pass_by(timedelta(seconds=60))
    log = person.git("log", "--format=%s", f"{before}..missions", cwd=person.repo / "missions").splitlines()
    assert log == ["1.1: person:Bob did not happen in time"]


def test_a_mission_of_each_monday_waits_runs_and_waits_again(person: Person) -> None:
    person.worker(HONEST)
    person.plan(WEEKLY)
    assert person.mission("start", "m", "--scheduled", "-y", "--json").facts["status"] == "recurring"
    head = person.state_head()
    assert "it waits already" in person.mission("start", "m", "--scheduled", "-y").out
    assert person.state_head() == head
    due = next_due("0 3 * * 1", datetime.now(UTC), SystemClock().zone)
    assert due is not None
    starts = f"it starts at {due.astimezone(SystemClock().zone):%a %Y-%m-%d %H:%M}"
    assert starts in person.mission("status", "m").out
    assert person.run().code == 0, "there is nothing to wait for"
    assert person.starts() == []
    assert "mission cancel m" in person.mission("pause", "m", ok=(2,)).err

    person.mission("start", "m", "-y")
    assert starts in person.run().out
    assert (person.loaded().mission.raw_status, person.features()) == ("recurring", {"1.1": "done"})
    hands = Hands(wall=due + timedelta(days=8))
    ctx = replace(open_repository(person.repo).context, clock=hands)
    for _ in range(2):
        pulse(ctx)
        hands.pass_by(timedelta(seconds=60))
    again = person.loaded().mission
    assert (again.raw_status, again.executions, person.features()) == ("active", 2, {"1.1": "dispatched"})
    person.rest()


def test_what_is_never_due_does_not_wait(person: Person) -> None:
    person.worker(HONEST)
    errors = person.mission(
        "new", "--plan", str(person.write("../plan.yaml", WEEKLY.replace("0 3 * * 1", "soon"))), ok=(1,)
    )
    assert "plan.yaml:2:1: `schedule` is `soon`: it is neither a time nor five cron fields" in errors.err
    person.plan(WEEKLY.replace("2099-01-01", "2020-01-01"))
    refused = person.mission("start", "m", "--scheduled", "-y", ok=(2,)).err
    assert "m cannot wait: `0 3 * * 1` has no future run" in refused
    person.plan(ONE, identity="n")
    assert "n cannot wait: it has no schedule" in person.mission("start", "n", "--scheduled", "-y", ok=(2,)).err
