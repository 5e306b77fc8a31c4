"""The repositories in which a user has used this program: a JSON list in the state folder, also for `fastpath.py`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli.adapters.fs.atomic import read_json, write_json
from mission_cli.adapters.fs.locks import locked

if TYPE_CHECKING:
    from collections.abc import Callable


class Registry:
    """The list of repositories in one state folder."""

    def __init__(self, folder: Path) -> None:
        self._place = folder / "repos.json"

    def all(self) -> list[Path]:
        """Return every repository, whether it still exists or not."""
        return [Path(name) for name in self._names()]

    def remember(self, repository: Path) -> None:
        """Add a repository, unless it is listed."""
        name = os.fspath(repository.resolve())
        if name not in self._names():
            self._change(lambda known: known | {name})

    def forget(self, repository: Path) -> None:
        """Remove a repository from the list."""
        name = os.fspath(repository)
        self._change(lambda known: known - {name})

    def _names(self) -> list[str]:
        raw = read_json(self._place)
        return [name for name in raw if isinstance(name, str)] if isinstance(raw, list) else []

    def _change(self, change: Callable[[set[str]], set[str]]) -> None:
        self._place.parent.mkdir(parents=True, exist_ok=True)
        with locked(self._place.with_suffix(".lock")):
            write_json(self._place, sorted(change(set(self._names()))))
