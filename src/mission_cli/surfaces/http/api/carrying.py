"""Carry out an operation on one mission: for requests of the API, and for forms of the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli.surfaces.http.api.expecting import expecting
from mission_cli.surfaces.http.api.operation import Call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.domain.ids import MissionId
    from mission_cli.engine.context import Context
    from mission_cli.surfaces.http.api.operation import Operation


def carry_out(
    operation: Operation, ctx: Context, repo: str, mission: MissionId, given: Mapping[str, Any], *, if_match: str = ""
) -> Any:
    """Give the command or ask the query of an operation; after a command, the next pulse is started.

    `ctx` acts as the user. `if_match`: the commits at one of which the mission has to be; empty: any.
    Raises ChangedMeanwhileError, and what the command raises.
    """
    if operation.act is None:
        raise AssertionError("an operation is on one mission, or on all")
    if if_match and operation.changes:
        ctx = expecting(ctx, mission, if_match)
    facts = operation.act(Call(ctx, repo, mission, given))
    if operation.changes:
        ctx.again()
    return facts
