"""Decide about a purchase by the answer to its request: who may, and what exactly is approved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import stamp
from mission_cli.domain.asking.options import Option, chosen
from mission_cli.domain.errors import BlockedError
from mission_cli.domain.notice import do
from mission_cli.domain.purchases.rows import PurchaseStatus, purchase_of
from mission_cli.engine.recording.rows import purchase_approval
from mission_cli.planner.core.requests import context_name
from mission_cli.planner.purchases.asked import APPROVE, shown
from mission_cli.settings.payments import rules_of

if TYPE_CHECKING:
    from mission_cli.app.addressing import Address
    from mission_cli.document.changes import Change
    from mission_cli.domain.tables import InputRequest
    from mission_cli.engine.context import Context


def decision_on(ctx: Context, address: Address, request: InputRequest, response: str) -> tuple[Change, ...]:
    """Return the row of `## Approvals` for an answer to the request of a purchase; nothing for another request.

    Raises BlockedError if the person may not decide it, or if it has changed since it was asked.
    """
    mission = address.mission
    row = purchase_of(mission.purchases, request.number)
    if row is None:
        return ()
    settings, person = ctx.settings, ctx.person().name
    rules = rules_of(settings.payments, settings.purchase_limits, settings.currency)
    if not rules.may(person):
        known = ", ".join(rules.approvers) or "no person"
        hint = f"the settings let these approve: {known}; [payments] approvers in config.toml of your config folder"
        raise BlockedError(f"{person or 'a person without a name'} may not decide about purchases", hint=hint)
    if row.status is not PurchaseStatus.REQUESTED:
        raise BlockedError(f"{row.name} is {row.status} already", hint=do("purchase", "show", mission.id, row.number))
    if request.context != context_name(request, shown(mission, row)):
        words = f"{row.name} has changed since request {request.number} was asked"
        raise BlockedError(words, hint=do("pulse"))
    option = chosen((Option(APPROVE),), response)
    if option is not None and not ctx.payments.name:
        hint = "set [payments] provider in config.toml of your config folder, or answer: reject"
        raise BlockedError("payments are off: the settings name no provider", hint=hint)
    return tuple(purchase_approval(mission, request.number, response, person, stamp(ctx.clock.now())))
