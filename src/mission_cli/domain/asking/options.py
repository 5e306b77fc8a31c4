r"""The options of a request, as a cell of the mission file holds them: `redis: fast; postgres: keeps data; any text`.

Semicolons separate options; without any semicolon, commas do. A colon separates the label, which is the answer, from
its description. The entry `any text` means that any other answer is allowed, too. In labels and descriptions these
separators have a backslash before them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ANY_TEXT = "any text"
"""The entry that allows any other answer."""
LONGEST_LABEL, LONGEST_DESCRIPTION, MOST_OPTIONS = 80, 300, 12
_ENTRY = pattern(r"(?:\\.|[^;\\]|\\\Z)+")
_COMMAS = pattern(r"(?:\\.|[^,\\]|\\\Z)+")
_LABEL = pattern(r"((?:\\.|[^:\\]|\\\Z)*)(?::(.*))?", re.DOTALL)
_ESCAPED = pattern(r"\\([\\,;:])")
_SPECIAL = pattern(r"[\\,;:]")
_END = pattern(r"[\s.,:;!?)]|\Z")


@dataclass(frozen=True, slots=True)
class Option:
    """One possible answer."""

    label: str
    """What a person answers with."""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Answers:
    """What a request may be answered with."""

    options: tuple[Option, ...] = ()
    free: bool = True
    """Whether any text is an answer, too; always without options."""


def read_options(cell: str) -> Answers:
    """Return the possible answers that a cell names; without an option any text is one."""
    split = _ENTRY if len(_ENTRY.findall(cell)) > 1 or cell.rstrip().endswith(";") else _COMMAS
    entries = [entry.strip() for entry in split.findall(cell) if entry.strip()]
    labels = [entry for entry in entries if entry.casefold() != ANY_TEXT]
    options = tuple(_read(entry) for entry in labels)
    return Answers(options, free=len(labels) < len(entries) or not options)


def write_options(answers: Answers) -> str:
    """Return the cell for possible answers; reading it gives the same."""
    entries = [_write(option) for option in answers.options]
    if not entries:
        return ""
    entries += [ANY_TEXT] if answers.free else []
    if not any(option.description for option in answers.options):
        return ", ".join(entries)
    return "; ".join(entries) if len(entries) > 1 else f"{entries[0]};"


def chosen(options: Sequence[Option], response: str) -> Option | None:
    """Return the option that an answer is or begins with (`pass`, `Pass, but slow`); None if it is none of them."""
    said = " ".join(response.split()).casefold()
    for option in sorted(options, key=lambda one: -len(one.label)):
        label = option.label.casefold()
        if label and said.startswith(label) and _END.match(said, len(label)):
            return option
    return None


def problem_of(options: Iterable[Option]) -> str:
    """Return why these cannot be the options of one request, or the empty string."""
    found = list(options)
    labels = [option.label.casefold() for option in found]
    if len(found) > MOST_OPTIONS:
        return f"it has {len(found)} options, at most {MOST_OPTIONS} are allowed"
    for option in found:
        label, told = option.label, option.description
        if not label or label != one_line(label, LONGEST_LABEL):
            return f"the label of an option must be one line of 1 to {LONGEST_LABEL} characters"
        if told != one_line(told, LONGEST_DESCRIPTION):
            return f"the description of `{label}` must be one line of at most {LONGEST_DESCRIPTION} characters"
        if label.casefold() == ANY_TEXT:
            return f"`{ANY_TEXT}` cannot be the label of an option"
        if labels.count(label.casefold()) > 1:
            return f"two options have the label `{label}`"
    return ""


def _read(entry: str) -> Option:
    found = _LABEL.match(entry)
    label, told = (found[1], found[2] or "") if found else (entry, "")
    return Option(_ESCAPED.sub(r"\1", label.strip()), _ESCAPED.sub(r"\1", told.strip()))


def _write(option: Option) -> str:
    label, told = (_SPECIAL.sub(r"\\\g<0>", text) for text in (option.label, option.description))
    return f"{label}: {told}" if told else label
