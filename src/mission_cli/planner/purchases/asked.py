"""Purchases that workers ask for, and the requests by which people decide about them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from mission_cli._support.text import parse_stamp, stamp
from mission_cli.domain.asking.asked import read_asked
from mission_cli.domain.asking.data import as_stored
from mission_cli.domain.noted import highest_purchase
from mission_cli.domain.purchases.orders import OrderError, read_order
from mission_cli.domain.purchases.rows import PurchaseRow, PurchaseStatus
from mission_cli.domain.status import RequestStatus
from mission_cli.planner.core.moves.purchases import AddPurchase, AskForPurchase
from mission_cli.planner.core.moves.waiting import MoveRequest
from mission_cli.planner.core.requests import Question, ask, context_name

if TYPE_CHECKING:
    from mission_cli.domain.ids import FeatureNumber
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.purchases.orders import Order
    from mission_cli.domain.tables import InputRequest
    from mission_cli.planner.core.draft import Draft

APPROVE, REJECT = "approve", "reject"
"""What a person may answer."""


def ordered(asked: str) -> Order | None:
    """Return what a worker wants to be bought, by the file in which it asks; None if it asks something else.

    Raises OrderError with what is wrong.
    """
    told = read_asked(asked)
    if told is None or not told.purchase:
        return None
    return read_order(json.loads(told.purchase))


def wrong_order(asked: str) -> str:
    """Return why what a worker wants to be bought cannot be read; empty if it can, or if it wants nothing."""
    try:
        ordered(asked)
    except OrderError as error:
        return f"the purchase that it asks for cannot be read: {error}"
    return ""


def add_order(draft: Draft, order: Order, feature: FeatureNumber) -> str:
    """Add a purchase to the mission; return what it is called."""
    row = row_of(draft.mission, order, str(feature), _next(draft), draft)
    why = f"{feature} asks for {row.name}: {row.what}, for {row.purpose}"
    draft.transitions.append(AddPurchase(row, why))
    return row.name


def row_of(mission: Mission, order: Order, feature: str, number: int, draft: Draft) -> PurchaseRow:
    """Return the row of a new purchase."""
    del mission
    now = draft.observation.now
    until = now + (order.lifetime or draft.policy.request_lifetime)
    return PurchaseRow(
        number,
        stamp(now),
        order.amount,
        order.merchant,
        order.purpose,
        PurchaseStatus.REQUESTED,
        order.alternatives,
        feature,
        stamp(until),
    )


def _next(draft: Draft) -> int:
    added = [move.row.number for move in draft.transitions if isinstance(move, AddPurchase)]
    return max([highest_purchase(draft.mission), *added]) + 1


def shown(mission: Mission, row: PurchaseRow) -> str:
    """Return what a person is shown, as data of the request: its hash binds the answer to exactly this."""
    told = {
        "purchase": row.number,
        "amount": str(row.amount),
        "merchant": row.merchant,
        "purpose": row.purpose,
        "alternatives": row.alternatives,
        "feature": row.feature,
        "valid until": row.until,
        "seen": row.seen(mission.id),
    }
    return as_stored(told)


def request_for(draft: Draft, row: PurchaseRow) -> InputRequest | None:
    """Return the request that asks about a purchase as it is now. None if it was asked just now, or asks another thing.

    A request about what the row said before is withdrawn: no person can approve what they were not shown.
    """
    found = next((r for r in draft.mission.requests if row.request and r.number == row.request), None)
    if found is not None and found.status != RequestStatus.WITHDRAWN:
        if found.context == context_name(found, shown(draft.mission, row)):
            return found
        if found.open:
            words = f"request {found.number} is withdrawn: {row.name} has changed since"
            draft.transitions.append(MoveRequest(found.number, RequestStatus.WITHDRAWN, words))
    _ask(draft, row)
    return None


def _ask(draft: Draft, row: PurchaseRow) -> None:
    until, now = parse_stamp(row.until), draft.observation.now
    instead = f"; instead: {row.alternatives}" if row.alternatives else ""
    prompt = f"{row.name}: pay {row.amount} to {row.merchant} for {row.purpose}{instead}; valid until {row.until}"
    question = Question(
        row.feature,
        prompt,
        (APPROVE, REJECT),
        f"{row.name} needs the approval of a person",
        descriptions=(f"at most {row.amount} may be charged, once, by {row.merchant}", "nothing is paid"),
        lifetime=max(until - now, timedelta(minutes=1)) if until is not None else None,
        context=shown(draft.mission, row),
    )
    asked = ask(draft, question)
    words = f"{row.name} is asked with request {asked.number}"
    draft.transitions.append(AskForPurchase(row.number, asked.number, words))
