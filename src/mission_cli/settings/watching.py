"""Settings of hooks and watchers: commands before and after steps, and what happens on events."""

from __future__ import annotations

from datetime import timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import did_you_mean
from mission_cli.domain.errors import UsageError
from mission_cli.domain.hooks.rules import NOTIFY, PAUSE, RETRY, RUN, WATCHABLE, Hooks, Watcher
from mission_cli.domain.status import FeatureStatus

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_NAME = pattern(r"[\w.@#-]+")
_FAILED = f"feature.{FeatureStatus.FAILED}"


@dataclass(frozen=True, slots=True)
class HookSettings:
    """The `[hooks]` table: shell commands before and after the steps of a mission."""

    before_start: str = ""
    """runs when a mission was started; nothing starts before it has passed"""
    after_start: str = ""
    """runs once after each start"""
    before_dispatch: str = ""
    """runs before each attempt, which starts when it has passed"""
    after_dispatch: str = ""
    """runs once after each start of an attempt"""
    before_validation: str = ""
    """runs before a milestone is validated"""
    after_validation: str = ""
    """runs once after each milestone that passed or failed"""
    before_landing: str = ""
    """runs before work lands, or before the forge is asked to merge it"""
    after_landing: str = ""
    """runs once after work has landed or was merged"""
    timeout: timedelta = timedelta(minutes=5)
    """longest run of a hook or of the command of a watcher"""


@dataclass(frozen=True, slots=True)
class WatcherSettings:
    """One `[watchers.NAME]` table: on an event, do one thing once."""

    on: tuple[str, ...] = ()
    """event names, such as `feature.failed` or `gate.*`"""
    do: str = ""
    """`pause`, `retry`, `notify: RULE` or `run: COMMAND`"""
    missions: tuple[str, ...] = ()
    """patterns of mission ids; empty: all missions"""


def hooks_of(hooks: HookSettings, watchers: Mapping[str, WatcherSettings]) -> Hooks:
    """Return the hooks and watchers as the planner reads them."""
    found: dict[str, str] = {}
    for name in HookSettings.__match_args__:
        if name != "timeout" and (command := getattr(hooks, name).strip()):
            found[name] = command
    named = tuple(Watcher(name, one.on, one.do.strip(), one.missions) for name, one in watchers.items())
    return Hooks(found, named, hooks.timeout)


def check_watcher(prefix: str, watcher: WatcherSettings, rules: Collection[str]) -> None:
    """Raise UsageError for a watcher that sees nothing, or does nothing that is known. `rules`: those that exist."""
    if not _NAME.fullmatch(prefix.removeprefix("watchers.")):
        hint = "use letters, digits, `.`, `_`, `-`, `@` and `#`"
        raise UsageError(f"{prefix!r} is not a valid name of a watcher", hint=hint)
    if not watcher.on:
        raise UsageError(f"the setting `{prefix}.on` is empty", hint='write ["feature.failed"]')
    for one in watcher.on:
        if not any(fnmatchcase(event, one) for event in WATCHABLE):
            hint = did_you_mean(one, WATCHABLE, f"use patterns of {', '.join(WATCHABLE)}")
            raise UsageError(f"`{prefix}.on` has {one!r}, which matches no event that watchers see", hint=hint)
    action, colon, what = watcher.do.partition(":")
    known = (action.strip() in {PAUSE, RETRY} and not colon) or (action.strip() in {NOTIFY, RUN} and bool(what.strip()))
    if not known:
        hint = 'use "pause", "retry", "notify: RULE" or "run: COMMAND"'
        raise UsageError(f"the setting `{prefix}.do` is {watcher.do!r}", hint=hint)
    for name in [name.strip() for name in what.split(",")] if action.strip() == NOTIFY else []:
        if name not in rules:
            hint = did_you_mean(name, rules, "add a table [notifications.NAME]")
            raise UsageError(f"`{prefix}.do` names the rule {name!r}, which does not exist", hint=hint)
    events = [event for event in WATCHABLE if any(fnmatchcase(event, one) for one in watcher.on)]
    if action.strip() == RETRY and not any(event == _FAILED for event in events):
        hint = 'a watcher retries features that failed: on = ["feature.failed"]'
        raise UsageError(f"`{prefix}` retries, but never sees {_FAILED}", hint=hint)
