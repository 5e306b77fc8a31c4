"""Diagnoses of the machine, the agents and the schedule."""

from __future__ import annotations

from enum import StrEnum

from mission_cli._support.dataclass import dataclass


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
    todo: str = ""


def fine(subject: str, words: str) -> Finding:
    """Return a diagnosis without a problem."""
    return Finding(Level.OK, subject, words)


def doubtful(subject: str, words: str, todo: str = "") -> Finding:
    """Return a diagnosis of something that works, but has a problem."""
    return Finding(Level.WARNING, subject, words, todo)


def wrong(subject: str, words: str, todo: str) -> Finding:
    """Return a diagnosis of something that does not work until a person acts."""
    return Finding(Level.WRONG, subject, words, todo)
