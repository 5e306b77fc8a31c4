"""Files that a check leaves: its judge writes them beside its usage file, the supervisor takes them in."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.judges.kept import FOLDER, LARGEST

if TYPE_CHECKING:
    from pathlib import Path

MOST = 6
_NAME = pattern(r"[a-z][a-z0-9-]{0,60}\.(?:png|zip)")


def take_in(out: Path, place: Path) -> None:
    """Copy what a check has left in the folder `out` to `place`: a few regular files, by name and size."""
    found = read_files(out / FOLDER)
    if found:
        place.mkdir(exist_ok=True)
    for name, content in found.items():
        (place / name).write_bytes(content)


def read_files(folder: Path) -> dict[str, bytes]:
    """Return the files in a folder, without following links; empty if there is none."""
    found: dict[str, bytes] = {}
    with suppress(OSError):
        if folder.is_symlink():
            return {}
        for name in sorted(os.listdir(folder))[:100]:  # noqa: PTH208 - names only
            if not _NAME.fullmatch(name) or len(found) >= MOST:
                continue
            with suppress(OSError):
                source = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
                with os.fdopen(source, "rb") as file:
                    facts = os.fstat(source)
                    if stat.S_ISREG(facts.st_mode) and facts.st_size <= LARGEST:
                        found[name] = file.read(LARGEST)
    return found
