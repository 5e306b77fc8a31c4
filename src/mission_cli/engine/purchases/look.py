"""Ask the provider what it knows of the purchases of a mission, when that is due, and remember it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import digest, one_line, parse_stamp
from mission_cli.document.reading.placed import load_placed
from mission_cli.domain.errors import MissionError
from mission_cli.domain.purchases.provider import PayLook, PayMemory
from mission_cli.domain.purchases.rows import AT_PROVIDER, CHARGED, HOLDING, SECTION, PurchaseStatus
from mission_cli.domain.status import FINISHED_MISSION
from mission_cli.domain.timing.hours import opens_at, read_windows
from mission_cli.domain.timing.polling import Poll, answered, failed, is_due
from mission_cli.settings.payments import rules_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.outside.facts import Outside
    from mission_cli.domain.purchases.provider import Account
    from mission_cli.domain.purchases.rows import PurchaseRow
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Snapshot

POLL = "purchases"
"""The name of the poll of the provider."""
SHORTEST = timedelta(minutes=1)


def look_at_payments(ctx: Context, snapshot: Snapshot, mission: Mission, now: datetime, *, ask: bool) -> PayLook:
    """Return what is known of the purchases of a mission; with `ask` the provider is asked if that is due."""
    if not (ctx.payments.name or mission.purchases):
        return PayLook()
    if not mission.purchases:
        return PayLook(on=True)
    settings = ctx.settings
    rules = rules_of(settings.payments, settings.purchase_limits, settings.currency)
    look = PayLook(
        on=bool(ctx.payments.name),
        obstacle=ctx.payments.obstacle(),
        stopped=why_stopped(ctx),
        by_hand=ctx.payments.by_hand,
        rules=rules,
        opens_at=opens_at(read_windows(settings.payments.hours), now.astimezone(ctx.clock.zone)),
    )
    outside = ctx.runtime.outside(mission.id)
    fresh = _forgotten(outside, mission)
    live = _live(mission, fresh.payments)
    poll = fresh.polls.get(POLL, Poll())
    if ask and live and not look.obstacle and _is_due(live, poll, now):
        fresh = _asked(ctx, live, fresh, now)
    if ask and fresh != outside:
        ctx.runtime.note_outside(mission.id, fresh)
    poll = fresh.polls.get(POLL, Poll())
    again = parse_stamp(poll.again) if live and not look.obstacle else None
    waiting = any(row.status is PurchaseStatus.REQUESTED for row in mission.purchases)
    others = tuple(_others(ctx, snapshot, mission)) if waiting and rules.limits else ()
    return replace(look, trouble=poll.trouble, again=again, memory=fresh.payments, others=others)


def why_stopped(ctx: Context) -> str:
    """Return why nothing may be paid now: the setting, or the command `purchase stop`; empty if it may."""
    if ctx.settings.payments.stopped:
        return "payments are stopped by the settings"
    stopped = ctx.runtime.payments_stopped()
    if stopped is None:
        return ""
    return f"payments are stopped since {stopped.since}" + (f" by {stopped.by}" if stopped.by else "")


def _others(ctx: Context, snapshot: Snapshot, mission: Mission) -> Iterator[tuple[str, PurchaseRow]]:
    """Yield the purchases of the other missions that may count to a limit, also of those that have ended."""
    everything = ctx.state.snapshot().missions if snapshot.settled else snapshot.missions
    for name, stored in everything.items():
        if name == mission.id or f"## {SECTION}" not in stored.text:
            continue
        for row in load_placed(stored.text, stored.id).mission.purchases:
            if row.status in HOLDING | CHARGED:
                yield name, row


def _live(mission: Mission, memory: PayMemory) -> list[PurchaseRow]:
    """Return the purchases of which the provider may have news. After the end only what can still be charged."""
    over = mission.status in FINISHED_MISSION
    return [row for row in mission.purchases if row.status in AT_PROVIDER and (not over or _is_open(row, memory))]


def _is_open(row: PurchaseRow, memory: PayMemory) -> bool:
    account = memory.accounts.get(row.reference)
    return row.status is PurchaseStatus.AUTHORIZING if account is None else account.open


def _forgotten(outside: Outside, mission: Mission) -> Outside:
    """Return what is remembered without purchases that are over."""
    known, memory = {row.reference for row in mission.purchases if row.status in AT_PROVIDER}, outside.payments
    fresh = PayMemory(
        {name: call for name, call in memory.calls.items() if name in known},
        {name: account for name, account in memory.accounts.items() if name in known},
        tuple(name for name in memory.missing if name in known),
    )
    return outside if fresh == memory else replace(outside, payments=fresh)


def _is_due(live: Sequence[PurchaseRow], poll: Poll, now: datetime) -> bool:
    """Whether the provider is asked now: when that is due, or when other purchases than before are with it."""
    return is_due(poll, now, SHORTEST) or (not poll.trouble and poll.value.partition(" ")[0] != _name(live))


def _name(live: Sequence[PurchaseRow]) -> str:
    return digest(" ".join(f"{row.reference} {row.status} {row.receipt}" for row in live))


def _asked(ctx: Context, live: Sequence[PurchaseRow], outside: Outside, now: datetime) -> Outside:
    """Look all of them up; trouble is remembered, and the provider is asked again later."""
    poll, memory = outside.polls.get(POLL, Poll()), outside.payments
    accounts: dict[str, Account] = {}
    missing: list[str] = []
    try:
        for row in live:
            found = ctx.payments.look(row.reference, row.asked)
            if found is None:
                missing.append(row.reference)
            else:
                accounts[row.reference] = found
    except MissionError as error:
        words = one_line(f"{error.message}: {error.hint}" if error.hint else error.message)
        return replace(outside, polls={**outside.polls, POLL: failed(poll, words, now, SHORTEST)})
    said = digest(repr(sorted(accounts.items())) + repr(missing))
    known = answered(poll, f"{_name(live)} {said}", now, SHORTEST)
    kept = {name: one for name, one in memory.accounts.items() if name not in missing}
    fresh = PayMemory(memory.calls, kept | accounts, tuple(missing))
    return replace(outside, polls={**outside.polls, POLL: known}, payments=fresh)
