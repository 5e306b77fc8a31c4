"""The errors that reach people; everything else that is raised is a bug of ours."""

from __future__ import annotations

from typing import ClassVar


class MissionError(Exception):
    """Says what went wrong; `hint` says what to do about it. Shown without a traceback."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(MissionError):
    """The command was called in a way that cannot mean anything."""

    exit_code = 2


class DocumentError(MissionError):
    """A file cannot be read or patched; `where` is `path:line:column` as far as it is known."""

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(f"{where}: {message}" if where else message, hint=hint)
        self.where = where


class NotFoundError(MissionError):
    """What was named does not exist."""


class ToolError(MissionError):
    """A program that we depend on (git, the runner) failed or is missing."""


class BlockedError(MissionError):
    """Only a person can go on from here."""

    exit_code = 3


class ConflictError(MissionError):
    """The state moved while we worked on it; trying again is right."""

    exit_code = 4


class IllegalMoveError(Exception):
    """A transition that the tables do not have: a bug of ours, and nothing was changed."""
