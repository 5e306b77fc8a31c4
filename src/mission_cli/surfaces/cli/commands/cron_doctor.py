"""The commands `cron install`, `cron remove`, `cron status` and `doctor`."""

from __future__ import annotations

import os
import shutil
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group
from rich.text import Text

from mission_cli._support.text import counted
from mission_cli.domain.errors import MissionError, NotFoundError, ToolError, UsageError
from mission_cli.domain.notice import Level, wrong
from mission_cli.surfaces.cli.shell import Shell, command, group
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from mission_cli.domain.notice import Finding
    from mission_cli.ports.diagnostics import Instruments
    from mission_cli.wiring.host import Installation, LocalSchedule
    from mission_cli.wiring.opened import Opened

_LOOK_SECONDS = 0.1
_COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.WRONG: "red"}
_PROGRAMS = ("git", "bwrap")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    inner = group(app, "cron", "Manage the schedule that starts a pulse every minute.")
    words = "Start `mission pulse --all` every minute; first tests that it works in cron's environment."
    command(inner, "install", help=words)(install)
    command(inner, "remove", help="Stop starting pulses. Keys and everything else stay.")(remove)
    command(inner, "status", help="Show what starts pulses, and whether it works. Exit 1 when it does not.")(status)
    words = "Check that git, agents, models, disk space and the schedule work. Exit 1 when something is wrong."
    command(app, "doctor", help=words)(doctor)


def install(
    shell: Shell,
    kind: Annotated[str, typer.Option("--with", help="cron or systemd; default: the one that works here.")] = "",
) -> int:
    """Write the crontab line or the systemd timer, after a test that it works."""
    from mission_cli.app.queries.diagnosis.doctor import schedule_findings
    from mission_cli.app.results.machine import ScheduleInstalled
    from mission_cli.engine.guards.health import in_its_environment
    from mission_cli.wiring.assemble import schedule
    from mission_cli.wiring.compose import instruments
    from mission_cli.wiring.host import schedules

    if kind and kind not in schedules():
        raise UsageError(f"unknown schedule: --with {kind}", hint=f"use one of {', '.join(schedules())}")
    local = schedule()
    opened = _opened(shell)
    runners = [r.command[0] for r in opened.context.settings.runners.values() if r.command] if opened else []
    done = local.install(kind or local.choose(), [*_PROGRAMS, *runners])
    findings = [f for f in schedule_findings(instruments(shell.repo)) if f.level is not Level.OK]
    if opened is not None:
        for name in opened.context.settings.runners:
            findings += in_its_environment(opened.context, done.installed, name)
    installed, keys = done.installed, os.fspath(local.key_file)
    result = ScheduleInstalled(installed.kind, installed.text, keys, installed.job.log, done.left_out, findings)
    shell.say("\n".join(_installed_words(local, done)), result)
    if findings and not shell.as_json:
        shell.out.print(findings_view(findings))
    return 0


def remove(shell: Shell) -> int:
    """Remove the crontab line or the systemd timer, and end a detached run."""
    from mission_cli.app.results.machine import ScheduleRemoved
    from mission_cli.wiring.assemble import schedule

    local = schedule()
    removed = (*local.remove(), *(("detached run",) if local.detached_pulses.end() else ()))
    words = f"{' and '.join(removed)}: removed; running workers continue" if removed else "nothing was installed"
    shell.say(words, ScheduleRemoved(removed))
    return 0


def status(shell: Shell) -> int:
    """Show what starts pulses, and what is wrong with it."""
    from mission_cli.app.queries.diagnosis.doctor import healthy, schedule_findings
    from mission_cli.app.results.machine import ScheduleStatus
    from mission_cli.wiring.assemble import schedule
    from mission_cli.wiring.compose import instruments

    local = schedule()
    installed = local.installed()
    findings = schedule_findings(instruments(shell.repo))
    lines = [Text(clean(installed.text))] if installed is not None else []
    detached = local.detached()
    result = ScheduleStatus(installed, detached, local.last_tick(), findings)
    shell.show(Group(*lines, findings_view(findings)), result)
    return 0 if (installed or detached) and healthy(findings) else 1


