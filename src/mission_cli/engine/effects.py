"""Carry out effects. Each can be repeated without harm; the next round observes its result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import replace
from mission_cli._support.text import digest
from mission_cli.document.runs.record import read_run, write_run
from mission_cli.domain.branches.refs import run_branch
from mission_cli.domain.errors import MissionError
from mission_cli.domain.ids import Sha
from mission_cli.domain.research.topics import topic_in
from mission_cli.domain.resources.delivery import given, references
from mission_cli.domain.status import SERVED_KINDS, CriterionKind, JobKind, MissionStatus
from mission_cli.engine import assets, findings
from mission_cli.engine.check_jobs import check_job, hook_job
from mission_cli.engine.context import agent_of
from mission_cli.engine.deploys.jobs import run_deploy
from mission_cli.engine.drafts.given import NOTHING, Given, for_runner, given_again, given_for
from mission_cli.engine.drafts.promote import promote
from mission_cli.engine.findings import folder_of
from mission_cli.engine.handover import startable
from mission_cli.engine.learning.advice import Advice, finished
from mission_cli.engine.mails.effects import by_mail
from mission_cli.engine.mails.letters import with_text
from mission_cli.engine.money.prices import with_prices
from mission_cli.engine.phases.brief import brief_for
from mission_cli.engine.preview.jobs import run_preview
from mission_cli.engine.prompt import judgment_prompt, prompt_for, review_prompt, siblings
from mission_cli.engine.pulls.effects import at_forge
from mission_cli.engine.purchases.effects import by_provider
from mission_cli.engine.recording.signals import data_of
from mission_cli.planner.core.effects import (
    AskHost,
    Cancel,
    CleanPreview,
    Effect,
    Integrate,
    Land,
    MakeWork,
    MoveWork,
    PutBaseBack,
    Recover,
    RunCheck,
    RunDeploy,
    RunHook,
    StartPreview,
    Submit,
)
from mission_cli.planner.core.moves.drafts import PromoteDraft
from mission_cli.planner.core.moves.features import Dispatch
from mission_cli.planner.core.moves.mails import AddMail, PrepareMail, SendMail
from mission_cli.planner.core.moves.mission import Finish
from mission_cli.planner.core.moves.purchases import CancelCard, CreateCard
from mission_cli.planner.milestones.judging import names_findings
from mission_cli.planner.pulls.told import told_of
from mission_cli.ports.agents.agent import Request
from mission_cli.ports.agents.usage import Bill
from mission_cli.ports.executor import Caps, JobSpec, Key, Program, SandboxAccess, Tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.mission import Feature, Mission
    from mission_cli.domain.runs import RunRecord
    from mission_cli.domain.tables import Wait
    from mission_cli.engine.case import Case
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.decisions import Transition
    from mission_cli.ports.agents.agent import Agent


def with_prompts(ctx: Context, case: Case) -> list[Transition]:
    """Return the transitions with the prompt in each new record, so that what is submitted is what is recorded.

    Settled records get list prices.
    """
    transitions: list[Transition] = []
    advice = Advice(ctx, case.mission)
    for move in case.plan.transitions:
        if isinstance(move, Dispatch):
            found, record = ctx.state.found(case.stored, case.head), move.record
            if record.answering:
                prompt_of = judgment_prompt if record.judging else review_prompt
                words = prompt_of(ctx, case.mission, record)
            else:
                about = told_of(case.observation, record.feature)
                data = data_of(ctx, case.stored, _waits(case.mission, record))
                records = case.observation.records
                record = startable(ctx, case, _that_resumes(ctx, record, records, news=about))
                brief = brief_for(ctx, case.mission, record, found)
                skills = () if record.conversation else advice.of(record)
                given = _given(ctx, case, record)
                record = replace(record, drafts=given.names, skills=tuple(one.skill.name for one in skills))
                words = prompt_for(
                    ctx,
                    case.mission,
                    record,
                    records,
                    found,
                    pull=about,
                    brief=brief,
                    data=data,
                    given=given,
                    skills=skills,
                )
            prompt = ctx.secrets.scrub(words)
            transitions.append(replace(move, record=_as_written(replace(record, prompt=prompt))))
        elif isinstance(move, Finish) and move.to is MissionStatus.COMPLETED:
            transitions.append(finished(ctx, case.mission, case.observation.records, move))
        else:
            transitions.append(with_text(ctx, case, move) if isinstance(move, AddMail) else with_prices(ctx, move))
    return transitions


def _given(ctx: Context, case: Case, record: RunRecord) -> Given:
    """Return the drafts for an attempt; one that goes on with a conversation has them already."""
    feature = case.mission.feature(record.feature)
    if feature is None or record.conversation or record.by:
        return NOTHING
    return given_for(ctx, case.stored, case.head, case.mission, feature, record)


def _that_resumes(ctx: Context, record: RunRecord, records: Sequence[RunRecord], *, news: str) -> RunRecord:
    """Return the record of an attempt; one that would go on with a conversation begins anew if it cannot be resumed.

    What its subagents used would be charged again, so one that had subagents is not resumed, nor is one with news of
    its pull request, which only the whole prompt contains.
    """
    resumed = bool(record.conversation) and not news
    asked = next((r for r in records if r.session == record.conversation), None) if resumed else None
    if asked is None:
        return replace(record, continues="", conversation="")
    agent = agent_of(ctx, record.runner, ctx.settings.runners[record.runner])
    job = ctx.executor.poll([asked.run]).get(asked.run)
    known = job.exit if job is not None else None
    able = agent is not None and agent.resumes and known is not None and not known.report.children
    return record if able else replace(record, continues="", conversation="")


def _waits(mission: Mission, record: RunRecord) -> list[Wait]:
    return [wait for wait in mission.waits if wait.feature == record.feature]


def dispatched(transitions: list[Transition]) -> list[RunRecord]:
    """Return the attempts that this round intends and submits."""
    return [move.record for move in transitions if isinstance(move, Dispatch)]


def carry_out(ctx: Context, case: Case, act: Effect) -> str:
    """Carry out an effect. Returns why it failed, or the empty string."""
    try:
        return _carry_out(ctx, case, act)
    except MissionError as error:
        return str(error)


def submit(ctx: Context, mission: Mission, record: RunRecord, given: Given = NOTHING) -> None:
    """Submit an intended attempt to the executor, with the drafts that it is given. Raises MissionError."""
    if record.answering or record.by:
        ctx.executor.submit((review_job if record.answering else hand_job)(ctx, mission, record))
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


def hand_job(ctx: Context, mission: Mission, record: RunRecord) -> JobSpec:
    """Return the job of a manual attempt: a tree without a process."""
    return JobSpec(
        key=record.run,
        kind=JobKind.HAND,
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
    job = agent_job(
        ctx,
        record,
        tools=ctx.worker_tools,
        title=f"Mission {record.run}",
        slash_command="" if record.conversation else mission.preferences.worker_command,
        session=record.conversation,
        given=given,
    )
    feature = mission.feature(record.feature)
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


def _as_written(record: RunRecord) -> RunRecord:
    """Return the record as another process reads it, so that submitting it again submits the same."""
    return read_run(write_run(record)) or record


def _carry_out(ctx: Context, case: Case, act: Effect) -> str:  # noqa: C901, PLR0912 - a flat table, one case per effect
    mission = case.mission
    match act:
        case Submit() | Recover():
            record = case.observation.record_of(act.run)
            if record is None:
                return f"{act.run} has no record"
            submit(ctx, mission, record, given_again(ctx, case.stored, case.head, mission, record))
        case Cancel():
            ctx.executor.cancel(act.run)
        case AskHost():
            ctx.hosts.ask(act.host)
        case RunCheck():
            told = assets.accepted(ctx, case, act.criterion)
            ctx.executor.submit(_check_job(ctx, mission, _with_findings(ctx, case, act), told))
        case RunHook():
            ctx.executor.submit(hook_job(ctx, mission, act))
        case Integrate():
            if not ctx.code.move_work(mission.id, act.candidate, act.expect):
                return ""
        case MakeWork():
            ctx.code.make_work(mission.id, act.base)
        case MoveWork():
            ctx.code.move_work(mission.id, act.to, act.expect)
        case PutBaseBack():
            ctx.code.put_base_back(mission.base, act.to, act.expect)
        case StartPreview() | CleanPreview():
            run_preview(ctx, mission, act)
        case RunDeploy():
            run_deploy(ctx, mission, act)
        case PromoteDraft():
            return promote(ctx, case, act)
        case Land():
            return ctx.code.land(mission.base, act.commit, act.expect)
        case PrepareMail() | SendMail():
            return by_mail(ctx, case, act)
        case CreateCard() | CancelCard():
            return by_provider(ctx, case, act)
        case _:
            return at_forge(ctx, case, act)
    return ""


def _with_findings(ctx: Context, case: Case, act: RunCheck) -> RunCheck:
    """Return the check on a commit that contains the mission's findings, if its criterion names them."""
    if not names_findings(act.criterion, case.mission.id):
        return act
    found = findings.in_tree(case.mission.id, ctx.state.found(case.stored, case.head))
    there = ctx.code.read(act.commit, found)
    lacking = {path: text for path, text in found.items() if path not in there}
    return replace(act, commit=ctx.code.overlay(act.commit, lacking)) if lacking else act


def _check_job(ctx: Context, mission: Mission, act: RunCheck, stdin: str = "") -> JobSpec:
    """Return the job of a check; `stdin` is what its judge reads."""
    limit, told = act.criterion.timeout or ctx.settings.check_timeout, act.criterion.conditions
    return JobSpec(
        key=check_job(mission, act.key, act.attempt),
        kind=JobKind.CHECK,
        tree=Tree(
            commit=act.commit,
            base_name=mission.base,
            setup=ctx.settings.tree.setup,
            copy=ctx.settings.tree.copy,
            setup_deadline_s=max(1, int(max(limit, ctx.settings.check_timeout).total_seconds())),
        ),
        program=Program(
            argv=ctx.checks.argv(act.criterion),
            stdin=stdin,
            env={**ctx.settings.tree.env, "MISSION_ID": mission.id},
            own=dict((*(() if act.criterion.kind in SERVED_KINDS else told.env), *told.secrets)),
            tests=digest(act.criterion.command) if act.criterion.kind is CriterionKind.RUN else "",
        ),
        caps=Caps(deadline_s=max(1, int(limit.total_seconds()))),
        sandbox=SandboxAccess(on=ctx.machine.sandbox().on, network=told.network),
    )
