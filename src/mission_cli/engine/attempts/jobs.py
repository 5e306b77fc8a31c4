"""The jobs of attempts, reviews and judgments: command, tree, limits and sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import replace
from mission_cli.domain.branches.refs import run_branch
from mission_cli.domain.errors import MissionError
from mission_cli.domain.ids import Sha
from mission_cli.domain.research.topics import topic_in
from mission_cli.domain.resources.delivery import given, references
from mission_cli.domain.status import JobKind
from mission_cli.engine.attempts.prompt import siblings
from mission_cli.engine.context import agent_of
from mission_cli.engine.drafts.given import NOTHING, Given, for_runner
from mission_cli.engine.findings import folder_of
from mission_cli.ports.agents.agent import Request
from mission_cli.ports.agents.usage import Bill
from mission_cli.ports.executor import Caps, JobSpec, Key, Program, SandboxAccess, Tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.mission import Feature, Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.context import Context
    from mission_cli.ports.agents.agent import Agent


def submit(ctx: Context, mission: Mission, record: RunRecord, given: Given = NOTHING) -> None:
    """Submit an intended attempt to the executor, with the drafts that it is given. Raises MissionError."""
    if record.answering or record.by:
        ctx.executor.submit((review_job if record.answering else manual_job)(ctx, mission, record))
    else:
        ctx.executor.submit(worker_job(ctx, mission, record, given))


def review_job(ctx: Context, mission: Mission, record: RunRecord) -> JobSpec:
    """Return the job of a review or a judgment: an agent in a tree of its own that is thrown away."""
    what = f"Judgment ({record.asks})" if record.judging else "Review"
    job = agent_job(ctx, record, title=f"{what} of {record.about or mission.id} ({record.run})")
    env = {"MISSION_ID": mission.id, "MISSION_MODEL": _as_text(record.model)}
    env |= {"MISSION_JUDGMENT": record.asks} if record.judging else {"MISSION_REVIEW": record.about}
    return replace(
        job,
        kind=JobKind.REVIEW,
        tree=Tree(commit=Sha(record.head), base_name=mission.base, copy=ctx.settings.tree.copy),
        program=replace(job.program, env={**job.program.env, **env}),
    )


def _as_text(model: str) -> str:
    """Return the name of a model for a variable; empty if it would be read as a reference to a key there.

    A mission file names models, and a plan may come from a model: neither may name what the worker is told of keys.
    """
    return "" if model.startswith(("env:", "file:")) else model


def manual_job(ctx: Context, mission: Mission, record: RunRecord) -> JobSpec:
    """Return the job of a manual attempt: a tree without a process."""
    return JobSpec(
        key=record.run,
        kind=JobKind.MANUAL,
        tree=Tree(
            commit=record.base,
            branch=run_branch(record.run),
            base_name=mission.base,
            copy=ctx.settings.tree.copy,
            continues=f"{mission.id}/{record.continues}" if record.continues else "",
        ),
    )


def worker_job(ctx: Context, mission: Mission, record: RunRecord, given: Given = NOTHING) -> JobSpec:
    """Return the job of an attempt, built from its record and the drafts that this names."""
    env = {
        "MISSION_ID": mission.id,
        "MISSION_FEATURE": record.feature,
        "MISSION_ATTEMPT": str(record.attempt),
        "MISSION_MODE": mission.mode,
        "MISSION_BASE": mission.base,
        "MISSION_BRANCH": run_branch(record.run),
        "MISSION_MODEL": _as_text(record.model),
    }
    if ctx.worker_tools:
        env["MISSION_SIBLINGS"] = siblings(mission, record.feature)
    feature = mission.feature(record.feature)
    job = agent_job(
        ctx,
        record,
        tools=ctx.worker_tools,
        title=f"Mission {record.run}: {feature.title if feature is not None else ''}",
        slash_command="" if record.conversation else mission.preferences.worker_command,
        session=record.conversation,
        given=given,
    )
    only = folder_of(mission.id) if feature is not None and topic_in(mission, feature) else ""
    return replace(
        job,
        place=record.ran_on,
        sandbox=replace(job.sandbox, only=only, given=given.files),
        tree=replace(
            job.tree,
            branch=run_branch(record.run),
            base_name=mission.base,
            name=f"{mission.id}/{record.continues}" if record.continues else "",
            setup=ctx.settings.tree.setup,
            copy=ctx.settings.tree.copy,
        ),
        program=replace(job.program, env={**job.program.env, **env}, **_needs(mission, feature, job.program.keys)),
    )


def _needs(mission: Mission, feature: Feature | None, own: Sequence[Key]) -> dict[str, Any]:
    """Return references to the values that a feature needs, by variable, and the keys that a proxy adds.

    `own` are those that the runner itself uses.
    """
    rows = [*given(mission.resources, feature.needs)] if feature is not None else []
    proxied = [one for one in rows if one.is_proxied and not one.broken]
    keys = {key.name: key for key in own} | {one.env: Key(one.env, one.reference, one.delivery) for one in proxied}
    return {"secrets": references(rows), "keys": tuple(keys.values())}


def agent_job(
    ctx: Context,
    record: RunRecord,
    *,
    title: str,
    slash_command: str = "",
    session: str = "",
    tools: tuple[str, ...] = (),
    given: Given = NOTHING,
) -> JobSpec:
    """Return the job of one agent run: command, limits and sandbox. The caller adds branch, setup and mission."""
    runner = ctx.settings.runners[record.runner]
    agent = agent_of(ctx, record.runner, runner)
    if agent is None:
        raise MissionError(f"the runner `{record.runner}` has no adapter")
    sandboxed = ctx.machine.sandbox().on
    request = Request(
        prompt=record.prompt,
        title=title,
        model=record.model if runner.models or (runner.kind or record.runner) == "command" else "",
        command=runner.command,
        env=runner.given,
        sandboxed=sandboxed,
        session=session,
        slash_command=slash_command,
        project_settings=runner.project_settings,
        max_usd=record.reserve.cap_usd or None,
        tools=tools,
        agents=for_runner(ctx, record, given),
    )
    invocation = agent.invocation(request)
    access = invocation.access or agent.access
    unpriced = agent.bill is Bill.FILE and not runner.models  # a program that reports its own cost
    prices = {} if unpriced else ctx.prices.prices(record.model).per_token
    return JobSpec(
        key=record.run,
        kind=JobKind.WORKER,
        tree=Tree(commit=record.starts or record.base),
        program=Program(
            argv=invocation.argv,
            stdin=invocation.stdin,
            env=invocation.env,
            merged=invocation.merged,
            files=invocation.files,
            agent=runner.kind or record.runner,
            prices={kind: str(price) for kind, price in prices.items()},
            keys=tuple(Key(name, *told) for name, told in runner.proxied.items()),
        ),
        caps=_caps(ctx, record, agent),
        sandbox=SandboxAccess(
            on=sandboxed,
            read=access.read,
            write=access.write,
            scratch=access.scratch,
            env=access.env,
        ),
    )


def _caps(ctx: Context, record: RunRecord, agent: Agent) -> Caps:
    """Return the limits of one agent run."""
    runner, cap = ctx.settings.runners[record.runner], record.reserve.cap_usd
    silent = runner.stall_after or (ctx.settings.stall_after if agent.retry_window_s else ctx.settings.stuck_after)
    return Caps(
        deadline_s=record.deadline_s,
        max_usd=f"{cap:f}" if cap else "",
        max_tokens=record.reserve.cap_tokens or record.reserve.tokens,
        max_steps=runner.max_steps or ctx.settings.max_steps,
        stall_s=max(int(silent.total_seconds()), agent.retry_window_s),
    )
