"""`mission doctor`: check that what missions need works: machine, schedule, repository.

An error during a check becomes a diagnosis, too.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

from mission_cli._support.text import (
    counted,
    show_duration,
)
from mission_cli.app.forecasting.limits import budget_findings
from mission_cli.app.hosts.problems import host_findings
from mission_cli.app.optional import INSTALL_MCP, missing_mcp
from mission_cli.app.queries.diagnosis.pages import SUBJECT, page_findings
from mission_cli.domain.errors import MissionError
from mission_cli.domain.notice import Finding, Level, advise, do, doubtful, fine, wrong
from mission_cli.engine.guards.health import (
    INSTALL,
    LATE,
    roughly,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mission_cli.engine.context import Context
    from mission_cli.ports.diagnostics import Instruments
    from mission_cli.ports.schedule import Installed

_OLDEST_YEAR = 2024
_CLOCK_SLACK = timedelta(minutes=2)
_SHOWN_PATHS = 3


def machine_findings(tools: Instruments) -> list[Finding]:
    """Check git, the person's identity, the clock and the key file."""
    return [
        *looked("git", lambda: [fine("git", tools.git())]),
        *looked("identity", lambda: [_identity(tools)]),
        _clock(tools),
        *looked("keys", lambda: [_keys(tools)]),
    ]


def schedule_findings(tools: Instruments) -> list[Finding]:
    """Check what starts pulses: whether it exists, can work and has worked recently."""
    return looked("schedule", lambda: _schedule(tools))


def repository_findings(ctx: Context, tools: Instruments, *, offline: bool) -> list[Finding]:
    """Check sandbox, memory and disk, state, and unless `offline` the remote."""
    findings = [
        _sandbox(ctx),
        _room(ctx),
        *_copies(ctx),
        *_shell(ctx),
        _agent_tools(ctx),
        *looked("state", lambda: [_state(ctx, tools)]),
        *looked("signing", lambda: signing_findings(ctx)),
        *looked(SUBJECT, lambda: page_findings(ctx)),
        *looked("hosts", lambda: host_findings(ctx)),
        *looked("budgets", lambda: budget_findings(ctx)),
        *_trouble(ctx),
    ]
    return findings if offline else [*findings, *_remote(ctx, tools)]


def signing_findings(ctx: Context) -> list[Finding]:
    """Say whether the commits of mission files can be signed, if they are to be."""
    why = ctx.state.why_unsigned()
    if not why:
        return [] if why is None else [fine("signing", "commits of mission files are signed with your key")]
    todo = 'use a key without a passphrase, or an agent that pulses reach; or set sign = "never" in .mission.toml'
    return [doubtful("signing", f"commits of mission files are not signed: {why}", todo)]


def _agent_tools(ctx: Context) -> Finding:
    """Say whether agents have tools (MCP): those of `mission mcp`, and those of workers."""
    missing = missing_mcp()
    if missing:
        return Finding(Level.OK, "tools", f"agents and workers have none: {missing}", advise(INSTALL_MCP))
    workers = "workers can ask and report with them" if ctx.settings.mcp.workers else "workers have none (mcp.workers)"
    return fine("tools", f"`{do('mcp')}` serves agents, and {workers}")


def healthy(findings: Iterable[Finding]) -> bool:
    """Whether no diagnosis is `wrong`."""
    return all(finding.level is not Level.WRONG for finding in findings)


# The machine


def looked(subject: str, look: Callable[[], list[Finding]]) -> list[Finding]:
    """Return what a check finds; an error becomes a diagnosis."""
    try:
        return look()
    except MissionError as error:
        return [wrong(subject, error.message, error.hint)]


def _identity(tools: Instruments) -> Finding:
    person = tools.identity()
    if person is not None:
        return fine("identity", str(person))
    todo = "git config --global user.name NAME; git config --global user.email ADDRESS"
    words = "git does not know your name and address: decisions are recorded as those of `person`, commits as `mission`"
    return doubtful("identity", words, todo)


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
    return fine("keys", file.path if file.there else "no key file: agents use their own logins")


# The schedule


def _schedule(tools: Instruments) -> list[Finding]:
    installed = tools.schedule.installed()
    detached = tools.schedule.detached()
    if installed is None and detached is not None:
        words = f"a detached run starts pulses (process {detached.pid}); it ends when this machine stops"
        return [fine("schedule", words)]
    if installed is None:
        words = f"nothing starts pulses: missions advance only when a worker ends or you run `{do('pulse')}` or `run`"
        works = any(not tools.scheduler_obstacle(kind) for kind in ("cron", "systemd"))
        return [doubtful("schedule", words, INSTALL if works else do("run", "--detach"))]
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
        return [wrong(kind, f"the entry names files that no longer exist: {', '.join(gone)}", INSTALL)]
    findings = [fine(kind, " ".join(job.argv))]
    if job.argv != tools.pulse:
        findings = [doubtful(kind, f"it starts a different installation of mission: {job.argv[0]}", INSTALL)]
    stale = tools.missing(installed.environment.get("PATH", "").split(":"))
    if stale:
        shown = ", ".join(stale[:_SHOWN_PATHS]) + (", …" if len(stale) > _SHOWN_PATHS else "")
        findings.append(doubtful(kind, f"folders of its PATH no longer exist: {shown}", INSTALL))
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
    words = "it no longer exists; the next pulse will forget it"
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
