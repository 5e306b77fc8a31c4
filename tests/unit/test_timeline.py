"""The clock as ticks see it: what no single wrong reading does, what a jump moves, what sleep and daylight saving do."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.kit.missions import NOW, POLICY, feature, mission, observation, record

from mission_cli._support.text import parse_stamp, stamp
from mission_cli.adapters.clock import SystemClock
from mission_cli.adapters.fs.noted.timelines import timeline_facts, timeline_from
from mission_cli.domain.ids import FeatureNumber
from mission_cli.domain.runs.jobs import Job
from mission_cli.domain.status import Cause, FeatureStatus, GateKind, JobState, MissionStatus
from mission_cli.domain.tables import Gate, InputRequest, LogRow, Wait
from mission_cli.domain.timing.hours import opens_at, read_windows
from mission_cli.domain.timing.timeline import Moment, Timeline, follow
from mission_cli.planner.core.effects import Cancel, Recover
from mission_cli.planner.core.moves.features import Dispatch
from mission_cli.planner.core.moves.mission import Begin, MoveMission, Note
from mission_cli.planner.core.moves.waiting import MoveGate, MoveRequest, MoveWait
from mission_cli.planner.decide import decide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mission_cli.domain.mission import Mission
    from mission_cli.planner.core.decisions import Decisions

LEAST = timedelta(seconds=10)
HOUR, DAY, WEEK = 3600.0, 86400.0, 604800.0

Reading = tuple[float, float, float, str]
"""Wall clock in seconds from NOW, seconds since boot, of them awake, which boot."""


def awake(*pairs: tuple[float, float]) -> list[Reading]:
    """Readings (wall, since boot) of one boot in which the machine never slept."""
    return [(wall, up, up, "one") for wall, up in pairs]


def told(readings: list[Reading], least: timedelta = LEAST) -> Timeline:
    line = None
    for wall, up, not_slept, boot in readings:
        line = follow(line, Moment(NOW + timedelta(seconds=wall), up, not_slept, boot), least=least)
    assert line is not None
    return line


@pytest.mark.parametrize(
    ("readings", "proven"),
    [
        ([], None),
        (awake((0, 50)), None),
        (awake((0, 50), (9, 59)), None),
        (awake((0, 50), (60, 110)), 0),
        (awake((0, 50), (60, 110), (120, 170)), 60),
        (awake(*((n, 50 + n) for n in range(26))), 10),
        (awake((0, 50), (60, 110), (HOUR + 120, 170)), None),
        (awake((0, 50), (60, 110), (HOUR + 120, 170), (HOUR + 180, 230)), HOUR + 120),
        (awake((0, 50), (60, 110), (HOUR + 120, 170), (180, 230)), None),
        (awake((0, 50), (60, 110), (-HOUR, 170)), None),
        (awake((0, 50), (60 + 3, 110)), 0),
        (awake((0, 50), (WEEK + 300, WEEK + 50)), 0),
        ([(0, 50, 50, "one"), (60, 110, 110, "one"), (WEEK, WEEK + 50, 170, "one")], 60),
        ([(0, 50, 50, "one"), (60, 110, 110, "one"), (DAY, 20, 20, "two")], 0),
        ([(0, 50, 50, "one"), (60, 110, 110, "one"), (-DAY, 20, 20, "two"), (-DAY + 60, 80, 80, "two")], -DAY),
        ([(0, 50, 50, "one"), (60, 110, 110, "one"), (120, 30, 30, "one")], 0),
    ],
    ids=[
        "no tick", "the first tick only notes", "two that are too near", "two that agree", "three",
        "one in every second", "the clock jumps ahead", "and stays there", "and comes back", "it is set back",
        "a correction of seconds", "a clock that is corrected for a week", "a week asleep is no jump",
        "a boot later only what had come before has come", "after a boot the clock is behind", "a boot without an id",
    ],
)  # fmt: skip
def test_a_moment_has_come_when_two_ticks_say_so_and_the_clock_did_not_jump_between_them(
    readings: list[Reading], proven: float | None
) -> None:
    line = told(readings) if readings else None
    expected = None if proven is None else NOW + timedelta(seconds=proven)
    assert (line.proven if line else None) == expected
    assert line is None or timeline_from(timeline_facts(line)) == line


def test_one_reading_is_enough_where_no_least_is_set() -> None:
    assert told(awake((0, 50), (HOUR, 51)), timedelta(0)).proven == NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("readings", "start", "since", "not_slept"),
    [
        (awake((0, 50), (60, 110)), 0, 60, 60),
        (awake((0, 50), (HOUR + 60, 110)), 0, 60, 60),
        (awake((0, 50), (HOUR + 60, 110), (HOUR + 120, 170)), HOUR + 70, 50, 50),
        (awake((0, 50), (60 - HOUR, 110), (120 - HOUR, 170)), -HOUR - 300, HOUR + 420, HOUR + 420),
        (awake((0, 50), (60 - HOUR, 110), (120 - HOUR, 170)), -10, 130, 130),
        (awake((0, 50), (60 - HOUR, 110), (120 - HOUR, 170)), 100 - HOUR, 20, 20),
        (awake((0, 50), (60 - HOUR, 110), (120 - HOUR, 170), (180 - 3 * HOUR, 230)), 100 - HOUR, 80, 80),
        (awake((0, 50), (60.9 - HOUR, 110.9), (120 - HOUR, 170)), 60 - HOUR, 60, 60),
        ([(0, 50, 50, "one"), (WEEK, WEEK + 50, 110, "one")], -10, WEEK + 10, 70),
        ([(0, 50, 50, "one"), (WEEK, WEEK + 50, 110, "one"), (WEEK + 60, WEEK + 110, 170, "one")], WEEK, 60, 60),
        ([(0, 50, 50, "one"), (-DAY, 20, 20, "two"), (-DAY + 60, 80, 80, "two")], -30, 90, 90),
    ],
    ids=[
        "no jump", "of before a jump ahead", "of after it", "of long before the clock was set back",
        "of just before that", "of after that", "of between two of them", "of the second in which that was seen", "of before a week asleep", "of after it", "of the boot before",
    ],
)  # fmt: skip
def test_how_long_ago_a_stamp_was_made(readings: list[Reading], start: float, since: float, not_slept: float) -> None:
    line, at = told(readings), NOW + timedelta(seconds=start)
    assert (line.since(at).total_seconds(), line.awake_since(at).total_seconds()) == (since, not_slept)


def test_readings_are_of_one_moment_and_go_on() -> None:
    clock = SystemClock()
    first, second = clock.moment(), clock.moment()
    assert first.boot == second.boot
    assert first.up <= second.up
    assert first.awake <= first.up + 1
    assert abs((clock.now() - second.wall).total_seconds()) < 60


# What the planner does with it


def waiting(**more: Any) -> Mission:
    return mission(feature("1.1"), **more)


def requested(line: Timeline, hours: int = 24, **more: Any) -> Decisions:
    asked = InputRequest(
        1, asked=stamp(NOW), feature="1.1", prompt="which?", expires=stamp(NOW + timedelta(hours=hours)), status="open"
    )
    return plan(waiting(requests=(asked,), **more), line)


def expiring(line: Timeline) -> Decisions:
    return requested(line, noted={"request.reminded 1": stamp(NOW)})


def reminded(line: Timeline) -> Decisions:
    return requested(line, 25)


def external(line: Timeline) -> Decisions:
    return plan(waiting(waits=(Wait(FeatureNumber("1.1"), "person:Bob", stamp(NOW), "24h", "waiting"),)), line)


def dated(line: Timeline) -> Decisions:
    due = stamp(NOW + timedelta(hours=24))
    return plan(waiting(waits=(Wait(FeatureNumber("1.1"), f"time:{due}", stamp(NOW), "", "waiting"),)), line)


def delayed(line: Timeline) -> Decisions:
    gate = Gate("rest", GateKind.DELAY, (), (FeatureNumber("1.1"),), "24h", f"until {stamp(NOW + timedelta(hours=24))}")
    return plan(waiting(gates=(gate,)), line)


def scheduled(line: Timeline) -> Decisions:
    some = waiting(status=MissionStatus.SCHEDULED, raw_status="scheduled", schedule="tomorrow, ten o'clock")
    return plan(some, line, starts_at=NOW + timedelta(hours=24))


def recurring(line: Timeline) -> Decisions:
    rows = (LogRow(stamp(NOW - timedelta(hours=1)), "mission.recurring", ""),)
    some = waiting(status=MissionStatus.RECURRING, raw_status="recurring", schedule="0 10 * * *", progress=rows)
    return plan(some, line, starts_at=NOW + timedelta(hours=24))


def late(line: Timeline) -> Decisions:
    return plan(waiting(deadline="tomorrow, ten o'clock"), line, deadline=NOW + timedelta(hours=24))


def warned(line: Timeline) -> Decisions:
    some = waiting(deadline="in two days", started=stamp(NOW))
    return plan(some, line, deadline=NOW + timedelta(hours=48))


def overdue(line: Timeline) -> Decisions:
    some = mission(feature("1.1", FeatureStatus.DISPATCHED))
    job = Job(JobState.RUNNING, started=stamp(NOW))
    open_one = record("1.1-a1", deadline_s=86400 - 120)
    return plan(some, line, records=(open_one,), jobs={open_one.run: job})


def gone(line: Timeline) -> Decisions:
    some = mission(feature("1.1", FeatureStatus.DISPATCHED))
    job = Job(JobState.GONE, started=stamp(NOW), quiet_since=NOW + timedelta(hours=24, seconds=-5))
    open_one = record("1.1-a1")
    return plan(some, line, records=(open_one,), jobs={open_one.run: job})


def plan(some: Mission, line: Timeline, **more: Any) -> Decisions:
    return decide(some, observation(now=line.last.wall, timeline=line, **more), POLICY)


MOVES: dict[str, tuple[Callable[[Timeline], Decisions], type]] = {
    "a request expires": (expiring, MoveRequest),
    "a person is reminded of a request": (reminded, Note),
    "an external wait fails": (external, MoveWait),
    "a wait for a time ends": (dated, MoveWait),
    "a delay ends": (delayed, MoveGate),
    "a schedule is due": (scheduled, Begin),
    "a recurring mission is due": (recurring, Begin),
    "a deadline has come": (late, MoveMission),
    "a deadline comes near": (warned, Note),
    "an attempt is overdue": (overdue, Cancel),
    "an attempt is lost": (gone, Recover),
}
BEFORE: list[Reading] = awake((DAY - 300, 1000), (DAY - 240, 1060))
SECOND_TICK = awake((DAY + 1, 1301), (DAY + 61, 1361))
JUMPED = awake((0, 1000), (60, 1060), (DAY + 60, 1120))


def decided(found: Decisions) -> list[type]:
    return [
        type(d)
        for d in (*found.transitions, *found.effects)
        if isinstance(d, MoveRequest | MoveWait | MoveGate | MoveMission | Note | Begin | Cancel | Recover)
    ]


@pytest.mark.parametrize("name", MOVES)
def test_what_the_clock_does_irreversibly_needs_two_ticks_that_agree(name: str) -> None:
    move, kind = MOVES[name]
    early, first, second = told(BEFORE), told([*BEFORE, SECOND_TICK[0]]), told([*BEFORE, *SECOND_TICK])
    assert decided(move(early)) == []
    assert decided(move(first)) == []
    assert move(first).wake_at == first.last.wall + LEAST
    holds = [(h.kind, h.until) for h in move(first).holds if h.until]
    assert ("lost" if kind is Recover else "clock", first.last.wall + LEAST) in holds
    assert decided(move(second)) == [kind]
    assert decided(move(told(SECOND_TICK[:1]))) == [], "without .git/mission the first tick only notes"
    assert decided(move(told(SECOND_TICK))) == [kind]


DATES = [
    "a wait for a time ends",
    "a schedule is due",
    "a recurring mission is due",
    "a deadline has come",
    "a deadline comes near",
]


@pytest.mark.parametrize("name", [n for n in MOVES if n not in {*DATES, "an attempt is lost"}])
def test_a_duration_is_not_over_because_the_clock_was_put_ahead(name: str) -> None:
    move, kind = MOVES[name]
    for more in ([], awake((DAY + 120, 1180)), awake((DAY + 120, 1180), (DAY + HOUR, 1060 + HOUR))):
        assert decided(move(told([*JUMPED, *more]))) == []
    late = awake((2 * DAY + 120, 1120 + DAY), (2 * DAY + 180, 1180 + DAY))
    assert decided(move(told([*JUMPED, *late]))) == [kind]


@pytest.mark.parametrize("name", DATES)
def test_a_date_has_come_once_the_clock_has_proven_to_stay_where_it_jumped(name: str) -> None:
    move, kind = MOVES[name]
    assert decided(move(told(JUMPED))) == []
    assert decided(move(told([*JUMPED, *awake((120, 1180))]))) == []
    assert decided(move(told([*JUMPED, *awake((DAY + 120, 1180))]))) == [kind]


def test_a_week_asleep_is_one_missed_tick_and_costs_a_worker_nothing() -> None:
    asleep = [*BEFORE, (DAY - 240 + WEEK, 1060 + WEEK, 1061, "one"), (DAY - 180 + WEEK, 1120 + WEEK, 1121, "one")]
    line = told(asleep)
    assert decided(overdue(line)) == []
    assert overdue(line).wake_at == line.last.wall + timedelta(seconds=179)
    for name in ("a schedule is due", "a recurring mission is due", "a request expires", "a delay ends"):
        move, kind = MOVES[name]
        assert decided(move(line)) == [kind]


def test_a_supervisor_gets_its_grace_whatever_the_clock_is_set_to() -> None:
    some = mission(feature("1.1", FeatureStatus.DISPATCHED))
    open_one = record("1.1-a1")
    jobs = {open_one.run: Job(JobState.GONE, started=stamp(NOW), quiet_since=NOW + timedelta(seconds=59))}
    for ticks, effects in ((JUMPED, []), ([*JUMPED, *awake((DAY + 120, 1180))], [Recover])):
        assert decided(plan(some, told(ticks), records=(open_one,), jobs=jobs)) == effects


def test_a_backoff_counts_from_its_failure_and_not_from_where_the_clock_was_set_to() -> None:
    failed = record("1.1-a1", Cause.NOOP, ended=stamp(NOW), signature="x", tree="t")
    some = mission(feature("1.1"))
    for readings in (awake((0, 50), (HOUR, 80)), awake((0, 50), (-HOUR, 80))):
        line = told(readings)
        found = plan(some, line, records=(failed,))
        assert [(h.kind, h.until) for h in found.holds] == [("backoff", line.last.wall + timedelta(seconds=30))]
    after = plan(some, told(awake((0, 50), (30 - HOUR, 110))), records=(failed,))
    assert [type(m) for m in after.transitions] == [Dispatch]


# Daylight saving: Berlin put its clocks ahead on 29 March 2026 and back on 25 October 2026


@pytest.fixture
def berlin() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize(
    ("hours", "now", "opens"),
    [
        ("08:00-18:00", "2026-03-28T22:00Z", "2026-03-29T06:00Z"),
        ("08:00-18:00", "2026-10-24T21:00Z", "2026-10-25T07:00Z"),
        ("22:00-07:00", "2026-03-29T04:59Z", None),
        ("22:00-07:00", "2026-03-29T05:00Z", "2026-03-29T20:00Z"),
        ("22:00-07:00", "2026-10-25T05:59Z", None),
        ("22:00-07:00", "2026-10-25T06:00Z", "2026-10-25T21:00Z"),
        ("02:30-03:30", "2026-03-29T00:45Z", "2026-03-29T01:30Z"),
        ("02:30-03:30", "2026-10-25T00:40Z", None),
        ("02:30-03:30", "2026-10-25T01:10Z", "2026-10-25T01:30Z"),
    ],
    ids=["the night is short", "the night is long", "an hour less", "it ends", "an hour more", "it ends then",
         "the hour that is not there", "the hour that is there twice", "its second time"],
)  # fmt: skip
def test_windows_follow_what_people_see_on_their_clocks(hours: str, now: str, opens: str | None) -> None:
    moment = datetime.fromisoformat(now).astimezone(SystemClock().zone)
    found = opens_at(read_windows(hours), moment)
    assert (found and found.astimezone(UTC)) == (datetime.fromisoformat(opens) if opens else None)


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("2026-03-29T08:00", "2026-03-29T06:00Z"),
        ("2026-10-24", "2026-10-23T22:00Z"),
        ("2026-10-26 08:00", "2026-10-26T07:00Z"),
        ("2026-10-26T08:00Z", "2026-10-26T08:00Z"),
        ("2026-03-29T02:30", "2026-03-29T01:30Z"),
        ("2026-10-25T02:30", "2026-10-25T00:30Z"),
    ],
)
def test_a_schedule_without_a_zone_is_local_time(text: str, due: str) -> None:
    assert parse_stamp(text, SystemClock().zone) == datetime.fromisoformat(due)


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize("hour", range(-3, 4))
@pytest.mark.parametrize("switch", ["2026-03-29T01:00Z", "2026-10-25T01:00Z"])
def test_the_local_zone_is_that_of_the_c_library_in_every_hour(switch: str, hour: int) -> None:
    moment = datetime.fromisoformat(switch) + timedelta(hours=hour)
    local = moment.astimezone(SystemClock().zone)
    assert local.utcoffset() == moment.astimezone().utcoffset()
    assert local.astimezone(UTC) == moment
