"""The repositories on the screen: each is opened once for its views, and again for each command."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from mission_cli.app.authority import VOUCHING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from mission_cli.app.results.views import Line
    from mission_cli.domain.errors import MissionError
    from mission_cli.engine.context import Context
    from mission_cli.ports.runtime import Look
    from mission_cli.wiring.opened import Opened


class Acting(Protocol):
    """A repository that was opened for one command."""

    @property
    def context(self) -> Context:
        """The ports."""
        ...

    @property
    def problems(self) -> Sequence[MissionError]:
        """Errors in settings and keys; with one of them, nothing may be started."""
        ...

    def default_base(self) -> str:
        """Return the branch that work starts from if the mission names none."""
        ...


class Repository(Protocol):
    """One repository."""

    @property
    def name(self) -> str:
        """Its path."""
        ...

    def look(self) -> AbstractContextManager[Context]:
        """Return the ports for views. Raises MissionError if it cannot be opened."""
        ...

    def open(self, command: str, *, at_any_rate: bool = False) -> Acting:
        """Open it for a command, as the command line does. Raises MissionError."""
        ...

    def stop(self) -> str:
        """Set STOP and end all jobs; return the message. Raises MissionError."""
        ...

    def lift(self) -> bool:
        """Lift STOP; return whether it was set. Raises MissionError."""
        ...


class Repositories(Protocol):
    """All repositories on the screen."""

    def all(self) -> Sequence[Repository]:
        """Return those that are there now; the same object for the same repository."""
        ...

    def homeless(self) -> list[Line]:
        """Return one line per mission without a repository."""
        ...


class LocalRepository:
    """One repository on this machine. Only one thread looks at it: that of the reader."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened: Opened | None = None
        self._looks: dict[str, Look] = {}

    @property
    def name(self) -> str:
        """Its path."""
        return os.fspath(self._path)

    @contextmanager
    def look(self) -> Iterator[Context]:
        """Yield the ports for views, which work with invalid settings, too; new ones if the settings have changed."""
        from mission_cli.wiring.compose import open_at_any_rate

        if self._opened is None or _looks_of(self._opened) != self._looks:
            # Looked at before it is read, a file that changes meanwhile looks different the next time.
            known, self._opened = self._opened or open_at_any_rate(self._path), None
            self._looks = _looks_of(known)
            self._opened = open_at_any_rate(self._path)
        yield self._opened.context

    def open(self, command: str, *, at_any_rate: bool = False) -> Opened:
        """Open it for a command."""
        from mission_cli.wiring.compose import open_at_any_rate, open_repository

        return (open_at_any_rate if at_any_rate else open_repository)(self._path, vouched=command in VOUCHING)

    def stop(self) -> str:
        """Set STOP and end all jobs."""
        from mission_cli.surfaces.plain import stop_everything

        return stop_everything(self._path)[0]

    def lift(self) -> bool:
        """Lift STOP."""
        from mission_cli.app.pulses.stop import lift_stop
        from mission_cli.wiring.emergency import open_brake

        return lift_stop(open_brake(self._path).runtime)


class LocalRepositories:
    """One repository, or with None every known one."""

    def __init__(self, repo: Path | None) -> None:
        self._everywhere = repo is None
        self._known = {} if repo is None else {repo: LocalRepository(repo)}

    def all(self) -> list[LocalRepository]:
        """Return every repository that is there."""
        from mission_cli.wiring.compose import registry

        if self._everywhere:
            paths = [path for path in registry().all() if path.is_dir()]
            self._known = {path: self._known.get(path) or LocalRepository(path) for path in paths}
        return list(self._known.values())

    def homeless(self) -> list[Line]:
        """Return the missions in the data folder."""
        from mission_cli.app.queries.listing import homeless_lines
        from mission_cli.wiring.compose import open_homeless

        store = open_homeless() if self._everywhere else None
        return homeless_lines(store) if store is not None else []


def _looks_of(opened: Opened) -> dict[str, Look]:
    return opened.context.runtime.looks(opened.context.settings_files)
