"""The values of parameters: read as their type, or refused with a reason."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING

from pydantic_core import PydanticCustomError

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import did_you_mean, one_line
from mission_cli.document.criteria.item import asked_criterion
from mission_cli.document.plans.values import number
from mission_cli.document.syntax.spans import code

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mission_cli.document.playbooks.model import Parameter, Playbook

LONGEST, LONGEST_COMMAND, MOST_ENTRIES = 300, 1_000, 100
"""The most characters of a text and of a command, and the most entries of a list."""
_WHOLE = pattern(r"-?(?:0|[1-9][0-9]{0,14})")
_UNSHOWN = pattern("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_YES = frozenset({"true", "yes", "on", "1"})
_NO = frozenset({"false", "no", "off", "0"})
_OF_THE_AUTHOR = frozenset({"integer", "number", "boolean", "choice"})

Given = str | list[str]
"""A value as a person gives it: a text, or the entries of a list."""


@dataclass(frozen=True, slots=True)
class Value:
    """The value of one parameter."""

    type: str
    entries: tuple[str, ...]
    """The entries of a list; otherwise one text."""

    @property
    def text(self) -> str:
        """The value in a sentence."""
        return ", ".join(self.entries)

    @property
    def is_author_text(self) -> bool:
        """Whether the author of the playbook determines what it can be: numbers, yes or no, and listed choices."""
        return self.type in _OF_THE_AUTHOR

    @property
    def holds(self) -> bool:
        """Whether it counts as true in a condition."""
        return self.entries not in {(), ("",), ("false",)}


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a value cannot be used."""

    name: str
    words: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class ReadValues:
    """The values of a playbook's parameters, and what is wrong with those that were given."""

    values: Mapping[str, Value]
    missing: tuple[str, ...]
    """Required parameters without a value."""
    refused: tuple[Refused, ...]


def read_values(playbook: Playbook, given: Mapping[str, Given]) -> ReadValues:
    """Return the values that were given, and the defaults of the others."""
    known = playbook.parameters
    refused = [
        Refused(
            name,
            "it is not a parameter of the playbook",
            did_you_mean(name, known, f"it has {', '.join(known) or 'none'}"),
        )
        for name in given
        if name not in known
    ]
    values: dict[str, Value] = {}
    missing = []
    for name, parameter in known.items():
        told = given.get(name, parameter.default)
        if parameter.needed and told in {None, ""} if not isinstance(told, list) else parameter.needed and not told:
            missing.append(name)
            continue
        read = read_value(parameter, "" if told is None else told)
        if isinstance(read, Value):
            values[name] = read
        else:
            refused.append(Refused(name, *read))
    return ReadValues(values, tuple(missing), tuple(refused))


def read_value(parameter: Parameter, told: Given) -> Value | tuple[str, str]:
    """Return a value, or what is wrong with it and a hint."""
    kind = parameter.type
    if kind == "list":
        return _list(parameter, told)
    if isinstance(told, list):
        return "it is not a list", "give one value"
    text = told.strip()
    odd = _UNSHOWN.search(text)
    most = LONGEST_COMMAND if kind == "command" else LONGEST
    if odd:
        return f"it contains the character U+{ord(odd[0]):04X}", "write it in one line"
    if len(text) > most:
        return f"it has {len(text)} characters", f"at most {most} are allowed"
    wrong = _READERS[kind](parameter, text)
    return Value(kind, (wrong,)) if isinstance(wrong, str) else wrong


def _list(parameter: Parameter, told: Given) -> Value | tuple[str, str]:
    entries = entries_of(told) if isinstance(told, str) else told
    if len(entries) > MOST_ENTRIES:
        return f"it has {len(entries)} entries", f"at most {MOST_ENTRIES} are allowed"
    one = parameter.model_copy(update={"type": "string"})
    found: list[str] = []
    for entry in entries:
        read = read_value(one, entry)
        if not isinstance(read, Value):
            return f"the entry `{one_line(entry, 60)}`: {read[0]}", read[1]
        found += read.entries
    return Value("list", tuple(entry for entry in found if entry))


def entries_of(text: str) -> list[str]:
    """Return the entries of a list in one text: separated by commas, or a JSON list of texts."""
    if text.lstrip().startswith("["):
        try:
            read = json.loads(text)
        except (ValueError, RecursionError):
            read = None
        if isinstance(read, list) and all(isinstance(entry, str) for entry in read):
            return read
    return [entry.strip() for entry in text.split(",") if entry.strip()]


