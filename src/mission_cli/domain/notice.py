"""What is wrong, and what a person can do about it: with the commands of this program as values, not as text.

The text form of a remedy is the line that a person types in a terminal; files and logs contain it, too. A surface that
has something else to click or to call reads the fields instead.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import command_line

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAM = "mission"


@dataclass(frozen=True, slots=True)
class Remedy:
    """A command of this program that helps, such as `resume` or `cron install`, and its arguments."""

    command: str
    args: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the line to type, with quotes where a shell needs them."""
        return command_line(PROGRAM, *self.command.split(), *self.args)


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do: text, and remedies at their places in it. Empty if nothing is known to help."""

    parts: tuple[str | Remedy, ...] = ()

    def __str__(self) -> str:
        """Return the whole text, each remedy as the line to type."""
        return "".join(map(str, self.parts))

    def __bool__(self) -> bool:
        """Whether it says anything."""
        return bool(self.parts)

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        """The commands in it, in order."""
        return tuple(part for part in self.parts if isinstance(part, Remedy))


NO_ADVICE = Advice()


@dataclass(frozen=True, slots=True)
class Notice:
    """What is wrong, and what to do about it."""

    text: str
    remedy: Advice = NO_ADVICE


def do(command: str, *args: object) -> Advice:
    """Return the advice to run one command of this program."""
    return Advice((Remedy(command, tuple(map(str, args))),))


def advise(*parts: str | Remedy | Advice) -> Advice:
    """Return advice that is put together from texts, commands and other advice; empty texts are left out."""
    flat: list[str | Remedy] = []
    for part in parts:
        flat += part.parts if isinstance(part, Advice) else [part]
    return Advice(tuple(part for part in flat if part != ""))


def joined(parts: Sequence[Advice], by: str) -> Advice:
    """Return several pieces of advice as one, with a text between them; empty ones are left out."""
    said = [part for part in parts if part]
    return advise(*(piece for number, part in enumerate(said) for piece in ((by, part) if number else (part,))))


class Level(StrEnum):
    """How bad a diagnosis is: with a warning it still works, with `wrong` it does not."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One diagnosis, and what to do if something is not right."""

    level: Level
    subject: str
    words: str
    todo: Advice = NO_ADVICE


def fine(subject: str, words: str) -> Finding:
    """Return a diagnosis without a problem."""
    return Finding(Level.OK, subject, words)


def doubtful(subject: str, words: str, todo: str | Advice = NO_ADVICE) -> Finding:
    """Return a diagnosis of something that works, but has a problem."""
    return Finding(Level.WARNING, subject, words, advise(todo))


def wrong(subject: str, words: str, todo: str | Advice) -> Finding:
    """Return a diagnosis of something that does not work until a person acts."""
    return Finding(Level.WRONG, subject, words, advise(todo))


def first_steps() -> Advice:
    """Return the advice to make a mission where there is none."""
    return advise("make the first one: ", do("new", "YOUR GOAL"), ", or ", do("new", "--plan", "FILE"))
