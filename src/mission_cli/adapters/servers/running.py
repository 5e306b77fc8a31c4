"""The servers of this user that are running: a file for each, which its server keeps locked.

The kernel releases the lock when a server dies, so a file without one says nothing. No file has a secret.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.fs.atomic import read_json
from mission_cli.adapters.fs.locks import is_locked, try_lock, unlock
from mission_cli.domain.deciding.servers import RunningServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_NOT_A_NAME = pattern(r"[^0-9A-Za-z.]+")


class Servers:
    """The files of one user."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def announce(self, url: str, repositories: Sequence[str]) -> None:
        """Say that this process serves repositories, until it ends. An error of the disk keeps no server from serving.

        The lock is held by a descriptor that stays open as long as the process.
        """
        import json

        path = self._folder / f"{_NOT_A_NAME.sub('-', url)}.json"
        try:
            handle = try_lock(path)
            if handle is not None:
                os.ftruncate(handle, 0)
                os.pwrite(handle, json.dumps({"url": url, "repositories": [*repositories]}).encode(), 0)
        except OSError:
            return

    def running(self) -> Iterator[RunningServer]:
        """Yield the servers that are running; what dead ones have left is removed."""
        for path in sorted(self._folder.glob("*.json")) if self._folder.is_dir() else ():
            if not is_locked(path):
                self._remove(path)
                continue
            found = read_json(path)
            if isinstance(found, dict) and isinstance(found.get("url"), str):
                repositories = found.get("repositories")
                names = repositories if isinstance(repositories, list) else []
                yield RunningServer(found["url"], tuple(map(str, names)))

    @staticmethod
    def _remove(path: Path) -> None:
        handle = try_lock(path)  # a server that starts now has it, or makes another file
        if handle is not None:
            path.unlink(missing_ok=True)
            unlock(handle)
