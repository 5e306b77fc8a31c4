"""Plan the deployments that a mission asks for: after a milestone, and when its work has landed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import stamp
from mission_cli.domain.branches.landing import LandState
from mission_cli.domain.deploys.rows import DeployRow, DeployStatus, next_number
from mission_cli.domain.deploys.targets import After
from mission_cli.domain.events import EventKind
from mission_cli.domain.status import MilestoneStatus, MissionStatus
from mission_cli.planner.core.moves.outside import WriteDeploy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.domain.deploys.targets import Target
    from mission_cli.planner.core.draft import Draft


def plan_deploys(draft: Draft) -> None:
    """Plan a deployment of the newest milestone that passed, and of what has landed, once for each."""
    if draft.mission.status is not MissionStatus.ACTIVE:
        return
    for target in _targets(draft):
        found = _milestone(draft) if target.after is After.MILESTONE else _landing(draft)
        if found is not None and _is_new(draft, target, *found):
            _plan(draft, target, *found)


def unsettled(draft: Draft) -> bool:
    """Whether a deployment is on its way, or the newest one to a target failed: the mission does not end before."""
    rows = {row.target: row for row in sorted(draft.mission.deploys, key=lambda row: row.number)}
    planned = any(isinstance(move, WriteDeploy) for move in draft.transitions)
    return planned or any(row.going or row.status is DeployStatus.FAILED for row in rows.values())


def write(draft: Draft, row: DeployRow, to: DeployStatus, event: EventKind, why: str) -> None:
    """Record the new status of a deployment."""
    since = stamp(draft.observation.now)
    draft.transitions.append(WriteDeploy(replace(row, status=to, since=since), event, why))


def _targets(draft: Draft) -> Iterator[Target]:
    """Yield the targets to which this mission deploys by itself."""
    for name in draft.mission.preferences.deploy_targets:
        target = draft.policy.targets.get(name)
        if target is not None and target.after is not After.MANUAL:
            yield target


def _milestone(draft: Draft) -> tuple[str, str] | None:
    """Return the commit of the newest milestone that passed, and its name; of several the one that `work` is at."""
    passed = [m for m in draft.mission.milestones if m.status is MilestoneStatus.PASSED and m.passed_at]
    for commit in (draft.observation.work, draft.observation.target):
        found = next((m for m in reversed(passed) if commit is not None and commit.startswith(m.passed_at)), None)
        if found is not None and commit is not None:
            return commit, f"milestone {found.number}"
    return None


def _landing(draft: Draft) -> tuple[str, str] | None:
    """Return the base with the landed work, and which landing that was."""
    seen = draft.observation
    if seen.landing.state is not LandState.LANDED or seen.target is None or seen.base is None:
        return None
    return seen.base, f"landing of {seen.target[:12]}"


def _is_new(draft: Draft, target: Target, commit: str, because: str) -> bool:
    """Whether nothing was planned for this occasion. The base may move afterwards; a commit is never deployed twice."""
    mine = [row for row in draft.mission.deploys if row.target == target.name]
    landed = target.after is After.LANDED
    return not any(row.commit == commit or (landed and row.because == because) for row in mine)


def _plan(draft: Draft, target: Target, commit: str, because: str) -> None:
    added = sum(isinstance(move, WriteDeploy) for move in draft.transitions)
    row = DeployRow(next_number(draft.mission.deploys) + added, target.name, commit, because=because)
    words = f"deployment {row.number} of {row.short} to {target.name} is planned: {because}"
    write(draft, row, DeployStatus.PLANNED, EventKind.DEPLOY_PLANNED, words)


def drop(draft: Draft, row: DeployRow, reason: str) -> None:
    """Record that a planned deployment never starts."""
    words = f"deployment {row.number} of {row.short} to {row.target} is dropped: {reason}"
    write(draft, replace(row, reason=reason), DeployStatus.DROPPED, EventKind.DEPLOY_DROPPED, words)
