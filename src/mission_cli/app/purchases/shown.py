"""The purchases of missions, compared with what the provider and the spend log say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.shown import dollars
from mission_cli._support.text import one_line, parse_stamp
from mission_cli.app.addressing import resolve
from mission_cli.app.purchases.results import Purchase, Purchases
from mission_cli.document.reading.placed import load_placed
from mission_cli.domain.errors import MissionError, NotFoundError
from mission_cli.domain.notice import do
from mission_cli.domain.purchases.money import Price
from mission_cli.domain.purchases.rows import AT_PROVIDER, SECTION, PurchaseRow, PurchaseStatus, spends_of_purchase
from mission_cli.engine.purchases.look import why_stopped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.domain.mission import Mission
    from mission_cli.engine.context import Context
    from mission_cli.ports.outside.payments import Transaction

_EARLIER = timedelta(days=1)
_CENT = Decimal("0.01")


def purchases_of(ctx: Context, text: str = "", number: int = 0) -> Purchases:
    """Return the purchases of a mission, or of all; one of them with `number`. The provider is asked.

    Raises NotFoundError if there is no such mission or purchase.
    """
    snapshot = ctx.state.snapshot()
    if text:
        missions = [resolve(snapshot, text).mission]
    else:
        named = (stored for stored in snapshot.missions.values() if f"## {SECTION}" in stored.text)
        missions = [load_placed(stored.text, stored.id).mission for stored in named]
    found = [(mission, row) for mission in missions for row in mission.purchases if number in {0, row.number}]
    if number and not found:
        raise NotFoundError(f"{missions[0].id} has no purchase {number}", hint=do("purchase", "list", missions[0].id))
    trouble, differences = "", list[str]()
    if any(row.status in AT_PROVIDER for _, row in found) or (ctx.payments.name and not (text or number)):
        trouble, transactions = _transactions(ctx, [row for _, row in found])
        if not trouble:
            differences += _differences(found, transactions, everything=not (text or number))
    for mission in missions if not number else ():
        differences += _unlogged(mission)
    shown = tuple(_purchase(mission, row) for mission, row in found)
    return Purchases(ctx.payments.name, why_stopped(ctx), shown, tuple(differences), trouble)


def _transactions(ctx: Context, rows: Sequence[PurchaseRow]) -> tuple[str, tuple[Transaction, ...]]:
    """Return why the provider cannot be asked, or what it says."""
    if reason := ctx.payments.obstacle():
        return reason, ()
    moments = [at for row in rows if (at := parse_stamp(row.asked)) is not None]
    since = min(moments, default=ctx.clock.now()) - _EARLIER
    try:
        return "", ctx.payments.since(max(since, datetime(2000, 1, 1, tzinfo=UTC)))
    except MissionError as error:
        return error.message, ()


def _differences(
    found: Sequence[tuple[Mission, PurchaseRow]], transactions: Sequence[Transaction], *, everything: bool
) -> Iterator[str]:
    """Yield in what the rows differ from the transactions; `everything`: these are the purchases of all missions."""
    known = {row.reference for _, row in found if row.reference}
    for mission, row in found:
        mine = {one.charge.id: one.charge for one in transactions if row.reference and one.reference == row.reference}
        out = sum(charge.minor for charge in mine.values() if not charge.refund)
        back = sum(charge.minor for charge in mine.values() if charge.refund)
        for what, real, said in (("charged", out, row.paid), ("paid back", back, row.refunded)):
            if real != (said.minor if said else 0):
                amount = Price(real, row.amount.currency)
                yield f"{mission.id} {row.name}: the provider has {what} {amount}, the mission says {said or 'nothing'}"
    for one in transactions if everything else ():
        if one.reference not in known:
            charge = one.charge
            verb = "paid back" if charge.refund else "charged"
            amount = Price(charge.minor, charge.currency)
            who = one_line(charge.merchant, 60)
            yield f"the provider has {verb} {amount} at {who} on {charge.at[:10]}, and no purchase says so"


def _unlogged(mission: Mission) -> Iterator[str]:
    """Yield in what the spend log of a mission differs from its purchases."""
    for row in mission.purchases:
        due = sum((spend.amount or Decimal(0) for spend in spends_of_purchase(row)), Decimal(0))
        begins = (f"{row.name} ", f"refund of {row.name} ")
        logged = [spend.amount or Decimal(0) for spend in mission.spends if spend.description.startswith(begins)]
        there = sum(logged, Decimal(0))
        if abs(there - due) > _CENT * max(len(logged), 1):
            yield f"{mission.id} {row.name}: {dollars(due)} are due, the spend log has {dollars(there)}"


def _purchase(mission: Mission, row: PurchaseRow) -> Purchase:
    request = next((r for r in mission.requests if row.request and r.number == row.request and r.open), None)
    waits = {
        PurchaseStatus.REQUESTED: "the decision of a person",
        PurchaseStatus.APPROVED: "the next pulse",
        PurchaseStatus.AUTHORIZING: "the payment",
        PurchaseStatus.UNCLEAR: "a person who looks at what was charged",
    }.get(row.status, "")
    return Purchase(
        mission.id,
        row.number,
        str(row.status),
        str(row.amount),
        row.merchant,
        row.purpose,
        row.alternatives,
        row.feature,
        row.asked,
        row.until,
        row.by,
        dollars(row.reserved) if row.reserved else "",
        str(row.paid or ""),
        str(row.refunded or ""),
        row.receipt,
        row.reference,
        request.number if request is not None else 0,
        waits,
    )
