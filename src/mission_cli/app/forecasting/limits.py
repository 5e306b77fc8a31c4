"""Budgets across missions: what is spent, reserved and left of each, and what is wrong with their settings."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from mission_cli.app.forecasting.results import BudgetLeft, LimitsShown, ParkedRunner
from mission_cli.domain.budget.across import left_of, parked
from mission_cli.domain.notice import Notice, advise, do, doubtful, wrong
from mission_cli.engine.money.purse import own_part
from mission_cli.settings.money import budgets_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.domain.notice import Finding
    from mission_cli.engine.context import Context


def limits_shown(ctx: Context) -> LimitsShown:
    """Return each amount of each budget, and the runners that are known to be at their usage limit."""
    budgets, now = budgets_of(ctx.settings.budgets), ctx.clock.now()
    parts, mine = own_part(ctx, ctx.state.snapshot(), now)
    here, me = mine.rows(), ctx.machine.me()
    everywhere = (*here, *(row for name, part in parts.known.items() if name != me for row in part.rows()))
    lefts = [
        BudgetLeft(
            budget=budget.name,
            across="machine" if budget.machine else "repository",
            every=budget.every,
            runners=list(budget.runners),
            category=left.category,
            cap=left.cap,
            headroom=budget.caps[left.category] - left.cap,
            spent=left.spent,
            reserved=left.held,
            left=left.left,
            since=left.since,
            until=left.until,
        )
        for budget in budgets
        for left in left_of(budget, everywhere if budget.machine else here, now, ctx.clock.zone)
    ]
    names = sorted({row.runner for row in everywhere if row.reset_at})
    limits = [(name, until) for name in names if (until := parked(everywhere, name)) is not None and until > now]
    return LimitsShown(lefts, [ParkedRunner(name, until) for name, until in limits], [*_wrong(ctx, parts.problem)])


def budget_findings(ctx: Context) -> list[Finding]:
    """Return what is wrong with the budgets, for `doctor`."""
    if not ctx.settings.budgets:
        return []
    problem = ctx.purse.parts().problem
    found = [wrong("budgets", problem, "remove the file")] if problem else []
    return found + [doubtful("budgets", notice.text, notice.remedy) for notice in _wrong(ctx, "")]


def _wrong(ctx: Context, problem: str) -> Iterator[Notice]:
    if problem:
        yield Notice(problem, do("doctor"))
    known = {*ctx.settings.runners, *ctx.agents}
    for name, budget in ctx.settings.budgets.items():
        for one in budget.runners:
            if not any(fnmatchcase(runner, one) for runner in known):
                words = f"the budget `{name}` counts the runner `{one}`, which does not exist, so it holds nothing"
                yield Notice(words, advise(f"use one of {', '.join(sorted(known))}"))
