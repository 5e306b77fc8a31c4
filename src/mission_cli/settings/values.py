"""Read settings from TOML and the environment. An unknown key is an error with a suggestion.

`parse` is pure; `wiring` decides which files are read, and in which order.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import replace
from mission_cli._support.lazy_re import pattern
from mission_cli._support.numbers import decimal_of
from mission_cli._support.text import did_you_mean, parse_duration, why_no_duration
from mission_cli.domain.errors import DocumentError, UsageError
from mission_cli.domain.paths import SETTINGS_FILE
from mission_cli.settings.checks import REMOTE_NAME
from mission_cli.settings.deploying import DeploySettings
from mission_cli.settings.hosts import HostSettings, check_hosts
from mission_cli.settings.model import NotificationSettings, RunnerSettings, Settings
from mission_cli.settings.money import BudgetSettings, PriceSettings
from mission_cli.settings.outside import DeciderSettings
from mission_cli.settings.payments import PurchaseLimitSettings
from mission_cli.settings.watching import WatcherSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

ENVIRONMENT_PREFIX = "MISSION_"
_WHOLE = pattern(r"-?[0-9]{1,18}")
_TREE = pattern(r"^\[[ \t]*tree[ \t]*\][^\n]*$", re.MULTILINE)
NAMED_TABLES: Mapping[str, type] = {
    "runners": RunnerSettings,
    "notifications": NotificationSettings,
    "deciders": DeciderSettings,
    "watchers": WatcherSettings,
    "budgets": BudgetSettings,
    "prices": PriceSettings,
    "deploy": DeploySettings,
    "purchase_limits": PurchaseLimitSettings,
    "hosts": HostSettings,
}
"""Tables of tables whose names a person chooses."""
_TABLES = frozenset(
    "tree forge mail mcp preview serve hooks dashboard feedback currency skills payments".split()  # noqa: SIM905 - one line
)
"""Tables with fixed names."""
_OWN_ONLY = {
    "payments": "a repository decides nothing about your money",
    "purchase_limits": "a repository decides nothing about your money",
    "hosts": "a repository does not send work to your machines",
}
"""Tables of the person alone, each with the reason."""


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
    if named or not REMOTE_NAME.fullmatch(remote):
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
        if text is None or name in _TABLES or name in NAMED_TABLES:
            continue
        old = getattr(base, name)
        raw: Any = int(text) if isinstance(old, int) and _WHOLE.fullmatch(text) else text
        raw = [part.strip() for part in text.split(",") if part.strip()] if isinstance(old, tuple) else raw
        values[name] = _convert(name, raw, old, f"{ENVIRONMENT_PREFIX}{name.upper()}")
    return replace(base, **values) if values else base


def _fill(base: Settings, table: Mapping[str, Any], where: str, text: str) -> Settings:
    values: dict[str, Any] = {}
    known = list(base.__match_args__)
    for key, raw in table.items():
        place = _place(where, text, key)
        if key in _OWN_ONLY and where.endswith(SETTINGS_FILE):
            hint = f"write it into config.toml in your config folder: {_OWN_ONLY[key]}"
            raise DocumentError(f"`{key}` cannot be set by a repository", where=place, hint=hint)
        if key in NAMED_TABLES:
            old = getattr(base, key)
            values[key] = {**old, **_named_tables(key, raw, old, where, text)}
            if key == "hosts":
                check_hosts(values[key], where, text)
        elif key in _TABLES:
            values[key] = _record(getattr(base, key), raw, key, where, text)
        elif key in known:
            values[key] = _convert(key, raw, getattr(base, key), place)
        else:
            raise _unknown(key, known, place)
    return replace(base, **values)


def _named_tables(key: str, raw: object, old: Mapping[str, Any], where: str, text: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise DocumentError(f"`{key}` must be a table of tables", where=where, hint=f"write [{key}.NAME]")
    if key == "budgets":  # a repository adds to your own budgets: it cannot change them
        old, raw = {}, {f"{name} (repository)" if name in old else name: table for name, table in raw.items()}
    return {
        name: _record(old.get(name, NAMED_TABLES[key]()), table, f"{key}.{name}", where, text)
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
    if isinstance(old, Decimal) or old is None:
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
    if isinstance(raw, bool) or amount is None or amount < 0 or not (amount or name.startswith("prices.")):
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
        if stripped.startswith((f"{key} ", f"{key}=", f'"{key}"', f"[{key}]", f"[{key}.")):
            return f"{where}:{number}:{len(line) - len(stripped) + 1}"
    return where
