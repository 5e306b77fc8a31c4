"""Results of setting up a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.app.results.machine import InstalledAgents


@dataclass(frozen=True, slots=True)
class FoundRepository:
    """What was found in a repository and on this machine."""

    branch: str
    """The checked-out branch; empty: none."""
    remotes: Sequence[str]
    """Name and address of each git remote."""
    agents: InstalledAgents
    checks: Sequence[str]
    """The commands that judge a milestone without criteria: they test, build or type-check a package."""
    install: str
    """The command that installs the dependencies of a fresh clone; empty: none was found."""
    scheduled: bool
    """Whether a schedule or a detached run starts pulses on this machine."""
    lint: Sequence[str] = ()
    """Commands that lint: they judge nothing unless you make one a criterion."""
    caches: Sequence[str] = ()
    """Folders of your home in which package managers keep downloads, for `sandbox_write`."""


@dataclass(frozen=True, slots=True)
class Initialized:
    """A repository that was set up for missions."""

    state: str
    """Folder of the mission files."""
    settings: str
    """The settings file; empty for a bare repository, which has no place for one."""
    found: FoundRepository
