"""`mission signal`: a person or program reports that the external event that a feature waits for has happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.transaction import (
    Done,
    Wanted,
    commit_change,
)
from mission_cli.document.changes import SetCell
from mission_cli.domain.asking.data import MOST_BYTES
from mission_cli.domain.errors import BlockedError, DocumentError, NotFoundError, UsageError
from mission_cli.domain.events import EventKind
from mission_cli.domain.notice import advise, do
from mission_cli.domain.status import WaitStatus
from mission_cli.engine.recording import signals

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    from mission_cli.app.addressing import Address
    from mission_cli.document.changes import Change
    from mission_cli.domain.ids import FeatureNumber
    from mission_cli.domain.tables import Wait
    from mission_cli.engine.context import Context


def data_from(stream: BinaryIO) -> str:
    """Return the text of a stream. Raises UsageError if it is too long, DocumentError if it is not UTF-8."""
    raw = stream.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise signals.too_large()
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DocumentError("the data is not UTF-8", where="standard input") from error


def signal(ctx: Context, text: str, *, reason: str = "", data: str | None = None, event: str = "") -> Done:
    """Resolve the waits of a feature, or the one for `event`; store `data`, a JSON text, with it.

    Without data failed waits are resolved, too: a person decides that the event no longer matters. Data for a wait
    that failed, or was resolved without it, is refused with BlockedError. Raises NotFoundError if there is no wait.
    """
    told = None if data is None else signals.read_data(data)

    def change(address: Address) -> Wanted:
        number = address.need_feature().number
        waits = _waits_of(address, number, event)
        mine = [w for w in waits if w.open or (told is None and w.status == WaitStatus.FAILED)]
        if not mine:
            return Wanted(_over(address, number, waits, told))
        if told is not None and len(mine) > 1:
            names = ", ".join(w.waiting_for for w in mine)
            hint = advise("say which one: ", do("signal", f"{address.mission.id}/{number}", "--event", "EVENT"))
            raise UsageError(f"{number} waits for {names}, and the data belongs to one of them", hint=hint)
        name = "" if told is None else signals.name_of(number, told)
        words = f"{number} no longer waits for {', '.join(w.waiting_for for w in mine)}"
        return Wanted(
            words + (f": {reason}" if reason else "") + (f" (data in {name})" if name else ""),
            EventKind.WAIT_RESOLVED,
            tuple(_changes(mine, name)),
            files=() if told is None else signals.writes(ctx, address.stored, [name], told),
        )

    return commit_change(ctx, text, change, part=True)


def _waits_of(address: Address, number: FeatureNumber, event: str) -> list[Wait]:
    found = [w for w in address.mission.waits if w.feature == number and event in {"", w.waiting_for}]
    if not found:
        name = do("why", f"{address.mission.id}/{number}")
        raise NotFoundError(f"{number} waits for {f'no event `{event}`' if event else 'no external event'}", hint=name)
    return found


def _changes(waits: Sequence[Wait], data: str) -> list[Change]:
    found: list[Change] = []
    for wait in waits:
        key = {"Feature": str(wait.feature), "Waiting for": wait.waiting_for}
        found += [SetCell("Waits", key, "Data", data)] if data else []
        found.append(SetCell("Waits", key, "Status", WaitStatus.RESOLVED))
    return found


def _over(address: Address, number: FeatureNumber, waits: Sequence[Wait], told: str | None) -> str:
    """Return that nothing has to be changed. Raises BlockedError if the data comes too late."""
    name = "" if told is None else signals.name_of(number, told)
    if not name or any(w.data == name for w in waits if w.status == WaitStatus.RESOLVED):
        same = " with this data" if name else ""
        return f"{number} no longer waits for {', '.join(w.waiting_for for w in waits)}: it was signaled before{same}"
    last = waits[-1]
    if last.status == WaitStatus.FAILED:
        hint = advise("to continue without the data: ", do("signal", f"{address.mission.id}/{number}"))
        raise BlockedError(f"{number} waits for {last.waiting_for}, which has not happened in time", hint=hint)
    how = "with other data" if last.data else "without data"
    words = f"{number} no longer waits for {last.waiting_for}: it was resolved {how}"
    raise BlockedError(words, hint=do("show", address.mission.id))
