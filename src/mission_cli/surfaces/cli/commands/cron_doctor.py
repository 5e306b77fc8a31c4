"""Commands that keep missions going: cron install, remove, status; doctor."""

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
from mission_cli.domain.health import Level, wrong
from mission_cli.surfaces.cli.shell import Shell, command
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from mission_cli.domain.health import Finding
    from mission_cli.wiring.compose import Opened
    from mission_cli.wiring.host import Installation, LocalSchedule

_LOOK_SECONDS = 0.1
_COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.WRONG: "red"}
_PROGRAMS = ("git", "bwrap")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(name="cron", help="What starts a pulse every minute.", rich_markup_mode=None)
    words = "Start `mission pulse --all` every minute; it is tried first as cron would start it."
    command(group, "install", help=words)(install)
    command(group, "remove", help="Start it no more. Keys and everything else stay.")(remove)
    command(group, "status", help="What starts pulses, and whether it works. Exit 1 when it does not.")(status)
    app.add_typer(group)
    words = "Prove that git, agents, models, room and schedule work. Exit 1 when something is wrong."
    command(app, "doctor", help=words)(doctor)


def install(
    shell: Shell,
    kind: Annotated[str, typer.Option("--with", help="cron or systemd; default: the one that works here.")] = "",
) -> int:
    """Write the line or the timer, once it has proven to work."""
    from mission_cli.app.queries.doctor import schedule_findings
    from mission_cli.engine.guards.health import in_its_environment
    from mission_cli.wiring.compose import instruments, schedule
    from mission_cli.wiring.host import schedules

    if kind and kind not in schedules():
        raise UsageError(f"--with {kind} is not known", hint=f"it is one of {', '.join(schedules())}")
    local = schedule()
    opened = _opened(shell)
    runners = [r.command[0] for r in opened.context.settings.runners.values() if r.command] if opened else []
    done = local.install(kind or local.choose(), [*_PROGRAMS, *runners])
    findings = [f for f in schedule_findings(instruments(shell.repo)) if f.level is not Level.OK]
    if opened is not None:
        for name in opened.context.settings.runners:
            findings += in_its_environment(opened.context, done.installed, name)
    facts = {"kind": done.installed.kind, "text": done.installed.text, "keys": os.fspath(local.key_file)}
    if shell.as_json:
        shell.facts({**facts, "log": done.installed.job.log, "left_out": done.left_out, "findings": findings})
        return 0
    shell.say("\n".join(_installed_words(local, done)))
    if findings:
        shell.out.print(findings_view(findings))
    return 0


def remove(shell: Shell) -> int:
    """Take the line or the timer away."""
    from mission_cli.wiring.compose import schedule

    removed = schedule().remove()
    words = f"{' and '.join(removed)}: removed; workers that run go on" if removed else "nothing was installed"
    shell.say(words, facts={"removed": removed})
    return 0


def status(shell: Shell) -> int:
    """What there is, and what is wrong with it."""
    from mission_cli.app.queries.doctor import healthy, schedule_findings
    from mission_cli.wiring.compose import instruments, schedule

    local = schedule()
    installed = local.installed()
    findings = schedule_findings(instruments(shell.repo))
    if shell.as_json:
        last = local.last_tick()
        shell.facts({"installed": installed, "last_tick": last, "findings": findings})
    else:
        if installed is not None:
            shell.out.print(Text(clean(installed.text)))
        shell.out.print(findings_view(findings))
    return 0 if installed is not None and healthy(findings) else 1


def doctor(
    shell: Shell,
    as_cron: Annotated[
        bool, typer.Option("--as-cron", help="Look with the environment that the scheduled pulse has.")
    ] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Call no model and no remote.")] = False,
) -> int:
    """Look at everything that missions need."""
    if as_cron:
        return _as_cron(shell, offline=offline)
    from mission_cli.app.commands.cleanup import left_behind
    from mission_cli.app.queries import doctor as looks
    from mission_cli.wiring.compose import instruments, storage
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
    if opened is not None:
        findings += looks.repository_findings(opened.context, tools, offline=offline)
        findings += left_behind(opened.context, storage(opened))
        if not offline:
            answers, cost = _call_models(shell, opened)
            findings += answers
    right = looks.healthy(findings)
    shell.show(findings_view(findings, cost), {"ok": right, "findings": findings, "cost": cost})
    return 0 if right else 1