def _string(parameter: Parameter, text: str) -> str | tuple[str, str]:
    if parameter.pattern and (text or parameter.needed):
        try:
            fits = re.compile(parameter.pattern).fullmatch(text)
        except re.error as error:
            return f"its pattern cannot be read: {error}", "correct the playbook"
        if not fits:
            example = f", for example {shown_example(parameter)}" if parameter.example else ""
            return f"`{one_line(text, 60)}` does not match `{parameter.pattern}`", f"see its description{example}"
    return text


def _integer(parameter: Parameter, text: str) -> str | tuple[str, str]:
    if not _WHOLE.fullmatch(text):
        return f"`{one_line(text, 60)}` is not a whole number", "write a whole number, for example 2"
    return _within(parameter, Decimal(text)) or str(int(text))


def _number(parameter: Parameter, text: str) -> str | tuple[str, str]:
    try:
        found = number(text.removeprefix("-"))
    except PydanticCustomError:
        return f"`{one_line(text, 60)}` is not a number", "write a number, for example 20 or 2.5"
    amount = Decimal(f"{found}") * (-1 if text.startswith("-") else 1)
    shown = f"{amount:f}"
    return _within(parameter, amount) or (shown.rstrip("0").rstrip(".") if "." in shown else shown)


def _within(parameter: Parameter, amount: Decimal) -> tuple[str, str] | None:
    least, most = parameter.minimum, parameter.maximum
    if least is not None and amount < Decimal(f"{least}"):
        return f"{amount:f} is too small", f"at least {least:g}"
    if most is not None and amount > Decimal(f"{most}"):
        return f"{amount:f} is too large", f"at most {most:g}"
    return None


def _boolean(parameter: Parameter, text: str) -> str | tuple[str, str]:
    del parameter
    word = text.casefold()
    if word in _YES | _NO or not word:
        return "true" if word in _YES else "false"
    return f"`{one_line(text, 60)}` is neither yes nor no", "write true or false"


def _choice(parameter: Parameter, text: str) -> str | tuple[str, str]:
    if text in parameter.choices or (not text and not parameter.needed):
        return text
    near = did_you_mean(text, parameter.choices)
    hint = f"{near} use one of {', '.join(parameter.choices)}".strip()
    return f"`{one_line(text, 60)}` is not one of the choices", hint


def _command(parameter: Parameter, text: str) -> str | tuple[str, str]:
    if not text and not parameter.needed:
        return text
    read = asked_criterion(f"run: {code(text)}") if text else None
    if read is None or read.wrong or read.command != text or "`" in text:
        return f"`{one_line(text, 60)}` cannot be a command", "write one line; instead of backticks write $(…)"
    return text


_READERS = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "choice": _choice,
    "command": _command,
}


def shown_example(parameter: Parameter) -> str:
    """Return the example of a parameter, or its default, in one text; empty if it has neither."""
    found = parameter.example if parameter.default is None else parameter.default
    return ", ".join(found) if isinstance(found, list) else found or ""


def sample_values(playbook: Playbook) -> Iterator[Mapping[str, Given]]:
    """Yield values with which a playbook is tried: one set, and one for each other choice and each opposite."""
    first: dict[str, Given] = {name: _sample(parameter) for name, parameter in playbook.parameters.items()}
    yield first
    for name, parameter in playbook.parameters.items():
        others: list[Given] = []
        if parameter.type == "choice":
            others = [choice for choice in parameter.choices if choice != first[name]]
        elif parameter.type == "boolean":
            others = ["false" if first[name] == "true" else "true"]
        elif not parameter.needed and parameter.default in (None, "", []):
            others = [_some(parameter)]
        yield from ({**first, name: other} for other in others)


def _sample(parameter: Parameter) -> Given:
    if parameter.default is not None:
        return "true" if parameter.type == "boolean" and parameter.default in _YES else parameter.default
    return _some(parameter) if parameter.needed else ""


def _some(parameter: Parameter) -> Given:
    """Return a value that is not empty."""
    if parameter.example is not None:
        return parameter.example
    if parameter.type in {"integer", "number"}:
        return f"{parameter.minimum or 1:g}"
    if parameter.type == "choice":
        return parameter.choices[0] if parameter.choices else ""
    if parameter.type == "list":
        return ["sample"]
    return "true" if parameter.type in {"boolean", "command"} else "sample"
