"""What starts `mission pulse --all` every minute: a line of the crontab, or a systemd timer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Job:
    """One command, started every minute. `set`: the variables that it gets, without keys."""

    argv: tuple[str, ...]
    set: Mapping[str, str] = field(default_factory=dict)
    log: str = ""
    """Absolute path of the file to which its output is appended."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A schedule that was found in the crontab or among systemd units."""

    kind: str
    """cron or systemd"""
    job: Job
    text: str
    """The line, or the path of the timer."""
    live: bool = True
    """Whether it is active: the line is not a comment, the timer is enabled."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """The whole environment of the job, without keys."""


@dataclass(frozen=True, slots=True)
class Detached:
    """A detached run: the process of this user that starts pulses without cron or systemd."""

    pid: int
    since: datetime
    """When it was started, in UTC."""


class Schedule(Protocol):
    """Finds what starts pulses on this machine."""

    def noted(self) -> Installed | None:
        """Return what this program installed, if it still exists; cheap if it never installed anything."""
        ...

    def installed(self) -> Installed | None:
        """Return the schedule that exists, no matter who installed it."""
        ...

    def detached(self) -> Detached | None:
        """Return the detached run of this user, if there is one; cheap."""
        ...

    def environment(self, installed: Installed) -> Mapping[str, str]:
        """Return the environment of its pulses: its own variables and the key file."""
        ...

    def last_tick(self) -> datetime | None:
        """Return when `pulse --all` last ran, in UTC."""
        ...
