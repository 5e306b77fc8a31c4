"""What `mission budget limits` prints, as text and as CSV."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from mission_cli._support.shown import moment, plain_number, quantity_of
from mission_cli._support.text import stamp
from mission_cli.surfaces.lines import columns, line, plain, said
from mission_cli.surfaces.reporting.budget import cell

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from mission_cli.app.forecasting.results import BudgetLeft, LimitsShown

NONE = "no budgets across missions: add [budgets.NAME] to the settings (mission help settings)"


def limits_text(found: LimitsShown, now: datetime | None = None, zone: tzinfo | None = None) -> str:
    """Return a row for each amount, runners at their limit, and what is wrong."""
    rows = []
    if found.budgets:
        head = ("budget", "for", "spent", "reserved", "left", "of", "more is free")
        table = [head, *(_row(one, now, zone) for one in found.budgets)]
        made = plain(columns([[line(text) for text in row] for row in table]))
        rows = [text.rstrip() for text in made.splitlines()]
    rows += [f"{said(one.runner)} is at its usage limit until {moment(one.until, now, zone)}" for one in found.parked]
    rows += [f"note: {said(notice.text)} → {notice.remedy}" for notice in found.notices]
    return "\n".join(rows or [NONE])


def _row(one: BudgetLeft, now: datetime | None, zone: tzinfo | None) -> tuple[str, ...]:
    who = f", {said(', '.join(one.runners))}" if one.runners else ""
    amounts = (one.spent, one.reserved, max(one.left, one.left - one.left), one.cap)
    spent, held, left, cap = (quantity_of(one.category, amount) for amount in amounts)
    headroom = f" + {quantity_of(one.category, one.headroom)} for you" if one.headroom else ""
    when = "" if one.until is None else moment(one.until, now, zone)
    return said(one.budget), f"this {one.across}, {one.every}{who}", spent, held, left, cap + headroom, when


def limits_csv(found: LimitsShown) -> str:
    """Return a row for each amount."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    amounts = ("cap", "headroom", "spent", "reserved", "left")
    writer.writerow(["budget", "across", "every", "runners", "category", *amounts, "since", "until"])
    for one in found.budgets:
        numbers = [plain_number(getattr(one, name)) for name in amounts]
        until = "" if one.until is None else stamp(one.until)
        names = (one.budget, one.across, one.every, " ".join(one.runners), one.category)
        writer.writerow([*map(cell, names), *numbers, stamp(one.since), until])
    return out.getvalue()
