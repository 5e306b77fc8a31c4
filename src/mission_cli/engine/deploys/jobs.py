"""The jobs of deployments: the command of a target on a commit, the health check, and the rollback."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.document.reading.placed import load_placed
from mission_cli.domain.criteria.criterion import Criterion
from mission_cli.domain.deploys.rows import BUSY, DeployStatus, health_key, job_key, keys_of, live_before, rollback_key
from mission_cli.domain.ids import Sha
from mission_cli.domain.resources.delivery import given
from mission_cli.domain.status import CriterionKind, JobKind
from mission_cli.planner.core.effects import DeployPart
from mission_cli.ports.executor import Caps, JobSpec, Key, Program, SandboxAccess, Tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.domain.deploys.rows import DeployRow
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.jobs import Job
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.effects import RunDeploy
    from mission_cli.ports.git.state import Snapshot
    from mission_cli.settings.deploying import DeploySettings

_MARGIN_S = 60
"""How much longer than its waiting the job of a health check may take."""


def deploy_jobs(ctx: Context, mission: Mission) -> Mapping[str, Job]:
    """Poll the jobs of the deployments of which something is left to do; asks nothing if there is none."""
    keys = [key for row in mission.deploys for key in keys_of(mission.id, row)]
    return ctx.executor.poll(keys) if keys else {}


def deploying_elsewhere(snapshot: Snapshot, mission: Mission) -> dict[str, str]:
    """Return the other missions that deploy now, by target; reads their files only if this one plans to deploy."""
    wanted = {row.target for row in mission.deploys if row.status is DeployStatus.PLANNED}
    if not wanted:
        return {}
    found: dict[str, str] = {}
    for other, stored in snapshot.missions.items():
        if other != mission.id:
            rows = load_placed(stored.text, other).mission.deploys
            found |= {row.target: str(other) for row in rows if row.target in wanted and row.status in BUSY}
    return found


def run_deploy(ctx: Context, mission: Mission, act: RunDeploy) -> None:
    """Submit the job that an effect asks for. Raises MissionError."""
    row = next((row for row in mission.deploys if row.number == act.number), None)
    told = ctx.settings.deploy.get(row.target) if row is not None else None
    if row is not None and told is not None:
        ctx.executor.submit(deploy_job(ctx, mission, row, told, act))


def deploy_job(ctx: Context, mission: Mission, row: DeployRow, told: DeploySettings, act: RunDeploy) -> JobSpec:
    """Return a job of a deployment, built from its row and the settings."""
    if act.part is DeployPart.HEALTH:
        return _health_job(ctx, mission, row, told, act.attempt)
    rolls_back = act.part is DeployPart.ROLLBACK
    command = told.rollback if rolls_back else told.command
    rows = [*given(mission.resources, told.needs)]
    tree, limit = ctx.settings.tree, max(1, int(told.timeout.total_seconds()))
    return JobSpec(
        key=rollback_key(mission.id, row.number) if rolls_back else job_key(mission.id, row.number),
        kind=JobKind.HOOK,
        tree=Tree(commit=Sha(row.commit), base_name=mission.base, setup=tree.setup, copy=tree.copy),
        program=Program(
            argv=ctx.checks.argv(Criterion(text=command, kind=CriterionKind.RUN, command=command)),
            env={**tree.env, **_facts(mission, row)},
            own=told.env,
            secrets={one.env: one.reference for one in rows if not one.is_proxied},
            keys=tuple(Key(one.env, one.reference, one.delivery) for one in rows if one.is_proxied),
        ),
        caps=Caps(deadline_s=limit),
        sandbox=SandboxAccess(on=ctx.machine.sandbox().on, network=True),
    )


def _health_job(ctx: Context, mission: Mission, row: DeployRow, told: DeploySettings, attempt: int) -> JobSpec:
    """Return the job of a health check; it may run again."""
    check = told.health_check(row.url)
    criterion = Criterion(text=check.url, kind=CriterionKind.HTTP, http=check)
    return JobSpec(
        key=health_key(mission.id, row.number, attempt),
        kind=JobKind.CHECK,
        tree=Tree(commit=Sha(row.commit), base_name=mission.base),
        program=Program(argv=ctx.checks.argv(criterion), env={"MISSION_ID": mission.id}),
        caps=Caps(deadline_s=check.wait_s + _MARGIN_S),
        sandbox=SandboxAccess(on=ctx.machine.sandbox().on, network=True),
    )


def _facts(mission: Mission, row: DeployRow) -> dict[str, str]:
    return {
        "MISSION_ID": mission.id,
        "MISSION_DEPLOY": str(row.number),
        "MISSION_TARGET": row.target,
        "MISSION_COMMIT": row.commit,
        "MISSION_PREVIOUS": live_before(mission.deploys, row),
        "MISSION_BASE": mission.base,
        "MISSION_URL": row.url,
    }