def doctor(
    shell: Shell,
    as_cron: Annotated[
        bool, typer.Option("--as-cron", help="Check in the environment of the scheduled pulse.")
    ] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Call no model and no remote.")] = False,
) -> int:
    """Check everything that missions need."""
    if as_cron:
        return _as_cron(shell, offline=offline)
    from mission_cli.app.commands.cleanup import left_behind
    from mission_cli.app.mail.diagnosis import mail_findings
    from mission_cli.app.queries.diagnosis import doctor as looks
    from mission_cli.app.queries.diagnosis.criteria import criteria_findings, setup_findings
    from mission_cli.app.queries.diagnosis.forge import forge_findings
    from mission_cli.app.queries.diagnosis.news import news_findings
    from mission_cli.app.queries.diagnosis.outside import outside_findings
    from mission_cli.app.queries.diagnosis.runners import runner_findings, unfinished
    from mission_cli.app.results.machine import Diagnosis
    from mission_cli.wiring.compose import instruments, storage, trees_of
    from mission_cli.wiring.emergency import open_brake

    with suppress(MissionError):
        shell.stopped = open_brake(shell.repo).runtime.stopped
    tools = instruments(shell.repo)
    findings = [*looks.machine_findings(tools), *looks.schedule_findings(tools)]
    cost = ""
    try:
        opened = _opened(shell, ticking=False)
    except MissionError as error:
        opened = None
        findings.append(wrong("repository", error.message, error.hint))
    if opened is None:
        findings += [one for one in _agents(shell, tools) if one not in findings]
    else:
        ctx = opened.context
        findings += looks.repository_findings(ctx, tools, offline=offline)
        missions, nonce = unfinished(ctx), os.urandom(4).hex()
        with shell.busy("looking at runners, criteria and what missions left"):
            findings += runner_findings(ctx, tools, missions)
            findings += looks.looked("criterion", lambda: criteria_findings(ctx, tools, missions, nonce))
            findings += looks.looked("forge", lambda: forge_findings(ctx, missions, offline=offline))
            findings += looks.looked("notifications", lambda: news_findings(ctx, thorough=True))
            findings += looks.looked("outside", lambda: outside_findings(ctx))
            findings += looks.looked("mail", lambda: mail_findings(ctx, thorough=not offline))
            findings += looks.looked("setup", lambda: setup_findings(ctx, missions))
            findings += looks.looked("storage", lambda: left_behind(ctx, storage(opened)))
        if not offline:
            answers, cost = _call_models(shell, opened, nonce)
            findings += answers
        for left in (opened.checkout.runtime / "jobs/doctor" / nonce, trees_of(opened) / "doctor" / nonce):
            shutil.rmtree(left, ignore_errors=True)
    right = looks.healthy(findings)
    shell.show(findings_view(findings, cost), Diagnosis(right, findings, cost))
    return 0 if right else 1


def _agents(shell: Shell, tools: Instruments) -> list[Finding]:
    """Return what is known of agents where there are no missions: with the settings of the repository, or without."""
    from mission_cli.app.queries.diagnosis.runners import agent_findings, runner_findings
    from mission_cli.wiring.compose import is_in_repository

    try:
        if is_in_repository(shell.repo):
            return runner_findings(shell.open_unmade().context, tools, [])
    except MissionError as error:
        return [wrong("repository", error.message, error.hint)]
    return agent_findings(tools.agents)


def findings_view(findings: Sequence[Finding], cost: str = "") -> RenderableType:
    """Return one line for each diagnosis, with what to do below it."""
    width = max((len(finding.subject) for finding in findings), default=0)
    lines = []
    for finding in findings:
        line = Text(f"{finding.level:<8} ", style=_COLOURS[finding.level])
        line.append(clean(f"{finding.subject:<{width}}  {finding.words}"), style="none")
        lines.append(line)
        if finding.todo:
            lines.append(Text(f"{'':<{width + 11}}→ {clean(str(finding.todo))}", style="green"))
    bad = sum(f.level is Level.WRONG for f in findings)
    doubts = sum(f.level is Level.WARNING for f in findings)
    last = f"{bad} wrong, {counted(doubts, 'warning')}" if bad or doubts else "everything is ok"
    return Group(*lines, Text(f"{last}{f'; {cost}' if cost else ''}", style="bold"))


