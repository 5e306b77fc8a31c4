"""Arguments of the command line: common options before the command, and errors in our own words."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from mission_cli._support.text import did_you_mean
from mission_cli.domain.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

_FLAGS = frozenset({"--json", "--quiet", "--verbose", "--debug"})
_SHORT = re.compile(r"-[qv]+\Z")
_QUOTED = re.compile(r"'([^']*)'")
_LEAST = re.compile(r"(?:greater than or equal to |x>=)(-?\d+)")
_EXTRA = re.compile(r"\(([^()]*)\)\s*\Z")


def hoist(words: Sequence[str], groups: frozenset[str]) -> list[str]:
    """Return the words with common options in front of a command moved behind it: `--json list` is `list --json`.

    `groups` are the commands whose next word belongs to their name.
    """
    common: list[str] = []
    name: list[str] = []
    rest = list(words)
    while rest:
        word = rest[0]
        if word in _FLAGS or _SHORT.match(word) or word.startswith("--repo="):
            common.append(rest.pop(0))
        elif word == "--repo" and len(rest) > 1:
            common += [rest.pop(0), rest.pop(0)]
        elif word.startswith("-") or (name and name[0] not in groups) or len(name) > 1:
            break
        else:
            name.append(rest.pop(0))
    incomplete = len(name) == 1 and name[0] in groups
    return [*name, *([] if incomplete else common), *rest]


def told(error: Any, tree: Any, words: Sequence[str]) -> UsageError:
    """Return an error of the command-line library in our words; `tree` is the group of all commands."""
    context = getattr(error, "ctx", None)
    command = getattr(context, "command", None) or tree
    path = getattr(context, "command_path", "") or "mission"
    message = str(getattr(error, "message", "") or error)
    kind = type(error).__name__
    if kind == "NoSuchOption":
        return _unknown_option(str(error.option_name), command, path)
    if message.startswith("No such command"):
        found = _QUOTED.search(message)
        return unknown_command(found[1] if found else "", command, path)
    if kind == "MissingParameter":
        return UsageError(f"{_name(error)} is missing", hint=_usage(command, path))
    if kind == "BadParameter":
        return _bad_value(error, words)
    if kind == "BadOptionUsage":
        return UsageError(f"`{error.option_name}` {_option_problem(message)}", hint=f"{path} -h shows its options")
    if "unexpected extra argument" in message:
        found = _EXTRA.search(message)
        return UsageError(f"unexpected argument{f': {found[1]}' if found else ''}", hint=_usage(command, path))
    if message.startswith("Missing command"):
        return UsageError(f"`{path}` needs a command", hint=f"use one of {', '.join(command.commands)}")
    return UsageError(message.rstrip("."), hint=f"{path} -h shows how it is used")


def unknown_command(word: str, group: Any, path: str) -> UsageError:
    """Return the error for a command that does not exist."""
    known = [name for name, one in group.commands.items() if not one.hidden]
    return UsageError(f"`{path} {word}` is not a command", hint=did_you_mean(word, known, f"{path} -h lists them"))


def _unknown_option(option: str, command: Any, path: str) -> UsageError:
    known = [name for p in command.params for name in p.opts if name.startswith("--")]
    hint = did_you_mean(option, [*known, "--help"], f"{path} -h lists its options")
    return UsageError(f"`{path}` has no option `{option}`", hint=hint)


def _bad_value(error: Any, words: Sequence[str]) -> UsageError:
    """Return the error for a value that is no whole number or too small; every typed value is a whole number."""
    name = _name(error)
    option = name.strip("`")
    value = next((f"`{word}`, " for before, word in pairwise(words) if before == option), "")
    value = next((f"`{word.partition('=')[2]}`, " for word in words if word.startswith(f"{option}=")), value)
    if least := _LEAST.search(str(error.message)):
        return UsageError(f"{name} is {value}too small", hint=f"write a number, at least {least[1]}")
    return UsageError(f"{name} is {value}not a whole number", hint="write a number, for example 1")


def _name(error: Any) -> str:
    parameter = getattr(error, "param", None)
    if parameter is None:
        return "a value"
    if parameter.param_type_name == "argument":
        return f"`{(parameter.metavar or parameter.name.upper()).strip('[]')}`"
    return f"`{max(parameter.opts, key=len)}`"


def _option_problem(message: str) -> str:
    return "takes no value" if "does not take a value" in message else "needs a value"


def _usage(command: Any, path: str) -> str:
    from mission_cli.surfaces.cli.help import described

    return f"usage: {described(command, path.partition(' ')[2]).usage}"
