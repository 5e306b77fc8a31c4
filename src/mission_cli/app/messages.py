"""What a person tells the worker of a feature: one line, and its row in the mission file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import one_line, stamp
from mission_cli.document.changes import AppendRow
from mission_cli.document.editing.insert import LONGEST_CELLS
from mission_cli.domain.errors import UsageError
from mission_cli.domain.notice import advise, do

if TYPE_CHECKING:
    from mission_cli.domain.ids import FeatureNumber
    from mission_cli.engine.context import Context

_MOST = LONGEST_CELLS["Message"]


def as_line(text: str, what: str) -> str:
    """Return what a person says to a worker as one line. Raises UsageError if it is too long for a cell."""
    line = one_line(text, len(text) + 1)
    if len(line) > _MOST:
        hint = advise("put the details into the feature's description: ", do("edit", "ID"))
        raise UsageError(f"the {what} has {len(line)} characters, at most {_MOST} are allowed", hint=hint)
    return line


def message_row(ctx: Context, number: FeatureNumber, line: str) -> AppendRow:
    """Return the row of a message to the worker of a feature, from the person who gives the command."""
    row = {"Timestamp": stamp(ctx.clock.now()), "Feature": number, "From": ctx.person().name, "Message": line}
    return AppendRow("Messages", row)
