"""Tell the worker of a feature something, which the next attempt reads; note something in the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import did_you_mean, one_line
from mission_cli.app.commands.features import open_records
from mission_cli.app.messages import as_line, message_row
from mission_cli.app.transaction import Done, Wanted, commit_change
from mission_cli.document.editing.insert import LONGEST_CELL
from mission_cli.domain.errors import UsageError
from mission_cli.domain.events import EventKind
from mission_cli.domain.notice import advise, do
from mission_cli.domain.status import FeatureStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

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

    return commit_change(ctx, text, change, part=True)


NOTED: Mapping[str, EventKind] = {
    "user_message": EventKind.MISSION_NOTED,
    "agent_message": EventKind.MESSAGE_AGENT,
    "external_event": EventKind.EVENT_EXTERNAL,
    "progress": EventKind.PROGRESS_REPORTED,
}
"""What can be noted: the name, and the event."""


def note(ctx: Context, text: str, message: str, *, kind: str = "user_message") -> Done:
    """Record in the journal of a mission what happened or was said; nothing depends on it."""
    if kind not in NOTED:
        hint = did_you_mean(kind, NOTED, f"use one of {', '.join(NOTED)}")
        raise UsageError(f"`{one_line(kind, 40)}` is not a kind of note", hint=hint)
    line = one_line(message, len(message) + 1)
    if len(line) > LONGEST_CELL:
        words = f"the note has {len(line)} characters, at most {LONGEST_CELL} are allowed"
        raise UsageError(words, hint="note where the rest is")
    if not line:
        raise UsageError("the note is empty", hint=do("note", text or "ID", "MESSAGE"))

    def change(address: Address) -> Wanted:
        about = f"{address.need_feature().number}: " if address.feature is not None else ""
        return Wanted(f"{about}{line}", NOTED[kind], record=True, said=f"noted: {about}{line}")

    return commit_change(ctx, text, change, part=True)
