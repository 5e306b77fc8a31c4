"""The values of a playbook's parameters: from `-p NAME=VALUE`, and asked for on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from mission_cli.domain.errors import UsageError
from mission_cli.surfaces.cli.questions import asked
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.app.playbooks.library import Chosen
    from mission_cli.document.playbooks.values import Given


def values_given(chosen: Chosen, words: Sequence[str]) -> dict[str, Given]:
    """Return the values of `-p`; a list may be given entry by entry. Raises UsageError."""
    from mission_cli.document.playbooks.values import entries_of

    found: dict[str, Given] = {}
    for word in words:
        name, sign, value = word.partition("=")
        name = name.strip()
        if not sign or not name:
            raise UsageError(f"`-p {clean(word)}` is not NAME=VALUE", hint="write -p name=value")
        parameter = chosen.playbook.parameters.get(name)
        if parameter is not None and parameter.type == "list":
            before = found.get(name, [])
            found[name] = [*(before if isinstance(before, list) else [before]), *entries_of(value)]
        elif name in found:
            raise UsageError(f"`{clean(name)}` was given twice", hint="give one value")
        else:
            found[name] = value
    return found


def ask_missing(chosen: Chosen, given: dict[str, Given], missing: Sequence[str]) -> dict[str, Given]:
    """Return the values with those that a person enters for the missing ones; each is asked until it can be used."""
    from mission_cli.document.playbooks.values import Value, entries_of, read_value

    answers = dict(given)
    for name in missing:
        parameter = chosen.playbook.parameters[name]
        choices = f" ({', '.join(parameter.choices)})" if parameter.choices else ""
        typer.echo(clean(f"{name}: {parameter.description}{choices}"))
        while name not in answers:
            told: Given = asked(f"{name}?")
            told = entries_of(str(told)) if parameter.type == "list" else told
            read = read_value(parameter, told)
            if isinstance(read, Value):
                answers[name] = told
            else:
                typer.echo(clean(f"{read[0]}; {read[1]}" if read[1] else read[0]), err=True)
    return answers
