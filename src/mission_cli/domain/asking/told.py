"""What a worker writes into the file MISSION_NOTES while it works: in each line a note or an outcome."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import counted, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST = 20
"""The most notes, and the most outcomes, of one attempt."""
LONGEST_NOTE = 500
LONGEST_VALUE = 1000
KINDS = ("file", "text", "url", "json", "media")
"""The types of outcomes."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A result that a worker names: what it is, for people."""

    kind: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Told:
    """Everything that a worker told; none of it is evidence."""

    notes: tuple[str, ...] = ()
    outcomes: tuple[Outcome, ...] = ()


def read_told(text: str) -> Told:
    """Return what is in the file. Never raises: a line that is no JSON object is a note itself."""
    found = [*_lines(text)]
    notes = [one for one in found if isinstance(one, str)]
    outcomes = [one for one in found if isinstance(one, Outcome)]
    lost = max(0, len(notes) - MOST) + max(0, len(outcomes) - MOST)
    more = [f"{counted(lost, 'more line')} left out"] if lost else []
    return Told((*notes[:MOST], *more), tuple(outcomes[:MOST]))


def _lines(text: str) -> Iterator[str | Outcome]:
    for line in filter(str.strip, text.splitlines()):
        told = _object(line)
        outcome = told.get("outcome")
        if isinstance(told.get("note"), str) and told["note"].strip():
            yield one_line(told["note"], LONGEST_NOTE)
        elif isinstance(outcome, dict) and str(outcome.get("label") or "").strip():
            kind, label, value = (str(outcome.get(key) or "") for key in ("type", "label", "value"))
            plain = kind.strip().casefold()
            yield Outcome(
                plain if plain in KINDS else "text", one_line(label, LONGEST_NOTE), one_line(value, LONGEST_VALUE)
            )
        else:
            yield one_line(line, LONGEST_NOTE)


def _object(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