def _opened(shell: Shell, *, ticking: bool = True) -> Opened | None:
    """Return the repository that contains the current folder; None if there is none with missions."""
    from mission_cli.wiring.compose import open_repository

    try:
        return open_repository(shell.repo, ticking=ticking)
    except NotFoundError:
        return None


def _installed_words(local: LocalSchedule, done: Installation) -> list[str]:
    words = [f"tested in the environment of {done.installed.kind}: it works. From now on it runs every minute:"]
    words.append(done.installed.text)
    made = "created, readable only for you: put keys for agents there" if done.keys_made else "unchanged"
    words.append(f"keys: {local.key_file} ({made})")
    if done.left_out:
        words.append(f"the PATH is too long for a line of a crontab; left out: {', '.join(done.left_out)}")
    words += [f"{kind}: removed, because one schedule is enough" for kind in done.replaced]
    return words


def _call_models(shell: Shell, opened: Opened, nonce: str) -> tuple[list[Finding], str]:
    """Call each model that is in use once, in parallel; return the diagnoses, and the cost in words."""
    from decimal import Decimal

    from mission_cli._support.shown import dollars
    from mission_cli.app.queries.diagnosis.runners import answer, call_models
    from mission_cli.wiring.host import key_file

    try:
        calls = call_models(opened.context, nonce)
    except MissionError as error:
        return [wrong("models", error.message, error.hint)], ""
    if calls and not shell.as_json:
        shell.note(f"asking {counted(len(calls), 'model')} for one word (--offline skips this)")
    answers: list[tuple[Finding, Decimal | None]] = []
    with shell.busy("waiting for answers", lambda: f"{len(answers)} of {len(calls)}"):
        for call in calls:
            while (found := answer(opened.context, call, os.fspath(key_file()))) is None:
                time.sleep(_LOOK_SECONDS)  # polled: no notification comes when the job has answered
            answers.append(found)
            opened.context.executor.wait(call.job)
    known = sum((usd for _, usd in answers if usd is not None), Decimal(0))
    unknown = sum(usd is None for _, usd in answers)
    words = f"this check cost {dollars(known)}" + (f" and {unknown} unknown" if unknown else "")
    return [finding for finding, _ in answers], words if answers else ""


def _as_cron(shell: Shell, *, offline: bool) -> int:
    """Run `doctor` again in the environment of the scheduled pulse; print its output and return its status."""
    from mission_cli.wiring.assemble import schedule
    from mission_cli.wiring.host import run

    local = schedule()
    installed = local.installed() or local.preview()
    argv = installed.job.argv
    ours = argv[: argv.index("pulse")] if "pulse" in argv else ()
    if not ours:
        raise ToolError(
            f"the entry of {installed.kind} was changed and starts no pulse: {installed.text}",
            hint="mission cron install",
        )
    flags = ["--repo", os.fspath(shell.repo.resolve())]
    flags += ["--offline"] if offline else []
    flags += ["--json"] if shell.as_json else []
    around = installed.environment
    try:
        done = run([*ours, "doctor", *flags], cwd=around["HOME"], env=around, timeout=None)
    except ToolError as error:
        words = f"in the environment of {installed.kind}: {error.message}"
        raise ToolError(words, hint="mission cron install") from error
    if not shell.as_json:
        shell.note(f"checked in the environment of {installed.kind}, with PATH={around['PATH']}")
    sys.stdout.write(done.out.decode("utf-8", "replace"))
    sys.stderr.write(done.err.decode("utf-8", "replace"))
    if done.code and not shell.as_json:
        shell.note(f"put keys into {local.key_file}; `mission cron install` copies the PATH of this shell")
    return done.code
