"""Whether pulses run and can work, as far as that is cheap to find out; `status` shows it."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from mission_cli._support.text import show_duration
from mission_cli.domain.errors import MissionError
from mission_cli.domain.host import is_elsewhere
from mission_cli.domain.notice import Advice, Finding, advise, do, doubtful, wrong
from mission_cli.domain.routing import runners
from mission_cli.domain.status import HoldKind, MissionStatus
from mission_cli.engine.context import runner_obstacle
from mission_cli.engine.guards.elsewhere import obstacle_for

if TYPE_CHECKING:
    from mission_cli.domain.mission import Mission
    from mission_cli.engine.case import Case
    from mission_cli.engine.context import Context
    from mission_cli.ports.machine import Obstacle
    from mission_cli.ports.schedule import Installed

LATE = timedelta(minutes=5)
"""How late a pulse may be before it is reported. The schedule starts one a minute; the machine may be busy."""
INSTALL = do("cron install")
NO_PULSE = "no pulse is scheduled on this machine"


def pulse_findings(ctx: Context, case: Case) -> tuple[Finding, ...]:
    """Return what keeps pulses from advancing an active mission, unless a hold reports it; empty for others."""
    mission = case.mission
    if mission.status is not MissionStatus.ACTIVE:
        return ()
    installed = ctx.schedule.noted()
    findings = unscheduled(ctx, case) or _overdue(ctx, mission) if installed is None else _silent(ctx, installed)
    for name in runners(mission, ctx.default_runner()):
        findings += [] if any(hold.kind == HoldKind.RUNNER for hold in case.plan.holds) else _here(ctx, mission, name)
        findings += in_its_environment(ctx, installed, name) if installed else []
    return tuple(findings)


def in_its_environment(ctx: Context, installed: Installed, name: str) -> list[Finding]:
    """Return what keeps a runner from working when the schedule starts it, but not in this shell."""
    runner = ctx.settings.runners.get(name)
    if runner is None:
        return []
    try:
        around = ctx.schedule.environment(installed)
    except MissionError as error:
        return [wrong(installed.kind, error.message, error.hint)]
    obstacle, here = runner_obstacle(ctx, name, runner, around), runner_obstacle(ctx, name, runner)
    if obstacle is None or obstacle == here:
        return []
    words = f"as {installed.kind} starts it, {obstacle.words}"
    return [wrong(installed.kind, words, _remedy(obstacle, here))]


def silence(ctx: Context) -> timedelta | None:
    """Return the time since the last scheduled pulse; None if there never was one."""
    last = ctx.schedule.last_tick()
    return None if last is None else ctx.clock.now() - last


def _remedy(obstacle: Obstacle, here: Obstacle | None) -> Advice:
    if obstacle.program and not (here and here.program):
        return advise(INSTALL, " (it takes over the PATH of this shell)")
    return obstacle.remedy


def roughly(span: timedelta) -> str:
    """Return a duration without its seconds."""
    return show_duration(timedelta(minutes=span // timedelta(minutes=1)))


def _here(ctx: Context, mission: Mission, name: str) -> list[Finding]:
    runner = ctx.settings.runners.get(name)
    obstacle = runner and runner_obstacle(ctx, name, runner)
    obstacle = obstacle and obstacle_for(ctx, mission, name, obstacle)
    return [wrong("runner", obstacle.words, obstacle.remedy)] if obstacle else []


def _silent(ctx: Context, installed: Installed) -> list[Finding]:
    span = silence(ctx)
    if not installed.live:
        return [wrong(installed.kind, f"the entry is disabled: {installed.text}", INSTALL)]
    if span is not None and span < LATE:
        return []
    words = "it has never started a pulse" if span is None else f"it has not started a pulse for {roughly(span)}"
    return [wrong(installed.kind, words, do("doctor", "--as-cron"))]


def unscheduled(ctx: Context, case: Case) -> list[Finding]:
    """Return that nothing starts pulses on this machine, if the mission waits for one; else nothing.

    A job that runs starts a pulse at its end. The crontab is read only if no schedule is known.
    """
    mission = case.mission
    waits = not case.plan.empty or any(hold.until and not hold.person for hold in case.plan.holds)
    if mission.status not in _WAITS or not mission.managed or case.open_jobs or not waits:
        return []
    if is_elsewhere(mission.host, ctx.machine.me()) or ctx.runtime.stopped():
        return []
    last = silence(ctx)
    if (last is not None and last < LATE) or ctx.runtime.followed():
        return []
    return [] if is_scheduled(ctx) else [doubtful("pulse", NO_PULSE, start_pulses(mission.id))]


def is_scheduled(ctx: Context) -> bool:
    """Whether a schedule or a detached run starts pulses on this machine; the crontab is read if none is known."""
    if ctx.schedule.detached() is not None or ctx.schedule.noted() is not None:
        return True
    with suppress(MissionError):  # what cannot be read starts nothing that is known
        return ctx.schedule.installed() is not None
    return False


def start_pulses(mission: str) -> Advice:
    """Return the ways to have pulses started on this machine."""
    return advise(INSTALL, ", or in the background: ", do("run", "--detach", mission))


_WAITS = frozenset({MissionStatus.ACTIVE, MissionStatus.SCHEDULED, MissionStatus.RECURRING})


def _overdue(ctx: Context, mission: Mission) -> list[Finding]:
    due = ctx.runtime.due()
    if due is None or ctx.clock.now() - due < LATE or ctx.runtime.troubles() or ctx.runtime.stopped():
        return []
    words = f"a pulse has been due for {roughly(ctx.clock.now() - due)} and has not run"
    return [doubtful("pulse", words, advise(INSTALL, ", or: ", do("run", mission.id)))]
