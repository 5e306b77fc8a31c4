"""`mission doctor`: check that agents are installed and logged in, and that their models exist and answer."""

from __future__ import annotations

import difflib
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli._support.shown import dollars
from mission_cli._support.text import one_line
from mission_cli.app.queries.diagnosis.doctor import looked
from mission_cli.document.reading.placed import load_placed
from mission_cli.domain.errors import MissionError, ToolError
from mission_cli.domain.ids import RunId, Sha
from mission_cli.domain.notice import Finding, Level, advise, doubtful, fine, wrong
from mission_cli.domain.routing import runners
from mission_cli.domain.runs.record import RunRecord
from mission_cli.domain.runs.usage import Reserve
from mission_cli.domain.status import FINISHED_MISSION, Cause, EndReason, JobKind, JobState, RecordState
from mission_cli.engine.attempts.jobs import worker_job
from mission_cli.engine.context import agent_of, runner_obstacle, unknown_runner
from mission_cli.engine.guards.elsewhere import obstacle_for
from mission_cli.engine.guards.health import in_its_environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.jobs import Exit
    from mission_cli.engine.context import Context
    from mission_cli.ports.agents.agent import Agent
    from mission_cli.ports.agents.installed import AgentFinder, InstalledAgent
    from mission_cli.ports.diagnostics import Instruments
    from mission_cli.ports.schedule import Installed
    from mission_cli.settings import RunnerSettings

_ANSWER_SECONDS = 120
_PROMPT = "Answer with the one word OK. Use no tools and do nothing else.\n"
_CALL_CAP = Decimal("0.50")


@dataclass(frozen=True, slots=True)
class Call:
    """A test call of a model that was started."""

    runner: str
    model: str
    job: str


def unfinished(ctx: Context) -> list[Mission]:
    """Return the missions of the repository that are not finished; none if the check of the state reports an error."""
    try:
        snapshot = ctx.state.snapshot()
    except MissionError:
        return []
    loaded = (load_placed(stored.text, stored.id).mission for stored in snapshot.missions.values())
    return [mission for mission in loaded if mission.status is not None and mission.status not in FINISHED_MISSION]


def agent_findings(finder: AgentFinder) -> list[Finding]:
    """Check the agents that are known by name, where there is no repository whose settings name a runner."""
    found = [agent for agent in finder.find() if agent.program]
    if not found:
        return [doubtful("agents", "no coding agent is installed", next((a.install for a in finder.find()), ""))]
    return [_agent(agent) for agent in found]


def runner_findings(ctx: Context, tools: Instruments, missions: Sequence[Mission]) -> list[Finding]:
    """Check every runner; what is wrong with one that nothing here uses is only a warning."""
    usual = ctx.default_runner()
    used = {usual, *ctx.named_runners, *(name for mission in missions for name in runners(mission, usual))}
    lacking = sorted(name for name in used if name not in ctx.settings.runners)
    found = []
    for name in lacking if used - {""} else [""]:
        if name or not ctx.settings.runners:
            obstacle = unknown_runner(ctx, name)
            found.append(wrong(f"runner {name}".rstrip(), obstacle.words, obstacle.remedy))
    for name in sorted(ctx.settings.runners):
        users = [mission for mission in missions if name in runners(mission, usual)]
        findings = looked(f"runner {name}", partial(_runner, ctx, tools, name, users))
        found += findings if name in used else [_lighter(finding) for finding in findings]
    return found


def _agent(agent: InstalledAgent) -> Finding:
    subject, words = f"agent {agent.name}", ", ".join(filter(None, (agent.program, agent.version)))
    if not agent.account:
        return doubtful(subject, f"{words}: not logged in", agent.log_in)
    return fine(subject, f"{words}, logged in: {agent.account}")


def _lighter(finding: Finding) -> Finding:
    if finding.level is not Level.WRONG:
        return finding
    return doubtful(finding.subject, f"{finding.words} (not used here)", finding.todo)


def call_models(ctx: Context, nonce: str) -> list[Call]:
    """Start one minimal call of a model for each agent that a mission here uses. Raises MissionError."""
    calls = []
    for name, mission in _used(ctx).items():
        runner = ctx.settings.runners[name]
        base = ctx.code.heads(mission.id, mission.base).base
        if not _is_callable(ctx, name, runner) or base is None:
            continue
        tier = mission.models.get("workers", "")
        call = Call(name, runner.models.get(tier, tier), f"doctor/{nonce}/{name}")
        record = _record(call, base)
        spec = worker_job(ctx, mission, record)
        tree, caps = replace(spec.tree, branch="", setup="", copy=()), replace(spec.caps, max_steps=3)
        ctx.executor.submit(replace(spec, key=call.job, kind=JobKind.CHECK, tree=tree, caps=caps))
        calls.append(call)
    return calls


def answer(ctx: Context, call: Call, key_file: str) -> tuple[Finding, Decimal | None] | None:
    """Return the diagnosis of a call, and its cost in dollars or None if unknown; None while it runs."""
    job = ctx.executor.poll([call.job])[call.job]
    if job.exit is None and job.state in {JobState.RUNNING, JobState.WAITING}:
        return None
    if job.exit is None:
        return wrong(f"model of {call.runner}", "the call was lost", "try again"), None
    usage = job.exit.report.usage
    usd = usage.usd if usage is not None else None
    return _judged(ctx, call, job.exit, usd, key_file), usd


