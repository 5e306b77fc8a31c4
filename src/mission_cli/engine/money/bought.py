"""Decisions about purchases as changes of the mission file: the row, and what the spend log has to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.document.changes import AppendRow, Change, SetCell
from mission_cli.domain.budget.amounts import LABELS, REFUND, show_amount
from mission_cli.domain.purchases.money import Price, part_of
from mission_cli.domain.purchases.rows import SECTION, PurchaseRow, PurchaseStatus, find_purchase
from mission_cli.domain.tables import Spend
from mission_cli.planner.core.moves.purchases import AddPurchase, AskForPurchase, MovePurchase

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mission_cli.domain.mission import Mission
    from mission_cli.planner.core.moves.purchases import PurchaseMove


def purchase_decision(move: PurchaseMove) -> tuple[str, ...]:
    """Return what is decided by a step, for the Decision Log; empty if it only records what happened."""
    if not isinstance(move, MovePurchase):
        return ()
    words = {PurchaseStatus.APPROVED: "Buy", PurchaseStatus.REJECTED: "Do not buy"}.get(move.row.status)
    return (f"{words} {move.row.what} ({move.row.name})",) if words else ()


def purchase_changes(mission: Mission, move: PurchaseMove, date: str) -> Iterator[Change]:
    """Yield the changes of a decision about a purchase in the mission file."""
    match move:
        case AddPurchase():
            yield AppendRow(SECTION, cells_of(move.row))
        case AskForPurchase():
            yield SetCell(SECTION, {"#": str(move.number)}, "Request", str(move.request))
        case MovePurchase():
            before = find_purchase(mission.purchases, move.row.number)
            old = cells_of(before) if before is not None else {}
            key = {"#": str(move.row.number)}
            for column, text in cells_of(move.row).items():
                if old.get(column) != text:
                    yield SetCell(SECTION, key, column, text)
            yield from (_spend_row(spend) for spend in new_spends(mission, move, date))


def new_spends(mission: Mission, move: MovePurchase, date: str) -> Iterator[Spend]:
    """Yield the rows that a decision adds to the spend log: what was charged or came back since the last one."""
    row, before = move.row, find_purchase(mission.purchases, move.row.number)
    milestone = row.feature.partition(".")[0]
    old_paid, old_back = (before.paid, before.refunded) if before is not None else (None, None)
    for now, old, sign, what in (
        (row.paid, old_paid, 1, row.name),
        (row.refunded, old_back, -1, f"refund of {row.name}"),
    ):
        minor = (now.minor if now else 0) - (old.minor if old else 0)
        if minor > 0:
            words = f"{what} {row.merchant} {Price(minor, row.amount.currency)}"
            usd = sign * part_of(row.reserved, minor, row.amount.minor)
            yield Spend(date, "usd", usd, words, milestone)


def spends_in(mission: Mission, transitions: Iterable[object], date: str) -> list[Spend]:
    """Return the rows that the decisions of a round add to the spend log for purchases."""
    return [
        spend for move in transitions if isinstance(move, MovePurchase) for spend in new_spends(mission, move, date)
    ]


def _spend_row(spend: Spend) -> AppendRow:
    refund = spend.amount is not None and spend.amount < 0
    cells = {"Date": spend.date, "Category": REFUND if refund else LABELS["usd"]}
    cells |= {"Amount": show_amount("usd", spend.amount), "Description": spend.description}
    return AppendRow("Budget Tracking", {**cells, "Milestone": spend.milestone})


def cells_of(row: PurchaseRow) -> dict[str, str]:
    """Return the cells of a purchase."""
    return {
        "#": str(row.number),
        "Asked": row.asked,
        "Feature": row.feature,
        "Merchant": row.merchant,
        "Amount": str(row.amount),
        "Purpose": row.purpose,
        "Alternatives": row.alternatives,
        "Valid until": row.until,
        "Request": str(row.request) if row.request else "",
        "Status": str(row.status),
        "By": row.by,
        "Since": row.since,
        "Reserved": show_amount("usd", row.reserved) if row.reserved else "",
        "Paid": str(row.paid) if row.paid else "",
        "Refunded": str(row.refunded) if row.refunded else "",
        "Receipt": row.receipt,
        "Reference": f"`{row.reference}`" if row.reference else "",
    }
