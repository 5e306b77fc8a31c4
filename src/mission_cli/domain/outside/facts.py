"""What is remembered of the world outside of one mission between two pulses, so that an idle pulse asks nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field
from mission_cli.domain.mail.memory import MailMemory
from mission_cli.domain.purchases.provider import PayMemory

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mission_cli.domain.forge.facts import PullState
    from mission_cli.domain.timing.polling import Poll


@dataclass(frozen=True, slots=True)
class Outside:
    """The last answers, by what was asked for: `calendar:…` and `pr:12`, as waits name them."""

    polls: Mapping[str, Poll] = field(default_factory=dict)
    mail: MailMemory = field(default_factory=MailMemory)
    payments: PayMemory = field(default_factory=PayMemory)


@dataclass(frozen=True, slots=True)
class Occasion:
    """What is known of the event that a wait for a calendar names."""

    at: datetime | None = None
    """When the wait is over; None: no such event is ahead."""
    trouble: str = ""
    """Why the calendar cannot be read; then `at` is what it said before."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """What the forge says of a pull request that a wait names by its number."""

    state: PullState | None = None
    """None: not known yet, or there is none."""
    trouble: str = ""
    """Why the forge does not say it."""
