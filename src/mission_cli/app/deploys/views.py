"""Show the deployments of a mission: the newest one to each target, and what is live there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.deploys.results import DeployView
from mission_cli.domain.deploys.rows import DeployStatus, newest

if TYPE_CHECKING:
    from mission_cli.domain.deploys.rows import DeployRow
    from mission_cli.domain.mission import Mission

_SURE = frozenset({DeployStatus.FAILED, DeployStatus.ROLLED_BACK, DeployStatus.PLANNED, DeployStatus.DROPPED})
"""With these, what was live before is live now."""


def deployments_of(mission: Mission) -> tuple[DeployView, ...]:
    """Return the newest deployment to each target, by the names of the targets."""
    found = (newest(mission.deploys, name) for name in sorted({row.target for row in mission.deploys}))
    return tuple(_view(mission, row) for row in found if row is not None)


def words_of(view: DeployView) -> str:
    """Return a deployment in one sentence."""
    version = f" ({view.version})" if view.version else ""
    about = f"deployment {view.number} of {view.commit[:7]}{version} to {view.target} is {view.status}"
    if view.status == DeployStatus.LIVE:
        return f"{about}: {view.url}" if view.url else about
    live = f"; {view.live[:7]} is live" if view.live and view.live != view.commit else ""
    return f"{about}: {view.reason}{live}" if view.reason else f"{about}{live}"


def _view(mission: Mission, row: DeployRow) -> DeployView:
    return DeployView(
        row.number,
        row.target,
        row.commit,
        str(row.status),
        row.url,
        row.version,
        row.since,
        row.because,
        row.by,
        row.reason,
        _live(mission, row),
    )


def _live(mission: Mission, row: DeployRow) -> str:
    """Return the commit that is live; empty if none is, or if that is not certain."""
    if row.status is DeployStatus.LIVE:
        return row.commit
    rows = [one for one in mission.deploys if one.target == row.target]
    if row.status not in _SURE:
        return ""
    found = max((one for one in rows if one.status is DeployStatus.LIVE), key=lambda one: one.number, default=None)
    return found.commit if found is not None else ""
