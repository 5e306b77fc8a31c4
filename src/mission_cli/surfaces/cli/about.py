"""The commands about the program itself: `version`, `help` and `completion`."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from mission_cli import __version__
from mission_cli._support.text import did_you_mean
from mission_cli.app.results.machine import CompletionScript, HelpPage, Installation
from mission_cli.domain.errors import UsageError
from mission_cli.surfaces.cli.catalog import TOPICS, entry_of
from mission_cli.surfaces.cli.help import described, plain_help, shown_help
from mission_cli.surfaces.cli.shell import Shell, command
from mission_cli.surfaces.cli.usage import unknown_command
from mission_cli.surfaces.completion.scripts import SCRIPTS
from mission_cli.surfaces.plain import clean

Version = Annotated[bool, typer.Option("--version", "-V", help="Print the version.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""

    def help_(
        shell: Shell,
        words: Annotated[
            list[str] | None, typer.Argument(metavar="[COMMAND|TOPIC]", help="A command, or a page of the manual.")
        ] = None,
    ) -> int:
        return _help(shell, typer.main.get_command(app), words or [])

    words = "Print a script that lets your shell complete commands, options, missions, features, gates and runners."
    command(app, "completion", help=words)(completion)
    command(app, "help", help="Show the help of a command, or a page of the manual.")(help_)
    command(app, "version", help="Print the version.")(version)


def version(shell: Shell) -> int:
    """Print the version."""
    shell.show(f"mission {__version__}", Installation(__version__))
    return 0


def completion(
    shell: Shell,
    name: Annotated[str, typer.Argument(metavar="bash|zsh|fish", help="The shell.")],
) -> int:
    """Print the completion script of a shell."""
    if name not in SCRIPTS:
        hint = did_you_mean(name, tuple(SCRIPTS), f"use one of {', '.join(SCRIPTS)}")
        raise UsageError(f"there is no completion for the shell `{clean(name)}`", hint=hint)
    if shell.as_json:
        shell.facts(CompletionScript(name, SCRIPTS[name]))
    else:
        sys.stdout.write(SCRIPTS[name])
    return 0


def _help(shell: Shell, tree: Any, words: list[str]) -> int:
    """Print the help of a command, or a page of the manual."""
    from mission_cli.wiring.host import manual_page

    name, found = " ".join(words), tree
    if name in TOPICS and name not in tree.commands:
        text = manual_page(name)
        shell.show(text, HelpPage(name, text), long=True)
        return 0
    for at, word in enumerate(words):
        inner = getattr(found, "commands", {})
        if word not in inner:
            path = " ".join(["mission", *words[:at]])
            hint = did_you_mean(word, [*inner, *(() if at else TOPICS)]) or unknown_command(word, found, path).hint
            raise UsageError(f"`{clean(f'{path} {word}')}` is not a command", hint=hint)
        found = inner[word]
    page = described(found, name)
    entry = entry_of(name)
    manual = f"\n{manual_page(name)}" if entry is not None and entry.topic == name else ""
    if shell.as_json:
        shell.facts(HelpPage(name, plain_help(page) + manual))
    else:
        sys.stdout.write(shown_help(page) + manual)
    return 0
