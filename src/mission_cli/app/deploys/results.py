"""Deployments as people see them: each target, and what `mission deploy` did."""

from __future__ import annotations

from mission_cli._support.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class DeployView:
    """The newest deployment of a mission to a target."""

    number: int
    target: str
    commit: str
    status: str
    """planned, deploying, checking, live, recovering, failed, rolling back, rolled back, stuck or dropped."""
    url: str
    """Where it can be opened; empty until that is known."""
    version: str
    """What its command called it; empty if it named none."""
    since: str
    """Since when it has this status, ISO 8601."""
    because: str
    """What asked for it: a milestone, a landing, or a person."""
    by: str
    """Who approved it; empty: no approval was needed, or none is there yet."""
    reason: str
    """Why it failed or was dropped."""
    live: str
    """The commit that is live at the target by the records of this mission; empty if none is."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """What `mission deploy` did, and the newest deployment to each target then."""

    id: str
    message: str
    commit: str
    """The commit of the mission file; empty if nothing had to be changed."""
    deployments: tuple[DeployView, ...]
    log: str = ""
    """The end of the output of one that failed."""
