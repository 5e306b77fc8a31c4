"""Windows of the day."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mission_cli.domain.timing.hours import opens_at, read_windows


@pytest.mark.parametrize(
    ("hours", "now", "opens"),
    [
        ("", "12:00", None),
        ("22:00-07:00", "23:59", None),
        ("22:00-07:00", "06:59", None),
        ("22:00-07:00", "07:00", "2026-05-01 22:00"),
        ("22:00-07:00", "21:59", "2026-05-01 22:00"),
        ("09:00-17:00", "08:59", "2026-05-01 09:00"),
        ("09:00-17:00", "17:00", "2026-05-02 09:00"),
        ("12:00-13:00, 22:00-24:00", "15:30", "2026-05-01 22:00"),
        ("12:00-13:00, 22:00-24:00", "23:59", None),
        ("00:00-24:00", "15:30", None),
    ],
)
def test_a_window_says_when_workers_may_be_started(hours: str, now: str, opens: str | None) -> None:
    moment = datetime.fromisoformat(f"2026-05-01 {now}:30+00:00")
    found = opens_at(read_windows(hours), moment)
    assert found == (datetime.fromisoformat(opens).replace(tzinfo=UTC) if opens else None)


@pytest.mark.parametrize("hours", ["22-7", "25:00-07:00", "22:00", "22:60-07:00", "late"])
def test_what_is_no_window_is_refused(hours: str) -> None:
    with pytest.raises(ValueError, match="is not a time window"):
        read_windows(hours)
