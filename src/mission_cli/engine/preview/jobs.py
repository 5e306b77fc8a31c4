"""The jobs of previews: the server or the deployment of a commit, and what cleans up after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.criteria.criterion import Criterion
from mission_cli.domain.ids import Sha
from mission_cli.domain.preview.rows import cleanup_key, job_key
from mission_cli.domain.status import CriterionKind, JobKind
from mission_cli.planner.core.effects import StartPreview
from mission_cli.ports.executor import Caps, JobSpec, Program, SandboxAccess, Service, Tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.preview.rows import PreviewRow
    from mission_cli.domain.runs.jobs import Job
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.effects import PreviewEffect

_MARGIN_S = 3600
"""How much longer than it may be shown a server lives if no pulse ends it."""
_ENDLESS_S = 366 * 24 * 3600


def preview_jobs(ctx: Context, mission: Mission) -> Mapping[str, Job]:
    """Poll the jobs of the previews of which something is left; asks nothing if there is none."""
    going = [row for row in mission.previews if row.going]
    keys = [key for row in going for key in (job_key(mission.id, row.number), cleanup_key(mission.id, row.number))]
    return ctx.executor.poll(keys) if keys else {}


def run_preview(ctx: Context, mission: Mission, act: PreviewEffect) -> None:
    """Submit the job that an effect asks for. Raises MissionError."""
    row = next((row for row in mission.previews if row.number == act.number), None)
    if row is None:
        return
    job = preview_job(ctx, mission, row) if isinstance(act, StartPreview) else cleanup_job(ctx, mission, row)
    ctx.executor.submit(job)


def preview_job(ctx: Context, mission: Mission, row: PreviewRow) -> JobSpec:
    """Return the job of a preview, built from its row and the settings."""
    told = ctx.settings.preview
    ready = max(1, int(told.ready.total_seconds()))
    lives = int(told.expires.total_seconds()) + ready + _MARGIN_S
    token = {"MISSION_TOKEN": token_of(ctx, mission.id, row)} if told.deploy else {}
    return JobSpec(
        key=job_key(mission.id, row.number),
        kind=JobKind.PREVIEW,
        tree=_tree(ctx, row),
        program=_program(ctx, mission, row, told.deploy or told.run, token),
        caps=Caps(deadline_s=ready if told.deploy else min(lives, _ENDLESS_S)),
        sandbox=_sandbox(ctx),
        service=Service() if told.deploy else Service(ready, told.health),
    )


def cleanup_job(ctx: Context, mission: Mission, row: PreviewRow) -> JobSpec:
    """Return the job that cleans up after a preview; it may run again."""
    return JobSpec(
        key=cleanup_key(mission.id, row.number),
        kind=JobKind.CHECK,
        tree=_tree(ctx, row),
        program=_program(ctx, mission, row, ctx.settings.preview.cleanup, {}),
        caps=Caps(deadline_s=max(1, int(ctx.settings.check_timeout.total_seconds()))),
        sandbox=_sandbox(ctx),
    )


def token_of(ctx: Context, mission: str, row: PreviewRow) -> str:
    """Return the token with which the deployment of a preview reports; it is the same each time."""
    return ctx.runtime.token(f"preview {mission} {row.number} {row.commit}")


def _tree(ctx: Context, row: PreviewRow) -> Tree:
    tree = ctx.settings.tree
    limit = max(1, int(ctx.settings.check_timeout.total_seconds()))
    return Tree(commit=Sha(row.commit), setup=tree.setup, copy=tree.copy, setup_deadline_s=limit)


def _program(ctx: Context, mission: Mission, row: PreviewRow, command: str, token: Mapping[str, str]) -> Program:
    argv = ctx.checks.argv(Criterion(text=command, kind=CriterionKind.RUN, command=command))
    told = {
        "MISSION_ID": mission.id,
        "MISSION_PREVIEW": str(row.number),
        "MISSION_COMMIT": row.commit,
        "MISSION_BASE": mission.base,
        "MISSION_URL": row.url,
    }
    callback = {"MISSION_CALLBACK": f"{ctx.command_line} preview {mission.id} --report"} if token else {}
    if token and ctx.settings.serve.url:
        callback["MISSION_CALLBACK_URL"] = f"{ctx.settings.serve.url}/hooks/preview/{mission.id}"
    return Program(
        argv=argv,
        env={**ctx.settings.tree.env, **told},
        own={**ctx.settings.preview.env, **callback, **token},
    )


def _sandbox(ctx: Context) -> SandboxAccess:
    return SandboxAccess(on=ctx.machine.sandbox().on, network=True)
