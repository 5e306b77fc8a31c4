"""Where finished work can be deployed: the `[deploy.NAME]` tables of the settings, as the planner reads them."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from mission_cli.domain.notice import Notice


class TargetKind(StrEnum):
    """Who sees what is deployed to a target."""

    PREVIEW = "preview"
    """People who look at the work."""
    PRODUCTION = "production"
    """Those for whom the work is done."""


class After(StrEnum):
    """What makes a mission deploy by itself."""

    MANUAL = "manual"
    """Nothing: a person runs `mission deploy`."""
    MILESTONE = "milestone"
    """Each milestone that passed."""
    LANDED = "landed"
    """The landing of the work."""


@dataclass(frozen=True, slots=True)
class Target:
    """One target."""

    name: str
    kind: TargetKind = TargetKind.PREVIEW
    after: After = After.MANUAL
    url: str = ""
    """Where it can be opened; empty: the last line of what its command prints."""
    confirm: bool = False
    """Whether a person approves each deployment."""
    checks: bool = False
    """Whether it has a health check."""
    at_url: bool = False
    """Whether its health check is a path at the URL of the deployment."""
    returns: bool = False
    """Whether it has a command for a rollback."""
    needs: tuple[str, ...] = ()
    """Resources of the mission that have to be available."""
    timeout: timedelta = timedelta(minutes=30)
    """Longest run of its commands."""
    obstacle: Notice | None = None
    """Why nothing can be deployed there."""
