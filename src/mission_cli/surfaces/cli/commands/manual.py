"""What a person does by hand: the commands `open` and `handback`, for manual attempts, and `advance`, for a phase."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from mission_cli.surfaces.cli.commands.browsing.web import open_page
from mission_cli.surfaces.cli.commands.lifecycle import finish
from mission_cli.surfaces.cli.shell import Shell, Thing, command
from mission_cli.surfaces.plain import asked, clean, complaints, exit_code

if TYPE_CHECKING:
    from mission_cli.app.commands.manual import Desk
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.report import Report
    from mission_cli.wiring.opened import Opened


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "open", help="Take over a feature: opens its tree and session in the agent's own program.")(
        open_feature
    )
    command(app, "handback", help="Give a feature back after `open`; it is checked like any attempt.")(handback)
    command(app, "advance", help="Finish the current phase of a mission by hand; its gate still has to be decided.")(
        advance
    )


def advance(
    shell: Shell,
    mission: Annotated[str, typer.Argument(metavar="ID", help="The mission; a prefix is enough.")],
    expected: Annotated[
        str,
        typer.Option("--expected-phase", metavar="PHASE", help="The phase to finish; exit 4 if it is not current."),
    ],
    result: Annotated[str, typer.Option("--result", help="Its result, in one line; recorded.")] = "",
) -> int:
    """Finish the current phase by hand."""
    from mission_cli.app.commands.phases import moves

    opened = shell.open()
    return finish(shell, opened, moves.advance(opened.context, mission, expected, result=result))


def open_feature(
    shell: Shell,
    feature: Thing,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Stop a running worker without asking.")] = False,
    only_print: Annotated[
        bool, typer.Option("--print", help="Print tree, session and command; start no program.")
    ] = False,
    web: Annotated[
        bool,
        typer.Option("--web", help="Instead open the page of a mission or an attempt, on a server that is running."),
    ] = False,
) -> int:
    """Take over a feature, wait until its worker has stopped, and run the agent's program in its tree."""
    from mission_cli.app.commands import manual

    if web:
        return open_page(shell, feature)
    opened = shell.open()
    here = shell.interactive and not only_print
    worker = manual.worker_at(opened.context, feature)
    if worker is not None and shell.interactive and not (yes or _agreed(worker)):
        shell.note("nothing was changed")
        return 0
    record = manual.step_in(opened.context, feature)
    if worker is not None:
        shell.note(f"stopping {worker.run}; its work is kept")
    with shell.busy("making the tree"):
        reports = [*manual.make_ready(opened.context, feature, record)]
    for report in reports:
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
        bool, typer.Option("--as-is", help="Check only what is committed; uncommitted work is saved in a ref.")
    ] = False,
) -> int:
    """End a manual attempt, so that it is checked like any other."""
    opened = shell.open()
    return _hand_back(shell, opened, feature, as_is=as_is)


def _hand_back(shell: Shell, opened: Opened, feature: str, *, as_is: bool) -> int:
    from mission_cli.app.commands import manual
    from mission_cli.app.results.changes import HandedBack
    from mission_cli.engine.loop import pulse

    with shell.busy("handing back"):
        done = manual.hand_back(opened.context, feature, as_is=as_is)
        report = pulse(opened.context)
    _tell(shell, report)
    shell.say(done.words, HandedBack(done.address.mission.id, done.words))
    return exit_code(report)


def _tell(shell: Shell, report: Report) -> None:
    """Print what a pulse did to stderr, because stdout is for the result."""
    for line in report.lines:
        shell.note(line)
    for line in complaints(report, debug=shell.debug):
        shell.err.print(line)


def _agreed(worker: RunRecord) -> bool:
    words = f"{worker.run} is running ({worker.runner}). Stop it (its work is kept) and take over?"
    return asked(clean(words), default=True)


def _sit_down(shell: Shell, opened: Opened, desk: Desk) -> int:
    """Run the agent's program on this terminal; then offer to hand the feature back."""
    from mission_cli.wiring.host import environment, interact, resolved

    argv = desk.command or (os.environ.get("SHELL") or "/bin/sh",)
    around = environment()
    env = {**around, **{name: resolved(value, around) for name, value in desk.env.items()}, "PWD": desk.tree}
    back = f"{desk.mission}/{desk.feature}"
    shell.note(f"{desk.tree}\non {desk.branch}; commit there, then type: mission handback {back}")
    if desk.fresh and opened.context.settings.tree.setup:
        shell.note(f"the setup was not run in this new tree: {opened.context.settings.tree.setup}")
    code = interact(argv, cwd=desk.tree, env=env, hint="check the runner's command in .mission.toml")
    if code:
        shell.note(f"`{argv[0]}` ended with exit status {code}")
    if asked(f"Hand {back} back now?", default=False):
        return _hand_back(shell, opened, back, as_is=False)
    shell.note(f"you keep {back}: continue with mission open {back}, give it back with mission handback {back}")
    return 0


def _show(shell: Shell, desk: Desk) -> None:
    from mission_cli.app.results.changes import Workplace

    argv = desk.command or (os.environ.get("SHELL") or "/bin/sh",)
    lines = [
        f"tree     {desk.tree}",
        f"branch   {desk.branch}",
        f"session  {desk.session or '-'}",
        f"command  {shlex.join(argv)}",
        f"then     mission handback {desk.mission}/{desk.feature}",
    ]
    place = Workplace(desk.mission, desk.feature, desk.run, desk.tree, desk.branch, desk.session, argv)
    shell.show("\n".join(lines), place)
