"""What starts `mission pulse --all` again and again: a line of the crontab, or a timer of systemd."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Job:
    """One command, started every minute. `set` are the variables that it is given; no keys are among them."""

    argv: tuple[str, ...]
    set: Mapping[str, str] = field(default_factory=dict)
    log: str = ""
    """Absolute path that its output is appended to."""


@dataclass(frozen=True, slots=True)
class Installed:
    """What was found in the crontab or among the units of systemd."""

    kind: str
    """cron or systemd"""
    job: Job
    text: str
    """The line, or the path of the timer."""
    live: bool = True
    """Not switched off: the line is no comment, the timer is enabled."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Everything that the job finds around itself, keys excepted."""


class Schedule(Protocol):
    """Knows what starts pulses on this machine."""

    def noted(self) -> Installed | None:
        """What we installed and is still there; cheap, nothing is looked for where we never installed anything."""
        ...

    def installed(self) -> Installed | None:
        """What there is, whoever installed it."""
        ...

    def environment(self, installed: Installed) -> Mapping[str, str]:
        """What its pulse works with: what it is given, and the environment file."""
        ...

    def last_tick(self) -> datetime | None:
        """When `pulse --all` ran last, in UTC."""
        ...
