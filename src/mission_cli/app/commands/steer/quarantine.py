"""`mission set ID quarantine none`: take tests off the list of flaky ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import counted, did_you_mean
from mission_cli.app.transaction import Done, Wanted, commit_change
from mission_cli.document.changes import SetFront
from mission_cli.domain.errors import NotFoundError, UsageError
from mission_cli.domain.events import EventKind
from mission_cli.domain.judging.quarantine import LIFTED, key_of, quarantined
from mission_cli.domain.noted import SECTION
from mission_cli.domain.notice import do

if TYPE_CHECKING:
    from mission_cli.app.addressing import Address
    from mission_cli.engine.context import Context

KEY = "quarantine"
_LIFTS = frozenset({"", "none", LIFTED})


def concerns_quarantine(key: str) -> bool:
    """Whether a key of `mission set` names the quarantine: `quarantine`, or `quarantine.NAME`."""
    return key == KEY or key.startswith(f"{KEY}.")


def lift(ctx: Context, text: str, key: str, value: str) -> Done:
    """Take one test or criterion off the list, or all. Raises UsageError for any other value, and NotFoundError."""
    if value.strip().casefold() not in _LIFTS:
        hint = do("set", text or "ID", key, "none")
        raise UsageError("the quarantine can only be lifted: tests get on it by being flaky", hint=hint)
    name = key.partition(".")[2]

    def change(address: Address) -> Wanted:
        listed = list(quarantined(address.mission))
        wanted = [one for one in listed if not name or one.name == name]
        if name and not wanted:
            hint = did_you_mean(name, [one.name for one in listed], "no test is quarantined")
            raise NotFoundError(f"`{name}` is not quarantined", hint=hint)
        if not wanted:
            return Wanted(f"{address.mission.id}: nothing is quarantined")
        what = f"the quarantine of {wanted[0].name}" if len(wanted) == 1 else f"the quarantine of {_many(len(wanted))}"
        changes = tuple(SetFront((SECTION, key_of(one)), LIFTED) for one in wanted)
        words = f"{address.mission.id}: {what} is lifted"
        decision = f"Lift {what}"
        return Wanted(words, EventKind.MISSION_SET, changes, decisions=(decision,), reason=str(do("set")))

    return commit_change(ctx, text, change)


def _many(count: int) -> str:
    return counted(count, "test")
