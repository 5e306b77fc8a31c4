"""The repositories that a server serves: opened once, and again when their settings or keys have changed."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import replace
from mission_cli.app.queries.inbox import inbox_of
from mission_cli.app.queries.listing import lines_of
from mission_cli.domain.errors import MissionError
from mission_cli.wiring.compose import for_one_request, kept_views, open_repository, registry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.document.plans.model import Plan
    from mission_cli.domain.host import Person
    from mission_cli.domain.ids import MissionId
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.context import Context
    from mission_cli.ports.runtime import Look
    from mission_cli.wiring.opened import Opened


Planning = Callable[["MissionId"], "Sequence[RunRecord]"]


def no_records(mission: MissionId) -> Sequence[RunRecord]:
    """Return nothing: no model has planned the mission."""
    del mission
    return ()


class Serves(Protocol):
    """The repositories that an application serves."""

    def names(self) -> list[str]:
        """Return the names of the repositories."""
        ...

    def contexts(self, *, reading: bool = False) -> Iterator[tuple[str, Context]]:
        """Yield name and ports of one repository after the other; only one thread at a time gets them to change it."""
        ...

    def make(
        self, plan: Plan, repo: str, person: Person | None, *, base: str = "", planning: Planning = no_records
    ) -> tuple[str, str]:
        """Make the mission of a plan; return its id and the path of its file. `planning`: records of its planning."""
        ...

    def apart(self, repo: str, base: str) -> tuple[Context, str]:
        """Return ports for work that takes longer than a request, and the base branch, which may be the default one."""
        ...


_WARM_SECONDS = 5.0
_READERS = 2
"""How many threads read in a repository at once."""


class Place:
    """One repository. Some requests read in it at once, and one changes it; pulses and commands are other processes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writing = threading.RLock()
        self._room = threading.BoundedSemaphore(_READERS)
        self._free: list[tuple[Opened, dict[str, Look]]] = []
        """Opened, each with the looks of its settings before they were read; one thread at a time has it."""
        self._views = kept_views()

    @contextmanager
    def context(self, *, reading: bool = False) -> Iterator[Context]:
        """Yield the ports. Raises MissionError if the repository cannot be opened."""
        with self._room if reading else self._writing:
            opened, looks = self._current()
            try:
                yield replace(opened.context, views=for_one_request(self._views)) if reading else opened.context
            finally:
                self._free.append((opened, looks))

    def warm(self) -> None:
        """Open the ports of all readers, and make what a first page shows."""
        with ExitStack() as all_at_once:
            for ctx in [all_at_once.enter_context(self.context(reading=True)) for _ in range(_READERS)]:
                inbox_of(ctx)
                lines_of(ctx)

    def _current(self) -> tuple[Opened, dict[str, Look]]:
        known = None
        with suppress(IndexError):
            known, looks = self._free.pop()
            if self._now(known) == looks:
                return known, looks
            self._views = kept_views()
        # Looked at before it is read, a file that changes meanwhile looks different at the next request.
        looks = self._now(known or open_repository(self.path))
        return open_repository(self.path), looks

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
        if not self._everywhere:
            return list(self._known.values())
        with self._lock:
            paths = [path for path in registry().all() if path.is_dir()]
            self._known = {path: self._known.get(path) or Place(path) for path in paths}
            return list(self._known.values())

    def warm(self) -> None:
        """Prepare each for its first requests, for some seconds at most; these report what is wrong."""
        ends = time.monotonic() + _WARM_SECONDS
        for place in self.all():
            with suppress(MissionError, OSError):
                place.warm()
            if time.monotonic() > ends:
                return

    def names(self) -> list[str]:
        """Return their paths."""
        return [os.fspath(place.path) for place in self.all()]

    def make(
        self, plan: Plan, repo: str, person: Person | None, *, base: str = "", planning: Planning = no_records
    ) -> tuple[str, str]:
        """Make the mission of a plan, as `mission new --plan` does."""
        from mission_cli.surfaces import new_mission

        place = new_mission.Place(Path(repo), base=base, actor=person)
        return new_mission.make_mission(plan, place, planning=planning)

    def apart(self, repo: str, base: str) -> tuple[Context, str]:
        """Open the repository once more: also one that has no mission yet."""
        from mission_cli.wiring.compose import open_unmade

        opened = open_unmade(Path(repo))
        return opened.context, base or opened.default_base()

    def contexts(self, *, reading: bool = False) -> Iterator[tuple[str, Context]]:
        """Yield name and ports of each; with several, one that cannot be opened is left out."""
        for place in self.all():
            try:
                with place.context(reading=reading) as ctx:
                    yield os.fspath(place.path), ctx
            except MissionError:
                if not self._everywhere:
                    raise
