"""`forecasts.json`: what forecasts of one repository were made from, and their outcomes. It may be lost at any time."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from mission_cli._support.records import from_plain, to_plain
from mission_cli.adapters.fs.atomic import make_folder, read_json, write_json
from mission_cli.domain.forecast.figures import Past
from mission_cli.domain.forecast.memory import Kept, Read, Simulated
from mission_cli.domain.forecast.outcomes import Outcomes, Part, Range

if TYPE_CHECKING:
    from pathlib import Path

_CLASSES = (Kept, Read, Simulated, Outcomes, Part, Range, Past)
_FILE = "forecasts.json"


def place_of(folder: Path) -> str:
    """Return where it is."""
    return f"{folder}/{_FILE}"


def kept_forecasts(folder: Path, version: str) -> Kept:
    """Return what this version noted; nothing if it cannot be read."""
    raw = read_json(folder / _FILE)
    try:
        found = from_plain(raw["kept"], _CLASSES) if isinstance(raw, dict) and raw.get("version") == version else None
    except (KeyError, TypeError, ValueError):
        return Kept()
    return found if isinstance(found, Kept) else Kept()


def note_forecasts(folder: Path, version: str, kept: Kept) -> None:
    """Store it; without room for it, the next forecast is made anew."""
    with suppress(OSError):
        make_folder(folder)
        write_json(folder / _FILE, {"version": version, "kept": to_plain(kept)}, durable=False)
