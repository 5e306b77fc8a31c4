"""The result of reading a mission file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.problems import Problem, Severity

if TYPE_CHECKING:
    from mission_cli.document.reading.checklists import Listed
    from mission_cli.document.syntax.layout import Layout
    from mission_cli.document.syntax.rows import Table
    from mission_cli.domain.mission import Mission


@dataclass(frozen=True, slots=True)
class Loaded:
    """A mission, the problems of its file, and its layout.

    `refused` is true if nothing of it may run, and `incomplete` if that is only because features are not read.
    """

    mission: Mission
    problems: tuple[Problem, ...]
    layout: Layout
    refused: bool
    incomplete: bool = False

    def errors(self) -> tuple[Problem, ...]:
        """Return the problems that keep something from running."""
        return tuple(p for p in self.problems if p.severity is Severity.ERROR)


@dataclass(frozen=True, slots=True)
class MilestonePlace:
    """The section of a milestone, and the tables or the checklist with its features."""

    number: int
    section: int
    tables: tuple[Table, ...]
    listed: tuple[Listed, ...] = ()
