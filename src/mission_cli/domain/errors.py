"""Errors that are shown to people; any other exception is a bug in this program."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from mission_cli.domain.notice import NO_ADVICE, Advice, advise

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.domain.problems import Problem


class MissionError(Exception):
    """An error for people: `message` is what went wrong, `hint` what to do. Shown without a traceback."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | Advice = NO_ADVICE) -> None:
        super().__init__(message)
        self.message = message
        self.hint = advise(hint)


class UsageError(MissionError):
    """The command was called with arguments that make no sense."""

    exit_code = 2


class DocumentError(MissionError):
    """A file cannot be read or patched; `where` is `path:line:column`, as far as known."""

    def __init__(
        self, message: str, *, where: str = "", hint: str | Advice = NO_ADVICE, problems: Sequence[Problem] = ()
    ) -> None:
        super().__init__(f"{where}: {message}" if where else message, hint=hint)
        self.where = where
        self.problems = tuple(problems)
        """All problems of the file, if it can have several."""

    @classmethod
    def of(cls, path: str, problems: Sequence[Problem]) -> DocumentError:
        """Return the error of a file with at least one problem: the message is the first, `problems` has all."""
        first = problems[0]
        where = f"{path}:{first.line}:{first.column}"
        return cls(first.message, where=where, hint=first.hint, problems=problems)


class NotFoundError(MissionError):
    """Something that was named does not exist."""


class NoMissionsError(NotFoundError):
    """A repository has no missions yet."""


class ToolError(MissionError):
    """A program that this one depends on (git, the runner) failed or is missing."""


class ForgeTrouble(StrEnum):
    """Why a forge cannot be used; what is not listed was refused by a rule and is an answer, not an error."""

    UNREACHABLE = "unreachable"
    """No answer, or one of a broken server: later it may work, and nothing is known until then."""
    MISSING = "missing"
    """A package that is needed to ask it is not installed."""
    LIMITED = "limited"
    """Too many requests; `again` says when the forge answers again."""
    UNAUTHORIZED = "unauthorized"
    """The token is missing, expired or not valid."""
    FORBIDDEN = "forbidden"
    """The token lacks a right."""
    NOT_FOUND = "not found"
    """The repository or the thing does not exist, or this token may not see it."""
    ARCHIVED = "archived"
    LOCKED = "locked"
    """The conversation is locked."""
    REFUSED = "refused"
    """The forge does not accept what was sent."""


class ForgeError(ToolError):
    """A forge could not be used."""

    def __init__(
        self, trouble: ForgeTrouble, message: str, *, hint: str | Advice = NO_ADVICE, again: float | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.trouble = trouble
        self.again = again
        """Seconds until the forge answers again, if it said so."""


class NotWrittenError(MissionError):
    """A command did what was possible without writing; its record could not be written."""


class BlockedError(MissionError):
    """Only a person can resolve this."""

    exit_code = 3


class ConflictError(MissionError):
    """The state changed during the operation; trying again helps."""

    exit_code = 4


class BusyError(MissionError):
    """Another process is working there, and waiting for it took too long; trying later helps."""

    exit_code = 4


@contextmanager
def refusals_said() -> Iterator[None]:
    """Raise a ToolError for an OSError that a person can fix; other OSErrors are bugs and stay as they are."""
    try:
        yield
    except OSError as error:
        said = refused(error)
        if said is None:
            raise
        raise said from error


def refused(error: OSError) -> ToolError | None:
    """Return the error and remedy for a refusal of the file system; None if the OSError is a bug."""
    remedy = _REMEDIES.get(error.errno or 0, "")
    where = f"{error.filename}: " if error.filename else ""
    return ToolError(f"{where}{error.strerror}", hint=remedy) if remedy else None


_RIGHTS = "give the user who runs this program write permission there"
_ROOM = "free space on that disk; the next pulse finishes or undoes what was begun"
_REMEDIES = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EROFS: "that file system is read-only: mount it for writing",
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EIO: "the disk cannot be read or written: check the system log",
    errno.EMFILE: "too many files are open: raise `ulimit -n`",
    errno.ENFILE: "too many files are open on this machine",
}


class IllegalMoveError(Exception):
    """A transition that is not allowed: a bug in this program. Nothing was changed."""
