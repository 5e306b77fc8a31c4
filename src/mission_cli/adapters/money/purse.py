"""`budgets/` in the user's state folder: a JSON file for each repository, and a lock for all of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli._support.records import from_plain, to_plain
from mission_cli.adapters.fs.atomic import make_folder, write_json
from mission_cli.adapters.fs.locks import locked
from mission_cli.domain.budget.across import Counted, Part, Row
from mission_cli.ports.money import Parts

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

_CLASSES = (Part, Counted, Row)
_PATIENCE = 10.0
_UNUSUAL = pattern(r"[^A-Za-z0-9_.-]")


class FilePurse:
    """The parts in one folder."""

    def __init__(self, folder: Path, repository: str = "") -> None:
        self._folder, self._repository = folder, repository
        self._read: dict[Path, tuple[tuple[int, int, int], str, Part]] = {}

    def parts(self) -> Parts:
        """Return all of them; files that have not changed are not read again."""
        found: dict[str, Part] = {}
        for place in sorted(self._folder.glob("*.json")) if self._folder.is_dir() else ():
            try:
                name, part = self._part(place)
            except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
                return Parts(found, f"{place} cannot be read ({error}): remove it, and its repository writes it again")
            found[name] = part
        return Parts(found)

    def note(self, me: str, part: Part) -> None:
        """Replace the part of one repository."""
        make_folder(self._folder)
        facts = {"of": me, "repository": self._repository, "part": to_plain(part)}
        write_json(self._folder / f"{_UNUSUAL.sub('-', me)}.json", facts)

    def locked(self) -> AbstractContextManager[None]:
        """Keep others from reserving meanwhile."""
        make_folder(self._folder)
        return locked(self._folder / "lock", patience=_PATIENCE)

    def _part(self, place: Path) -> tuple[str, Part]:
        stat = place.stat()
        look = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        known = self._read.get(place)
        if known is not None and known[0] == look:
            return known[1], known[2]
        raw = json.loads(place.read_text(encoding="utf-8"))
        part = from_plain(raw["part"], _CLASSES)
        if not isinstance(part, Part):
            raise TypeError("it is no part")
        self._read[place] = (look, str(raw["of"]), part)
        return str(raw["of"]), part
