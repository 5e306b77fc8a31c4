"""The rows of `## Feedback`: drafts of issues, and what became of them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import one_line, sha256_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SECTION = "Feedback"
REPOSITORY, MISSION, AGENT = "repository", "mission", "agent:"
"""Whose project can fix it: the repository, this program, or an agent by its name."""
LONGEST_TITLE, LONGEST_FACT, MOST_FACTS = 120, 200, 6
_BETWEEN = " · "
_PATH = pattern(r"(?<![\w/.:~])~?(?:/[\w.@+%-]+){2,}/?")
"""An absolute path, or one of the home folder; addresses of the web have a colon before their slashes."""


class Signal(StrEnum):
    """Why something is worth a draft."""

    MISUNDERSTOOD = "misunderstood"
    """Workers fail in the same way at several features."""
    MANUAL_STEP = "manual step"
    """A person did by hand what a program might do."""
    MISSING_TOOL = "missing tool"
    """A check could not run, or a resource was missing."""
    DRAFT_AGENT = "draft agent"
    """An agent that was made for the mission helped."""
    ESTIMATE_OFF = "estimate off"
    """It took over 50 % more or less than expected."""
    VALIDATION = "validation"
    """The same check failed in several places."""


class FeedbackStatus(StrEnum):
    """What became of a draft."""

    DRAFT = "draft"
    FILED = "filed"
    DISCARDED = "discarded"

    @classmethod
    def of(cls, text: str) -> FeedbackStatus | None:
        """Return the status that a cell names; None for any other word."""
        word = text.strip().casefold() or cls.DRAFT
        return next((one for one in cls if one == word), None)


@dataclass(frozen=True, slots=True)
class Observation:
    """Something worth an issue, from the records alone."""

    signal: Signal
    target: str
    title: str
    facts: tuple[str, ...]
    about: str
    """What makes it the same in another mission, besides signal and target."""

    @property
    def fingerprint(self) -> str:
        """12 digits by which it is recognized in other missions, and on the forge."""
        return sha256_of(f"feedback\0{self.signal}\0{self.target}\0{self.about}")[:12]


@dataclass(frozen=True, slots=True)
class FeedbackRow:
    """One row of `## Feedback`."""

    number: int
    signal: str
    target: str
    title: str
    facts: tuple[str, ...]
    fingerprint: str
    status: FeedbackStatus | None = FeedbackStatus.DRAFT
    """None: a word that is not known; nothing is filed."""
    issue: str = ""
    """The address of the issue; empty: it was not filed."""
    line: int = 0


def unrecorded(rows: Iterable[FeedbackRow], found: Iterable[Observation]) -> tuple[FeedbackRow, ...]:
    """Return the rows of observations that no row has yet, numbered after the last one."""
    there = list(rows)
    known = {row.fingerprint for row in there}
    number = max((row.number for row in there), default=0)
    new: list[FeedbackRow] = []
    for one in found:
        if one.fingerprint not in known:
            known.add(one.fingerprint)
            new.append(_row(number + len(new) + 1, one))
    return tuple(new)


def cells_of(row: FeedbackRow) -> dict[str, str]:
    """Return the cells of a row."""
    return {
        "#": str(row.number),
        "Signal": row.signal,
        "For": row.target,
        "Title": row.title,
        "Facts": _BETWEEN.join(row.facts),
        "Fingerprint": row.fingerprint,
        "Status": str(row.status or ""),
        "Issue": f"<{row.issue}>" if row.issue else "",
    }


def facts_in(cell: str) -> tuple[str, ...]:
    """Return the facts of a cell."""
    return tuple(part for text in cell.split(_BETWEEN.strip()) if (part := text.strip()))


def without_paths(text: str) -> str:
    """Return a text in which absolute paths are only the name of their last part."""
    return _PATH.sub(lambda found: f"…/{found[0].rstrip('/').rpartition('/')[2]}", text)


def body_lines(row: FeedbackRow) -> Sequence[str]:
    """Return what the body of an issue says, without Markdown."""
    return [one_line(without_paths(fact), LONGEST_FACT) for fact in row.facts[:MOST_FACTS]]


def _row(number: int, one: Observation) -> FeedbackRow:
    facts = tuple(one_line(without_paths(fact), LONGEST_FACT).replace("·", "-") for fact in one.facts[:MOST_FACTS])
    title = one_line(without_paths(one.title), LONGEST_TITLE)
    return FeedbackRow(number, str(one.signal), one.target, title, facts, one.fingerprint)