def findings_view(findings: Sequence[Finding], cost: str = "") -> RenderableType:
    """Return one line per finding, with what to do below it."""
    width = max((len(finding.subject) for finding in findings), default=0)
    lines = []
    for finding in findings:
        line = Text(f"{finding.level:<8} ", style=_COLOURS[finding.level])
        line.append(clean(f"{finding.subject:<{width}}  {finding.words}"), style="none")
        lines.append(line)
        if finding.todo:
            lines.append(Text(f"{'':<{width + 11}}→ {clean(finding.todo)}", style="green"))
    bad = sum(f.level is Level.WRONG for f in findings)
    doubts = sum(f.level is Level.WARNING for f in findings)
    last = f"{bad} wrong, {counted(doubts, 'warning')}" if bad or doubts else "everything is as it should be"
    return Group(*lines, Text(f"{last}{f'; {cost}' if cost else ''}", style="bold"))


def _opened(shell: Shell, *, ticking: bool = True) -> Opened | None:
    """The repository around us; None where there is none with missions."""
    from mission_cli.wiring.compose import open_repository

    try:
        return open_repository(shell.repo, ticking=ticking)
    except NotFoundError:
        return None


def _installed_words(local: LocalSchedule, done: Installation) -> list[str]:
    words = [f"tried as {done.installed.kind} starts it: it works. From now on it runs every minute:"]
    words.append(done.installed.text)
    made = "made, readable for you only: keys for agents go there" if done.keys_made else "left as it is"
    words.append(f"keys: {local.key_file} ({made})")
    if done.left_out:
        words.append(f"a crontab's line is too short for the whole PATH, left out: {', '.join(done.left_out)}")
    words += [f"{kind}: removed, one of both is enough" for kind in done.replaced]
    return words


def _call_models(shell: Shell, opened: Opened) -> tuple[list[Finding], str]:
    """Call each model that is in use once, side by side; the findings, and the words for what it cost."""
    from decimal import Decimal

    from mission_cli.app.queries.doctor import answer, call_models
    from mission_cli.domain.budget.amounts import show_amount
    from mission_cli.wiring.host import key_file

    try:
        calls = call_models(opened.context, nonce := os.urandom(4).hex())
    except MissionError as error:
        return [wrong("models", error.message, error.hint)], ""
    if calls and not shell.as_json:
        shell.note(f"asking {counted(len(calls), 'model')} for one word (--offline leaves that out)")
    answers = []
    for call in calls:
        while (found := answer(opened.context, call, os.fspath(key_file()))) is None:
            time.sleep(_LOOK_SECONDS)  # a job of its own answers, and tells nobody
        answers.append(found)
    shutil.rmtree(opened.checkout.runtime / "jobs/doctor" / nonce, ignore_errors=True)
    known = sum((usd for _, usd in answers if usd is not None), Decimal(0))
    unknown = sum(usd is None for _, usd in answers)
    words = f"this look cost {show_amount('usd', known)}" + (f" and {unknown} unknown" if unknown else "")
    return [finding for finding, _ in answers], words if answers else ""


def _as_cron(shell: Shell, *, offline: bool) -> int:
    """Start ourselves again with what the schedule gives to its pulse, and say what came of it."""
    from mission_cli.wiring.compose import schedule
    from mission_cli.wiring.host import run

    local = schedule()
    installed = local.installed() or local.preview()
    argv = installed.job.argv
    ours = argv[: argv.index("pulse")] if "pulse" in argv else ()
    if not ours:
        raise ToolError(
            f"somebody has changed what {installed.kind} starts: {installed.text}", hint="mission cron install"
        )
    flags = ["--repo", os.fspath(shell.repo.resolve())]
    flags += ["--offline"] if offline else []
    flags += ["--json"] if shell.as_json else []
    around = installed.environment
    try:
        done = run([*ours, "doctor", *flags], cwd=around["HOME"], env=around, timeout=None)
    except ToolError as error:
        raise ToolError(f"as {installed.kind} starts it, {error.message}", hint="mission cron install") from error
    if not shell.as_json:
        shell.note(f"as {installed.kind} starts it, with PATH={around['PATH']}")
    sys.stdout.write(done.out.decode("utf-8", "replace"))
    sys.stderr.write(done.err.decode("utf-8", "replace"))
    if done.code and not shell.as_json:
        shell.note(f"keys go into {local.key_file}; `mission cron install` takes over the PATH of this shell")
    return done.code
