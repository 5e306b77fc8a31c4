"""What a kind of host has to offer: start one command there under an id that we choose, and tell what became of it.

A launcher starts nothing by itself and decides nothing. It is used by the follower of a host, a process outside the
pulse, so that its calls may take seconds.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.domain.hosts.cleaning import Cleaned, Cleaning
    from mission_cli.domain.hosts.host import Needed


class UnreachableError(Exception):
    """A host could not be asked: what runs there is not known, and nothing may be concluded from that."""

    def __init__(self, words: str, *, hint: str = "") -> None:
        super().__init__(words)
        self.hint = hint
        """What a person can do, if that is known."""


class LaunchState(StrEnum):
    """What a host says about an id."""

    UNKNOWN = "unknown"
    """The host answered, and knows no such id."""
    PENDING = "pending"
    RUNNING = "running"
    ENDED = "ended"
    """Its process ended. What came of it is in the exchange, never in its exit code."""
    GONE = "gone"
    """The host says that its process, or the machine under it, is lost."""


@dataclass(frozen=True, slots=True)
class Launch:
    """One command to start on a host."""

    id: str
    """Made from the key of the job: `[a-z0-9-]`, at most 63 characters; the same for the same key."""
    key: str
    """The key of the job, to recognize it by where an id alone is not enough."""
    argv: tuple[str, ...]
    """What runs there; it returns when the job has ended."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Variables without secrets."""
    needed: Needed | None = None
    deadline_s: int = 0
    """After so many seconds the host may stop it, as the last resort; 0: never."""


@dataclass(frozen=True, slots=True)
class LaunchLook:
    """What a host says about one id."""

    state: LaunchState
    detail: str = ""
    """Why, in the words of the host; data, for people."""
    node: str = ""
    """The machine of a cluster on which it runs or ran."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """The repository through which requests and results go."""

    url: str
    """As this machine reaches it."""
    there: str
    """As the command on the host reaches it."""
    env: Mapping[str, str] = field(default_factory=dict)
    """For git on this machine, such as `GIT_SSH_COMMAND`."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `mission hosts test`."""

    name: str
    """Such as `git`, `python`, `sandbox`, `git-lfs`, `clock`, `disk`."""
    ok: bool
    words: str
    hint: str = ""
    skew_s: float | None = None
    """Of the clock: how many seconds it is ahead of this machine's."""


class Launcher(Protocol):
    """One host. Every method raises UnreachableError if the host could not be asked, and ToolError if it refused."""

    def prepare(self, program: bytes, digest: str) -> tuple[str, ...]:
        """Put the program (a zipapp) there unless it is there already; return the argv that runs it there.

        Other versions that no job uses may be removed.
        """
        ...

    def exchange(self) -> Exchange:
        """Return the repository, made if it is missing and this launcher keeps it."""
        ...

    def start(self, launch: Launch) -> None:
        """Start the command, or adopt what exists under its id. Repeating it after a lost answer starts nothing."""
        ...

    def look(self, ids: Sequence[str]) -> Mapping[str, LaunchLook]:
        """Return what the host says about each id, with as few requests as it allows."""
        ...

    def cancel(self, job: str) -> None:
        """Ask for the end of the id `job`; one that is unknown or has ended is not an error."""
        ...

    def output(self, job: str, offset: int) -> tuple[bytes, int]:
        """Return what the id `job` printed from byte `offset` of its output on, and where the next part begins."""
        ...

    def free(self) -> int | None:
        """Return how many more commands would start now; None if the host does not say."""
        ...

    def forget(self, job: str) -> None:
        """Remove what the host keeps about the ended id `job`."""
        ...

    def clean(self, wanted: Cleaning) -> Cleaned:
        """Remove the files of mission there, or say what is there and how to remove it.

        Refs at an exchange that the settings name are none of its business.
        """
        ...

    def test(self, runners: Mapping[str, str]) -> Sequence[Finding]:
        """Check everything that an attempt needs there, the programs of runners included; start no attempt."""
        ...

    def close(self) -> None:
        """Close connections; what runs there goes on."""
        ...
