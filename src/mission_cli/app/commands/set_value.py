"""`mission set`: set one value of the front matter; the message shows the old and the new value."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.app import pull_requests
from mission_cli.app.commands.steer.read_back import read_back
from mission_cli.app.forecasting.currency import in_dollars
from mission_cli.app.given import configured_runner, existing_base
from mission_cli.app.transaction import (
    Done,
    Wanted,
    commit_change,
)
from mission_cli.document.changes import SetFront
from mission_cli.document.editing import patch
from mission_cli.document.reading.front_schema import (
    KEYS,
    Kind,
    why_wrong_text,
)
from mission_cli.document.reading.values_in_force import (
    CAPS,
    SECTION,
    as_scalar,
    bound_of,
    is_recordable,
    is_unset,
    recorded_with,
)
from mission_cli.domain.errors import UsageError
from mission_cli.domain.events import EventKind
from mission_cli.domain.forge.rows import Proposing, open_ones
from mission_cli.domain.notice import advise, do
from mission_cli.domain.routing import ROLES

if TYPE_CHECKING:
    from mission_cli.app.addressing import Address
    from mission_cli.document.changes import Change
    from mission_cli.domain.mission import Mission
    from mission_cli.engine.context import Context

WRITTEN_BY_US = frozenset({"id", "managed", "host", "created", "started", "completed", "executions", "noted", SECTION})
"""Keys that only the program sets."""
_BY_COMMAND = {"paused": "pause", "cancelled": "cancel", "active": "resume"}


@dataclass(frozen=True, slots=True)
class Setting:
    """A checked request to set a value: its key, the path of the key, old and new text."""

    key: str
    path: tuple[str, ...]
    old: str
    new: str
    wider: str
    """Why it has to be confirmed: the cap grows more than tenfold or is lifted. Otherwise empty."""

    @property
    def words(self) -> str:
        """The old and the new value, in words."""
        return f"{self.key}: {self.old or 'not set'} → {self.new or 'not set'}"


_MONEY = frozenset({"budget.money_usd", "budget.per_feature_usd"})


def setting(address: Address, key: str, value: str) -> Setting:
    """Check a value that a person wants to set. Raises UsageError; its message or hint says what the key accepts."""
    key, text = _full(key), value.strip()
    mission, bound = address.need_whole(), bound_of(key)
    path = KEYS[key].steps if _mends(mission, key, text) else _path(key)
    known = KEYS.get(key)
    old = address.loaded.layout.front.text(*path)
    if bound is not None:
        old = mission.in_force.values.get(bound.name, old)
    if key == "status":
        _refuse_status(address, text)
    if known is not None and text and (wrong := why_wrong_text(known, key, text)):
        raise UsageError(wrong[0], hint=wrong[1].rpartition("; ")[2])
    if bound is not None and not is_unset(key, text) and (why := bound.why_bad(text)):
        raise UsageError(f"`{key}` {why}", hint=do("set", mission.id, key, "VALUE"))
    if bound is not None and is_unset(key, text) and bound.name in CAPS - {"per_feature_usd"}:
        hint = advise("lift the cap: ", do("set", mission.id, key, "unlimited"))
        if bound.name == "alert_threshold_pct":
            hint = advise("write a number between 1 and 100")
        raise UsageError(f"`{text}` is not a limit", hint=hint)
    limits = bound is not None and not is_unset(key, old) and not is_unset(key, text)
    wider = bound.why_wider(old, text) if bound is not None and limits else ""
    return Setting(key, path, old, text, wider)


def set_value(ctx: Context, text: str, key: str, value: str) -> Done:
    """Set one value of the front matter, as a decision of the person.

    Raises UsageError if the value is not one, or if the file would have a problem with it that it does not have now.
    """
    told = in_dollars(ctx.settings.currency, value) if _full(key) in _MONEY else value

    def change(address: Address) -> Wanted:
        wanted = setting(address, key, told)
        _refuse_what_is_not_there(ctx, address.mission, wanted)
        front = address.loaded.layout.front
        bound = bound_of(wanted.key)
        if wanted.new == front.text(*wanted.path) and (bound is None or wanted.new == wanted.old):
            return Wanted(f"{wanted.key} is {wanted.new or 'not set'} already")
        changes: list[Change] = [SetFront(wanted.path, as_scalar(wanted.new))]
        if bound and address.mission.managed and is_recordable(front) and front.node(SECTION) is None:
            changes.append(SetFront((SECTION, bound.name), as_scalar(wanted.new)))
        stored = address.stored
        written = [*changes, *recorded_with(stored.text, changes)]
        read_back(address, patch.apply(stored.text, written, where=stored.path))
        words = f"{address.mission.id}: {wanted.words}"
        pulls = open_ones(address.mission.pulls) if wanted.key == pull_requests.NAME else ""
        said = f"{words}; followed until merged or closed: {pulls}" if pulls else ""
        decisions, reason = (wanted.words,), str(do("set"))
        return Wanted(words, EventKind.MISSION_SET, tuple(changes), decisions=decisions, reason=reason, said=said)

    return commit_change(ctx, text, change)


def _refuse_what_is_not_there(ctx: Context, mission: Mission, wanted: Setting) -> None:
    """Raise UsageError if the runner is not configured, the branch does not exist or the forge cannot be used."""
    if wanted.key == pull_requests.NAME and wanted.new in set(Proposing):
        pull_requests.refuse_pulls(ctx, mission, Proposing(wanted.new))
    if wanted.key == "preferences.runner" and wanted.new:
        configured_runner(ctx, wanted.new)
    if wanted.key == "base":
        existing_base(ctx, wanted.new)


def _mends(mission: Mission, key: str, text: str) -> bool:
    """Whether it writes the value in force over one that does not count, as `why` advises."""
    overruled = mission.in_force.overrules(key)
    return overruled is not None and bool(text) and text == overruled.counts


def _full(key: str) -> str:
    """Return the dotted name of a key that is named by its last part, such as `money_usd`; others as they are."""
    full = [name for name in KEYS if name.rpartition(".")[2] == key]
    full += [f"model_routing.{role}" for role in ROLES if role == key]
    return full[0] if len(full) == 1 else key


def _path(key: str) -> tuple[str, ...]:
    group = key.rpartition(".")[0]
    if key in WRITTEN_BY_US or key.startswith((f"{SECTION}.", "noted.")):
        raise UsageError(f"`{key}` is written by the program", hint=advise(do("schema"), " lists the keys"))
    known = KEYS.get(key)
    if known is not None and known.kind in {Kind.LIST, Kind.MAP}:
        raise UsageError(f"`{key}` holds more than one value", hint=advise(do("edit"), " opens the file"))
    if known is not None:
        return known.steps
    if group == "model_routing":
        role = key.rpartition(".")[2]
        if role not in ROLES:
            raise UsageError(f"`{role}` is not a role of a model", hint=f"use one of {', '.join(ROLES)}")
        return (group, role)
    below = [name for name in KEYS if name.startswith(f"{key}.")]
    if below:
        raise UsageError(f"`{key}` has several keys", hint=f"name one of {', '.join(below)}")
    close = difflib.get_close_matches(key, [*KEYS, *(name.rpartition(".")[2] for name in KEYS)], n=1)
    full = next((name for name in KEYS if close and close[0] in {name, name.rpartition(".")[2]}), "")
    raise UsageError(
        f"there is no key `{key}`", hint=f"did you mean `{full}`?" if full else advise(do("schema"), " lists the keys")
    )


def _refuse_status(address: Address, text: str) -> None:
    mission = address.mission
    if mission.status is None or text == str(mission.status):
        return
    by = _BY_COMMAND.get(text, "start")
    raise UsageError("`set` cannot change the status", hint=do(by, mission.id))
