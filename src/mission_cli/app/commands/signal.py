"""`mission signal`: a person reports that the external event that a feature waits for has happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.transaction import (
    Done,
    Wanted,
    commit_change,
)
from mission_cli.document.changes import SetCell
from mission_cli.domain.errors import NotFoundError
from mission_cli.domain.events import EventKind
from mission_cli.domain.notice import do
from mission_cli.domain.status import WaitStatus

if TYPE_CHECKING:
    from mission_cli.app.addressing import Address
    from mission_cli.engine.context import Context


def signal(ctx: Context, text: str, *, reason: str = "") -> Done:
    """Resolve the open and failed waits of a feature. Raises NotFoundError if there are none."""

    def change(address: Address) -> Wanted:
        feature = address.need_feature()
        mine = [
            w
            for w in address.mission.waits
            if w.feature == feature.number and (w.open or w.status == WaitStatus.FAILED)
        ]
        if not mine:
            hint = do("why", f"{address.mission.id}/{feature.number}")
            raise NotFoundError(f"{feature.number} waits for no external event", hint=hint)
        keys = [{"Feature": str(w.feature), "Waiting for": w.waiting_for} for w in mine]
        words = f"{feature.number} no longer waits for {', '.join(w.waiting_for for w in mine)}"
        changes = tuple(SetCell("Waits", key, "Status", WaitStatus.RESOLVED) for key in keys)
        return Wanted(words + (f": {reason}" if reason else ""), EventKind.WAIT_RESOLVED, changes)

    return commit_change(ctx, text, change)
