"""Numbers, durations and dates out of range are told apart from what can be read, and never end in an exception."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from mission_cli._support.numbers import MOST, decimal_of, whole
from mission_cli._support.text import (
    EARLIEST,
    LATEST,
    LONGEST_DURATION,
    parse_duration,
    parse_stamp,
    show_duration,
    span_of,
    stamp,
    why_no_duration,
    why_no_moment,
)
from mission_cli.adapters.agents.resets import reset_time
from mission_cli.adapters.fs.noted.timelines import timeline_facts, timeline_from
from mission_cli.document.runs.record import read_run, write_run
from mission_cli.document.syntax.vocabulary import hours, number
from mission_cli.domain.budget.amounts import parse_amount, parse_entry, show_amount, why_no_amount
from mission_cli.domain.budget.ledger import account
from mission_cli.domain.errors import DocumentError
from mission_cli.domain.ids import RunId, feature_number, split_run_id
from mission_cli.domain.mission import Limits
from mission_cli.domain.runs.record import RunRecord
from mission_cli.domain.runs.usage import Usage
from mission_cli.domain.status import Cause, RecordState
from mission_cli.domain.tables import Spend
from mission_cli.domain.timing.schedule import end_of
from mission_cli.domain.timing.timeline import Gap, Moment, Timeline
from mission_cli.settings import parse

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
MANY = "9" * 5000
"""More digits than Python makes an int of."""


@pytest.mark.parametrize("text", ["9999999999999h", f"{MANY}h", f"P{MANY}D", "1000000d", "9" * 99 + "ms"])
def test_a_duration_of_ages_is_none_and_says_so(text: str) -> None:
    assert (parse_duration(text), why_no_duration(text)) == (None, "is longer than a hundred years")
    assert hours(f"~{text}") is None


@pytest.mark.parametrize("text", ["", "soon", "²h", "-5h", "nan h", "1e400h"])
def test_prose_is_no_duration(text: str) -> None:
    assert (parse_duration(text), why_no_duration(text)) == (None, "is not a duration")


def test_the_longest_duration_can_be_added_to_any_moment_that_is_read() -> None:
    assert parse_duration("36525d") == LONGEST_DURATION
    for moment in (EARLIEST, LATEST):
        for span in (LONGEST_DURATION, -LONGEST_DURATION):
            assert stamp((moment + span).astimezone(timezone(timedelta(hours=14))))
    assert [show_duration(span_of(s)) for s in (1e300, float("inf"), -1.0, float("nan"))] == ["36525 d"] * 2 + [
        "0 s"
    ] * 2


@pytest.mark.parametrize(
    ("text", "moment", "why"),
    [
        ("9999-12-31", LATEST, ""),
        ("9999-12-31T23:59:59-14:00", LATEST, ""),
        ("9999-12-31T24:00", LATEST, ""),
        ("0001-01-01", EARLIEST, "is before the year 1970"),
        ("0001-01-01T00:00:00+14:00", EARLIEST, "is before the year 1970"),
        ("1969-12-31", datetime(1969, 12, 31, tzinfo=UTC), "is before the year 1970"),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC), ""),
        ("2026-11-20T24:00:00Z", datetime(2026, 11, 21, tzinfo=UTC), ""),
        ("2026-11-20T24:01:00Z", None, "is not a date"),
        ("10000-01-01", None, "is not a date"),
        ("2026-02-30", None, "is not a date"),
        (MANY, None, "is not a date"),
        ("", None, "is not a date"),
    ],
)
def test_a_moment_beyond_the_calendar_is_the_first_or_the_last(text: str, moment: datetime | None, why: str) -> None:
    assert (parse_stamp(text), why_no_moment(text)) == (moment, why)
    assert end_of(text, UTC) is None if moment is None else end_of(text, UTC)


@pytest.mark.parametrize(
    "text", ["1e400", "1e30", MANY, "-1e29", "1" + "0" * 16, "1e-400", "nan", "inf", "-inf", "x", ""]
)
def test_a_number_out_of_range_is_none(text: str) -> None:
    assert number(text) is None
    assert decimal_of(text) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("$-100", "is below zero"),
        ("-$100", "is below zero"),
        ("\N{MINUS SIGN}5h", "is below zero"),
        ("$1e30", "is out of range"),
        ("999999999999999m", "is out of range"),
        ("unknown", "is not a number"),
        ("10,50", "can be read in two ways"),
        ("1.000,50", "can be read in two ways"),
        ("1 000", "can be read in two ways"),
        ("1,0000", "can be read in two ways"),
        ("1:30", "can be read in two ways"),
    ],
)
def test_an_amount_that_makes_room_or_cannot_be_counted_is_unknown(text: str, why: str) -> None:
    assert (parse_amount(text), why_no_amount(text)) == (None, why)


def test_amounts_that_people_write_are_read() -> None:
    texts = ["$1,200.50", "0.02h", "12k tokens", "about 12-15h", "3 M", "5min", "2m", "$1e2"]
    assert [str(parse_amount(text)) for text in texts] == [
        "1200.50",
        "0.02",
        "12000",
        "12",
        "3",
        "5",
        "2000000",
        "1E+2",
    ]
    assert show_amount("usd", MOST)
    hours = [str(parse_entry("Time (hours)", text)) for text in ("45m", "1h30m", "0.02h", "2", "about 3h", "1:30")]
    assert hours == ["0.7500", "1.5000", "0.0200", "2", "3", "None"]


@pytest.mark.parametrize(("text", "value"), [("12", 12), ("٣", 3), ("²", None), ("-1", None), (MANY, None), ("", None)])
def test_whole_numbers_are_digits_and_not_too_many(text: str, value: int | None) -> None:
    assert whole(text) == value


def test_numbers_of_features_and_runs_have_as_many_digits_as_an_int_can_have() -> None:
    assert feature_number(f"1.{MANY}") is None
    assert split_run_id(f"m/1.1-a{MANY}") is None
    assert reset_time("", {"retry-after": MANY}, NOW) == ""


@pytest.mark.parametrize("value", ["1.0e+400", ".inf", ".nan", "1" + "0" * 40, MANY[:100], "-3", "'1e99999'"])
def test_odd_amounts_in_a_record_hold_as_much_as_there_is_and_never_make_room(value: str) -> None:
    text = write_run(RunRecord(RunId("m/1.1-a1"), RecordState.INTENDED))
    for name in ("deadline_s", "cost_usd", "hours", "steps"):
        text = text.replace(f"\n{name}: '0'", f"\n{name}: {value}").replace(f"\n{name}: 0", f"\n{name}: {value}")
    text = text.replace("  usd: '0'", f"  usd: {value}").replace("  tokens: 0", f"  tokens: {value}")
    record = read_run(text)
    assert record is not None
    expected = Decimal(0) if value == "-3" else MOST
    assert (record.usage.usd, record.usage.hours, record.reserve.usd) == (None, expected, expected)
    assert (record.steps, record.reserve.tokens) == (int(expected), int(expected))
    assert record.deadline_s <= LONGEST_DURATION.total_seconds()


@pytest.mark.parametrize(
    "text", ['retry_delays = ["99999999999h"]', f'check_timeout = "{MANY}h"', "plan_max_usd = 1e400"]
)
def test_settings_out_of_range_are_refused_with_their_place(text: str) -> None:
    with pytest.raises(DocumentError, match=r"^\.mission\.toml:1:1: `"):
        parse(text, ".mission.toml")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("wall", "9999-12-31"),
        ("wall", "0001-01-01"),
        ("up", float("inf")),
        ("up", 1e300),
        ("awake", "nan"),
        ("wall", ""),
    ],
)
def test_a_timeline_with_odd_values_is_none_or_can_be_reckoned_with(name: str, value: object) -> None:
    moment = Moment(NOW, 1.0, 1.0, "b")
    facts = timeline_facts(Timeline(moment, moment, NOW, (Gap(NOW, timedelta(1)),)))
    facts["last"][name] = value
    try:
        line = timeline_from(facts)
    except (KeyError, TypeError, ValueError):
        return
    assert line.since(EARLIEST) + line.awake_since(LATEST) is not None


def test_a_row_that_somebody_took_out_of_the_log_makes_no_room() -> None:
    run = RunRecord(RunId("m/1.1-a1"), RecordState.SETTLED, cause=Cause.DONE, usage=Usage(usd=Decimal("4.5")))
    typed = Spend("2026-11-20", "usd", Decimal("0.5"))
    logged = Spend("2026-11-20", "usd", Decimal(6))
    for rows, spent_then in (((), "4.5"), ((typed,), "4.5"), ((logged,), "6")):
        assert account(Limits(usd=Decimal(5)), rows, (run,)).spent.usd == Decimal(spent_then)
