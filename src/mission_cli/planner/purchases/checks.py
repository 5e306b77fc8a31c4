"""What keeps a purchase from being approved or paid now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.shown import dollars
from mission_cli._support.text import parse_stamp
from mission_cli.domain.notice import NO_ADVICE, Advice, advise, do
from mission_cli.domain.purchases.limits import PurchaseRules, over_limit
from mission_cli.domain.status import GateStatus
from mission_cli.domain.timing.spans import CALENDAR, ends
from mission_cli.planner.core.moves.purchases import with_moves
from mission_cli.planner.mission.across import lefts
from mission_cli.planner.mission.money import raise_cap, stand

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from mission_cli.domain.purchases.rows import PurchaseRow
    from mission_cli.domain.tables import Approval
    from mission_cli.planner.core.draft import Draft


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a purchase does not go on, and what helps."""

    words: str
    until: datetime | None = None
    unblock: Advice = NO_ADVICE


def rules_of(draft: Draft) -> PurchaseRules:
    """Return the rules of the settings."""
    return draft.observation.payments.rules or PurchaseRules()


def decision_of(draft: Draft, row: PurchaseRow) -> Approval | None:
    """Return the last decision about a purchase as it is now, by a person who may decide it; None without one.

    A decision about what the row said before is about something else.
    """
    seen, rules = row.seen(draft.mission.id), rules_of(draft)
    about = [a for a in draft.mission.approvals if a.gate == row.name and a.commit == seen and rules.may(a.by)]
    return about[-1] if about else None


def is_free(draft: Draft, row: PurchaseRow) -> bool:
    """Whether the settings allow a purchase without a person."""
    return not rules_of(draft).needs_approval(row.amount)


def is_allowed(draft: Draft, row: PurchaseRow) -> bool:
    """Whether a purchase is approved as it is now: by a person, or by the amount that the settings leave free."""
    decision = decision_of(draft, row)
    return decision.decision == GateStatus.APPROVED if decision is not None else is_free(draft, row)


def is_over(draft: Draft, row: PurchaseRow) -> bool:
    """Whether a purchase is not valid any more; one without a readable end is not."""
    until = parse_stamp(row.until)
    return until is None or draft.observation.now >= until


def stops(draft: Draft) -> Obstacle | None:
    """Return why nothing is paid at all; None if nothing speaks against it."""
    look = draft.observation.payments
    if not look.on:
        unblock = _in_settings("set [payments] provider")
        return Obstacle("payments are off: the settings name no provider", unblock=unblock)
    if look.stopped:
        return Obstacle(look.stopped, unblock=do("purchase", "stop", "--lift"))
    if look.obstacle:
        return Obstacle(look.obstacle, unblock=do("doctor"))
    if look.opens_at is not None:
        return Obstacle("it is outside of the hours for purchases", until=look.opens_at)
    return None


def too_much(draft: Draft, row: PurchaseRow) -> tuple[Decimal | None, Obstacle | None]:
    """Return the dollars to reserve for a purchase, and why they cannot be; one of both is None."""
    rules, mission = rules_of(draft), draft.mission
    if why := rules.why_not_here(row.merchant):
        return None, Obstacle(f"{row.name}: {why}", unblock=_in_settings("add it to the merchants"))
    usd = rules.rate.dollars(row.amount)
    if usd is None:
        words = f"{row.name}: there is no rate for {row.amount.currency}"
        return None, Obstacle(words, unblock=_in_settings("set it below [currency]"))
    over = over_limit(
        *(rules, row, with_moves(mission.purchases, draft.transitions)),
        *(draft.observation.payments.others, draft.observation.now, draft.observation.zone),
    )
    if over is not None:
        seen = draft.observation
        until = ends(over.limit.every, seen.now, seen.zone) if over.passes and over.limit.every in CALENDAR else None
        higher = _in_settings(f"raise [purchase_limits.{over.limit.name}]")
        return None, Obstacle(f"{row.name}: {over.words}", until, higher)
    state = stand(draft)
    left = state.left("usd")
    if left is not None and usd > left:
        words = (
            f"{row.name}: {dollars(usd)} do not fit into the budget, of which {dollars(max(left, 0 * usd))} are left"
        )
        return None, Obstacle(words, unblock=raise_cap(mission, "usd", state))
    for shared in lefts(draft, ""):
        if shared.category == "usd" and usd > shared.left:
            higher = _in_settings(f"raise [budgets.{shared.budget.name}]")
            return None, Obstacle(f"{row.name}: {shared.budget.words} has less left", shared.until, higher)
    return usd, None


def _in_settings(words: str) -> Advice:
    return advise(f"{words} in config.toml of your config folder")
