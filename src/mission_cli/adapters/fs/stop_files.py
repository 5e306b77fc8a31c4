"""The files STOP and STOP-PAYMENTS: what they say, and how they are written even on a full disk."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mission_cli._support.text import parse_stamp, stamp
from mission_cli.adapters.fs.atomic import make_folder, read_json, sync_folder, write_json
from mission_cli.ports.runtime import Stopped

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def read_stop(place: Path) -> Stopped | None:
    """Return the content of such a file, or None if there is none. A person may have created it, empty."""
    try:
        made = place.stat().st_mtime
    except OSError:
        return None
    raw = read_json(place)
    said = raw if isinstance(raw, dict) else {}
    since = said.get("since") if isinstance(said.get("since"), str) and parse_stamp(said["since"]) else None
    return Stopped(since or stamp(datetime.fromtimestamp(made, UTC)), str(said.get("by", "")))


def write_stop(place: Path, by: str, *, on: bool, spare: Iterable[str]) -> None:
    """Create or remove such a file durably; `spare` are files beside it that may be lost at any time."""
    if not on:
        place.unlink(missing_ok=True)
        sync_folder(place.parent)
    elif not place.exists():
        _create(place, by, spare)


def _create(place: Path, by: str, spare: Iterable[str]) -> None:
    """Write the file. On a full disk, an empty file may still fit, and an existing file can always be renamed."""
    try:
        make_folder(place.parent)
        write_json(place, {"since": stamp(datetime.now(UTC)), "by": by})
    except OSError as error:
        try:
            place.touch()
        except OSError:
            other = next((place.with_name(name) for name in spare if place.with_name(name).exists()), None)
            if other is None:
                raise error from None
            other.replace(place)
            os.utime(place)
