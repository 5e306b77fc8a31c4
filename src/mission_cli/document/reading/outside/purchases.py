"""Read `## Purchases`. A row that cannot be read completely is left out: nothing is bought by a guess."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.numbers import whole
from mission_cli._support.text import one_line, parse_stamp
from mission_cli.document.reading.sections import RowView, rows_in
from mission_cli.domain.budget.amounts import parse_amount
from mission_cli.domain.problems import Problem, Severity
from mission_cli.domain.purchases.money import MoneyError, found_money, read_money
from mission_cli.domain.purchases.orders import why_no_merchant
from mission_cli.domain.purchases.rows import AT_PROVIDER, HOLDING, PurchaseRow, PurchaseStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.document.syntax.layout import Layout

_TITLE, _MARKS = "Purchases", ("merchant", "amount", "status")


def purchases(layout: Layout) -> Iterator[PurchaseRow]:
    """Yield the purchases. Of several rows with one number only the first counts."""
    known: set[int] = set()
    for row in rows_in(layout, _TITLE, *_MARKS):
        number = whole(row["#"])
        if not number or number in known or _wrong(row):
            continue
        known.add(number)
        yield PurchaseRow(
            number=number,
            asked=row["asked"],
            amount=read_money(row["amount"]),
            merchant=row["merchant"],
            purpose=row["purpose"],
            status=PurchaseStatus(_word(row)),
            alternatives=row["alternatives"],
            feature=row["feature"],
            until=row["valid until"],
            request=whole(row["request"]) or 0,
            by=row["by"],
            since=row["since"],
            reserved=parse_amount(row["reserved"]) or 0 * read_money(row["amount"]).amount,
            paid=found_money(row["paid"]),
            refunded=found_money(row["refunded"]),
            receipt=row["receipt"].strip("` "),
            reference=row["reference"].strip("` "),
            line=row.line,
        )


def _word(row: RowView) -> str:
    return row["status"].strip("`*_ ").casefold()


def _wrong(row: RowView) -> str:
    """Return why a row cannot be read; empty if it can."""
    try:
        amount = read_money(row["amount"])
    except MoneyError as error:
        return str(error)
    if why := why_no_merchant(row["merchant"]):
        return why
    word = _word(row)
    if word not in set(PurchaseStatus):
        return f"the status `{one_line(row['status'], 40)}` is not known: write one of {', '.join(PurchaseStatus)}"
    status = PurchaseStatus(word)
    if status in HOLDING and parse_amount(row["reserved"]) is None:
        return f"it is {status}, and nothing is reserved for it"
    if status in AT_PROVIDER and not row["reference"].strip("` "):
        return f"it is {status}, and has no reference"
    for column in ("paid", "refunded"):
        found = found_money(row[column])
        if row[column] and (found is None or found.currency != amount.currency):
            return f"`{one_line(row[column], 40)}` under {column.capitalize()} is not an amount in {amount.currency}"
    return ""


def purchase_problems(layout: Layout) -> Iterator[Problem]:
    """Yield errors for purchases that are left out, and a warning for one that can never be approved."""
    known: set[int] = set()
    for row in rows_in(layout, _TITLE, *_MARKS):
        number, wrong = whole(row["#"]), _wrong(row)
        name = f"purchase {one_line(row['#'], 20)}"
        if not number:
            yield Problem(row.line, row.column, "a purchase without a number is not bought", "write it into #")
        elif number in known:
            yield Problem(row.line, row.column, f"{name} appears twice: only the first counts", "remove one of them")
        elif wrong:
            yield Problem(row.line, row.column, f"{name} is not bought: {wrong}", "correct the row, or remove it")
        elif parse_stamp(row["valid until"]) is None:
            hint = "write it as 2026-11-20T10:00:00Z"
            words = f"{name} does not say until when it is valid, so it expires"
            yield Problem(row.line, row.column, words, hint, Severity.WARNING)
        known |= {number} if number else set()
