"""The tables of a mission file's sections as records: gates, requests, waits, spend, logs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mission_cli.budget.amounts import category_of, parse_amount
from mission_cli.document.features import match_names
from mission_cli.document.words import plain
from mission_cli.domain.ids import FeatureNumber, feature_number
from mission_cli.domain.mission import Approval, Gate, InputRequest, LogRow, Recovery, Spend, Wait
from mission_cli.domain.problems import Problem
from mission_cli.domain.status import GateKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.document.scan import Layout, Row, Table


@dataclass(frozen=True, slots=True)
class RowView:
    """One real row of a table, its cells by column name."""

    table: Table
    row: Row

    def __getitem__(self, column: str) -> str:
        return self.table.text(self.row, column)

    @property
    def line(self) -> int:
        """Line number, from 1."""
        return self.row.line.number

    @property
    def column(self) -> int:
        """Column of its first cell, from 1."""
        return self.row.cells[0].start - self.row.line.start + 1 if self.row.cells else 1


def table_in(layout: Layout, section_title: str, *columns: str) -> Table | None:
    """The first table in a `##` section (or below it) that has all the columns."""
    section = layout.find(section_title)
    if section < 0:
        return None
    return next(
        (t for t in layout.tables if layout.within(t.section, section) and all(c in t.columns for c in columns)),
        None,
    )


def rows_in(layout: Layout, section_title: str, *columns: str) -> Iterator[RowView]:
    """The real rows of that table; none where there is no such table."""
    table = table_in(layout, section_title, *columns)
    if table is not None:
        yield from (RowView(table, row) for row in table.real_rows())


def gates(
    layout: Layout, known: list[FeatureNumber], aliases: dict[str, FeatureNumber]
) -> tuple[tuple[Gate, ...], list[Problem]]:
    """The gates with their features resolved, and what is wrong with them."""
    rows = rows_in(layout, "Gates", "gate", "kind")
    found: list[Gate] = []
    problems: list[Problem] = []
    for row in rows:
        word = plain(row["kind"])
        kind = next((k for k in GateKind if k.value == word), None)
        after, unknown_after = match_names(_names(row["after"]), known, aliases)
        blocks, unknown_blocks = match_names(_names(row["blocks"]), known, aliases)
        name = row["gate"]
        at = (row.line, row.column)
        if kind is None:
            problems.append(
                Problem(
                    *at,
                    f"the gate `{name}` has the kind `{word}`, which is not known",
                    "known are checkpoint, approval, quality, delay",
                )
            )
        problems += [
            Problem(*at, f"the gate `{name}` names `{want}`, which does not exist")
            for want in (*unknown_after, *unknown_blocks)
        ]
        found.append(Gate(name, kind, after, blocks, row["rule"], row["status"], row.line))
    return tuple(found), problems


def _names(text: str) -> list[str]:
    return [w for w in re.split(r"[,;\s]+", text) if w and w not in {"-", "—", "–"}]


def approvals(layout: Layout) -> Iterator[Approval]:
    """The decisions of people at gates."""
    rows = rows_in(layout, "Approvals", "gate", "decision")
    for row in rows:
        cell = [row[c] for c in ("timestamp", "gate", "decision", "by", "commit", "comment")]
        yield Approval(*cell)


def requests(layout: Layout) -> Iterator[InputRequest]:
    """The questions to people, open or not."""
    rows = rows_in(layout, "Input Requests", "prompt", "status")
    for row in rows:
        count = row["#"]
        yield InputRequest(
            number=int(count) if count.isdigit() else 0,
            asked=row["asked"],
            feature=row["feature"],
            prompt=row["prompt"],
            options=tuple(o.strip() for o in row["options"].split(",") if o.strip()),
            urgency=row["urgency"],
            expires=row["expires"],
            status=plain(row["status"]),
            response=row["response"],
        )


def waits(layout: Layout) -> Iterator[Wait]:
    """What features wait for outside."""
    rows = rows_in(layout, "Waits", "feature", "waiting for")
    for row in rows:
        feature = feature_number(row["feature"])
        if feature is not None:
            yield Wait(
                feature,
                row["waiting for"],
                row["since"],
                row["timeout"],
                plain(row["status"]),
            )


def needed_resources(layout: Layout) -> Iterator[str]:
    """Names of the resources that somebody still has to provide."""
    rows = rows_in(layout, "Resources", "name", "status")
    for row in rows:
        if plain(row["status"]) == "needed":
            yield row["name"]


def spends(layout: Layout) -> Iterator[Spend]:
    """The spend log."""
    rows = rows_in(layout, "Budget Tracking", "category", "amount")
    for row in rows:
        yield Spend(
            date=row["date"],
            category=category_of(row["category"]),
            amount=parse_amount(row["amount"]),
            description=row["description"],
            milestone=row["milestone"],
        )


def recoveries(layout: Layout) -> Iterator[Recovery]:
    """The safety stops, open or closed."""
    rows = rows_in(layout, "Recovery Log", "feature", "status")
    for row in rows:
        yield Recovery(
            row["timestamp"],
            row["feature"],
            row["trigger"],
            plain(row["status"]),
        )


def progress(layout: Layout) -> Iterator[LogRow]:
    """The progress log."""
    rows = rows_in(layout, "Progress Log", "event", "details")
    for row in rows:
        yield LogRow(row["timestamp"], row["event"], row["details"])
