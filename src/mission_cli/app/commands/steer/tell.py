"""Tell the worker of a feature something; the next attempt reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import one_line
from mission_cli.app.commands.features import open_records
from mission_cli.app.messages import as_line, message_row
from mission_cli.app.transaction import Done, Wanted, commit_change
from mission_cli.domain.errors import UsageError
from mission_cli.domain.events import EventKind
from mission_cli.domain.notice import advise, do
from mission_cli.domain.status import FeatureStatus

if TYPE_CHECKING:
    from mission_cli.app.addressing import Address
    from mission_cli.engine.context import Context


def tell(ctx: Context, text: str, message: str) -> Done:
    """Record a message to the worker of a feature; every later attempt at it has the message in its prompt.

    A running attempt does not get it: no agent takes messages into a running conversation yet.
    """
    line = as_line(message, "message")
    if not line:
        raise UsageError("the message is empty", hint=do("tell", text, "MESSAGE"))

    def change(address: Address) -> Wanted:
        mission, feature = address.mission, address.need_feature()
        if feature.finished:
            hint = advise("to try it again: ", do("retry", f"{mission.id}/{feature.number}"))
            raise UsageError(f"{feature.number} is {feature.status}: no attempt follows", hint=hint)
        running = [r.attempt for r in open_records(ctx, address) if r.feature == feature.number]
        then = "its next attempt reads it"
        if running and feature.status is FeatureStatus.DISPATCHED:
            then = f"attempt {running[-1]} is running and cannot take messages: the next attempt reads it"
        words = f"{feature.number} is told: {one_line(line, 120)}"
        return Wanted(
            words,
            EventKind.FEATURE_TOLD,
            (message_row(ctx, feature.number, line),),
            decisions=(f"Tell the worker of {feature.number}: {line}",),
            reason=str(do("tell")),
            said=f"{words} ({then})",
            about=feature.number,
        )

    return commit_change(ctx, text, change)
