"""Schedules and deadlines: when an execution begins, what it begins with, and what ends a mission that comes again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from tests.kit.missions import NOW, POLICY, feature, mission, observation, record
from tests.unit.test_keys_act import committed, honest, host_of

from mission_cli._support.dataclass import replace
from mission_cli._support.text import parse_stamp, stamp
from mission_cli.app.addressing import resolve
from mission_cli.app.queries.status import status_of
from mission_cli.document.editing import patch
from mission_cli.document.reading.load import load
from mission_cli.domain.criteria.criterion import Criterion
from mission_cli.domain.events import EventKind
from mission_cli.domain.ids import FeatureNumber
from mission_cli.domain.noted import notes_of
from mission_cli.domain.status import Cause, CriterionKind, FeatureStatus, MilestoneStatus, MissionStatus
from mission_cli.domain.tables import InputRequest, LogRow
from mission_cli.domain.timing.schedule import end_of, next_due, why_no_schedule
from mission_cli.engine.executions import begin
from mission_cli.engine.loop import pulse
from mission_cli.planner.core.moves.mission import Begin, Finish, MoveMission, Note
from mission_cli.planner.core.requests import find_request
from mission_cli.planner.decide import decide
from mission_cli.planner.milestones.judgment import check_key
from mission_cli.planner.mission.executions import due_at

if TYPE_CHECKING:
    from mission_cli.domain.mission import Mission
    from mission_cli.planner.core.decisions import Decisions

BERLIN = ZoneInfo("Europe/Berlin")
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
PLAN = """\
budget: {time_hours: 10}
preferences: {runner: script}
milestones: [{name: Only, validation: ["manual: good?"], features: [{title: one, criteria: ["file: `x`"]}]}]
"""


# When it is due


@pytest.mark.parametrize(
    ("schedule", "after", "due"),
    [
        ("2026-11-30T03:00", "2026-11-20T10:00Z", "2026-11-30T02:00Z"),
        ("2026-11-30T03:00Z", "2027-01-01T10:00Z", "2026-11-30T03:00Z"),
        ("0 3 * * 1", "2026-11-20T10:00Z", "2026-11-23T02:00Z"),
        ("0 3 * * 1", "2026-11-23T02:00Z", "2026-11-30T02:00Z"),
        ("*/20 9-17 * * MON-FRI", "2026-11-20T16:50Z", "2026-11-23T08:00Z"),
        ("30 2 * * *", "2026-03-28T12:00Z", "2026-03-29T01:00Z"),
        ("30 2 * * *", "2026-03-29T01:00Z", "2026-03-30T00:30Z"),
        ("30 2 * * *", "2026-10-24T12:00Z", "2026-10-25T00:30Z"),
        ("30 2 * * *", "2026-10-25T00:30Z", "2026-10-26T01:30Z"),
        ("0 * * * *", "2026-10-25T00:00Z", "2026-10-25T01:00Z"),
        ("0 0 31 2 *", "2026-11-20T10:00Z", None),
        ("61 3 * * 1", "2026-11-20T10:00Z", None),
        ("next Monday", "2026-11-20T10:00Z", None),
        ("", "2026-11-20T10:00Z", None),
    ],
    ids=[
        "one time is local time", "one time that has passed", "each Monday", "behind one Monday the next", "workdays",
        "an hour that is left out", "is not left out twice", "an hour that comes twice", "is due once",
        "each hour counts both", "a day that never comes", "no minute", "words", "nothing",
    ],
)  # fmt: skip
def test_when_a_schedule_is_due(schedule: str, after: str, due: str | None) -> None:
    expected = datetime.fromisoformat(due) if due else None
    assert next_due(schedule, datetime.fromisoformat(after), BERLIN) == expected


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ("2026-11-30", ""),
        ("0 3 * * 1", ""),
        ("0 25 * * 1", "bad hour"),
        ("0 0 31 2 *", "bad day-of-month"),
        ("@weekly", "it is neither a time nor five cron fields"),
        ("0 3 * *", "it is neither a time nor five cron fields"),
    ],
)
def test_what_is_wrong_with_a_schedule(schedule: str, words: str) -> None:
    assert why_no_schedule(schedule) == words


def test_a_day_without_an_hour_lasts_to_its_end() -> None:
    assert end_of("2026-11-20", BERLIN) == datetime(2026, 11, 20, 23, tzinfo=UTC)
    assert end_of("2026-10-25", BERLIN) == datetime(2026, 10, 25, 23, tzinfo=UTC), "the day has 25 hours"
    assert end_of("2026-11-20T10:00", BERLIN) == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert end_of("soon", BERLIN) is None


# What the planner makes of it


def recurring(*rows: LogRow, **more: Any) -> Mission:
    facts = {"status": MissionStatus.RECURRING, "raw_status": "recurring", "schedule": "0 10 * * *", **more}
    return mission(feature("1.1", FeatureStatus.DONE), progress=rows, **facts)


def waits(at: datetime) -> LogRow:
    return LogRow(stamp(at), "mission.recurring", "it waits")


def plan(some: Mission, **more: Any) -> Decisions:
    more.setdefault("starts_at", due_at(some, NOW, UTC))
    return decide(some, observation(**more), POLICY)


def test_whoever_writes_recurring_by_hand_gets_a_row_that_it_waits_from() -> None:
    row = LogRow(stamp(NOW - 3 * DAY), "mission.started", "")
    assert plan(recurring(waits(NOW - 9 * DAY), row)).transitions == (
        Note(EventKind.MISSION_RECURRING, "it waits for `0 10 * * *`"),
    )
    held = plan(recurring(row, waits(NOW)))
    assert (held.transitions, [(h.detail, h.until, h.person) for h in held.holds]) == (
        (), [(f"it starts at {NOW + DAY:%a %Y-%m-%d %H:%M}", NOW + DAY, False)],
    )  # fmt: skip
    assert held.wake_at == NOW + DAY


def test_however_many_were_missed_are_one_and_the_next_is_the_one_behind_now() -> None:
    assert plan(recurring(waits(NOW - 30 * DAY))).transitions == (
        Begin(f"{NOW - 29 * DAY:%a %Y-%m-%d %H:%M} has come"),
    )
    active = recurring(waits(NOW - 30 * DAY), status=MissionStatus.ACTIVE)
    assert due_at(active, NOW, UTC) == NOW + DAY


def test_nothing_is_due_behind_the_end() -> None:
    last = plan(recurring(waits(NOW)), last_due=NOW + timedelta(hours=23), starts_at=NOW + DAY)
    assert last.transitions == (Finish("its schedule `0 10 * * *` has no time before its end, "),)
    assert plan(recurring(waits(NOW)), last_due=NOW + DAY, starts_at=NOW + DAY).transitions == ()


@pytest.mark.parametrize(
    ("status", "schedule", "words"),
    [
        ("recurring", "61 * * * *", "its schedule `61 * * * *` is not a valid time"),
        ("recurring", "", "its schedule `` is not a valid time"),
        ("scheduled", "soon", "its schedule `soon` is not a valid time"),
        ("scheduled", "0 3 * * *", "it is scheduled, but its schedule `0 3 * * *` needs the status recurring"),
        ("recurring", "2026-12-24", "it is recurring, but its schedule `2026-12-24` needs the status scheduled"),
    ],
)
def test_a_schedule_that_does_not_fit_asks_a_person(status: str, schedule: str, words: str) -> None:
    some = recurring(waits(NOW), status=MissionStatus(status), raw_status=status, schedule=schedule)
    found = plan(some)
    assert (found.transitions, [(h.detail, h.person) for h in found.holds]) == ((), [(words, True)])


def test_the_deadline_pauses_once_and_a_person_who_resumes_has_decided() -> None:
    started = LogRow(stamp(NOW - 5 * DAY), "mission.started", "")
    late = mission(feature("1.1"), deadline="yesterday", progress=(started,))
    words = "its deadline yesterday has passed: continue (mission resume m), or stop (mission cancel m)"
    found = plan(late, deadline=NOW - DAY)
    assert found.transitions == (MoveMission(MissionStatus.PAUSED, words),)
    resumed = LogRow(stamp(NOW), "mission.resumed", "")
    again = mission(feature("1.1"), deadline="yesterday", progress=(started, resumed))
    assert not any(isinstance(m, MoveMission) for m in plan(again, deadline=NOW - DAY).transitions)
    early = plan(late, deadline=NOW + DAY)
    assert not any(isinstance(m, MoveMission) for m in early.transitions)
    assert early.wake_at == NOW + DAY


def warned(some: Mission, at: datetime, over: datetime) -> list[tuple[str, tuple[str, ...]]]:
    """What is said about the deadline at a time, and what is noted of that."""
    found = decide(some, observation(now=at, deadline=over), POLICY)
    notes = [m for m in found.transitions if isinstance(m, Note) and m.event is EventKind.DEADLINE_WARNING]
    paused = [m for m in found.transitions if isinstance(m, MoveMission)]
    assert bool(paused) is (at >= over)
    return [(note.details, note.about) for note in notes]


def test_each_part_of_the_time_until_the_deadline_is_said_once() -> None:
    over = NOW + 10 * HOUR
    some = mission(feature("1.1"), started=stamp(NOW), deadline="tonight")
    noted: dict[str, str] = {}
    said = []
    for minutes in range(0, 601, 30):
        now = NOW + timedelta(minutes=minutes)
        for words, about in warned(replace(some, noted=noted), now, over):
            said.append((minutes, words))
            noted |= dict(notes_of(EventKind.DEADLINE_WARNING, about, words, stamp(now), noted))
    assert said == [
        (300, "50% of the time until its deadline tonight has passed: 5 h left of 10 h"),
        (480, "80% of the time until its deadline tonight has passed: 2 h left of 10 h"),
        (600, "100% of the time until its deadline tonight has passed: no time is left"),
    ]
    later = over + 10 * HOUR
    assert [w for w, _ in warned(replace(some, noted=noted), over, later)] == [
        "50% of the time until its deadline tonight has passed: 10 h left of 20 h"
    ]


def test_parts_that_passed_while_nothing_ran_are_one_warning() -> None:
    over = NOW + 10 * HOUR
    some = mission(feature("1.1"), started=stamp(NOW), deadline="tonight")
    abouts = [f"{stamp(over)} {pct}" for pct in (50, 80, 100)]
    assert [about for _, about in warned(some, NOW + 9 * HOUR, over)] == [(abouts[0], abouts[1])]
    assert [about for _, about in warned(some, over + HOUR, over)] == [tuple(abouts)]


@pytest.mark.parametrize("started", ["", "soon", stamp(NOW + DAY)])
def test_without_a_time_between_start_and_deadline_nothing_is_warned_of(started: str) -> None:
    some = mission(feature("1.1"), started=started, deadline="tonight")
    assert warned(some, NOW + 9 * HOUR, NOW + 10 * HOUR) == []


def test_a_warning_is_recorded_told_and_never_repeated() -> None:
    host = host_of(honest, m=f"title: One\ndeadline: {stamp(NOW + 2 * DAY)}\n{PLAN}")
    began = parse_stamp(committed(host).started)
    assert began is not None
    seen: list[timedelta | None] = []
    for _ in range(9):
        for _ in range(3):
            assert not pulse(host.context()).bugs
            host.jobs.clock.time.pass_by(timedelta(minutes=1))
        ctx = host.context()
        seen.append(status_of(ctx, ctx.state.snapshot(), resolve(ctx.state.snapshot(), "m")).until_deadline)
        host.jobs.clock.time.pass_by(6 * HOUR)
    rows = [r.details.partition(" of the time")[0] for r in committed(host).progress if r.event == "deadline.warning"]
    assert rows == ["50%", "80%", "100%"]
    assert committed(host).status is MissionStatus.PAUSED
    assert [left is not None and left > timedelta(0) for left in seen] == [True] * 8 + [False]


def test_a_judgment_and_an_answer_of_an_earlier_execution_are_over() -> None:
    criterion = Criterion("file: `a`", CriterionKind.FILE, paths=("a",))
    once, again = (recurring(executions=n, started=stamp(NOW)) for n in (1, 2))
    assert check_key(criterion, "t", POLICY, once) != check_key(criterion, "t", POLICY, again)
    plain = [mission(feature("1.1"), executions=n) for n in (1, 2)]
    assert check_key(criterion, "t", POLICY, plain[0]) == check_key(criterion, "t", POLICY, plain[1])
    before = InputRequest(1, asked=stamp(NOW - DAY), feature="1", prompt="good?", status="answered", response="pass")
    after = InputRequest(2, asked=stamp(NOW), feature="1", prompt="good?", status="answered", response="fail")
    assert find_request(recurring(started=stamp(NOW), requests=(before,)), "1", "good?") is None
    assert find_request(recurring(started=stamp(NOW), requests=(before, after)), "1", "good?") == after
    assert find_request(mission(feature("1.1"), started=stamp(NOW), requests=(before,)), "1", "good?") == before


# What an execution begins with

DONE = """\
---
status: recurring
schedule: 0 3 * * 1
started: 2026-11-16T03:00:00Z
completed: 2026-11-16T05:00:00Z
executions: 3
---
# Weekly

