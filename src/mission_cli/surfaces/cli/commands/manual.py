"""Stepping in: open a feature in the agent's own program, hand it back."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from mission_cli.surfaces.cli.shell import Shell, Thing, command
from mission_cli.surfaces.plain import clean, complaints, exit_code

if TYPE_CHECKING:
    from mission_cli.app.commands.manual import Desk
    from mission_cli.domain.runs import RunRecord
    from mission_cli.engine.loop import Report
    from mission_cli.wiring.compose import Opened


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "open", help="Step into a feature: its tree and session in the agent's own program; the robot waits.")(
        open_feature
    )
    command(app, "handback", help="Give a feature back that you have stepped into; it is judged like any attempt.")(
        handback
    )


def open_feature(
    shell: Shell,
    feature: Thing,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask before a running worker is stopped.")] = False,
    only_print: Annotated[
        bool, typer.Option("--print", help="Print tree, session and command; start nothing on this terminal.")
    ] = False,
) -> int:
    """Take a feature over, wait until its worker has stopped, and run the agent's program in its tree."""
    from mission_cli.app.commands import manual

    opened = shell.open()
    here = shell.interactive and not only_print
    worker = manual.worker_at(opened.context, feature)
    if worker is not None and shell.interactive and not (yes or _agreed(worker)):
        shell.note("nothing was changed")
        return 0
    record = manual.step_in(opened.context, feature)
    if worker is not None:
        shell.note(f"stopping {worker.run}; what it has done is kept")
    for report in manual.make_ready(opened.context, feature, record):
        _tell(shell, report)
    desk = manual.desk_of(opened.context, feature, record)
    if not here:
        _show(shell, desk)
        return 0
    return _sit_down(shell, opened, desk)


def handback(
    shell: Shell,
    feature: Thing,
    as_is: Annotated[
        bool, typer.Option("--as-is", help="Save what is not committed beside, and judge what is committed.")
    ] = False,
) -> int:
    """Let the robot judge what was done by hand, and go on."""
    opened = shell.open()
    return _hand_back(shell, opened, feature, as_is=as_is)


def _hand_back(shell: Shell, opened: Opened, feature: str, *, as_is: bool) -> int:
    from mission_cli.app.commands import manual
    from mission_cli.engine.loop import pulse

    done = manual.hand_back(opened.context, feature, as_is=as_is)
    report = pulse(opened.context)
    _tell(shell, report)
    shell.say(done.words, facts={"id": done.address.mission.id, "message": done.words})
    return exit_code(report)


def _tell(shell: Shell, report: Report) -> None:
    """What a pulse did, as messages: stdout is for the answer."""
    for line in report.lines:
        shell.note(line)
    for line in complaints(report, debug=shell.debug):
        shell.err.print(line)


def _agreed(worker: RunRecord) -> bool:
    words = f"{worker.run} is at work for {worker.runner}. Stop it (what it has done is kept) and step in?"
    return typer.confirm(clean(words), default=True)


def _sit_down(shell: Shell, opened: Opened, desk: Desk) -> int:
    """Run the program on this terminal; then say how to hand back, and offer it."""
    from mission_cli.wiring.host import environment, interact, resolved

    argv = desk.command or (os.environ.get("SHELL") or "/bin/sh",)
    around = environment()
    env = {**around, **{name: resolved(value, around) for name, value in desk.env.items()}, "PWD": desk.tree}
    back = f"{desk.mission}/{desk.feature}"
    shell.note(f"{desk.tree}\non {desk.branch}; commit there, and end with: mission handback {back}")
    if desk.fresh and opened.context.settings.tree.setup:
        shell.note(f"the setup was not run in this new tree: {opened.context.settings.tree.setup}")
    code = interact(argv, cwd=desk.tree, env=env, hint="look at the runner's command in .mission.toml")
    if code:
        shell.note(f"`{argv[0]}` ended with {code}")
    if typer.confirm(f"Hand {back} back now?", default=False):
        return _hand_back(shell, opened, back, as_is=False)
    shell.note(f"it stays yours: mission open {back} goes on, mission handback {back} gives it back")
    return 0


def _show(shell: Shell, desk: Desk) -> None:
    argv = desk.command or (os.environ.get("SHELL") or "/bin/sh",)
    lines = [
        f"tree     {desk.tree}",
        f"branch   {desk.branch}",
        f"session  {desk.session or '-'}",
        f"command  {shlex.join(argv)}",
        f"then     mission handback {desk.mission}/{desk.feature}",
    ]
    facts = {
        "id": desk.mission,
        "feature": desk.feature,
        "run": desk.run,
        "path": desk.tree,
        "branch": desk.branch,
        "session": desk.session,
        "command": argv,
    }
    shell.say("\n".join(lines), facts=facts)
