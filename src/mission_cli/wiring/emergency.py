"""What `mission stop` needs; works without settings, mission file, state repository and disk space."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli import __version__
from mission_cli._support.dataclass import dataclass
from mission_cli.adapters.executors.local.executor import LocalExecutor
from mission_cli.adapters.fs.runtime import FolderRuntime
from mission_cli.adapters.git.repo.checkout import find_checkout
from mission_cli.adapters.machine import git_person
from mission_cli.adapters.secrets.screen import SecretRules
from mission_cli.domain.errors import NotFoundError, ToolError
from mission_cli.fastpath import find_runtime
from mission_cli.settings import Settings

if TYPE_CHECKING:
    from mission_cli.adapters.executors.jobs.folder import Surroundings


@dataclass(frozen=True, slots=True)
class Brake:
    """The runtime folder of a repository, its jobs, and the name of the person who acts."""

    runtime: FolderRuntime
    executor: LocalExecutor
    person: str


def open_brake(start: Path) -> Brake:
    """Find what runs in the repository around a folder. Raises NotFoundError if it never had missions."""
    try:
        checkout = find_checkout(start)
        folder, person = checkout.runtime, git_person(checkout.name).name
    except ToolError:  # git does not work: search as the fast path does
        folder, person = Path(find_runtime(os.fspath(start)) or os.devnull), os.environ.get("USER", "")
    if not folder.is_dir():
        raise NotFoundError(f"{start.resolve()} has no missions yet", hint="nothing runs here")
    runtime = FolderRuntime(folder, version=__version__, full_look=Settings().full_look)
    executor = LocalExecutor(
        jobs=folder / "jobs", surroundings=_nothing_starts, supervisor=(), environment={}, rules=SecretRules()
    )
    return Brake(runtime, executor, person)


def _nothing_starts() -> Surroundings:
    raise AssertionError("`mission stop` starts no job")
