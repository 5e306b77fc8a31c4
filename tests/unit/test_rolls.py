"""Run records put together by year: nothing of them changes, whatever they hold and whoever merges them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mission_cli.adapters.git.state.merging import merge_texts
from mission_cli.app.commands.cleanup import rolled_up
from mission_cli.document.runs.archive import is_roll, join_roll, split_roll, year_in, year_of
from mission_cli.document.runs.record import read_run, write_run
from mission_cli.domain.ids import RunId
from mission_cli.domain.runs.record import RunRecord
from mission_cli.domain.runs.usage import Usage
from mission_cli.domain.status import Cause, RecordState

NAMES = st.from_regex(r"(plan|[1-9][0-9]?\.[1-9][0-9]?)-a[1-9][0-9]?", fullmatch=True)


def record(name: str, *, ended: str = "2026-05-01T10:00:00Z", settled: bool = True, prompt: str = "Do it.") -> str:
    state = RecordState.SETTLED if settled else RecordState.INTENDED
    cause, end = (Cause.DONE, ended) if settled else (None, "")
    usage = Usage(Decimal("0.5"))
    some = RunRecord(RunId(f"m/{name}"), state, cause=cause, intended=ended, ended=end, usage=usage, prompt=prompt)
    return write_run(some)


@given(st.dictionaries(NAMES, st.text(), max_size=6))
@example(
    {"1.1-a1": "no line ending", "1.1-a2": "<!-- run records of 2026, each behind a line with the word 00000000 -->\n"}
)
def test_records_come_out_as_they_went_in_and_in_one_order(records: dict[str, str]) -> None:
    text = join_roll("2026", records)
    assert split_roll(text) == records
    assert join_roll("2026", dict(reversed(records.items()))) == text
    assert year_in(text) == "2026"
    assert split_roll(join_roll("2026", {"1.1-a1": text})) == {"1.1-a1": text}


def test_a_roll_shows_records_by_feature_and_attempt() -> None:
    roll = join_roll("2026", {name: record(name) for name in ("1.10-a1", "1.2-a11", "1.2-a2", "plan-a1")})
    assert list(split_roll(roll)) == ["plan-a1", "1.2-a2", "1.2-a11", "1.10-a1"]
    assert [r.run for t in split_roll(roll).values() if (r := read_run(t))] == [
        "m/plan-a1",
        "m/1.2-a2",
        "m/1.2-a11",
        "m/1.10-a1",
    ]


def test_what_somebody_broke_by_hand_holds_no_records() -> None:
    assert split_roll("# My notes\n" + join_roll("2026", {"1.1-a1": record("1.1-a1")})) == {}
    assert [is_roll(name) for name in ("2026", "1.1-a1", "plan-a1", "20261")] == [True, False, False, False]
    assert [year_of(stamp) for stamp in ("2026-01-01T00:00:00Z", "", "yesterday")] == ["2026", "0000", "0000"]


def test_two_clones_that_both_put_records_together_lose_none() -> None:
    one, two, three = (
        {n: record(n) for n in names} for names in (["1.1-a1"], ["1.1-a1", "1.2-a1"], ["1.1-a1", "1.3-a1"])
    )
    base, ours, theirs = (join_roll("2026", records) for records in (one, two, three))
    for first in (base, ""):
        merged = merge_texts(first, ours, theirs, path="m/runs/2026.md")
        assert (merged.conflicts, split_roll(merged.text)) == (0, {**two, **three})
        assert merge_texts(first, theirs, ours, path="m/runs/2026.md").text == merged.text


@pytest.mark.parametrize(
    ("files", "over", "names"),
    [
        ({}, True, []),
        ({"1.1-a1": record("1.1-a1"), "1.1-a2": record("1.1-a2", settled=False)}, True, ["1.1-a1"]),
        ({"1.1-a1": record("1.1-a1"), "2026": "anything"}, True, ["1.1-a1"]),
        ({"1.1-a1": record("1.1-a1"), "notes": "# by hand"}, False, []),
        ({"1.1-a1": record("1.1-a1", ended="2025-12-31T23:59:59Z"), "1.1-a2": record("1.1-a2")}, False, ["1.1-a1"]),
        ({f"1.1-a{n}": record(f"1.1-a{n}", ended=f"2026-05-01T{n // 60:02}:{n % 60:02}:00Z") for n in range(1, 104)}, False, [f"1.1-a{n}" for n in range(1, 54)]),
        ({f"1.1-a{n}": record(f"1.1-a{n}") for n in range(1, 101)}, False, []),
    ],
    ids=["none", "what is open", "a year's file", "what is no record", "older years", "all but the newest of many", "not so many"],
)  # fmt: skip
def test_which_records_are_put_together(files: dict[str, str], over: bool, names: list[str]) -> None:  # noqa: FBT001 - a table
    assert rolled_up(files, over=over, year=str(datetime(2026, 6, 1).year)) == names  # noqa: DTZ001 - only its year
