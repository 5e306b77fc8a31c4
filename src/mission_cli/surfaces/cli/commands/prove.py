"""Commands for a stranger who asks whether a mission did what it says: verify, report."""

from __future__ import annotations

import time
from functools import partial
from typing import Annotated

import typer

from mission_cli.surfaces.cli.commands.lifecycle import checks_running
from mission_cli.surfaces.cli.shell import Identity, Shell, command
from mission_cli.surfaces.reporting.verified import verified_lines

_LOOK_SECONDS = 0.1


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "verify", help="Judge every recorded verdict again, and look for changes in the record.")(verify)


def verify(
    shell: Shell,
    mission: Identity = "",
    history: Annotated[
        bool, typer.Option("--history", help="Compare spend log, run records and summary at every commit.")
    ] = False,
) -> int:
    """Judge every recorded verdict again."""
    from mission_cli.app.addressing import resolve
    from mission_cli.app.verify.verify import verify as verified
    from mission_cli.wiring.compose import open_repository

    ctx = open_repository(shell.repo, ticking=False).context
    address = resolve(ctx.state.snapshot(), mission)
    # Polled: no notification comes when a check has ended.
    with shell.busy("judging again", partial(checks_running, ctx)):
        found = verified(ctx, address, history=history, wait=lambda: time.sleep(_LOOK_SECONDS))
    shell.draw(lambda size: verified_lines(found, size.width), found, long=True)
    return 0 if found.verified else 1
