"""Show the accounts that a mission needs, with their plans and how far each sign-up came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.accounts.kept import account_named, accounts_of, address_of_account, plan_of, progress_of
from mission_cli.app.accounts.results import AccountList, AccountView
from mission_cli.app.addressing import resolve

if TYPE_CHECKING:
    from mission_cli.app.addressing import Address
    from mission_cli.domain.resources.rows import Resource
    from mission_cli.engine.context import Context


def listed(ctx: Context, text: str, name: str = "") -> AccountList:
    """Return the accounts of a mission, or one of them. Raises NotFoundError."""
    address = resolve(ctx.state.snapshot(), text)
    mission = address.need_whole()
    wanted = [account_named(mission, name)] if name else accounts_of(mission)
    return AccountList(mission.id, tuple(_view(ctx, address, one) for one in wanted))


def _view(ctx: Context, address: Address, account: Resource) -> AccountView:
    plan, _ = plan_of(ctx, address, account)
    head = ctx.state.head()
    files = ctx.state.assets(address.stored, head) if head is not None else {}
    return AccountView(
        account.key,
        account.raw_status or str(account.status or ""),
        address_of_account(ctx, account),
        account.reference,
        tuple(step.words for step in plan.steps) if plan is not None else (),
        progress_of(ctx, address.mission.id, account).step,
        plan.problems if plan is not None else ("there is no plan",),
        tuple(sorted(file for file in files if file.startswith(f"account-{account.key}-"))),
    )
