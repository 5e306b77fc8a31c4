"""The commands `pause`, `resume`, `cancel` and `stop`. They work even with invalid settings."""

from __future__ import annotations

from typing import Annotated

import typer

from mission_cli.domain.errors import UsageError
from mission_cli.surfaces.cli.commands.lifecycle import finish, pulse_and_tell
from mission_cli.surfaces.cli.shell import Identity, Reason, Shell, Yes, command
from mission_cli.surfaces.plain import stop_everything, why_ask_before_stop


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "pause", help="Start nothing new; running workers finish.")(pause)
    command(app, "resume", help="Continue after a pause.")(resume)
    command(app, "cancel", help="End the mission; workers are stopped, their work is kept.")(cancel)
    command(app, "stop", help="Stop everything in this repository at once.")(stop)


def pause(
    shell: Shell,
    mission: Identity = "",
    reason: Reason = "",
    now: Annotated[bool, typer.Option("--now", help="Also stop running workers; their work is kept.")] = False,
) -> int:
    """Pause a mission: start nothing new."""
    from mission_cli.app.commands import features

    opened = shell.open_at_any_rate()
    return finish(shell, opened, features.pause(opened.context, mission, reason=reason, now=now), only=True)


def resume(
    shell: Shell,
    mission: Identity = "",
    reason: Reason = "",
    everywhere: Annotated[bool, typer.Option("--all", help="Lift STOP in this repository.")] = False,
) -> int:
    """Continue a paused mission, or lift STOP with --all."""
    from mission_cli.app.commands import features

    if everywhere:
        return _lift(shell)
    opened = shell.open()
    return finish(shell, opened, features.resume(opened.context, mission, reason=reason))


def cancel(shell: Shell, mission: Identity = "", reason: Reason = "", yes: Yes = False) -> int:
    """End the mission."""
    from mission_cli.app.commands import features
    from mission_cli.app.queries.consequences import of_cancel

    opened = shell.open_at_any_rate()
    if not shell.consents(of_cancel(opened.state, opened.executor.running(), mission), yes=yes):
        return 0
    return finish(shell, opened, features.cancel(opened.context, mission, reason=reason), only=True)


def stop(
    shell: Shell,
    everything: Annotated[
        bool, typer.Option("--all", help="Required; confirms that every mission of this repository is stopped.")
    ] = False,
    yes: Yes = False,
) -> int:
    """Set STOP and end all jobs; ask first on a terminal if several missions are under way.

    Needs no settings, no mission file and no free space on the disk.
    """
    if not everything:
        raise UsageError(
            "`stop` stops every mission of this repository",
            hint="mission stop --all; for one mission: mission pause ID --now",
        )
    meant = why_ask_before_stop(shell.repo) if shell.interactive and not yes else None
    if shell.consents(meant, yes=yes, question="Stop?"):
        shell.say(*stop_everything(shell.repo))
    return 0


def _lift(shell: Shell) -> int:
    """Lift STOP, and run a pulse if the settings are valid."""
    from mission_cli.app.pulses.stop import lift_stop
    from mission_cli.app.results.changes import StopLifted
    from mission_cli.wiring.emergency import open_brake

    was = lift_stop(open_brake(shell.repo).runtime)
    opened = shell.open_at_any_rate()
    if not opened.problems:
        pulse_and_tell(shell, opened)
    shell.say("STOP is lifted" if was else "STOP was not set", StopLifted(was))
    return 0
