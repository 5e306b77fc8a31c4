"""Settings as frozen values: defaults, TOML, environment. An unknown key is an error with a suggestion.

`parse` is pure; `wiring` decides which files are read, and in which order.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import (
    dataclass,
    field,
    replace,
)
from mission_cli._support.lazy_re import pattern
from mission_cli._support.numbers import decimal_of
from mission_cli._support.text import did_you_mean, parse_duration, why_no_duration
from mission_cli.domain.errors import DocumentError, UsageError
from mission_cli.domain.timing.hours import read_windows

if TYPE_CHECKING:
    from collections.abc import Mapping

_NETWORKS = ("on", "off", "loopback")
ENVIRONMENT_PREFIX = "MISSION_"
_WHOLE = pattern(r"-?[0-9]{1,18}")
_RANGES = {
    "max_parallel_workers": (1, 64),
    "machine_workers": (1, 256),
    "attempts": (1, 100),
    "validation_rounds": (1, 100),
    "max_steps": (1, 100_000),
    "max_file_mib": (0, 10**6),
    "min_free_memory_mib": (0, 10**12),
    "min_free_disk_mib": (0, 10**12),
}
"""Values outside are an error, because each of these limits what a mission may use."""
_MOST_FOR_A_PLAN = Decimal(1000)
_LONGEST = timedelta(days=366)
_TREE = pattern(r"^\[[ \t]*tree[ \t]*\][^\n]*$", re.MULTILINE)
_REMOTE = pattern(r"[A-Za-z0-9_][^\s:\"\\\x00-\x1f]*")
"""The name of a remote. URLs are rejected: they may contain a login, and `ext::…` is a command."""


@dataclass(frozen=True, slots=True)
class TreeSettings:
    """How the tree of a worker or a check is prepared."""

    setup: str = ""
    copy: tuple[str, ...] = ()
    """Files, folders and patterns that are not in git and are copied from the checkout."""
    keys: tuple[str, ...] = ()
    """Variables of the key file that checks get."""

    @property
    def env(self) -> Mapping[str, str]:
        """Variables that checks get in addition to the usual ones."""
        return _references(self.keys)


@dataclass(frozen=True, slots=True)
class RunnerSettings:
    """One `[runners.NAME]` table. `kind` is the agent adapter; empty: the same as NAME."""

    kind: str = ""
    command: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    deadline: timedelta = timedelta(hours=3)
    max_steps: int = 0
    """For one attempt; 0: the general limit."""
    stall_after: timedelta = timedelta(0)
    """How long it may be silent and idle; 0: the general limit."""
    keys: tuple[str, ...] = ()
    """Variables of the key file that the runner gets."""
    project_settings: bool = False
    """Let the agent load the repository's own agent settings, hooks and MCP servers."""

    @property
    def given(self) -> Mapping[str, str]:
        """Its `env`, and its keys as references."""
        return {**_references(self.keys), **self.env}


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings with their defaults; `docs/settings.md` describes each."""

    state: str = ""
    max_parallel_workers: int = 2
    sandbox: str = "auto"
    network: str = "on"
    """What jobs in the sandbox can reach: `on`: everything; `off` or `loopback`: only what they start themselves."""
    machine_workers: int = 4
    sandbox_read: tuple[str, ...] = ()
    sandbox_write: tuple[str, ...] = ()
    stuck_after: timedelta = timedelta(hours=2)
    stall_after: timedelta = timedelta(minutes=10)
    max_steps: int = 300
    trees: str = ""
    remote: str = ""
    """The git remote through which clones share missions; empty: nothing is pushed."""
    remote_every: timedelta = timedelta(minutes=5)
    """How often the remote is contacted and the heartbeat renewed when nothing happens."""
    protect: tuple[str, ...] = ()
    secret_exceptions: tuple[str, ...] = ()
    """Patterns of paths in which a worker may commit what looks like a secret, such as test keys."""
    max_file_mib: int = 100
    """The largest file that a worker may commit; 0: any size. Files of Git LFS may be larger."""
    hours: str = ""
    """Times of day in which workers may start: `22:00-07:00`, several separated by commas; empty: always."""
    notify: str = ""
    """A shell command that runs when a mission lands, fails, pauses, completes, is cancelled or waits for a person."""
    attempts: int = 3
    validation_rounds: int = 3
    retry_delays: tuple[timedelta, ...] = tuple(timedelta(minutes=m) for m in (1, 4, 16))
    outage_delays: tuple[timedelta, ...] = tuple(timedelta(minutes=m) for m in (1, 2, 4, 8, 16, 32, 60))
    check_timeout: timedelta = timedelta(minutes=30)
    plan_max_usd: Decimal = Decimal(1)
    """What `mission new GOAL` may spend on the plan."""
    plan_deadline: timedelta = timedelta(minutes=15)
    """How long the model may take for one answer of the plan."""
    request_lifetime: timedelta = timedelta(hours=24)
    lost_grace: timedelta = timedelta(seconds=5)
    full_look: timedelta = timedelta(minutes=15)
    agree_after: timedelta = timedelta(seconds=10)
    """How far apart two pulses must be to agree about the clock; 0: one pulse is enough."""
    min_free_memory_mib: int = 1024
    min_free_disk_mib: int = 2048
    identity: str = ""
    """`Name <address>` of state commits; empty: mission <mission@localhost>."""
    tree: TreeSettings = field(default_factory=TreeSettings)
    runners: Mapping[str, RunnerSettings] = field(default_factory=dict)


def _references(names: tuple[str, ...]) -> dict[str, str]:
    return {name: f"env:{name}" for name in names}


def parse(text: str, where: str, base: Settings | None = None) -> Settings:
    """Return `base` with the values of a TOML text. Raises DocumentError with `where` and a hint."""
    import tomllib

    try:
        table = tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        raise DocumentError(f"invalid TOML: {error}", where=where) from error
    return _fill(base or Settings(), table, where, text)


def with_remote(text: str, remote: str, where: str) -> str:
    """Return a settings text with the remote through which missions are shared. Raises UsageError if it names another.

    The rest of the text stays as it is. Raises DocumentError as `parse` does.
    """
    named = parse(text, where).remote
    if named == remote:
        return text
    if named or not _REMOTE.fullmatch(remote):
        words = f"{where} says `remote = {named!r}`" if named else f"{remote!r} is not a valid name of a remote"
        raise UsageError(words, hint="list the remotes: git remote; then edit the settings file")
    shared = f'remote = "{remote}"  # missions are shared through it: the branches mission/… and missions are pushed'
    return f"{shared}\n{text.removeprefix(chr(0xFEFF))}"


def with_setup(text: str, command: str) -> str:
    """Return a settings text without `setup` with this command as the setup of each tree. The rest stays as it is."""
    line = f"setup = {json.dumps(command, ensure_ascii=False)}"
    found = _TREE.search(text)
    if found is None:
        return f"{text.rstrip()}\n\n[tree]\n{line}\n".lstrip()
    return f"{text[: found.end()]}\n{line}{text[found.end() :]}"


def from_environment(environment: Mapping[str, str], base: Settings) -> Settings:
    """Return `base` with the scalar settings from environment variables named `MISSION_<NAME>`."""
    values: dict[str, Any] = {}
    for name in base.__match_args__:
        text = environment.get(ENVIRONMENT_PREFIX + name.upper())
        if text is None or name in {"tree", "runners"}:
            continue
        old = getattr(base, name)
        raw: Any = int(text) if isinstance(old, int) and _WHOLE.fullmatch(text) else text
        raw = [part.strip() for part in text.split(",") if part.strip()] if isinstance(old, tuple) else raw
        values[name] = _convert(name, raw, old, f"{ENVIRONMENT_PREFIX}{name.upper()}")
    return replace(base, **values) if values else base


def check(settings: Settings) -> None:
    """Raise UsageError for invalid values."""
    for name, value, allowed in (
        ("sandbox", settings.sandbox, ("auto", "required", "off")),
        ("state", settings.state, ("", "here")),
        ("network", settings.network, _NETWORKS),
    ):
        if value not in allowed:
            hint = did_you_mean(value, allowed, f"use one of {', '.join(repr(a) for a in allowed)}")
            raise UsageError(f"the setting `{name}` is {value!r}", hint=hint)
    if settings.remote and not _REMOTE.fullmatch(settings.remote):
        hint = "write the name of a remote, not its URL; list the names: git remote"
        raise UsageError("the setting `remote` is not the name of a git remote", hint=hint)
    try:
        read_windows(settings.hours)
    except ValueError as error:
        raise UsageError(f"the setting `hours`: {error}", hint='write "22:00-07:00", or several with commas') from error
    for name, (least, most) in _RANGES.items():
        _check_range(name, getattr(settings, name), least, most)
    _check_durations("", settings)
    for name, runner in settings.runners.items():
        _check_range(f"runners.{name}.max_steps", runner.max_steps, 0, _RANGES["max_steps"][1])
        _check_durations(f"runners.{name}.", runner)
    if settings.plan_max_usd > _MOST_FOR_A_PLAN:
        hint = f"use at most {_MOST_FOR_A_PLAN}"
        raise UsageError(f"the setting `plan_max_usd` is {settings.plan_max_usd}", hint=hint)


def _check_range(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise UsageError(f"the setting `{name}` is {value}", hint=f"use a number from {least} to {most}")


def _check_durations(prefix: str, settings: Settings | RunnerSettings) -> None:
    for name in settings.__match_args__:
        value = getattr(settings, name)
        if isinstance(value, timedelta) and not timedelta(0) <= value <= _LONGEST:
            raise UsageError(f"the setting `{prefix}{name}` is {value}", hint=f"use at most {_LONGEST.days} days")
    for name in ("deadline", "check_timeout", "plan_deadline"):
        if getattr(settings, name, _LONGEST) == timedelta(0):
            raise UsageError(f"the setting `{prefix}{name}` is 0", hint='write "2h", "90m" or "30s"')


def _fill(base: Settings, table: Mapping[str, Any], where: str, text: str) -> Settings:
    values: dict[str, Any] = {}
    known = list(base.__match_args__)
    for key, raw in table.items():
        place = _place(where, text, key)
        if key == "runners":
            values[key] = {**base.runners, **_runners(raw, base.runners, where, text)}
        elif key == "tree":
            values[key] = _record(base.tree, raw, "tree", where, text)
        elif key in known:
            values[key] = _convert(key, raw, getattr(base, key), place)
        else:
            raise _unknown(key, known, place)
    return replace(base, **values)


def _runners(raw: object, old: Mapping[str, RunnerSettings], where: str, text: str) -> dict[str, RunnerSettings]:
    if not isinstance(raw, dict):
        raise DocumentError("`runners` must be a table of tables", where=where, hint="write [runners.NAME]")
    return {
        name: _record(old.get(name, RunnerSettings()), table, f"runners.{name}", where, text)
        for name, table in raw.items()
    }


def _record(base: Any, raw: object, name: str, where: str, text: str) -> Any:
    if not isinstance(raw, dict):
        raise DocumentError(f"`{name}` must be a table", where=where, hint=f"write [{name}]")
    known = list(base.__match_args__)
    values: dict[str, Any] = {}
    for key, value in raw.items():
        place = _place(where, text, key)
        if key not in known:
            raise _unknown(f"{name}.{key}", [f"{name}.{k}" for k in known], place)
        values[key] = _convert(f"{name}.{key}", value, getattr(base, key), place)
    return replace(base, **values)


def _convert(name: str, raw: object, old: object, where: str) -> object:
    """Return `raw` as a value of the type of `old`."""
    if isinstance(old, timedelta):
        return _duration(name, raw, where)
    if isinstance(old, bool) or (isinstance(old, int) and isinstance(raw, bool)):
        return _typed(name, raw, bool, "true or false", where)
    if isinstance(old, int):
        return _typed(name, raw, int, "a whole number", where)
    if isinstance(old, Decimal):
        return _amount(name, raw, where)
    if isinstance(old, str):
        return _text(name, raw, where)
    if isinstance(old, tuple):
        values = [raw] if isinstance(raw, str) else raw
        if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
            raise DocumentError(f"`{name}` must be a list of texts", where=where, hint='write ["…", "…"]')
        if name.endswith("_delays"):
            return tuple(_duration(name, v, where) for v in values)
        return tuple(values)
    if not isinstance(raw, dict) or not all(isinstance(v, str) for v in raw.values()):
        raise DocumentError(f"`{name}` must be a table of texts", where=where, hint='write { name = "value" }')
    return dict(raw)


def _text(name: str, raw: object, where: str) -> object:
    if name == "network" and isinstance(raw, list):
        words = "`network` cannot be a list of hosts: limiting programs to host names would need a proxy"
        raise DocumentError(words, where=where, hint='write "on" or "off"')
    return _typed(name, raw, str, "text in quotes", where)


def _amount(name: str, raw: object, where: str) -> Decimal:
    amount = decimal_of(raw) if isinstance(raw, int | float | str) else None
    if amount is None or amount <= 0:
        raise DocumentError(f"`{name}` is {raw!r}, not an amount above 0", where=where)
    return amount


def _duration(name: str, raw: object, where: str) -> timedelta:
    span = parse_duration(raw) if isinstance(raw, str) else None
    if span is None:
        words = why_no_duration(raw) if isinstance(raw, str) else "is not a duration"
        raise DocumentError(f"`{name}` {words}: {raw!r}", where=where, hint='write "2h", "90m" or "30s"')
    return span


def _typed(name: str, raw: object, kind: type, words: str, where: str) -> object:
    if not isinstance(raw, kind) or (kind is int and isinstance(raw, bool)):
        raise DocumentError(f"`{name}` is {raw!r}, not {words}", where=where)
    return raw


def _unknown(key: str, known: list[str], where: str) -> DocumentError:
    hint = did_you_mean(key, known, f"known are {', '.join(known)}")
    return DocumentError(f"unknown setting `{key}`", where=where, hint=hint)


def _place(where: str, text: str, key: str) -> str:
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.lstrip()
        if stripped.startswith((f"{key} ", f"{key}=", f'"{key}"')):
            return f"{where}:{number}:{len(line) - len(stripped) + 1}"
    return where
