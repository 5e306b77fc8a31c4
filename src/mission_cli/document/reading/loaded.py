"""What a text says as a mission, with the problems that were found in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.problems import Problem, Severity

if TYPE_CHECKING:
    from mission_cli.document.reading.checklists import Listed
    from mission_cli.document.syntax.rows import Table
    from mission_cli.document.syntax.scan import Layout
    from mission_cli.domain.mission import Mission


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a text says. `refused` is true where nothing of it may be driven."""

    mission: Mission
    problems: tuple[Problem, ...]
    layout: Layout
    refused: bool

    def errors(self) -> tuple[Problem, ...]:
        """The problems that stop something from running."""
        return tuple(p for p in self.problems if p.severity is Severity.ERROR)


@dataclass(frozen=True, slots=True)
class MilestonePlace:
    """Where a milestone stands: its section, and the tables or the checklist that hold its features."""

    number: int
    section: int
    tables: tuple[Table, ...]
    listed: tuple[Listed, ...] = ()
