"""Results of commands about hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class HostShown:
    """One host, as the settings and its last answer describe it."""

    repo: str
    """The repository whose attempts are counted, if several are shown; else empty."""
    name: str
    kind: str
    """ssh, ray, slurm or kubernetes."""
    where: str
    """Its address; empty if it has none."""
    state: str
    """ready, drained, unreachable or not tested."""
    problem: str
    """Why it cannot be reached; empty if it can."""
    since: str
    """Since when it is reachable, or is not, ISO 8601 in UTC; empty if it was never asked."""
    checked: str
    """When it was asked last; empty if never."""
    workers: int
    """Attempts that may run there at once."""
    running: int
    """Attempts of this repository that run there, or are on their way."""
    free: int
    """Attempts that could start there now."""
    labels: Sequence[str]
    runners: Sequence[str]
    """The runners that work there, as patterns; empty: all."""
    found: Sequence[str]
    """The runners that the last test found there."""
    missing: Sequence[str]
    """The runners that the last test did not find there."""
    skew_s: float
    """How many seconds its clock was ahead of this machine's at the last test; negative: behind."""
    jobs: Sequence[str]
    """Run ids of the attempts there."""


@dataclass(frozen=True, slots=True)
class HostList:
    """All hosts, in the order of the settings."""

    hosts: Sequence[HostShown]


@dataclass(frozen=True, slots=True)
class TestedPart:
    """One thing that an attempt needs on a host."""

    name: str
    ok: bool
    words: str
    hint: str
    """What to do; empty if nothing has to be done."""


@dataclass(frozen=True, slots=True)
class TestedHost:
    """What the test of one host found."""

    name: str
    ok: bool
    findings: Sequence[TestedPart]


@dataclass(frozen=True, slots=True)
class TestedHosts:
    """What the tests of hosts found."""

    ok: bool
    hosts: Sequence[TestedHost]


@dataclass(frozen=True, slots=True)
class AddedHost:
    """A host was added to the settings."""

    name: str
    file: str
    """The settings file."""
    tested: TestedHost | None
    """Null: it was not tested."""


@dataclass(frozen=True, slots=True)
class DrainedHost:
    """A host takes nothing new, or takes attempts again."""

    name: str
    drained: bool
    running: int
    """Attempts that still run there."""


@dataclass(frozen=True, slots=True)
class CleanedPart:
    """A file, folder or ref of mission on a host."""

    what: str
    where: str
    """Its path or name there."""
    bytes: int
    why: str
    """Why it stays, or how to remove it; empty: it is removed."""


@dataclass(frozen=True, slots=True)
class CleanedHost:
    """What was removed from a host, and what stays there."""

    name: str
    dry_run: bool
    """Nothing was removed yet."""
    removed: Sequence[CleanedPart]
    kept: Sequence[CleanedPart]


@dataclass(frozen=True, slots=True)
class RemovedHost:
    """A host was removed from the settings."""

    name: str
    file: str
    running: int
    """Attempts that still ran there; 0."""
    used: bool
    """Something of this clone is still there; `mission hosts clean` removes it."""
