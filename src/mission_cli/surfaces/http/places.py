"""The repositories that a server serves: opened once, and again when their settings or keys have changed."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mission_cli.domain.errors import MissionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.document.plans.model import Plan
    from mission_cli.domain.host import Person
    from mission_cli.engine.context import Context
    from mission_cli.ports.runtime import Look
    from mission_cli.wiring.assemble import Opened


class Serves(Protocol):
    """The repositories that an application serves."""

    def names(self) -> list[str]:
        """Return the names of the repositories."""
        ...

    def contexts(self) -> Iterator[tuple[str, Context]]:
        """Yield name and ports of one repository after the other."""
        ...

    def make(self, plan: Plan, repo: str, person: Person) -> tuple[str, str]:
        """Make the mission of a plan; return its id and the path of its file."""
        ...


class Place:
    """One repository. One request at a time works in it; pulses and commands are other processes, and wait for none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._opened: Opened | None = None
        self._looks: dict[str, Look] = {}

    @contextmanager
    def context(self) -> Iterator[Context]:
        """Yield the ports. Raises MissionError if the repository cannot be opened."""
        with self._lock:
            yield self._current().context

    def _current(self) -> Opened:
        from mission_cli.wiring.compose import open_repository

        if self._opened is not None and self._now(self._opened) == self._looks:
            return self._opened
        # Looked at before it is read, a file that changes meanwhile looks different at the next request.
        known = self._opened or open_repository(self.path)
        self._opened, self._looks = None, self._now(known)
        self._opened = open_repository(self.path)
        return self._opened

    @staticmethod
    def _now(opened: Opened) -> dict[str, Look]:
        return opened.context.runtime.looks(opened.context.settings_files)


class Places:
    """All repositories of a server: the one that it was started in, or every known one."""

    def __init__(self, repo: Path, *, everywhere: bool) -> None:
        self._everywhere = everywhere
        self._known: dict[Path, Place] = {} if everywhere else {repo: Place(repo)}
        self._lock = threading.Lock()

    def all(self) -> list[Place]:
        """Return every repository that is there."""
        from mission_cli.wiring.compose import registry

        if not self._everywhere:
            return list(self._known.values())
        with self._lock:
            paths = [path for path in registry().all() if path.is_dir()]
            self._known = {path: self._known.get(path) or Place(path) for path in paths}
            return list(self._known.values())

    def names(self) -> list[str]:
        """Return their paths."""
        return [os.fspath(place.path) for place in self.all()]

    def make(self, plan: Plan, repo: str, person: Person) -> tuple[str, str]:
        """Make the mission of a plan, as `mission new --plan` does."""
        from mission_cli.surfaces import new_mission

        return new_mission.make_mission(plan, new_mission.Place(Path(repo), actor=person))

    def contexts(self) -> Iterator[tuple[str, Context]]:
        """Yield name and ports of each; with several, one that cannot be opened is left out."""
        for place in self.all():
            try:
                with place.context() as ctx:
                    yield os.fspath(place.path), ctx
            except MissionError:
                if not self._everywhere:
                    raise
