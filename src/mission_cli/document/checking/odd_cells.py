"""Cells of tables that are read as nothing: `lint` and `start` say so, and what to write instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import one_line
from mission_cli.document.reading.sections import rows_in
from mission_cli.document.syntax.vocabulary import number, plain
from mission_cli.domain.budget.amounts import CATEGORIES, category_of
from mission_cli.domain.ids import feature_number
from mission_cli.domain.problems import Problem, Severity
from mission_cli.domain.status import GateKind, GateStatus, RecoveryStatus
from mission_cli.domain.tables import LANDING, REMOVED, SQUASH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.document.reading.sections import RowView

_DECISIONS = (GateStatus.APPROVED, GateStatus.REJECTED, LANDING, SQUASH)
_VOLATILE = frozenset({"", "yes", "true", "no", "false", "-", REMOVED})


def odd_cells(loaded: Loaded) -> Iterator[Problem]:
    """Yield a warning for each cell that decides something, and whose text is not known there."""
    yield from _team(loaded)
    yield from _gates(loaded)
    yield from _rows(loaded)


def _team(loaded: Loaded) -> Iterator[Problem]:
    for row in rows_in(loaded.layout, "Team", "agent"):
        most = number(row["max parallel"])
        if row["max parallel"].strip(" -–—") and (most is None or most <= 0):
            yield _odd(row, "max parallel", "it limits nothing; write a whole number above 0")
        if plain(row["volatile"]) not in _VOLATILE:
            yield _odd(row, "volatile", "it counts as no; write yes or no")


def _gates(loaded: Loaded) -> Iterator[Problem]:
    for gate in loaded.mission.gates:
        if gate.state is None:
            words = f"the status `{one_line(gate.status, 60)}` of the gate `{gate.name}` is not known"
            hint = "the gate stays closed; write approved, passed or open, or leave it empty"
            yield Problem(gate.line, 1, words, hint, Severity.WARNING)
        if gate.kind is GateKind.QUALITY and gate.unread:
            words = f"`{one_line(gate.unread, 60)}` in the rule of the gate `{gate.name}` is not read"
            hint = "a person decides; write minScore >= 4, allPassed or condition: EXPRESSION, with commas between them"
            yield Problem(gate.line, 1, words, hint, Severity.WARNING)
    for row in rows_in(loaded.layout, "Approvals", "gate", "decision"):
        if row["decision"] not in _DECISIONS:
            yield _odd(row, "decision", "it decides nothing; write approved or rejected")


def _rows(loaded: Loaded) -> Iterator[Problem]:
    for row in rows_in(loaded.layout, "Messages", "feature", "message"):
        found = feature_number(row["feature"])
        if found is None or loaded.mission.feature(found) is None:
            yield _odd(row, "feature", "no worker reads the message; write the number of a feature")
    for row in rows_in(loaded.layout, "Budget Tracking", "category", "amount"):
        if row["category"] and category_of(row["category"]) not in CATEGORIES:
            yield _odd(row, "category", "it counts against no cap; write Money (USD), Time (hours) or Tokens")
    for row in rows_in(loaded.layout, "Recovery Log", "feature", "status"):
        if plain(row["status"]) not in set(RecoveryStatus):
            yield _odd(row, "status", f"it counts as closed; write {', '.join(RecoveryStatus)}")


def _odd(row: RowView, column: str, hint: str) -> Problem:
    words = f"`{one_line(row[column], 60)}` in the column {column.capitalize()} is not known"
    return Problem(row.line, row.column, words, hint, Severity.WARNING)
