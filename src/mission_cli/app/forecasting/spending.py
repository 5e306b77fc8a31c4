"""What a mission has spent, row by row, with list prices beside it; and rows that a person adds by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.shown import dollars, quantity_of
from mission_cli._support.text import counted
from mission_cli.app.forecasting.buying import caps_of
from mission_cli.app.forecasting.currency import converted, in_dollars
from mission_cli.app.forecasting.history import records_in
from mission_cli.app.forecasting.results import BudgetReport, ByHand, Paid
from mission_cli.app.messages import as_line
from mission_cli.app.results.outlook import PricesApart
from mission_cli.app.transaction import Done, Wanted, commit_change
from mission_cli.document.editing.summary import summary_cells
from mission_cli.domain.budget.amounts import CATEGORIES, LABELS, parse_entry, rounded, why_no_amount
from mission_cli.domain.budget.ledger import account
from mission_cli.domain.budget.spends import BY_HAND, by_hand
from mission_cli.domain.errors import NotFoundError, UsageError
from mission_cli.domain.events import EventKind
from mission_cli.domain.forecast.vendors import vendors_of
from mission_cli.domain.notice import Notice, do
from mission_cli.domain.tables import Spend
from mission_cli.engine.money.prices import priced
from mission_cli.engine.recording.record import spend_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mission_cli.app.addressing import Address
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.context import Context

_APART_PCT = 10
"""A cost that differs more from the list price is reported, with both figures."""
_ALL_PCT = 100


def budget_report(ctx: Context, address: Address) -> BudgetReport:
    """Return what a mission has spent: attempts with their tokens, and rows by hand."""
    mission, records = address.mission, _records(ctx, address)
    state = account(mission.limits, mission.spends, records, purchases=mission.purchases)
    attempts = [paid(ctx, record) for record in sorted(records, key=lambda r: (r.ended, r.run)) if not record.open]
    return BudgetReport(
        id=mission.id,
        caps=caps_of(mission),
        spent={category: state.spent.of(category) for category in CATEGORIES},
        reserved={category: state.held.of(category) for category in CATEGORIES},
        listed_usd=sum((one.listed_usd for one in attempts if one.listed_usd is not None), Decimal(0)),
        attempts=attempts,
        by_hand=[
            ByHand(row.date, row.category, row.amount, row.description, row.milestone)
            for row in by_hand(mission.spends, records)
        ],
        currency=converted(
            ctx.settings.currency,
            spent=state.spent.usd,
            reserved=state.held.usd,
            cap=mission.limits.usd,
        ),
        notices=list(apart(attempts)),
        vendors=vendors_of(records),
    )


def _records(ctx: Context, address: Address) -> list[RunRecord]:
    head = ctx.state.head()
    return records_in(ctx.state.runs(address.stored, head)) if head is not None else []


def paid(ctx: Context, record: RunRecord) -> Paid:
    """Return what an attempt has cost, and what its tokens cost at the list prices that its settlement recorded.

    Of records without any, those of today count.
    """
    record, usage = priced(ctx, record), record.usage
    listed, differs = record.listed_usd, None
    if listed and usage.usd is not None:
        differs = round((usage.usd - listed) * _ALL_PCT / listed)
    return Paid(
        run=record.run,
        runner=record.runner,
        model=record.model,
        ended=record.ended,
        hours=usage.hours,
        tokens=usage.tokens,
        usd=usage.usd,
        listed_usd=listed,
        differs_by=differs,
        prices=record.priced,
        source=usage.source,
    )


def apart(attempts: Sequence[Paid]) -> Iterator[Notice]:
    """Yield the attempts whose cost differs from the list price by more than 10 %."""
    for one in attempts:
        if one.differs_by is not None and abs(one.differs_by) > _APART_PCT:
            of = f" of {one.prices}" if one.prices[:1].isdecimal() else " of your settings"
            both = f"{dollars(one.usd)} by its agent, {dollars(one.listed_usd)} by list prices{of}"
            yield Notice(f"{one.run} cost {both} ({one.differs_by:+d} %)", do("logs", one.run.rpartition("-a")[0]))


def price_note(mission: str, records: Iterable[RunRecord]) -> Notice | None:
    """Return both figures of attempts in which agents and list prices differ by more than 10 %; None without any."""
    apart = prices_apart(records)
    if apart is None:
        return None
    both = f"{dollars(apart.told)} by the agent, {dollars(apart.listed)} by list prices"
    return Notice(f"{counted(apart.attempts, 'attempt')} cost {both}", do("budget", "report", mission))


def prices_apart(records: Iterable[RunRecord]) -> PricesApart | None:
    """Return what agents report and what list prices say, for attempts in which they differ by more than 10 %.

    Only the prices that settlements recorded count. None without such an attempt.
    """
    found = [
        (record.usage.usd, record.listed_usd)
        for record in records
        if record.listed_usd and record.usage.usd is not None and _is_apart(record.usage.usd, record.listed_usd)
    ]
    if not found:
        return None
    told, listed = (sum(amounts, Decimal(0)) for amounts in zip(*found, strict=True))
    return PricesApart(len(found), told, listed)


def _is_apart(told: Decimal, listed: Decimal) -> bool:
    return abs(told - listed) * _ALL_PCT > listed * _APART_PCT


def record_spending(ctx: Context, text: str, amounts: Mapping[str, str], why: str, milestone: int | None) -> Done:
    """Add what was spent by hand to the spend log; it counts against the caps. Raises as `spending_given` does."""

    def change(address: Address) -> Wanted:
        mission = address.mission
        about, given = spending_given(ctx, address, amounts, why, milestone)
        date, number = f"{ctx.clock.now():%Y-%m-%d}", "" if milestone is None else str(milestone)
        rows = [Spend(date, category, amount, f"{BY_HAND}{about}", number) for category, amount in given.items()]
        state = account(mission.limits, [*mission.spends, *rows], _records(ctx, address), purchases=mission.purchases)
        shown = " and ".join(quantity_of(category, amount) for category, amount in given.items())
        words = f"{mission.id}: {shown} recorded, for {about}"
        changes = (*spend_rows(rows), *summary_cells(address.loaded, state))
        return Wanted(words, EventKind.BUDGET_RECORDED, changes)

    return commit_change(ctx, text, change)


def spending_given(
    ctx: Context, address: Address, amounts: Mapping[str, str], why: str, milestone: int | None
) -> tuple[str, dict[str, Decimal]]:
    """Return what was spent by hand on what, as one line and by category; `amounts` as a person wrote them.

    Raises UsageError for other amounts, and NotFoundError.
    """
    mission, about = address.mission, as_line(why, "reason")
    if not about:
        raise UsageError("say what it was spent on", hint=do("budget", "record", mission.id, "--usd", "5", "WHAT"))
    given = amounts_given(ctx, amounts)
    if milestone is not None and mission.milestone(milestone) is None:
        raise NotFoundError(f"{mission.id} has no milestone {milestone}", hint=do("status", mission.id))
    return about, given


def amount_given(category: str, text: str) -> Decimal:
    """Return an amount that a person wrote. Raises UsageError if it is none, or not above zero."""
    amount = parse_entry(category, text)
    if amount is None:
        raise UsageError(f"`{text}` {why_no_amount(text)}", hint=f"write an amount for {LABELS[category]}")
    amount = rounded(category, amount)
    if not amount:
        raise UsageError(f"`{text}` is nothing", hint="write an amount above zero")
    return amount


def amounts_given(ctx: Context, words: Mapping[str, str], *, needed: str = "no amount is given") -> dict[str, Decimal]:
    """Return amounts that a person wrote, by category; money may be in the currency of the settings.

    Raises UsageError; `needed` says that there has to be one.
    """
    texts = {category: text for category, text in words.items() if text.strip()}
    texts |= {"usd": in_dollars(ctx.settings.currency, texts["usd"])} if "usd" in texts else {}
    given = {category: amount_given(category, text) for category, text in texts.items()}
    if not given and needed:
        raise UsageError(needed, hint="use --usd, --hours or --tokens")
    return given


def budget_given(ctx: Context, words: Mapping[str, str], address: Address | None) -> dict[str, Decimal]:
    """Return amounts that a person wrote, by category, or else the caps of a mission. Raises UsageError."""
    caps = caps_of(address.mission) if address is not None else {}
    capped = {category: cap for category, cap in caps.items() if cap is not None}
    return amounts_given(ctx, words, needed="" if capped else "no budget is given") or capped
