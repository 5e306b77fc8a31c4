"""Questions on the terminal."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal, InvalidOperation

import typer


def asked(question: str, default: str = "") -> str:
    """Ask until there is an answer."""
    while True:
        answer = str(typer.prompt(question, default=default or None, prompt_suffix=" ")).strip()
        if answer:
            return answer


def chosen(question: str, choices: tuple[str, ...], default: str = "") -> str:
    """Ask for one of the choices; its first letters are enough."""
    while True:
        answer = asked(f"{question} ({', '.join(choices)})", default).casefold()
        found = [c for c in choices if c.startswith(answer)]
        if len(found) == 1:
            return found[0]
        typer.echo(f"enter one of: {', '.join(choices)}", err=True)


def amount_asked(question: str, default: str) -> str:
    """Ask for an amount above zero, or the word unlimited."""
    while True:
        answer = asked(question, default).removeprefix("$")
        if answer == "unlimited":
            return answer
        with suppress(InvalidOperation):
            if Decimal(answer).is_finite() and Decimal(answer) > 0:
                return answer
        typer.echo("enter an amount above zero, for example 20, or the word unlimited", err=True)
