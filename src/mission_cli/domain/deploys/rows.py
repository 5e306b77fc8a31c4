"""The rows of `## Deployments`: what is recorded of each deployment of a mission, before anything starts."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli.domain.preview.rows import is_url

if TYPE_CHECKING:
    from collections.abc import Iterable

SECTION = "Deployments"
MOST_TRIES = 3
"""Tries of a health check that the machine interrupts."""
_VERSION = pattern(r"version:\s*(?P<version>[A-Za-z0-9][A-Za-z0-9._+-]{0,59})")


class DeployStatus(StrEnum):
    """How far a deployment is."""

    PLANNED = "planned"
    """It is to be started, perhaps after an approval."""
    DEPLOYING = "deploying"
    """Its command is submitted."""
    CHECKING = "checking"
    """Its command has ended with 0, and the health check runs."""
    LIVE = "live"
    """It is there, and healthy."""
    RECOVERING = "recovering"
    """It failed, and the rollback runs."""
    FAILED = "failed"
    """It failed; if the target has a rollback, that has succeeded."""
    ROLLING_BACK = "rolling back"
    """A person takes back what was live."""
    ROLLED_BACK = "rolled back"
    """A person has taken it back."""
    STUCK = "stuck"
    """The rollback failed: only a person knows what is there now."""
    DROPPED = "dropped"
    """It never starts, or a person has dealt with it."""


BUSY = frozenset(
    {
        DeployStatus.DEPLOYING,
        DeployStatus.CHECKING,
        DeployStatus.RECOVERING,
        DeployStatus.ROLLING_BACK,
        DeployStatus.STUCK,
    }
)
"""While a deployment has one of these, no other one to its target starts."""
GOING = BUSY | {DeployStatus.PLANNED}
"""Deployments of which something is left to do."""


@dataclass(frozen=True, slots=True)
class DeployRow:
    """One row."""

    number: int
    """From 1, never used again."""
    target: str
    commit: str
    status: DeployStatus = DeployStatus.PLANNED
    because: str = ""
    """What asked for it: `milestone 2`, `landing of 1a2b3c4`, or a person."""
    by: str = ""
    """Who approved it; empty: no approval was needed, or none is there yet."""
    url: str = ""
    """Where it can be opened; empty until that is known."""
    version: str = ""
    """What its command called it."""
    since: str = ""
    """Since when it has this status, ISO 8601."""
    reason: str = ""
    """Why it failed or was dropped."""
    line: int = 0

    @property
    def going(self) -> bool:
        """Whether something of it is left to do."""
        return self.status in GOING

    @property
    def short(self) -> str:
        """The commit as people read it."""
        return self.commit[:7]


def newest(rows: Iterable[DeployRow], target: str) -> DeployRow | None:
    """Return the latest deployment to a target, or None."""
    return max((row for row in rows if row.target == target), key=lambda row: row.number, default=None)


def next_number(rows: Iterable[DeployRow]) -> int:
    """Return the number of the next row."""
    return max((row.number for row in rows), default=0) + 1


def live_before(rows: Iterable[DeployRow], row: DeployRow) -> str:
    """Return the commit that was live at the target of a row before it; empty if none was."""
    earlier = [one for one in rows if one.target == row.target and one.number < row.number]
    found = max((one for one in earlier if one.status is DeployStatus.LIVE), key=lambda one: one.number, default=None)
    return found.commit if found is not None else ""


def job_key(mission: str, number: int) -> str:
    """Return the executor's key for a deployment."""
    return f"{mission}/deploy-{number}"


def health_key(mission: str, number: int, attempt: int) -> str:
    """Return the executor's key for one try of the health check after a deployment."""
    return f"{job_key(mission, number)}-health.{attempt}"


def rollback_key(mission: str, number: int) -> str:
    """Return the executor's key for the rollback of a deployment: there is one."""
    return f"{job_key(mission, number)}-rollback"


def keys_of(mission: str, row: DeployRow) -> tuple[str, ...]:
    """Return the executor's keys that matter for a row in its status."""
    match row.status:
        case DeployStatus.DEPLOYING:
            return (job_key(mission, row.number),)
        case DeployStatus.CHECKING:
            return tuple(health_key(mission, row.number, n) for n in range(1, MOST_TRIES + 1))
        case DeployStatus.RECOVERING | DeployStatus.ROLLING_BACK:
            return (rollback_key(mission, row.number),)
    return ()


def printed(output: str) -> tuple[str, str]:
    """Return the URL and the version that a deploy command printed as its last lines; empty where it printed none."""
    url = version = ""
    for line in reversed([line.strip() for line in output.splitlines() if line.strip()]):
        found = _VERSION.fullmatch(line)
        if found is not None and not version:
            version = found["version"]
        elif is_url(line) and not url:
            url = line
        else:
            break
    return url, version
