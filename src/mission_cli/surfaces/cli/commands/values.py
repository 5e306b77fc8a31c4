"""The command that sets one value of a mission: `set`."""

from __future__ import annotations

from typing import Annotated

import typer

from mission_cli.domain.errors import UsageError
from mission_cli.surfaces.cli.commands.lifecycle import finish
from mission_cli.surfaces.cli.shell import Shell, command
from mission_cli.surfaces.plain import clean


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "set", help="Set one value of a mission's front matter, for example a cap.")(set_value)


def set_value(
    shell: Shell,
    mission: Annotated[str, typer.Argument(metavar="ID")],
    key: Annotated[str, typer.Argument(metavar="KEY", help="Dotted name, for example budget.money_usd.")],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="The new value; an empty one unsets the key.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
) -> int:
    """Set one value; ask first if the mission may then use or do more than before."""
    from mission_cli.app.addressing import resolve
    from mission_cli.app.commands import set_value as setting

    opened = shell.open()
    wanted = setting.setting(resolve(opened.context.state.snapshot(), mission), key, value)
    if wanted.wider and not yes:
        words = f"`{wanted.key}` {wanted.wider}"
        if not shell.interactive:
            raise UsageError(words, hint="add --yes if that is what you want")
        if not typer.confirm(f"{clean(words)}. Set it?", default=False):
            shell.note("nothing was changed")
            return 0
    return finish(shell, opened, setting.set_value(opened.context, mission, key, value))
