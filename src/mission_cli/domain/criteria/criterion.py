"""One criterion, and what the mission file says about its last run."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.criteria.conditions import USUAL
from mission_cli.domain.status import CriterionKind, Verdict

if TYPE_CHECKING:
    from datetime import timedelta
    from decimal import Decimal

    from mission_cli.domain.criteria.browser import BrowserCheck
    from mission_cli.domain.criteria.conditions import Conditions
    from mission_cli.domain.criteria.http import HttpCheck


LINE_MARK = " ⏎ "
"""What stands for a line break in the text of a criterion with several lines."""


@dataclass(frozen=True, slots=True)
class Result:
    """A verdict as recorded next to a criterion: when, and on which commit (short)."""

    verdict: Verdict
    at: str
    commit: str


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion. `text` is what the person wrote, without box and results."""

    text: str
    kind: CriterionKind
    command: str = ""
    paths: tuple[str, ...] = ()
    pattern: str = ""
    negated: bool = False
    comparison: str = ""
    bound: Decimal | None = None
    unit: str = ""
    """The unit of the bound; the printed value must have the same one."""
    timeout: timedelta | None = None
    fields: tuple[tuple[str, str], ...] = ()
    """Name and value of the lines below it, in their order, without the timeout."""
    conditions: Conditions = USUAL
    """What the fields say about the place of its check."""
    http: HttpCheck | None = None
    """The request of an `http` criterion."""
    browser: BrowserCheck | None = None
    """The page and the script of a `browser` criterion."""
    ticked: bool = False
    result: Result | None = None
    baseline: Result | None = None
    line: int = 0
    tests: bool = False
    """Whether it is a command that was found in the repository and runs its tests."""
    index: int = 0
    """Place among the checklist items of its section, from 0; -1 if it is not a checklist item."""
    wrong: str = ""
    """Why it cannot be read. Then it does not run and never passes: the part that is not understood may matter."""
    remedy: str = ""
    """How to write it instead."""

    @property
    def first_line(self) -> str:
        """Its text without the lines below its item."""
        return self.text.partition(LINE_MARK)[0]

    @property
    def estimated(self) -> bool:
        """Whether it was an estimate of the plan: reviewers may find that the work is right without it."""
        return ("confidence", "estimated") in self.fields

    @property
    def from_top(self) -> str:
        """What it runs, as a shell at the top of the tree runs it; empty if it runs nothing."""
        folder, program = self.conditions.cwd, self.conditions.serve
        if self.kind in {CriterionKind.RUN, CriterionKind.METRIC}:
            program = self.command
        if not program:
            return ""
        return f"cd {shlex.quote(folder)} && {program}" if folder else program
