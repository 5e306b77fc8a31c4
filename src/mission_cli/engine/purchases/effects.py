"""Ask the provider for what pays, or to close it. What it answered is noted; what it did is looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import stamp
from mission_cli.document.reading.placed import load_placed
from mission_cli.domain.purchases.provider import Call, CallState, PayMemory
from mission_cli.domain.purchases.rows import PurchaseStatus, find_purchase
from mission_cli.domain.timing.polling import LONGEST, Poll
from mission_cli.engine.purchases.look import POLL, SHORTEST, why_stopped
from mission_cli.planner.core.moves.purchases import CreateCard
from mission_cli.ports.outside.payments import CardOrder

if TYPE_CHECKING:
    from mission_cli.domain.ids import MissionId
    from mission_cli.domain.purchases.provider import Answer
    from mission_cli.engine.case import Case
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.moves.purchases import PurchaseEffect

_MOST_DOUBLINGS = 8


def by_provider(ctx: Context, case: Case, act: PurchaseEffect) -> str:
    """Carry out an effect about a purchase; return why it did not succeed, or the empty string.

    The committed row is read again, so that nothing is asked for that was not recorded before.
    """
    stored = ctx.state.snapshot().missions.get(case.mission.id)
    rows = load_placed(stored.text, stored.id).mission.purchases if stored is not None else ()
    row = find_purchase(rows, act.number)
    if row is None or row.reference != act.reference:
        return ""  # the next round says what became of it
    if isinstance(act, CreateCard):
        if row.status is not PurchaseStatus.AUTHORIZING:
            return ""
        if stopped := why_stopped(ctx):
            return stopped
        _forget_missing(ctx, case.mission.id, act.reference)
        answer = ctx.payments.create(CardOrder(act.reference, row.amount, row.merchant, row.asked))
    else:
        answer = ctx.payments.cancel(act.reference, row.asked)
    note_call(ctx, case.mission.id, act.reference, answer)
    return "" if answer.state is CallState.DONE else answer.reason or str(answer.state)


def _forget_missing(ctx: Context, mission: MissionId, reference: str) -> None:
    """Forget that the provider did not know a purchase: after a death during the call it is looked up again."""
    outside = ctx.runtime.outside(mission)
    memory, poll = outside.payments, outside.polls.get(POLL, Poll())
    if reference in memory.missing:
        missing = tuple(name for name in memory.missing if name != reference)
        polls = {**outside.polls, POLL: replace(poll, again="")}
        fresh = PayMemory(memory.calls, memory.accounts, missing)
        ctx.runtime.note_outside(mission, replace(outside, payments=fresh, polls=polls))


def note_call(ctx: Context, mission: MissionId, reference: str, answer: Answer) -> None:
    """Remember what a call was answered; unless it was certainly not carried out, the provider is looked up next."""
    outside, now = ctx.runtime.outside(mission), ctx.clock.now()
    memory, poll = outside.payments, outside.polls.get(POLL, Poll())
    before = memory.calls.get(reference)
    later = answer.state is CallState.LATER
    failures = (before.failures if before else 0) + 1 if later else 0
    at = now + min(SHORTEST * 2 ** min(failures - 1, _MOST_DOUBLINGS), LONGEST) if later else now
    call = Call(answer.state, stamp(at), answer.reason, failures)
    changed = answer.state in {CallState.DONE, CallState.UNKNOWN}
    accounts = {name: one for name, one in memory.accounts.items() if name != reference or not changed}
    missing = tuple(name for name in memory.missing if name != reference or not changed)
    fresh = PayMemory({**memory.calls, reference: call}, accounts, missing)
    polls = outside.polls if later else {**outside.polls, POLL: replace(poll, again="")}
    ctx.runtime.note_outside(mission, replace(outside, payments=fresh, polls=polls))
