"""The errors that reach people; everything else that is raised is a bug of ours."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.domain.problems import Problem


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

    def __init__(self, message: str, *, where: str = "", hint: str = "", problems: Sequence[Problem] = ()) -> None:
        super().__init__(f"{where}: {message}" if where else message, hint=hint)
        self.where = where
        self.problems = tuple(problems)
        """All that is wrong with the file, where more than one thing may be."""

    @classmethod
    def of(cls, path: str, problems: Sequence[Problem]) -> DocumentError:
        """The error of a file with problems, of which there is one at least: it says the first, and holds all."""
        first = problems[0]
        where = f"{path}:{first.line}:{first.column}"
        return cls(first.message, where=where, hint=first.hint, problems=problems)


class NotFoundError(MissionError):
    """What was named does not exist."""


class ToolError(MissionError):
    """A program that we depend on (git, the runner) failed or is missing."""


class NotWrittenError(MissionError):
    """A command did what could be done without writing; what it says could not be written."""


class BlockedError(MissionError):
    """Only a person can go on from here."""

    exit_code = 3


class ConflictError(MissionError):
    """The state moved while we worked on it; trying again is right."""

    exit_code = 4


class BusyError(MissionError):
    """Somebody else is at work there just now, and was waited for long enough; later it goes."""

    exit_code = 4


@contextmanager
def refusals_said() -> Iterator[None]:
    """Say as a ToolError that a file system refuses; an OSError that would be a bug of ours stays one."""
    try:
        yield
    except OSError as error:
        said = refused(error)
        if said is None:
            raise
        raise said from error


def refused(error: OSError) -> ToolError | None:
    """Return what a refusal of a file system means and what helps; None where it would be a bug of ours."""
    remedy = _REMEDIES.get(error.errno or 0, "")
    where = f"{error.filename}: " if error.filename else ""
    return ToolError(f"{where}{error.strerror}", hint=remedy) if remedy else None


_RIGHTS = "give the user that this runs as the right to write there"
_ROOM = "make room on that disk; what was begun is finished or taken back by the next pulse"
_REMEDIES = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EROFS: "that file system can only be read: mount it for writing",
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EIO: "the disk cannot be read or written: look at the system's log",
    errno.EMFILE: "too many files are open: raise `ulimit -n`",
    errno.ENFILE: "too many files are open on this machine",
}


class IllegalMoveError(Exception):
    """A transition that the tables do not have: a bug of ours, and nothing was changed."""
