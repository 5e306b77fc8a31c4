"""Convert a timeline to plain values for JSON, and back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from mission_cli._support.numbers import decimal_of
from mission_cli._support.text import (
    LONGEST_DURATION,
    parse_stamp,
    why_no_moment,
)
from mission_cli.domain.timing.timeline import (
    Gap,
    Moment,
    Timeline,
)


def timeline_facts(line: Timeline) -> dict[str, Any]:
    """Return a timeline as values for JSON."""
    return {
        "last": _moment_facts(line.last),
        "candidate": _moment_facts(line.candidate),
        "proven": line.proven.isoformat() if line.proven else None,
        "jumps": [_gap_facts(gap) for gap in line.jumps],
        "sleeps": [_gap_facts(gap) for gap in line.sleeps],
    }


def timeline_from(raw: dict[str, Any]) -> Timeline:
    """Return the timeline from such values. Raises KeyError, TypeError or ValueError."""
    return Timeline(
        last=_moment(raw["last"]),
        candidate=_moment(raw["candidate"]),
        proven=_time(raw["proven"]) if raw["proven"] else None,
        jumps=tuple(map(_gap, raw["jumps"])),
        sleeps=tuple(map(_gap, raw["sleeps"])),
    )


def _moment_facts(moment: Moment) -> dict[str, Any]:
    return {"wall": moment.wall.isoformat(), "up": moment.up, "awake": moment.awake, "boot": moment.boot}


def _moment(raw: dict[str, Any]) -> Moment:
    return Moment(_time(raw["wall"]), _seconds(raw["up"]), _seconds(raw["awake"]), str(raw["boot"]))


def _gap_facts(gap: Gap) -> dict[str, Any]:
    return {"until": gap.until.isoformat(), "seconds": gap.length.total_seconds()}


def _gap(raw: dict[str, Any]) -> Gap:
    return Gap(_time(raw["until"]), timedelta(seconds=_seconds(raw["seconds"])))


def _time(text: str) -> datetime:
    moment = parse_stamp(text)
    if moment is None:
        raise ValueError(f"{text!r} {why_no_moment(text)}")
    return moment


def _seconds(raw: object) -> float:
    number = decimal_of(raw)
    if number is None or abs(number) > LONGEST_DURATION.total_seconds():
        raise ValueError(f"{raw!r} is not a number of seconds")
    return float(number)
