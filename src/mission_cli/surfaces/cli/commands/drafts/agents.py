"""`mission agents`: the drafts of a mission, what they changed, and what becomes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mission_cli.surfaces.cli.commands.lifecycle import finish
from mission_cli.surfaces.cli.shell import Identity, Shell, command, group

if TYPE_CHECKING:
    from mission_cli.domain.agents.shown import DraftsShown

_Name = Annotated[str, typer.Argument(metavar="NAME", help="Its name, as `mission agents list` shows it.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    inner = group(app, "agents", "Agents and scripts that missions draft for themselves.")
    command(inner, "list", help="List the drafts of a mission, with what they changed.")(list_)
    command(inner, "promote", help="Keep a draft for other missions: your own, or those of the repository.")(promote)
    command(inner, "discard", help="Remove a draft; git keeps its history.")(discard)


def list_(shell: Shell, mission: Identity = "") -> int:
    """List the drafts of a mission."""
    from mission_cli.app.drafts.listing import drafts_of
    from mission_cli.surfaces.reporting.drafts import drafts_text

    found: DraftsShown = drafts_of(shell.open_at_any_rate().context, mission)
    shell.show(drafts_text(found), found)
    return 0


def promote(
    shell: Shell,
    mission: Identity,
    name: _Name,
    to: Annotated[str, typer.Option("--to", metavar="me|repo", help="me: your own agents. repo: a branch of it.")],
) -> int:
    """Record the decision; the pulse that follows carries it out."""
    from mission_cli.app.drafts.decide import promote as promoting

    opened = shell.open()
    return finish(shell, opened, promoting(opened.context, mission, name, to))


def discard(shell: Shell, mission: Identity, name: _Name) -> int:
    """Remove a draft."""
    from mission_cli.app.drafts.decide import discard as discarding

    opened = shell.open()
    return finish(shell, opened, discarding(opened.context, mission, name))
