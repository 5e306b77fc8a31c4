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
    from mission_cli.ports.executor import Executor


@dataclass(frozen=True, slots=True)
class Brake:
    """The runtime folder of a repository, its jobs, and the name of the person who acts."""

    runtime: FolderRuntime
    executor: Executor
    person: str


def open_brake(start: Path) -> Brake:
    """Find what runs in the repository around a folder. Raises NotFoundError if it never had missions."""
    name = start
    try:
        checkout = find_checkout(start)
        folder, person, name = checkout.runtime, git_person(checkout.name).name, checkout.name
    except ToolError:  # git does not work: search as the fast path does
        folder, person = Path(find_runtime(os.fspath(start)) or os.devnull), os.environ.get("USER", "")
    if not folder.is_dir():
        raise NotFoundError(f"{start.resolve()} has no missions yet", hint="nothing runs here")
    runtime = FolderRuntime(folder, version=__version__, full_look=Settings().full_look)
    executor = LocalExecutor(
        jobs=folder / "jobs", surroundings=_nothing_starts, supervisor=(), environment={}, rules=SecretRules()
    )
    return Brake(runtime, _with_hosts(executor, folder, name) if (folder / "hosts").is_dir() else executor, person)


def _with_hosts(local: LocalExecutor, runtime: Path, repository: Path) -> Executor:
    """Return an executor that also passes a stop on to hosts, by their followers."""
    from mission_cli.adapters.executors.remote.executor import RemoteExecutor
    from mission_cli.adapters.executors.remote.routed import RoutedExecutor
    from mission_cli.wiring.command_lines import python_command

    def remote() -> RemoteExecutor:
        return RemoteExecutor(
            local,
            runtime=runtime,
            hosts=dict,
            surroundings=_nothing_starts,
            follower=python_command("_follow", os.fspath(repository)),
            environment=os.environ,
        )

    return RoutedExecutor(local, remote, runtime=runtime)


def _nothing_starts() -> Surroundings:
    raise AssertionError("`mission stop` starts no job")