def _runner(ctx: Context, tools: Instruments, name: str, users: Sequence[Mission]) -> list[Finding]:
    """Check a runner, which these missions use."""
    subject, runner = f"runner {name}", ctx.settings.runners[name]
    here = runner_obstacle(ctx, name, runner)
    if here is not None:
        hosts = [look.name for look in ctx.hosts.looks() if look.has(name)]
        obstacles = [one for mission in users if (one := obstacle_for(ctx, mission, name, here))]
        if hosts and not obstacles:
            return [fine(subject, f"on {', '.join(hosts)}; not here: {here.words}")]
        return [wrong(subject, one.words, one.remedy) for one in [*obstacles, here][:1]]
    agent = agent_of(ctx, name, runner)
    installed = tools.schedule.installed()
    elsewhere = in_its_environment(ctx, installed, name) if installed is not None else []
    found = [replace(finding, subject=subject) for finding in elsewhere]
    if agent is None or not agent.program:
        return [fine(subject, tools.program(runner.command)), *found]
    words = f"{tools.program(runner.command)}, {tools.version(runner.command)}"
    account = ctx.agent_finder.account(runner.kind or name, runner.given)
    if not account:
        return [wrong(subject, f"{words}: not logged in", agent.log_in), *found]
    if installed is not None and not found:
        found = _login_there(ctx, installed, name, account)
    return [fine(subject, f"{words}, logged in: {account}"), *_models(tools, subject, agent, runner), *found]


def _login_there(ctx: Context, installed: Installed, name: str, account: str) -> list[Finding]:
    """Return a diagnosis if an agent is logged in only by a variable of this shell."""
    runner = ctx.settings.runners[name]
    around = ctx.schedule.environment(installed)
    if ctx.agent_finder.account(runner.kind or name, runner.given, around):
        return []
    words = f"as {installed.kind} starts it, it is not logged in: {account} is set in this shell only"
    return [wrong(f"runner {name}", words, "put it into the key file")]


def _models(tools: Instruments, subject: str, agent: Agent, runner: RunnerSettings) -> Iterator[Finding]:
    """Yield a diagnosis for each model of the runner that the agent does not have, if it can list its models."""
    wanted = [model for model in dict.fromkeys(runner.models.values()) if model]
    listing = agent.list_models(runner.command)
    if not wanted or not listing.argv:
        return
    try:
        known = agent.models_in(tools.output(listing.argv, {**runner.given, **listing.env}))
    except ToolError:
        return  # the call of a model tells more
    for model in wanted:
        if known and model not in known:
            close = difflib.get_close_matches(model, known, n=1)
            todo = f"did you mean `{close[0]}`?" if close else f"choose one of: {' '.join(listing.argv)}"
            yield wrong(subject, f"{agent.title} has no model `{model}`", advise(todo))


def _used(ctx: Context) -> dict[str, Mission]:
    """Return the runners of the settings that unfinished missions use, with one such mission for each."""
    found: dict[str, Mission] = {}
    for mission in unfinished(ctx):
        for name in runners(mission, ctx.default_runner()):
            if name in ctx.settings.runners:
                found.setdefault(name, mission)
    return found


def _is_callable(ctx: Context, name: str, runner: RunnerSettings) -> bool:
    """Whether a runner's model can be called: not that of any program, whose start would be work."""
    agent = agent_of(ctx, name, runner)
    if agent is None or not agent.program or runner_obstacle(ctx, name, runner):
        return False
    return bool(ctx.agent_finder.account(runner.kind or name, runner.given))


def _record(call: Call, base: Sha) -> RunRecord:
    return RunRecord(
        run=RunId("doctor/1.1-a1"),
        state=RecordState.INTENDED,
        runner=call.runner,
        model=call.model,
        base=base,
        deadline_s=_ANSWER_SECONDS,
        reserve=Reserve(cap_usd=_CALL_CAP),
        prompt=_PROMPT,
    )


def _judged(ctx: Context, call: Call, end: Exit, usd: Decimal | None, key_file: str) -> Finding:
    subject = f"model of {call.runner}"
    report = end.report
    if end.reason is EndReason.EXIT and report.cause is None and end.code == 0:
        cost = "unknown cost" if usd is None else dollars(usd)
        return fine(subject, f"{call.model or 'its own default'} answered; {cost}")
    words = one_line(report.detail or end.detail or report.last_words or f"exit status {end.code}", 200)
    if report.cause is Cause.RATE_LIMIT:
        return doubtful(subject, words, f"wait{f' until {report.reset_at}' if report.reset_at else ''}")
    if report.cause in {Cause.AUTH, Cause.PERMISSION}:
        agent = agent_of(ctx, call.runner, ctx.settings.runners[call.runner])
        log_in = agent.log_in if agent is not None else ""
        return wrong(subject, words, f"{log_in}, or put its key into {key_file}")
    if end.reason is EndReason.DEADLINE:
        return wrong(subject, f"no answer within {_ANSWER_SECONDS} s", "start the agent yourself; is there a proxy?")
    todo = f"start the agent yourself; if that works, put proxies and certificates into {key_file}"
    return wrong(subject, words, todo)
