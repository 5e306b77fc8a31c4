"""The next step of each purchase. One step a round; what the provider says decides what was charged, nothing else."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import one_line, parse_stamp, stamp
from mission_cli.domain.events import EventKind
from mission_cli.domain.noted import is_noted
from mission_cli.domain.notice import Advice, advise, do
from mission_cli.domain.purchases.provider import CallState
from mission_cli.domain.purchases.rows import AT_PROVIDER, PENDING, PurchaseRow, PurchaseStatus
from mission_cli.domain.status import FINISHED_MISSION, GateStatus, HoldKind, MissionStatus, RequestStatus
from mission_cli.planner.core.moves.mission import Note
from mission_cli.planner.core.moves.purchases import CancelCard, CreateCard, MovePurchase
from mission_cli.planner.core.moves.waiting import MoveRequest
from mission_cli.planner.core.requests import answer_to
from mission_cli.planner.purchases.asked import request_for
from mission_cli.planner.purchases.charged import follow_charges
from mission_cli.planner.purchases.checks import Obstacle, decision_of, is_allowed, is_free, is_over, stops, too_much

if TYPE_CHECKING:
    from mission_cli.planner.core.draft import Draft

_PERSON_AFTER = 3
"""Failures in a row after which a person is told that the provider cannot be asked."""


def purchases(draft: Draft) -> None:
    """Decide the next step of each purchase; also of a mission that has ended, whose cards have to be closed."""
    mission, look = draft.mission, draft.observation.payments
    if not mission.purchases or mission.status in {MissionStatus.DRAFT, MissionStatus.PLANNING, None}:
        return
    if look.again is not None and any(row.status in AT_PROVIDER for row in mission.purchases):
        draft.wakes.append(look.again)
    for row in mission.purchases:
        if row.status in AT_PROVIDER:
            _at_provider(draft, row)
        elif mission.status in FINISHED_MISSION:
            _ended(draft, row)
        elif row.status is PurchaseStatus.REQUESTED:
            _requested(draft, row)
        elif row.status is PurchaseStatus.APPROVED:
            _approved(draft, row)


def hold(draft: Draft, row: PurchaseRow, found: Obstacle, *, person: bool = True) -> None:
    """Hold the feature of a purchase, and say why."""
    draft.hold(
        row.feature,
        HoldKind.PURCHASE,
        found.words,
        until=found.until,
        unblock=found.unblock,
        person=person and found.until is None,
    )


def move(draft: Draft, row: PurchaseRow, to: PurchaseStatus, why: str) -> None:
    """Move a purchase; `row` is as it is from now on, but for its status."""
    draft.transitions.append(MovePurchase(replace(row, status=to), why))


def _ended(draft: Draft, row: PurchaseRow) -> None:
    if row.status in PENDING:
        why = f"{row.name} is not bought: the mission is {draft.mission.status}"
        move(draft, row, PurchaseStatus.EXPIRED, why)
        _withdraw(draft, row)


def _requested(draft: Draft, row: PurchaseRow) -> None:
    decision = decision_of(draft, row)
    if decision is not None and decision.decision != GateStatus.APPROVED:
        why = f"{row.name} is rejected by {decision.by}: {row.what}"
        move(draft, replace(row, by=decision.by), PurchaseStatus.REJECTED, why)
        _withdraw(draft, row)
    elif is_over(draft, row):
        move(draft, row, PurchaseStatus.EXPIRED, f"{row.name} has expired: it was valid until {row.until or 'never'}")
        _withdraw(draft, row)
    elif decision is None and not is_free(draft, row):
        _ask(draft, row)
    elif found := stops(draft):
        hold(draft, row, _named(row, found))
    else:
        _reserve(draft, row, decision.by if decision is not None else "the settings")


def _reserve(draft: Draft, row: PurchaseRow, by: str) -> None:
    usd, found = too_much(draft, row)
    if usd is None:
        hold(draft, row, found or Obstacle(f"{row.name} does not fit"))
        return
    why = f"{row.name} is approved by {by}: {row.what}"
    now = stamp(draft.observation.now)
    move(draft, replace(row, by=by, reserved=usd, since=now), PurchaseStatus.APPROVED, why)


def _ask(draft: Draft, row: PurchaseRow) -> None:
    request = request_for(draft, row)
    if request is None:
        return
    if not request.open:
        _not_decided(draft, row, request.number)
    until = parse_stamp(row.until)
    if until is not None:
        draft.wakes.append(until)
    words = f"{row.name} waits for a person: {row.what}, for {row.purpose}"
    if row.alternatives:
        words += f"; instead: {row.alternatives}"
    hold(draft, row, Obstacle(words, unblock=answer_to(draft.mission, request)))


def _not_decided(draft: Draft, row: PurchaseRow, number: int) -> None:
    """Ask again when an answer is by no person who may approve, once for each answer, and say so."""
    about = f"{row.number} {number}"
    if is_noted(draft.mission, EventKind.PURCHASE_IGNORED, about):
        return
    who = ", ".join(draft.observation.payments.rules.approvers) if draft.observation.payments.rules else ""
    words = f"the answer to request {number} does not decide {row.name}: the settings let {who or 'no person'} approve"
    draft.transitions.append(Note(EventKind.PURCHASE_IGNORED, words, about=(about,)))
    draft.transitions.append(MoveRequest(number, RequestStatus.WITHDRAWN, f"request {number} is withdrawn: {words}"))


def _withdraw(draft: Draft, row: PurchaseRow) -> None:
    request = next((r for r in draft.mission.requests if row.request and r.number == row.request), None)
    if request is not None and request.open:
        words = f"request {request.number} is withdrawn: {row.name} is decided"
        draft.transitions.append(MoveRequest(request.number, RequestStatus.WITHDRAWN, words))


def _approved(draft: Draft, row: PurchaseRow) -> None:
    """Go to the provider with what is approved now, as it is now."""
    if is_over(draft, row):
        move(draft, row, PurchaseStatus.EXPIRED, f"{row.name} has expired: it was valid until {row.until}")
    elif not is_allowed(draft, row):
        why = f"{row.name} has changed since it was approved, or is no longer approved"
        move(draft, replace(row, by="", since="", reserved=Decimal(0)), PurchaseStatus.REQUESTED, why)
    elif found := stops(draft):
        hold(draft, row, _named(row, found))
    elif draft.mission.status is not MissionStatus.ACTIVE:
        return
    else:
        reference = row.reference_here(draft.mission.id, draft.observation.me)
        why = f"{row.name} goes to the provider: {row.what}"
        move(draft, replace(row, reference=reference), PurchaseStatus.AUTHORIZING, why)
        draft.effects.append(CreateCard(row.number, reference, why))


def _at_provider(draft: Draft, row: PurchaseRow) -> None:
    """Find out what became of a purchase that may be charged."""
    memory = draft.observation.payments.memory
    account = memory.accounts.get(row.reference)
    if account is not None:
        follow_charges(draft, row, account)
        if row.status is PurchaseStatus.AUTHORIZING and not account.charges:
            _unused(draft, row, open_=account.open)
    elif row.status is not PurchaseStatus.AUTHORIZING:
        return
    elif row.reference in memory.missing:
        _unknown_there(draft, row)
    else:
        look = draft.observation.payments
        words = f"{row.name}: the provider cannot be asked: {look.trouble or look.obstacle or 'it was not asked yet'}"
        hold(draft, row, Obstacle(words, look.again, do("doctor")), person=bool(look.obstacle))


def _why_over(draft: Draft, row: PurchaseRow) -> str:
    """Return why an open purchase must not be paid any more; empty if it may."""
    if draft.mission.status in FINISHED_MISSION:
        return f"the mission is {draft.mission.status}"
    if draft.observation.payments.stopped:
        return draft.observation.payments.stopped
    if is_over(draft, row):
        return f"it was valid until {row.until}"
    return "" if is_allowed(draft, row) else "it has changed since it was approved, or is no longer approved"


def _unknown_there(draft: Draft, row: PurchaseRow) -> None:
    """The provider knows nothing of it: nothing was charged, and it is asked (again) if that is still wanted."""
    call = draft.observation.payments.memory.calls.get(row.reference)
    if call is not None and call.state is CallState.REFUSED:
        why = f"{row.name} was refused by the provider: {call.reason}"
        move(draft, row, PurchaseStatus.FAILED, why)
        return
    if over := _why_over(draft, row):
        expired = is_over(draft, row) or draft.mission.status in FINISHED_MISSION
        to = PurchaseStatus.EXPIRED if expired else PurchaseStatus.FAILED
        move(draft, row, to, f"{row.name} is not bought: {over}")
        return
    if found := stops(draft):
        hold(draft, row, _named(row, found))
        return
    again = parse_stamp(call.at) if call is not None and call.state is CallState.LATER else None
    if again is not None and again > draft.observation.now and call is not None:
        words = f"{row.name}: the provider did not take it: {call.reason}"
        draft.hold(
            *(row.feature, HoldKind.PURCHASE, words),
            until=again,
            unblock=do("doctor"),
            person=draft.observation.payments.by_hand or call.failures >= _PERSON_AFTER,
        )
        return
    draft.effects.append(CreateCard(row.number, row.reference, f"{row.name} goes to the provider: {row.what}"))


def _unused(draft: Draft, row: PurchaseRow, *, open_: bool) -> None:
    """Nothing was charged yet: it waits for a person, or is closed."""
    account = draft.observation.payments.memory.accounts[row.reference]
    over = _why_over(draft, row)
    if open_ and over:
        if not account.pending:
            draft.effects.append(CancelCard(row.number, row.reference, f"{row.name} is closed: {over}"))
        words = f"{row.name} is being closed: {over}"
        hold(draft, row, Obstacle(words, draft.observation.payments.again), person=False)
    elif not open_ and not account.pending:
        expired = is_over(draft, row) or draft.mission.status in FINISHED_MISSION
        to = PurchaseStatus.EXPIRED if expired else PurchaseStatus.FAILED
        why = f"{row.name} was not paid: {over or 'the provider has closed it'}"
        move(draft, row, to, why)
    elif account.pending:
        words = f"{row.name}: the merchant has reserved the money, and has not taken it yet"
        hold(draft, row, Obstacle(words, draft.observation.payments.again), person=False)
    else:
        declined = f"; the last try was declined: {one_line(account.declined, 100)}" if account.declined else ""
        until = parse_stamp(row.until)
        if until is not None:
            draft.wakes.append(until)
        words = f"{row.name} waits to be paid by a person with the {account.hint}: {row.what}{declined}"
        hold(draft, row, Obstacle(words, unblock=_pay(draft, row)))


def _pay(draft: Draft, row: PurchaseRow) -> Advice:
    mission = draft.mission.id
    if draft.observation.payments.by_hand:
        paid = do("purchase", "paid", mission, row.number, "--amount", str(row.amount), "--receipt", "FILE")
        return advise("pay it, then: ", paid)
    return advise("pay with it; to see where it stands: ", do("purchase", "show", mission, row.number))


def _named(row: PurchaseRow, found: Obstacle) -> Obstacle:
    return replace(found, words=f"{row.name} ({row.what}) is not bought now: {found.words}")
