"""Settings of the files for readers that are committed beside the mission files."""

from __future__ import annotations

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import did_you_mean
from mission_cli.domain.board.marks import BADGE, FILES, README
from mission_cli.domain.errors import UsageError


@dataclass(frozen=True, slots=True)
class DashboardSettings:
    """The `[dashboard]` table: files for readers beside the mission files, for a forge to show."""

    commit: bool = False
    """pulses commit the files whenever they change for a reader"""
    files: tuple[str, ...] = (README, BADGE)
    """which files; `dashboard.html` is possible, too"""


def check_dashboard(told: DashboardSettings) -> None:
    """Raise UsageError for a file that cannot be made."""
    for name in told.files:
        if name not in FILES:
            hint = did_you_mean(name, FILES, f"use {', '.join(FILES)}")
            raise UsageError(f"`dashboard.files` has {name!r}", hint=hint)
    if told.commit and not told.files:
        raise UsageError("`dashboard.commit` is true, and `dashboard.files` is empty", hint='write ["README.md"]')
