"""Small laws about text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mission_cli._support.text import (
    first_error,
    one_line,
    parse_duration,
    parse_stamp,
    show_duration,
    signature,
    stamp,
)
from mission_cli.domain.ids import feature_number, mission_id, run_id, split_run_id, why_bad_id


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("2h", 120),
        ("90m", 90),
        ("90 min", 90),
        ("2h10m", 130),
        ("1.5h", 90),
        ("PT30M", 30),
        ("P1DT1H", 1500),
        ("60s", 1),
        ("2d", 2880),
    ],
)
def test_durations(text: str, minutes: int) -> None:
    assert parse_duration(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize("text", ["", "soon", "2 months", "P1M", "h", "-", "1h later"])
def test_what_is_no_duration(text: str) -> None:
    assert parse_duration(text) is None


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0 s"), (45, "45 s"), (750, "12 min"), (7800, "2 h 10 min"), (10800, "3 h"), (273600, "3 d 4 h"), (-5, "0 s")],
)
def test_durations_as_people_read_them(seconds: int, shown: str) -> None:
    assert show_duration(timedelta(seconds=seconds)) == shown


def test_stamps_are_utc_and_dates_are_midnight() -> None:
    assert stamp(datetime(2026, 11, 20, 10, tzinfo=UTC)) == "2026-11-20T10:00:00Z"
    assert parse_stamp("2026-11-20T10:00:00Z") == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert parse_stamp("2026-11-20T11:00:00+01:00") == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert parse_stamp("2026-11-20") == datetime(2026, 11, 20, tzinfo=UTC)
    assert parse_stamp("tomorrow") is None


def test_a_failure_has_the_same_signature_when_only_numbers_paths_and_hashes_differ() -> None:
    one = signature("run: pytest", "AssertionError: 17 != 18 at /tmp/a/b/test_x.py line 4 commit 4f2c1a9bb")
    two = signature("run: pytest", "AssertionError: 3 != 4 at /home/me/x/y.py line 12 commit deadbeef1")
    assert one == two
    assert one != signature("run: pytest", "ValueError: 17")
    assert len(one) == 8


def test_the_line_that_names_a_failure() -> None:
    assert first_error("collecting\nE  AssertionError: x\n1 failed in 2s\n") == "1 failed in 2s"
    assert first_error("a\nb\n\n") == "b"
    assert first_error("") == ""


def test_one_line_holds_no_control_characters() -> None:
    assert one_line("a\x1b[31m\n\tb") == "a\N{REPLACEMENT CHARACTER}[31m b"
    assert one_line("x" * 300) == "x" * 199 + "…"


@pytest.mark.parametrize("text", ["m-20261120-4f2c1a", "words", "A.b_c-1", "9lives"])
def test_ids(text: str) -> None:
    assert mission_id(text) == text


@pytest.mark.parametrize("text", ["", "-x", "a/b", "a..b", "a.lock", "a.", "12", "1e3", "a b", "ä", "x" * 101])
def test_what_is_no_id(text: str) -> None:
    assert why_bad_id(text)
    with pytest.raises(ValueError, match="cannot be a mission id"):
        mission_id(text)


def test_run_ids_are_one_string_for_everything() -> None:
    number = feature_number(" F1.02 ")
    assert number == "1.2"
    run = run_id(mission_id("m-1"), number, 3)
    assert run == "m-1/1.2-a3"
    assert split_run_id(run) == ("m-1", "1.2", 3)
    assert split_run_id("m-1/work") is None
