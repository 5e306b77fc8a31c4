"""`mission budget prices` and `limits`: what models cost, and what remains of budgets across missions."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from mission_cli.surfaces.cli.shell import Shell


def prices(
    shell: Shell,
    model: Annotated[
        str, typer.Argument(metavar="[MODEL]", help="A part of its name; default: the models of your runners.")
    ] = "",
    update: Annotated[
        bool, typer.Option("--update", help="Rewrite your own table, from the installed package genai-prices.")
    ] = False,
    fetch: Annotated[bool, typer.Option("--fetch", help="With --update: download what it publishes now.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="As CSV, a row for each model.")] = False,
) -> int:
    """Show prices, or update them first."""
    from mission_cli.app.forecasting.prices import prices_shown, prices_updated
    from mission_cli.domain.errors import UsageError
    from mission_cli.surfaces.reporting.prices import prices_csv, prices_text

    if fetch and not update:
        raise UsageError("--fetch downloads prices for --update", hint="mission budget prices --update --fetch")
    if update:
        shell.note(prices_updated(shell.open().context, fetch=fetch))
    found = prices_shown(shell.open().context, model)
    if csv and not shell.as_json:
        sys.stdout.write(prices_csv(found))
        return 0
    shell.show(prices_text(found), found, long=True)
    return 0


def limits(
    shell: Shell, csv: Annotated[bool, typer.Option("--csv", help="As CSV, a row for each amount.")] = False
) -> int:
    """Show what remains of each budget."""
    from mission_cli.app.forecasting.limits import limits_shown
    from mission_cli.surfaces.reporting.limits import limits_csv, limits_text

    found = limits_shown(shell.open().context)
    if csv and not shell.as_json:
        sys.stdout.write(limits_csv(found))
        return 0
    shell.show(limits_text(found), found)
    return 0
