"""The lines of `mission list --all` for one repository, without git if nothing has changed since the last list."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli import __version__
from mission_cli.adapters.fs.kept_answer import KeptAnswer
from mission_cli.adapters.fs.registry import Registry
from mission_cli.adapters.fs.runtime import FolderRuntime
from mission_cli.adapters.user import own_settings, user_folder
from mission_cli.app.results.views import Line, PhaseView
from mission_cli.fastpath import look, runtime_of
from mission_cli.settings import ENVIRONMENT_PREFIX, Settings

if TYPE_CHECKING:
    from mission_cli.ports.runtime import Stopped

_CLASSES = (Line, PhaseView)
_NAME = "lines.json"


def repositories() -> list[Path]:
    """Return the folders of the registry that are there."""
    return [place for place in Registry(user_folder("state")).all() if place.is_dir()]


def lines_in(place: Path) -> tuple[list[Line], Stopped | None]:
    """Return the missions of a repository of the registry, and STOP. Raises MissionError if it cannot be opened.

    What a repository showed is kept while no worker runs in it and no pulse is in trouble: then nothing that lists
    show changes without a file.
    """
    kept = _kept(Path(runtime_of(os.fspath(place))), place)
    known = kept.read(_CLASSES)
    if known is not None:
        runtime = FolderRuntime(Path(runtime_of(os.fspath(place))), version=__version__, full_look=Settings().full_look)
        return [*known], runtime.stopped()
    from mission_cli.app.queries.listing import lines_of
    from mission_cli.wiring.compose import open_at_any_rate

    ctx = open_at_any_rate(place).context
    looks = ctx.runtime.looks([*ctx.state.watch(), *ctx.settings_files, *ctx.runtime.watch()])
    lines = lines_of(ctx, repo=os.fspath(place))
    if {line.id for line in lines} == {*ctx.runtime.listed()} and not ctx.runtime.troubles():
        kept.write(lines, looks)
    return lines, ctx.runtime.stopped()


def lines_at_home() -> list[Line]:
    """Return the missions without a repository."""
    if not (user_folder("data") / ".git").is_dir():
        return []
    kept = _kept(user_folder("data") / ".git/mission", user_folder("data"))
    known = kept.read(_CLASSES)
    if known is not None:
        return [*known]
    from mission_cli.app.queries.listing import homeless_lines
    from mission_cli.wiring.compose import open_homeless

    store = open_homeless()
    if store is None:
        return []
    looks = {path: look(path) for path in store.watch()}
    lines = homeless_lines(store)
    kept.write(lines, looks)
    return lines


def _kept(runtime: Path, place: Path) -> KeptAnswer:
    """Return what is kept for a place, for these settings of the user and the environment."""
    variables = [f"{name}={os.environ[name]}" for name in sorted(os.environ) if name.startswith(ENVIRONMENT_PREFIX)]
    return KeptAnswer(runtime / _NAME, [__version__, os.fspath(place), os.fspath(own_settings()), *variables])
