"""What is known of the hosts when a round decides: read from files, never by asking them."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.hosts.host import HostKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


@dataclass(frozen=True, slots=True)
class HostLook:
    """One host as the settings and the last answer describe it."""

    name: str
    kind: HostKind = HostKind.SSH
    where: str = ""
    """Its address, for people."""
    labels: tuple[str, ...] = ()
    runners: tuple[str, ...] = ()
    """The runners that work there, as patterns; empty: all."""
    workers: int = 1
    """How many attempts may run there at once."""
    jobs: tuple[str, ...] = ()
    """The keys of the jobs that this clone has there now, over all missions."""
    free: int | None = None
    """How many more attempts it would start now, by its own words; None: it does not say."""
    problem: str = ""
    """Why it could not be reached, or empty."""
    hint: str = ""
    """What the person can do about it, or empty."""
    since: str = ""
    """Since when it is reachable or has the problem, ISO 8601; empty: it was never asked."""
    checked: str = ""
    """When it was asked last, ISO 8601; empty: never."""
    skew_s: float = 0
    """How many seconds its clock is ahead of this machine's."""
    found: tuple[str, ...] = ()
    """The runners that the last test found there."""
    missing: tuple[str, ...] = ()
    """The runners that the last test did not find there."""
    drained: bool = False
    """It takes nothing new."""
    used: bool = False
    """Attempts of this clone ran there since it was cleaned last."""

    @property
    def running(self) -> int:
        """How many jobs this clone has there now."""
        return len(self.jobs)

    def offers(self, wanted: str) -> bool:
        """Whether `[on:…]` with these words means this host: its name, or one of its labels."""
        return wanted == self.name or wanted in self.labels

    def runs(self, runner: str) -> bool:
        """Whether a runner works there."""
        return not self.runners or any(fnmatchcase(runner, one) for one in self.runners)

    def has(self, runner: str) -> bool | None:
        """Whether a runner is there, by the last test and by the settings; None: neither tells."""
        if not self.runs(runner) or runner in self.missing:
            return False
        return True if runner in self.found or self.runners else None

    @property
    def state(self) -> str:
        """One word for people."""
        if self.drained:
            return "drained"
        return "unreachable" if self.problem else "ready" if self.checked else "not tested"


def usable(looks: Iterable[HostLook], named: Collection[str], *, poc: bool) -> list[HostLook]:
    """Return the hosts that a mission may use; `named`: its `preferences.hosts`. A POC uses only those."""
    return [look for look in looks if look.name in named or not (named or poc)]
