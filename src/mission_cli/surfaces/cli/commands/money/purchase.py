"""`mission purchase`: ask for a purchase, show purchases, record what was paid, have money back, stop payments."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mission_cli.domain.errors import ToolError
from mission_cli.surfaces.cli.commands.lifecycle import finish
from mission_cli.surfaces.cli.shell import Identity, Shell, command, group

_Mission = Annotated[str, typer.Argument(metavar="ID", help="The mission.")]
_Number = Annotated[int, typer.Argument(metavar="NUMBER", help="The purchase.")]
_Amount = Annotated[str, typer.Option("--amount", help="With its currency, for example '20.00 EUR'.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    inner = group(app, "purchase", "What missions ask to buy, what was paid, and the switch that stops all payments.")
    command(inner, "request", help="Ask for a purchase; an approver decides.")(request)
    command(inner, "list", help="List purchases, and compare them with the provider and the spend log.")(list_)
    command(inner, "show", help="Show one purchase.")(show)
    command(inner, "paid", help="Record what you paid, keep a receipt, or accept what was charged.")(paid)
    command(inner, "refund", help="Record that you want a refund.")(refund)
    command(inner, "stop", help="Stop all payments of this repository at once, or allow them again.")(stop)


def request(
    shell: Shell,
    mission: Annotated[str, typer.Argument(metavar="ID[/N.M]", help="The mission, or the feature that needs it.")],
    amount: _Amount = "",
    merchant: Annotated[str, typer.Option("--merchant", help="Who is paid, for example example.com.")] = "",
    purpose: Annotated[str, typer.Option("--purpose", help="What it is for.")] = "",
    alternatives: Annotated[str, typer.Option("--alternatives", help="What could be done instead.")] = "",
    valid: Annotated[str, typer.Option("--valid", help="How long the request is valid, for example 2d.")] = "",
) -> int:
    """Ask for a purchase."""
    from mission_cli.app.purchases.act import request_purchase

    opened = shell.open()
    told = {"amount": amount, "merchant": merchant, "purpose": purpose, "alternatives": alternatives, "valid": valid}
    return finish(shell, opened, request_purchase(opened.context, mission, **told))


def list_(shell: Shell, mission: Identity = "") -> int:
    """List purchases."""
    from mission_cli.app.purchases.shown import purchases_of
    from mission_cli.surfaces.views.money.purchases import purchase_lines

    found = purchases_of(shell.look().context, mission)
    shell.draw(lambda _: purchase_lines(found, whole=False), found)
    return 0


def show(shell: Shell, mission: _Mission, number: _Number) -> int:
    """Show one purchase."""
    from mission_cli.app.purchases.shown import purchases_of
    from mission_cli.surfaces.views.money.purchases import purchase_lines

    found = purchases_of(shell.look().context, mission, number)
    shell.draw(lambda _: purchase_lines(found, whole=True), found, long=True)
    return 0


def paid(
    shell: Shell,
    mission: _Mission,
    number: _Number,
    amount: _Amount = "",
    receipt: Annotated[Path | None, typer.Option("--receipt", help="A file to keep with the mission.")] = None,
) -> int:
    """Record a payment."""
    from mission_cli.app.purchases.act import LARGEST_RECEIPT
    from mission_cli.app.purchases.act import paid as record

    opened = shell.open()
    content = None
    if receipt is not None:
        try:
            with receipt.open("rb") as file:
                content = file.read(LARGEST_RECEIPT + 1)
        except OSError as error:
            raise ToolError(f"{receipt} cannot be read: {error.strerror}") from error
    name = receipt.name if receipt is not None else ""
    return finish(shell, opened, record(opened.context, mission, number, amount=amount, receipt=content, name=name))


def refund(
    shell: Shell,
    mission: _Mission,
    number: _Number,
    amount: _Amount = "",
    reason: Annotated[str, typer.Option("--reason", help="Why.")] = "",
) -> int:
    """Record that you want a refund."""
    from mission_cli.app.purchases.act import refund as back

    opened = shell.open()
    return finish(shell, opened, back(opened.context, mission, number, amount=amount, reason=reason))


def stop(shell: Shell, lift: Annotated[bool, typer.Option("--lift", help="Allow payments again.")] = False) -> int:
    """Stop all payments."""
    from mission_cli.app.purchases.act import stop_payments

    found = stop_payments(shell.open_at_any_rate().context, on=not lift)
    shell.say(found.words, found)
    return 0
