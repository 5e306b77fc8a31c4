"""The idle signature, `idle.json`: what has to change before there is anything to do. `fastpath.py` reads it."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mission_cli.adapters.fs.atomic import read_json, write_json
from mission_cli.fastpath import KICK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mission_cli.ports.runtime import Look


def write_signature(
    folder: Path,
    version: str,
    *,
    looks: Mapping[str, Look],
    jobs: Sequence[str],
    wake_at: datetime | None,
    full_look_s: float,
    again: bool,
    unfinished: bool,
) -> float:
    """Write the state of files, the running jobs, and when to wake up; return the time at which it was written."""
    now = time.time()
    look = now + full_look_s
    signature = {
        "version": version,
        "folder": folder.stat().st_ino,
        "written": now,
        "due": min(look, wake_at.timestamp()) if wake_at else look,
        "wake": wake_at.timestamp() if wake_at else None,
        "looks": dict(looks),
        "jobs": list(jobs),
        "again": again,
        "unfinished": unfinished,
    }
    write_json(folder / "idle.json", signature)
    return now


def written_at(folder: Path) -> float | None:
    """Return when the present signature was written."""
    raw = read_json(folder / "idle.json")
    written = raw.get("written") if isinstance(raw, dict) else None
    return written if isinstance(written, float) else None


def due_at(folder: Path) -> datetime | None:
    """Return the wake-up time of the signature, or the time of a wake-up request, whichever is earlier."""
    raw = read_json(folder / "idle.json")
    wake = raw.get("wake") if isinstance(raw, dict) else None
    moments = [float(wake)] if isinstance(wake, int | float) else []
    with suppress(OSError):
        moments.append((folder / KICK).stat().st_mtime)
    return datetime.fromtimestamp(min(moments), UTC) if moments else None
