"""A timeline as plain values for a file."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from mission_cli.domain.timeline import Gap, Moment, Timeline


def timeline_facts(line: Timeline) -> dict[str, Any]:
    """Return what JSON can hold."""
    return {
        "last": _moment_facts(line.last),
        "candidate": _moment_facts(line.candidate),
        "proven": line.proven.isoformat() if line.proven else None,
        "jumps": [_gap_facts(gap) for gap in line.jumps],
        "sleeps": [_gap_facts(gap) for gap in line.sleeps],
    }


def timeline_from(raw: dict[str, Any]) -> Timeline:
    """Return it from there. Raises KeyError, TypeError or ValueError."""
    return Timeline(
        last=_moment(raw["last"]),
        candidate=_moment(raw["candidate"]),
        proven=datetime.fromisoformat(raw["proven"]) if raw["proven"] else None,
        jumps=tuple(map(_gap, raw["jumps"])),
        sleeps=tuple(map(_gap, raw["sleeps"])),
    )


def _moment_facts(moment: Moment) -> dict[str, Any]:
    return {"wall": moment.wall.isoformat(), "up": moment.up, "awake": moment.awake, "boot": moment.boot}


def _moment(raw: dict[str, Any]) -> Moment:
    return Moment(datetime.fromisoformat(raw["wall"]), float(raw["up"]), float(raw["awake"]), str(raw["boot"]))


def _gap_facts(gap: Gap) -> dict[str, Any]:
    return {"until": gap.until.isoformat(), "seconds": gap.length.total_seconds()}


def _gap(raw: dict[str, Any]) -> Gap:
    return Gap(datetime.fromisoformat(raw["until"]), timedelta(seconds=float(raw["seconds"])))
