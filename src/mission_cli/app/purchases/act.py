"""What people do with purchases: ask for one, say that it was paid, have money back, stop all payments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.slug import slug
from mission_cli._support.text import one_line, sha256_of, stamp
from mission_cli.app.purchases.results import PaymentsStopped
from mission_cli.app.transaction import Done, Wanted, commit_change
from mission_cli.document.changes import AppendRow, Change, SetCell
from mission_cli.domain.errors import BlockedError, NotFoundError, UsageError
from mission_cli.domain.events import EventKind
from mission_cli.domain.noted import highest_purchase
from mission_cli.domain.notice import do
from mission_cli.domain.purchases.money import MoneyError, Price, read_money
from mission_cli.domain.purchases.orders import OrderError, order_of
from mission_cli.domain.purchases.provider import CallState
from mission_cli.domain.purchases.rows import CHARGED, SECTION, PurchaseRow, PurchaseStatus, find_purchase
from mission_cli.domain.status import FINISHED_MISSION
from mission_cli.engine.money.bought import cells_of
from mission_cli.engine.purchases.effects import note_call
from mission_cli.engine.purchases.look import why_stopped
from mission_cli.ports.git.state import Write, assets_folder

if TYPE_CHECKING:
    from mission_cli.app.addressing import Address
    from mission_cli.domain.purchases.orders import Order
    from mission_cli.domain.purchases.provider import Answer
    from mission_cli.engine.context import Context

LARGEST_RECEIPT = 5 << 20


def request_purchase(
    ctx: Context, text: str, *, amount: str, merchant: str, purpose: str, alternatives: str = "", valid: str = ""
) -> Done:
    """Ask for a purchase on behalf of a person; an approver decides about it like about any other."""
    if not ctx.payments.name:
        hint = "set [payments] provider in config.toml of your config folder"
        raise BlockedError("payments are off: the settings name no provider", hint=hint)
    try:
        order = order_of(amount, merchant, purpose, alternatives, valid)
    except OrderError as error:
        raise UsageError(str(error), hint='--amount "20.00 EUR" --merchant example.com --purpose TEXT') from None

    def change(address: Address) -> Wanted:
        mission = address.mission
        if mission.status in FINISHED_MISSION:
            raise BlockedError(f"{mission.id} is {mission.raw_status}", hint=do("start", mission.id))
        feature = address.need_feature().number if address.feature is not None else ""
        row = _row(ctx, order, highest_purchase(mission) + 1, feature)
        words = f"{row.name} is asked for: {row.what}, for {row.purpose}"
        return Wanted(
            words,
            EventKind.PURCHASE_REQUESTED,
            (AppendRow(SECTION, cells_of(row)),),
            about=str(row.number),
            noted=(str(row.number),),
        )

    return commit_change(ctx, text, change, part=True)


def _row(ctx: Context, order: Order, number: int, feature: str) -> PurchaseRow:
    now = ctx.clock.now()
    until = stamp(now + (order.lifetime or ctx.settings.request_lifetime))
    first = (number, stamp(now), order.amount, order.merchant, order.purpose, PurchaseStatus.REQUESTED)
    return PurchaseRow(*first, order.alternatives, feature, until)


def paid(
    ctx: Context, text: str, number: int, *, amount: str = "", receipt: bytes | None = None, name: str = ""
) -> Done:
    """Record what was paid where a person pays; keep the receipt; accept what was charged otherwise than approved."""
    wanted = _money(amount) if amount else None
    if receipt is not None and len(receipt) > LARGEST_RECEIPT:
        raise UsageError(f"the receipt has {len(receipt):,} bytes", hint=f"at most {LARGEST_RECEIPT:,} are kept")
    kept = receipt.decode("utf-8", "surrogateescape") if receipt is not None else None
    done = commit_change(ctx, text, lambda address: _paid(ctx, address, number, wanted, kept, name))
    row = _find(done.address, number)
    if wanted is not None:
        _told(ctx, done.address, row, ctx.payments.record(row.reference, wanted, row.merchant))
    return done


def _paid(ctx: Context, address: Address, number: int, amount: Price | None, kept: str | None, name: str) -> Wanted:
    mission, row = address.mission, _find(address, number)
    if row.status not in CHARGED | {PurchaseStatus.AUTHORIZING}:
        words = f"{row.name} is {row.status}: only one that is with the provider can be paid"
        raise BlockedError(words, hint=do("purchase", "show", mission.id, number))
    if amount is not None and amount.currency != row.amount.currency:
        raise UsageError(f"{row.name} is in {row.amount.currency}", hint=f"--amount '{row.amount}'")
    if amount is not None and not ctx.payments.by_hand:
        hint = do("purchase", "paid", mission.id, number, "--receipt", "FILE")
        raise BlockedError("the provider reports itself what was paid", hint=hint)
    if amount is None and kept is None and row.status is not PurchaseStatus.UNCLEAR:
        raise UsageError("there is nothing to record", hint="--amount '20.00 EUR', --receipt FILE, or both")
    changes: list[Change] = []
    files: tuple[Write, ...] = ()
    key, said = {"#": str(number)}, [f"{row.name}: {amount or row.paid or row.amount} at {row.merchant}"]
    if kept is not None:
        stem, _, ending = name.rpartition(".")
        file = f"purchase-{number}-{slug(stem, 30) or 'receipt'}-{sha256_of(kept)[:16]}.{slug(ending, 8) or 'bin'}"
        head = ctx.state.head()
        there = ctx.state.assets(address.stored, head) if head is not None else {}
        if file not in there:
            files = (Write(f"{assets_folder(address.stored)}/{file}", kept, None),)
        changes.append(SetCell(SECTION, key, "Receipt", f"assets/{file}"))
        said.append("the receipt is kept")
    event = EventKind.PURCHASE_RECORDED
    if row.status is PurchaseStatus.UNCLEAR and amount is None:
        back = row.refunded.minor if row.refunded else 0
        to = PurchaseStatus.PARTLY_REFUNDED if back else PurchaseStatus.PAID
        to = PurchaseStatus.REFUNDED if back and row.net <= 0 else to
        changes.append(SetCell(SECTION, key, "Status", to))
        said.append("what was charged is accepted")
        event = EventKind.of("purchase", to)
    return Wanted("; ".join(said), event, tuple(changes), files=files, about=str(number))


def refund(ctx: Context, text: str, number: int, *, amount: str = "", reason: str = "") -> Done:
    """Ask the provider for money back, as far as the provider does that; the row changes when it has come."""
    wanted = _money(amount) if amount else None

    def change(address: Address) -> Wanted:
        mission, row = address.mission, _find(address, number)
        left = Price(row.net, row.amount.currency)
        if row.status not in CHARGED or left.minor <= 0:
            words = f"{row.name} is {row.status}: nothing of it can come back"
            raise BlockedError(words, hint=do("purchase", "show", mission.id, number))
        asked = wanted or left
        if asked.currency != left.currency or asked.minor > left.minor:
            raise UsageError(f"{asked} cannot come back: {left} of {row.name} are paid", hint=f"--amount '{left}'")
        words = f"{asked} of {row.name} at {row.merchant} are asked back" + (f": {reason}" if reason else "")
        decision = f"Have {asked} of {row.name} back"
        return Wanted(
            words, EventKind.PURCHASE_RECORDED, decisions=(decision,), reason=reason, about=str(number), record=True
        )

    done = commit_change(ctx, text, change)
    row = _find(done.address, number)
    money = wanted or Price(row.net, row.amount.currency)
    back = row.refunded.minor if row.refunded else 0
    answer = ctx.payments.refund(row.reference, money, f"{row.reference}-refund-{back}")
    _told(ctx, done.address, row, answer)
    return done


def stop_payments(ctx: Context, *, on: bool) -> PaymentsStopped:
    """Stop all payments of this repository, or allow them again. Needs no mission, no valid file and no network."""
    ctx.runtime.stop_payments(on=on, by=one_line(ctx.person().name, 80))
    ctx.runtime.request_pulse()
    why = why_stopped(ctx)
    words = f"{why}; open cards are closed by the next pulse" if why else "payments are allowed again"
    return PaymentsStopped(bool(why), words)


def _told(ctx: Context, address: Address, row: PurchaseRow, answer: Answer) -> None:
    """Remember what the provider said, so that the next pulse looks. Raises BlockedError if it did not do it."""
    if answer.state in {CallState.DONE, CallState.UNKNOWN}:
        note_call(ctx, address.mission.id, row.reference, answer)
        ctx.runtime.request_pulse()
    if answer.state is not CallState.DONE:
        raise BlockedError(
            answer.reason or "the provider did not do it",
            hint=do("purchase", "show", address.mission.id, row.number),
        )


def _money(text: str) -> Price:
    try:
        return read_money(text)
    except MoneyError as error:
        raise UsageError(str(error), hint="--amount '20.00 EUR'") from None


def _find(address: Address, number: int) -> PurchaseRow:
    row = find_purchase(address.mission.purchases, number)
    if row is None:
        known = do("purchase", "list", address.mission.id)
        raise NotFoundError(f"{address.mission.id} has no purchase {number}", hint=known)
    return row
