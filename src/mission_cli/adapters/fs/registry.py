"""The repositories that a user has used us in: a JSON list in the user's state folder. `fastpath.py` reads it too."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli.adapters.fs.atomic import read_json, write_json
from mission_cli.adapters.fs.locks import locked

if TYPE_CHECKING:
    from collections.abc import Callable


class Registry:
    """The list in one state folder."""

    def __init__(self, folder: Path) -> None:
        self._place = folder / "repos.json"

    def all(self) -> list[Path]:
        """Every repository, whether or not it is still there."""
        return [Path(name) for name in self._names()]

    def remember(self, repository: Path) -> None:
        """Add one; nothing is written when it is known."""
        name = os.fspath(repository.resolve())
        if name not in self._names():
            self._change(lambda known: known | {name})

    def forget(self, repository: Path) -> None:
        """Leave one out from now on."""
        name = os.fspath(repository)
        self._change(lambda known: known - {name})

    def _names(self) -> list[str]:
        raw = read_json(self._place)
        return [name for name in raw if isinstance(name, str)] if isinstance(raw, list) else []

    def _change(self, change: Callable[[set[str]], set[str]]) -> None:
        self._place.parent.mkdir(parents=True, exist_ok=True)
        with locked(self._place.with_suffix(".lock")):
            write_json(self._place, sorted(change(set(self._names()))))
