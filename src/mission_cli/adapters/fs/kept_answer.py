"""An answer in a runtime folder that is valid while files look the same: for commands that look at many repositories.

It may be deleted at any time. One that cannot be read, of another version, of a copied folder, or given in other
circumstances counts as missing.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mission_cli._support.records import from_plain, to_plain
from mission_cli.adapters.fs.atomic import read_json, refused_in, write_json
from mission_cli.fastpath import holds

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from mission_cli.ports.runtime import Look


class KeptAnswer:
    """The answer to one question about one repository."""

    def __init__(self, place: Path, about: Sequence[str]) -> None:
        """`about`: the circumstances: version, paths, variables."""
        self._place, self._about = place, [*about]

    def read(self, classes: Collection[type]) -> Any:
        """Return the answer, made of these classes, or None if there is none that is still valid."""
        raw = read_json(self._place)
        try:
            if raw["about"] != self._known() or refused_in(self._place.parent):
                return None
            looks: Mapping[str, Look] = raw["looks"]
            return from_plain(raw["answer"], classes) if all(map(holds, looks, looks.values())) else None
        except (KeyError, TypeError, ValueError, AttributeError, OSError):
            return None

    def write(self, answer: Any, looks: Mapping[str, Look]) -> None:
        """Keep an answer, with the looks that the files had before it was found; without room for it, keep nothing."""
        with suppress(OSError):
            kept = {"about": self._known(), "looks": dict(looks), "answer": to_plain(answer)}
            write_json(self._place, kept, durable=False, mode=0o600)

    def forget(self) -> None:
        """Keep nothing."""
        with suppress(OSError):
            self._place.unlink(missing_ok=True)

    def _known(self) -> list[str | int]:
        return [*self._about, os.fspath(self._place), self._place.parent.stat().st_ino]
