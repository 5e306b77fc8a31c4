"""The rows of `## Pull Requests`: what is recorded of each pull request of a mission, before anything is asked for."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace

if TYPE_CHECKING:
    from collections.abc import Iterable

MISSION = "mission"
"""The subject of the one pull request for a whole mission."""
TODO = "todo"
"""The subject of the pull request for `TODO.md`."""


class Proposing(StrEnum):
    """Which parts of a mission get a pull request: `preferences.pull_requests`."""

    NONE = "none"
    FEATURE = "feature"
    MILESTONE = "milestone"
    MISSION = "mission"


class RowStatus(StrEnum):
    """How far a pull request is."""

    PLANNED = "planned"
    """Its branch is to be pushed, and it is to be opened."""
    OPEN = "open"
    THEIRS = "theirs"
    """A person pushed to its branch, which is theirs from then on."""
    MERGED = "merged"
    """Its commits are in the base; its branch is to be deleted."""
    DONE = "done"
    """Merged, and its branch is deleted."""
    CLOSED = "closed"
    """Closed without a merge."""


GOING = frozenset({RowStatus.PLANNED, RowStatus.OPEN, RowStatus.THEIRS, RowStatus.MERGED})
"""Rows that still have something to wait for."""
IN_BASE = frozenset({RowStatus.MERGED, RowStatus.DONE})
"""Rows whose work is in the base."""
OVER = IN_BASE | {RowStatus.CLOSED}
"""Rows that the forge has merged or closed."""


class Handled(StrEnum):
    """What was done about a pull request once: the first word of an entry of the column Handled."""

    REOPENED = "reopened"
    """Closed and opened again, because no check began."""
    RERUN = "rerun"
    """A check that did not judge the work was started again."""
    CHECK = "check"
    """A failed check was given to a worker; with its key."""
    THREAD = "thread"
    """A comment was given to a worker, or to nobody because it is a remark; with its key."""
    OPINIONS = "opinions"
    """A round of reviews was given to a worker; with its number."""
    CONFLICT = "conflict"
    """A conflict with the base was given to a worker; with the base's commit."""
    QUEUED = "queued"
    """It was added to the merge queue; with its head and how often."""
    HEAD = "head"
    """A commit that this program pushed before."""
    SAID = "said"
    """What a pull request waits for that holds nothing; with a key of the words."""


@dataclass(frozen=True, slots=True)
class PullRow:
    """One row. The newest row of a subject counts."""

    subject: str
    """A feature (`1.2`), a milestone (`1`), `mission` or `todo`."""
    branch: str
    base: str
    head: str
    """The judged commit that is to be merged: on the branch, or about to be."""
    status: RowStatus = RowStatus.PLANNED
    number: int = 0
    """0: not opened yet."""
    url: str = ""
    since: str = ""
    """Since when its head is this one, ISO 8601."""
    handled: tuple[str, ...] = ()
    line: int = 0

    @property
    def going(self) -> bool:
        """Whether something is left to do or to wait for."""
        return self.status in GOING

    @property
    def name(self) -> str:
        """What it is called in texts: `pull request #34`."""
        return f"pull request #{self.number}" if self.number else "the pull request"

    def has(self, what: Handled, key: str = "") -> bool:
        """Whether something was handled."""
        return f"{what} {key}".strip() in self.handled

    def count(self, what: Handled) -> int:
        """Return how often something was handled."""
        return sum(entry.split(" ")[0] == what for entry in self.handled)

    def noting(self, what: Handled, *keys: str) -> PullRow:
        """Return the row with more that was handled; without a key once for all."""
        new = [f"{what} {key}".strip() for key in keys or ("",)]
        return replace(self, handled=tuple(dict.fromkeys([*self.handled, *new])))


def open_ones(rows: Iterable[PullRow]) -> str:
    """Return the pull requests that are open, in words: `pull request #1`, `pull requests #1, #2`; empty if none is."""
    numbers = [row.number for row in rows if row.number and row.status in {RowStatus.OPEN, RowStatus.THEIRS}]
    word = "pull request" if len(numbers) == 1 else "pull requests"
    return f"{word} {', '.join(f'#{number}' for number in sorted(numbers))}" if numbers else ""


def key_of(*parts: str) -> str:
    """Return a short key for what strangers named: it fits into a table cell and a marker."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:10]