## Milestones

### Milestone 1: Only

**Status:** passed
**Rounds:** 2
**Passed at:** 50ebc8a22c95

| # | Feature | Status |
|---|---|---|
| 1.1 | update `[tries-after:2]` | done |
| 1.2 | left out | skipped |
| 1.3 | fix: what failed `[fixes:1a2b3c4d]` | done |
| 1.4 | fix: another `[fixes:2b3c4d5e]` | failed |

#### Validation Criteria

- [x] file: `a.txt` <!-- start fail 2026-11-01T03:00Z 16f9ad2 --> <!-- pass 2026-11-16T05:00Z 50ebc8a -->
- [x] manual: it looks good

#### 1.1 update

- [x] grep: `new` in `a.txt` <!-- pass 2026-11-16T04:00Z 50ebc8a -->

### Milestone 2: Dropped

**Status:** skipped

| # | Feature | Status |
|---|---|---|
| 2.1 | nothing | skipped |

## Gates

| Gate | Kind | After | Blocks | Rule | Notify | Status |
|---|---|---|---|---|---|---|
| look | approval | 1.1 | | | | approved |
"""


def test_a_new_execution_begins_with_all_to_be_done_and_nothing_judged() -> None:
    loaded = load(DONE, "w")
    made = patch.apply(DONE, list(begin(loaded, [record("1.1-a5", cause=Cause.DONE)], NOW)), where="w")
    expected = DONE
    for before, after in (
        ("status: recurring", "status: active"),
        ("started: 2026-11-16T03:00:00Z", f'started: "{stamp(NOW)}"'),
        ("completed: 2026-11-16T05:00:00Z", 'completed: ""'),
        ("executions: 3", "executions: 4"),
        ("**Status:** passed\n**Rounds:** 2", "**Status:** pending\n**Rounds:** 0"),
        ("| 1.1 | update `[tries-after:2]` | done |", "| 1.1 | update `[tries-after:5]` | pending |"),
        ("`[fixes:2b3c4d5e]` | failed |", "`[fixes:2b3c4d5e]` | skipped |"),
        (
            "- [x] file: `a.txt` <!-- start fail 2026-11-01T03:00Z 16f9ad2 --> <!-- pass 2026-11-16T05:00Z 50ebc8a -->",
            "- [ ] file: `a.txt` <!-- start fail 2026-11-01T03:00Z 16f9ad2 -->",
        ),
        ("- [x] manual", "- [ ] manual"),
        ("- [x] grep: `new` in `a.txt` <!-- pass 2026-11-16T04:00Z 50ebc8a -->", "- [ ] grep: `new` in `a.txt`"),
        ("| | | | approved |", "| | | | pending  |"),
    ):
        assert before in expected
        expected = expected.replace(before, after, 1)
    assert made == expected


def test_where_nothing_recurs_a_new_execution_goes_on_with_what_is_there() -> None:
    text = DONE.replace("schedule: 0 3 * * 1\n", "").replace("status: recurring", "status: completed")
    made = load(patch.apply(text, list(begin(load(text, "w"), [], NOW)), where="w"), "w").mission
    assert (made.status, made.executions) == (MissionStatus.ACTIVE, 4)
    assert made.milestones[0].status is MilestoneStatus.PASSED
    assert made.feature(FeatureNumber("1.1")) == load(text, "w").mission.feature(FeatureNumber("1.1"))
