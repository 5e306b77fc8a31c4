"""`trouble.json`: why pulses could not work, for `mission status`."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import asdict
from mission_cli._support.text import stamp
from mission_cli.adapters.fs.atomic import read_json, refused_in, write_json
from mission_cli.domain.errors import refused
from mission_cli.ports.runtime import Trouble

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def write_troubles(folder: Path, troubles: Sequence[Trouble]) -> None:
    """Record errors. Failure is ignored: the error may be this disk, and the pulse reports it too."""
    path = folder / "trouble.json"
    with suppress(OSError):
        if not troubles:
            path.unlink(missing_ok=True)
            return
        folder.mkdir(parents=True, exist_ok=True)
        write_json(path, {"troubles": [asdict(trouble) for trouble in troubles]})


def read_troubles(folder: Path) -> tuple[Trouble, ...]:
    """Return the recorded errors, and the reason if nothing can be recorded."""
    raw = read_json(folder / "trouble.json")
    found = raw.get("troubles", [raw]) if isinstance(raw, dict) else []
    try:
        kept = tuple(Trouble(**{str(name): str(text) for name, text in one.items()}) for one in found)
    except (TypeError, AttributeError):
        kept = ()
    return kept + tuple(one for one in _unwritable(folder) if one.message not in {t.message for t in kept})


def _unwritable(folder: Path) -> tuple[Trouble, ...]:
    """Return the error of a pulse that cannot even write it down, because its folder is not writable."""
    number = refused_in(folder)
    error = refused(OSError(number, os.strerror(number), os.fspath(folder))) if number else None
    return (Trouble(stamp(datetime.now(UTC)), error.message, str(error.hint)),) if error else ()
