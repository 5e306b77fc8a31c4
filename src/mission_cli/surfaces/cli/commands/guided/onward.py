"""After a mission was made in the interview: start it, follow it, land it, each if the person agrees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from mission_cli.domain.status import HoldKind, MissionStatus

if TYPE_CHECKING:
    from mission_cli.app.addressing import Address
    from mission_cli.surfaces.cli.shell import Shell


def go_on(shell: Shell, mission: str) -> int:
    """Offer each next step; return the exit code of the last one."""
    from mission_cli.surfaces.cli.commands.land import land
    from mission_cli.surfaces.cli.commands.lifecycle import start
    from mission_cli.surfaces.cli.commands.run import run

    code = start(shell.acting("start"), mission)
    if code or _at(shell, mission).mission.status is not MissionStatus.ACTIVE:
        return code
    if not typer.confirm("Follow it here? It also runs without you.", default=True):
        return 0
    code = run(shell.acting("run"), mission)
    return land(shell.acting("land"), mission) if _waits_to_land(shell, mission) else code


def _at(shell: Shell, mission: str) -> Address:
    from mission_cli.app.addressing import resolve

    return resolve(shell.open().context.state.snapshot(), mission)


def _waits_to_land(shell: Shell, mission: str) -> bool:
    """Whether everything is done, and only the person's look is missing."""
    from mission_cli.app.queries.status import status_of

    ctx = shell.open().context
    snapshot = ctx.state.snapshot()
    waiting = status_of(ctx, snapshot, _at(shell, mission), forecast=False).waiting_for
    return bool(waiting) and all(one.kind == HoldKind.LANDING for one in waiting)
