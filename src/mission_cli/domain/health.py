"""What a look at the machine, the agents or the schedule found."""

from __future__ import annotations

from enum import StrEnum

from mission_cli._support.dataclass import dataclass


class Level(StrEnum):
    """How bad it is: a warning still works, what is wrong does not."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, and what to do about it where that is needed."""

    level: Level
    subject: str
    words: str
    todo: str = ""


def fine(subject: str, words: str) -> Finding:
    """It is as it should be."""
    return Finding(Level.OK, subject, words)


def doubtful(subject: str, words: str, todo: str = "") -> Finding:
    """It works, but somebody should know."""
    return Finding(Level.WARNING, subject, words, todo)


def wrong(subject: str, words: str, todo: str) -> Finding:
    """It does not work until somebody does something."""
    return Finding(Level.WRONG, subject, words, todo)
