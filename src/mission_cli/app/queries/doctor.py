"""`mission doctor`: check that everything missions need works: machine, schedule, repository, agents.

An error during a check becomes a diagnosis, too.
"""

from __future__ import annotations

import os
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli._support.text import (
    counted,
    one_line,
    show_duration,
)
from mission_cli.document.reading.placed import load_placed
from mission_cli.domain.budget.amounts import show_amount
from mission_cli.domain.errors import MissionError
from mission_cli.domain.ids import RunId, Sha
from mission_cli.domain.notice import Finding, Level, do, doubtful, fine, wrong
from mission_cli.domain.routing import runners
from mission_cli.domain.runs import Reserve, RunRecord
from mission_cli.domain.status import FINISHED_MISSION, Cause, EndReason, JobKind, JobState, RecordState
from mission_cli.engine.context import runner_obstacle
from mission_cli.engine.effects import worker_job
from mission_cli.engine.guards.health import (
    INSTALL,
    LATE,
    in_its_environment,
    roughly,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs import Exit
    from mission_cli.engine.context import Context
    from mission_cli.ports.diagnostics import Instruments
    from mission_cli.ports.schedule import Installed

_PROGRAM = "command"
"""The kind of a runner that can be any program; it is not started for a test, because that would start work."""
_OLDEST_YEAR = 2024
_CLOCK_SLACK = timedelta(minutes=2)
_ANSWER_SECONDS = 120
_PROMPT = "Answer with the one word OK. Use no tools and do nothing else.\n"
_CALL_CAP = Decimal("0.50")
_SHOWN_PATHS = 3


@dataclass(frozen=True, slots=True)
class Call:
    """A test call of a model that was started."""

    runner: str
    model: str
    job: str


def machine_findings(tools: Instruments) -> list[Finding]:
    """Check git, the person's identity, the clock and the key file."""
    return [
        *_looked("git", lambda: [fine("git", tools.git())]),
        *_looked("identity", lambda: [_identity(tools)]),
        _clock(tools),
        *_looked("keys", lambda: [_keys(tools)]),
    ]


def schedule_findings(tools: Instruments) -> list[Finding]:
    """Check what starts pulses: whether it exists, can work and has worked recently."""
    return _looked("schedule", lambda: _schedule(tools))


def repository_findings(ctx: Context, tools: Instruments, *, offline: bool) -> list[Finding]:
    """Check sandbox, memory and disk, state, each configured runner, and unless `offline` the remote."""
    findings = [
        _sandbox(ctx),
        _room(ctx),
        *_copies(ctx),
        *_shell(ctx),
        *_looked("state", lambda: [_state(ctx, tools)]),
        *_trouble(ctx),
    ]
    for name in sorted(ctx.settings.runners):
        findings += _looked(f"runner {name}", partial(_runner, ctx, tools, name))
    return findings if offline else [*findings, *_remote(ctx, tools)]


def call_models(ctx: Context, nonce: str) -> list[Call]:
    """Start one minimal call of a model for each agent that a mission here uses. Raises MissionError."""
    calls = []
    for name, mission in _used(ctx).items():
        runner = ctx.settings.runners[name]
        base = ctx.code.heads(mission.id, mission.base).base
        if (runner.kind or name) == _PROGRAM or runner_obstacle(ctx, name, runner) or base is None:
            continue
        tier = mission.models.get("workers", "")
        call = Call(name, runner.models.get(tier, tier), f"doctor/{nonce}/{name}")
        record = _record(call, base)
        spec = replace(worker_job(ctx, mission, record), key=call.job, kind=JobKind.CHECK, branch="", setup="", copy=())
        ctx.executor.submit(replace(spec, max_steps=3))
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
    return _judged(call, job.exit, usd, key_file), usd


def healthy(findings: Iterable[Finding]) -> bool:
    """Whether no diagnosis is `wrong`."""
    return all(finding.level is not Level.WRONG for finding in findings)


# The machine


def _looked(subject: str, look: Callable[[], list[Finding]]) -> list[Finding]:
    try:
        return look()
    except MissionError as error:
        return [wrong(subject, error.message, error.hint)]


def _identity(tools: Instruments) -> Finding:
    person = tools.identity()
    if person is not None:
        return fine("identity", str(person))
    todo = "git config --global user.name NAME; git config --global user.email ADDRESS"
    return doubtful("identity", "git does not know your name and address: workers cannot commit without them", todo)


def _clock(tools: Instruments) -> Finding:
    now = tools.clock.now()
    if now.year < _OLDEST_YEAR:
        return wrong("clock", f"it shows {now:%Y-%m-%d %H:%M} UTC", "set it: timedatectl set-ntp true")
    return fine("clock", f"{now:%Y-%m-%d %H:%M} UTC")


def _keys(tools: Instruments) -> Finding:
    file = tools.key_file()
    if file.open_to_others:
        return doubtful("keys", f"other users can read {file.path}", f"chmod 600 {file.path}")
    if file.commented:
        words = f"{file.path}: the comment after the value of {', '.join(file.commented)} is part of the value"
        return doubtful("keys", words, "put the comment on a separate line")
    return fine("keys", file.path if file.there else f"{file.path} (does not exist: pulses have no keys)")


# The schedule


def _schedule(tools: Instruments) -> list[Finding]:
    installed = tools.schedule.installed()
    detached = tools.schedule.detached()
    if installed is None and detached is not None:
        words = f"a detached run starts pulses (process {detached.pid}); it ends when this machine stops"
        return [fine("schedule", words)]
    if installed is None:
        words = f"nothing starts pulses: missions advance only when a worker ends or you run `{do('pulse')}` or `run`"
        return [doubtful("schedule", words, INSTALL)]
    return [*_as_written(tools, installed), _ticks(tools, installed), *_lost(tools)]


def _as_written(tools: Instruments, installed: Installed) -> list[Finding]:
    """Check that the entry starts a pulse, and that the files and folders that it names exist."""
    kind, job = installed.kind, installed.job
    if not installed.live:
        return [wrong(kind, f"the entry is disabled: {installed.text}", INSTALL)]
    if "pulse" not in job.argv or "--all" not in job.argv:
        return [wrong(kind, f"the entry was changed and starts no pulse: {installed.text}", INSTALL)]
    gone = tools.missing([job.argv[0], os.path.dirname(job.log)])  # noqa: PTH120 - text, not a file
    if gone:
        return [wrong(kind, f"the entry names files that do not exist any more: {', '.join(gone)}", INSTALL)]
    findings = [fine(kind, " ".join(job.argv))]
    if job.argv != tools.pulse:
        findings = [doubtful(kind, f"it starts a different installation of mission: {job.argv[0]}", INSTALL)]
    stale = tools.missing(installed.environment.get("PATH", "").split(":"))
    if stale:
        shown = ", ".join(stale[:_SHOWN_PATHS]) + (", …" if len(stale) > _SHOWN_PATHS else "")
        findings.append(doubtful(kind, f"folders of its PATH do not exist any more: {shown}", INSTALL))
    if kind == "systemd" and not tools.lingers():
        findings.append(doubtful(kind, "it stops when you log out", "loginctl enable-linger"))
    return findings


def _ticks(tools: Instruments, installed: Installed) -> Finding:
    obstacle = tools.scheduler_obstacle(installed.kind)
    if obstacle:
        todo = "start it: systemctl start cron, or service cron start" if installed.kind == "cron" else INSTALL
        return wrong("pulse", f"{obstacle}: no pulse will be started", todo)
    last = tools.schedule.last_tick()
    if last is None:
        return wrong("pulse", "no scheduled pulse has ever run", INSTALL)
    span = tools.clock.now() - last
    if span < -_CLOCK_SLACK:
        words = f"the clock is {roughly(-span)} behind the last pulse"
        return wrong("clock", words, "set it: timedatectl set-ntp true")
    if span > LATE:
        words = f"the last one ran {roughly(span)} ago; one is due every minute"
        return wrong("pulse", words, f"check that {installed.kind} is running; its log is {installed.job.log}")
    return fine("pulse", f"the last one ran less than {show_duration(LATE)} ago")


def _lost(tools: Instruments) -> list[Finding]:
    words = "it does not exist any more; the next pulse will forget it"
    return [doubtful("repository", f"{place}: {words}") for place in tools.lost_repositories()]


# The repository


def _sandbox(ctx: Context) -> Finding:
    found = ctx.machine.sandbox()
    if found.problem:
        return wrong("sandbox", found.problem, "apt install bubblewrap, or `sandbox` in .mission.toml")
    if found.on:
        return fine("sandbox", found.words)
    todo = "" if ctx.settings.sandbox == "off" else "apt install bubblewrap"
    return doubtful("sandbox", found.words, todo)


def _copies(ctx: Context) -> list[Finding]:
    missing = ctx.machine.not_in_checkout(ctx.settings.tree.copy)
    todo = "create them, or remove them from `[tree] copy` in .mission.toml"
    return (
        [doubtful("tree", f"missing in your checkout, so not copied into workers' trees: {', '.join(missing)}", todo)]
        if missing
        else []
    )


def _shell(ctx: Context) -> list[Finding]:
    lacks = ctx.checks.lacks
    return [doubtful("shell", f"criteria are run by a shell {lacks}", "install bash")] if lacks else []


def _room(ctx: Context) -> Finding:
    shortage = ctx.machine.shortage()
    if shortage:
        return wrong("room", f"{shortage}: no worker can start", "free some, or lower min_free_… in .mission.toml")
    return fine("room", "enough memory and disk for a worker")


def _state(ctx: Context, tools: Instruments) -> Finding:
    newest = ctx.state.history(limit=1)
    if newest and newest[0].at - tools.clock.now() > _CLOCK_SLACK:
        span = roughly(newest[0].at - tools.clock.now())
        words = f"the clock is {span} behind the newest commit of the state"
        return wrong("clock", words, "set it: timedatectl set-ntp true")
    return fine("state", counted(len(ctx.state.snapshot().missions), "mission"))


def _remote(ctx: Context, tools: Instruments) -> list[Finding]:
    remote = ctx.settings.remote
    if not remote:
        return []
    try:
        tools.push_claim(remote)
    except MissionError as error:
        todo = f"check that you may push refs/mission/… to `{remote}` without a prompt; cron has no ssh agent"
        return [wrong("remote", error.message, todo)]
    return [fine("remote", f"a test claim was pushed to `{remote}` and removed again")]


def _trouble(ctx: Context) -> list[Finding]:
    return [wrong("pulse here", f"failed at {t.at}: {t.message}", t.hint) for t in ctx.runtime.troubles()]


def _runner(ctx: Context, tools: Instruments, name: str) -> list[Finding]:
    subject, runner = f"runner {name}", ctx.settings.runners[name]
    obstacle = runner_obstacle(ctx, name, runner)
    if obstacle is not None:
        return [wrong(subject, obstacle.words, obstacle.remedy)]
    version = "" if (runner.kind or name) == _PROGRAM else f", {tools.version(runner.command)}"
    installed = tools.schedule.installed()
    elsewhere = in_its_environment(ctx, installed, name) if installed is not None else []
    return [
        fine(subject, f"{tools.program(runner.command)}{version}"),
        *(replace(f, subject=subject) for f in elsewhere),
    ]


# Models


def _used(ctx: Context) -> dict[str, Mission]:
    """Return the configured runners that unfinished missions use, with one such mission for each."""
    found: dict[str, Mission] = {}
    for stored in ctx.state.snapshot().missions.values():
        mission = load_placed(stored.text, stored.id).mission
        if mission.status is None or mission.status in FINISHED_MISSION:
            continue
        for name in runners(mission, ctx.default_runner()):
            if name in ctx.settings.runners:
                found.setdefault(name, mission)
    return found


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


def _judged(call: Call, end: Exit, usd: Decimal | None, key_file: str) -> Finding:
    subject = f"model of {call.runner}"
    report = end.report
    if end.reason is EndReason.EXIT and report.cause is None and end.code == 0:
        cost = "unknown cost" if usd is None else show_amount("usd", usd)
        return fine(subject, f"{call.model or 'its own default'} answered; {cost}")
    words = one_line(report.detail or end.detail or report.last_words or f"exit status {end.code}", 200)
    if report.cause is Cause.RATE_LIMIT:
        return doubtful(subject, words, f"wait{f' until {report.reset_at}' if report.reset_at else ''}")
    if report.cause in {Cause.AUTH, Cause.PERMISSION}:
        return wrong(subject, words, f"log in with the agent's own program, or put its key into {key_file}")
    if end.reason is EndReason.DEADLINE:
        return wrong(subject, f"no answer within {_ANSWER_SECONDS} s", "start the agent yourself; is there a proxy?")
    todo = f"start the agent yourself; if that works, put proxies and certificates into {key_file}"
    return wrong(subject, words, todo)
