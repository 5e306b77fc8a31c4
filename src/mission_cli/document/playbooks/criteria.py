"""Put values into a criterion: each is quoted for the part of the criterion in which it stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from mission_cli._support.dataclass import replace
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import one_line
from mission_cli.document.criteria.item import asked_criterion, item_text
from mission_cli.document.playbooks.model import PLACEHOLDER
from mission_cli.document.playbooks.shell import quoted, why_unquotable
from mission_cli.domain.status import CriterionKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mission_cli.document.playbooks.values import Value
    from mission_cli.domain.criteria.criterion import Criterion

_PROSE = frozenset({CriterionKind.TEXT, CriterionKind.MANUAL, CriterionKind.REVIEW})
_ADDRESSED = frozenset({CriterionKind.HTTP, CriterionKind.BROWSER})
_SHELL_FIELDS = frozenset({"serve", "env"})
_PLAIN = pattern(r"[A-Za-z0-9](?:[A-Za-z0-9 ._/@:+-]*[A-Za-z0-9._/@+-])?")
_GLOB = frozenset("*?[]{}\\")
_NOT_PLAIN = "write letters, digits and . _ - / @ : + only, because this place cannot be quoted"


class UnfitError(Exception):
    """A value that cannot stand in its place: what is wrong, and a hint."""

    def __init__(self, words: str, hint: str = "") -> None:
        super().__init__(words)
        self.words, self.hint = words, hint


def filled_criterion(text: str, values: Mapping[str, Value]) -> str:
    """Return the text of a criterion with the values in it. Raises UnfitError."""
    written, marks = _marked(text, values)
    if not marks:
        return written
    read = asked_criterion(written)
    if read.wrong:
        raise UnfitError(f"the criterion cannot be read with a value in it: {read.wrong}", read.remedy)
    if read.kind in _PROSE:
        return _prose(read, written, marks)
    filled = _structured(read, marks)
    again = item_text(filled)
    if not again:
        raise UnfitError("a criterion cannot hold the value", "put the command into a script in the repository")
    return again


def _marked(text: str, values: Mapping[str, Value]) -> tuple[str, dict[str, Value]]:
    """Return the text with marks in place of what persons decide, and the values by mark.

    What the author of the playbook decides (numbers, choices) is text of the playbook, and is put in at once.
    """
    marks: dict[str, Value] = {}

    def put(found: re.Match[str]) -> str:
        if found[1]:
            return literal(found)
        value = values.get(found[2])
        if value is None or value.is_author_text:
            return found[0] if value is None else value.text
        mark = f"{stem}{len(marks)}Zz"
        marks[mark] = value
        return mark

    stem = "zzV"
    while stem in text:
        stem += "V"
    return PLACEHOLDER.sub(put, text), marks


def literal(found: re.Match[str]) -> str:
    """Return the text that an escaped placeholder stands for: one `!` less."""
    return found[0].replace("!", "", 1)


def _prose(read: Criterion, text: str, marks: Mapping[str, Value]) -> str:
    for mark, value in marks.items():
        _refuse_command(value)
        text = text.replace(mark, one_line(value.text, len(value.text) + 1))
    again = asked_criterion(text)
    if again.wrong or (again.kind, again.bound) != (read.kind, read.bound):
        raise UnfitError("the value would change what kind of criterion it is", "write it in other words")
    return text


def _structured(read: Criterion, marks: Mapping[str, Value]) -> Criterion:
    url = read.kind in _ADDRESSED
    paths: tuple[str, ...] = ()
    for path in read.paths:
        paths += _paths(path, marks)
    command = _address(read.command, marks) if url else _shell(read.command, marks)
    fields = tuple((name, _field(name, told, marks)) for name, told in read.fields)
    return replace(read, command=command, paths=paths, pattern=_regular(read.pattern, marks), fields=fields)


def _field(name: str, told: str, marks: Mapping[str, Value]) -> str:
    if name in _SHELL_FIELDS:
        return _shell(told, marks)
    if name == "cwd":
        return "".join(_paths(told, marks))
    for mark, value in _in(told, marks):
        told = told.replace(mark, plain(value))
    return told


def _shell(command: str, marks: Mapping[str, Value]) -> str:
    for mark, value in _in(command, marks):
        if value.type == "command":
            if command != mark:
                raise UnfitError("a command has to be the whole command of its criterion", "write run: {{NAME}}")
            return value.text
        why = why_unquotable(command, mark)
        if why:
            raise UnfitError(f"no value can stand there: {why}")
    for mark, value in _in(command, marks):
        done = quoted(command, mark, value.entries)
        if not isinstance(done, str):
            raise UnfitError(*done)
        command = done
    return command


def _address(text: str, marks: Mapping[str, Value]) -> str:
    for mark, value in _in(text, marks):
        _refuse_command(value)
        text = text.replace(mark, quote(value.text, safe=""))
    return text


def _regular(wanted: str, marks: Mapping[str, Value]) -> str:
    for mark, value in _in(wanted, marks):
        _refuse_command(value)
        either = [re.escape(entry) for entry in value.entries]
        wanted = wanted.replace(mark, either[0] if len(either) == 1 else f"(?:{'|'.join(either)})")
    return wanted


def _paths(path: str, marks: Mapping[str, Value]) -> tuple[str, ...]:
    """Return the paths that one path with a mark stands for: one for each entry of a list."""
    found = [path]
    for mark, value in _in(path, marks):
        _refuse_command(value)
        for entry in value.entries:
            refuse_path(entry)
        found = [one.replace(mark, entry) for one in found for entry in value.entries]
    return tuple(found)


def refuse_path(entry: str) -> None:
    """Raise UnfitError for a value that would lead a path out of its folder, or to other files."""
    if not entry or entry.startswith(("/", "~", "-")) or ".." in entry.split("/") or _GLOB & set(entry):
        hint = "write a path inside the repository, without .. and without * ? [ ] { } and backslashes"
        raise UnfitError(f"`{entry}` cannot be part of a path", hint)


def plain(value: Value) -> str:
    """Return a value for a place that cannot be quoted. Raises UnfitError."""
    _refuse_command(value)
    if value.text and not value.is_author_text and not _PLAIN.fullmatch(value.text):
        raise UnfitError(f"`{one_line(value.text, 60)}` cannot stand there", _NOT_PLAIN)
    return value.text


def _refuse_command(value: Value) -> None:
    if value.type == "command":
        raise UnfitError("a command has to be the whole command of its criterion", "write run: {{NAME}}")


def _in(text: str, marks: Mapping[str, Value]) -> Iterable[tuple[str, Value]]:
    return [(mark, value) for mark, value in marks.items() if mark in text]
