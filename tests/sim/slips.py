"""Mistakes of a person, as a list that a seed makes, and what each of them does to the text of a mission file."""

from __future__ import annotations

import random
import re
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class Slip(StrEnum):
    """What a clumsy person does."""

    MINUTE = "time passes"
    VALUE = "a value of the front matter is mistyped"
    KEY = "a key of the front matter is misspelled"
    LINE_GONE = "a line is deleted"
    LINE_TWICE = "a line is doubled"
    LINES_SWAPPED = "two lines are swapped"
    CELL = "a cell of a table is mistyped"
    HEADER = "a column is renamed"
    HALF_SAVED = "half of the file is saved and committed"
    HALF_ON_DISK = "half of the file is saved and not committed"
    SCRIBBLE = "an edit is left on disk"
    WRONG_COMMAND = "a command is typed that does not fit"
    WRONG_ANSWER = "a request is answered with something else"
    ANSWER = "a request is answered"
    BASE_GONE = "the base branch is renamed"
    BASE_BACK = "the base branch has its name again"
    RUNNER_GONE = "the runner is taken out of the settings"
    RUNNER_BACK = "the runner is in the settings again"
    STOP = "STOP is pressed"
    LIFT = "STOP is lifted"


_WEIGHTS = {Slip.MINUTE: 30.0, Slip.ANSWER: 3.0, Slip.BASE_BACK: 3.0, Slip.RUNNER_BACK: 3.0, Slip.LIFT: 3.0}
ODD = (
    *("5 dollars", "", "0", "-3", "5,50", "1e400", ".inf", "unlimited", "99999999999999999999", "actve", "Pending?"),
    *("[1, 2]", "2026-13-45", "9999-12-31", "opncode", "mision", "~99999999999h", "7.7", "yes", "`", "||"),
)
_FRONT_LINE = re.compile(r"^(\s*[a-z_]+:)(.*)$")


def slips_of(seed: int, number: int) -> list[tuple[Slip, int]]:
    """What the person of a seed does."""
    dice = random.Random(seed)  # noqa: S311 - dice
    kinds = dice.choices(list(Slip), [_WEIGHTS.get(slip, 1.0) for slip in Slip], k=number)
    return [(kind, dice.randrange(1 << 16)) for kind in kinds]


def front_lines(lines: Sequence[str]) -> list[int]:
    """The lines of the front matter that hold a key."""
    end = next((n for n, line in enumerate(lines) if n and line == "---"), 0)
    return [n for n in range(1, end) if _FRONT_LINE.match(lines[n])]


def value(lines: list[str], dice: random.Random) -> list[str]:
    """Another text behind one key of the front matter."""
    places = front_lines(lines)
    if places:
        at = dice.choice(places)
        found = _FRONT_LINE.match(lines[at])
        assert found is not None
        lines[at] = f"{found[1]} {dice.choice(ODD)}"
    return lines


def key(lines: list[str], dice: random.Random) -> list[str]:
    """One key of the front matter under another name."""
    places = front_lines(lines)
    if places:
        at = dice.choice(places)
        lines[at] = lines[at].replace(":", "x:", 1)
    return lines


def without(lines: list[str], dice: random.Random) -> list[str]:
    """One line less."""
    del lines[dice.randrange(len(lines))]
    return lines


def twice(lines: list[str], dice: random.Random) -> list[str]:
    """One line twice."""
    at = dice.randrange(len(lines))
    return [*lines[: at + 1], *lines[at:]]


def swapped(lines: list[str], dice: random.Random) -> list[str]:
    """Two lines in the other order."""
    at = dice.randrange(max(1, len(lines) - 1))
    return [*lines[:at], *reversed(lines[at : at + 2]), *lines[at + 2 :]]


def cell(lines: list[str], dice: random.Random, *, header: bool) -> list[str]:
    """Another text in one cell, or as the name of one column."""
    rules = [n for n, line in enumerate(lines) if re.fullmatch(r"\|[-| :]+\|", line)]
    heads = [n - 1 for n in rules if n]
    rows = [n for n, line in enumerate(lines) if line.startswith("| ") and n not in heads]
    places = heads if header else rows
    if places:
        at = dice.choice(places)
        cells = lines[at].split("|")
        if len(cells) > 2:
            cells[dice.randrange(1, len(cells) - 1)] = f" {dice.choice(ODD).replace('|', '')} "
            lines[at] = "|".join(cells)
    return lines
