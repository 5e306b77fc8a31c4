"""What the provider has charged becomes part of the mission: always, whatever was approved; a difference is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import one_line, stamp
from mission_cli.domain.notice import do
from mission_cli.domain.purchases.money import Price
from mission_cli.domain.purchases.orders import is_charged_by
from mission_cli.domain.purchases.rows import PurchaseStatus
from mission_cli.domain.status import HoldKind
from mission_cli.planner.core.moves.purchases import CancelCard, MovePurchase

if TYPE_CHECKING:
    from mission_cli.domain.purchases.provider import Account
    from mission_cli.domain.purchases.rows import PurchaseRow
    from mission_cli.planner.core.draft import Draft


def follow_charges(draft: Draft, row: PurchaseRow, account: Account) -> None:
    """Record what was charged and what came back, once; close what has paid."""
    paid = sum(charge.minor for charge in account.charges if not charge.refund)
    back = sum(charge.minor for charge in account.charges if charge.refund)
    known = row.paid.minor if row.paid else 0
    known_back = row.refunded.minor if row.refunded else 0
    if paid > known or back > known_back:
        _record(draft, row, account, max(paid, known), max(back, known_back))
        return
    if account.open and known:
        draft.effects.append(CancelCard(row.number, row.reference, f"{row.name} is paid: nothing more is charged"))
    if row.status is PurchaseStatus.UNCLEAR:
        words = f"{row.name} was charged differently from what was approved: {wrong_about(row, account) or row.what}"
        accept = do("purchase", "paid", draft.mission.id, row.number)
        draft.hold(row.feature, HoldKind.PURCHASE, words, unblock=accept, person=True)


def _record(draft: Draft, row: PurchaseRow, account: Account, paid: int, back: int) -> None:
    currency = row.amount.currency
    wrong = wrong_about(row, account)
    if wrong and row.status is not PurchaseStatus.UNCLEAR and _is_new(row, account):
        to, what = PurchaseStatus.UNCLEAR, f"was charged differently from what was approved: {wrong}"
    elif back >= paid:
        to, what = PurchaseStatus.REFUNDED, "is refunded"
    elif back:
        to, what = PurchaseStatus.PARTLY_REFUNDED, f"is partly refunded: {Price(back, currency)}"
    else:
        to, what = PurchaseStatus.PAID, f"is paid: {Price(paid, currency)} at {row.merchant}"
    if row.status is PurchaseStatus.UNCLEAR:
        to = PurchaseStatus.UNCLEAR
    now = stamp(draft.observation.now)
    last = max((charge.at for charge in account.charges if not charge.refund), default="") or now
    after = replace(
        row,
        status=to,
        paid=Price(paid, currency) if paid else None,
        refunded=Price(back, currency) if back else None,
        since=last,
    )
    draft.transitions.append(MovePurchase(after, f"{row.name} {what}"))


def _is_new(row: PurchaseRow, account: Account) -> bool:
    """Whether something was charged that a person has not seen: refunds are nothing to look at."""
    paid = sum(charge.minor for charge in account.charges if not charge.refund)
    return paid > (row.paid.minor if row.paid else 0)


def wrong_about(row: PurchaseRow, account: Account) -> str:
    """Return in what the charges differ from what was approved; empty if they do not."""
    charges = [charge for charge in account.charges if not charge.refund]
    found = []
    if len(charges) > 1:
        found.append(f"{len(charges)} charges")
    other = next((charge for charge in charges if charge.currency != row.amount.currency), None)
    if other is not None:
        found.append(f"in {other.currency}")
    stranger = next((charge for charge in charges if not is_charged_by(row.merchant, charge.merchant)), None)
    if stranger is not None:
        found.append(f"by `{one_line(stranger.merchant, 60)}`")
    total = sum(charge.minor for charge in charges)
    if total > row.amount.minor:
        found.append(f"{Price(total, row.amount.currency)} instead of {row.amount}")
    return ", ".join(found)
