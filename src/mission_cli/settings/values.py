"""Read settings from TOML and the environment, and check them. An unknown key is an error with a suggestion.

`parse` is pure; `wiring` decides which files are read, and in which order.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import replace
from mission_cli._support.lazy_re import pattern
from mission_cli._support.numbers import decimal_of
from mission_cli._support.text import did_you_mean, parse_duration, why_no_duration
from mission_cli.domain.errors import DocumentError, UsageError
from mission_cli.domain.news.rules import EVENTS, SEVERITIES
from mission_cli.domain.paths import SETTINGS_FILE
from mission_cli.domain.timing.hours import never_end, read_windows
from mission_cli.settings.dashboard import check_dashboard
from mission_cli.settings.deploying import DeploySettings, check_deploys
from mission_cli.settings.feedback import check_feedback
from mission_cli.settings.hosts import HostSettings, check_hosts
from mission_cli.settings.mail import check_mail
from mission_cli.settings.model import NotificationSettings, PreviewSettings, RunnerSettings, Settings
from mission_cli.settings.money import BudgetSettings, PriceSettings, check_money
from mission_cli.settings.outside import DeciderSettings, check_outside, check_proxied
from mission_cli.settings.payments import PurchaseLimitSettings, check_payments
from mission_cli.settings.watching import WatcherSettings, check_watcher

if TYPE_CHECKING:
    from collections.abc import Mapping

CHOICES: Mapping[str, tuple[str, ...]] = {
    "sandbox": ("auto", "required", "off"),
    "state": ("", "here"),
    "sign": ("auto", "always", "never"),
    "network": ("on", "off", "loopback"),
    "forge.kind": ("", "github", "gitlab", "forgejo"),
    "forge.merge": ("", "merge", "squash", "rebase"),
}
"""Settings that take one of some words."""
ENVIRONMENT_PREFIX = "MISSION_"
_WHOLE = pattern(r"-?[0-9]{1,18}")
RANGES = {
    "max_parallel_workers": (1, 64),
    "machine_workers": (1, 256),
    "attempts": (1, 100),
    "validation_rounds": (1, 100),
    "max_steps": (1, 100_000),
    "max_file_mib": (0, 10**6),
    "min_free_memory_mib": (0, 10**12),
    "min_free_disk_mib": (0, 10**12),
    "mail.smtp_port": (1, 65535),
    "mail.imap_port": (1, 65535),
    "mail.limit": (0, 1000),
    "skills.tokens": (0, 20_000),
}
"""Values outside are an error, because each of these limits what a mission may use."""
MOST_FOR_A_PLAN = Decimal(1000)
_TREE = pattern(r"^\[[ \t]*tree[ \t]*\][^\n]*$", re.MULTILINE)
LONGEST = timedelta(days=366)
"""The longest duration."""
NEVER_ZERO = (
    "timeout",
    "deadline",
    "check_timeout",
    "plan_deadline",
    "link_lifetime",
    "ready",
    "expires",
    "health_timeout",
)
"""Durations that 0 would make useless."""
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
_RULE_NAME = pattern(r"[\w.@#-]+")
_ADDRESS = pattern(r"[A-Za-z][A-Za-z0-9+.-]*://\S")
_PASSWORD = pattern(r"[^:/]*://[^/@\s:]*:[^/@\s]+@")
_URL_PATH = pattern(r"/[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]*")
_REMOTE = pattern(r"[A-Za-z0-9_][^\s:\"\\\x00-\x1f]*")
"""The name of a remote. URLs are rejected: they may contain a login, and `ext::…` is a command."""


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
        if text is None or name in _TABLES or name in NAMED_TABLES:
            continue
        old = getattr(base, name)
        raw: Any = int(text) if isinstance(old, int) and _WHOLE.fullmatch(text) else text
        raw = [part.strip() for part in text.split(",") if part.strip()] if isinstance(old, tuple) else raw
        values[name] = _convert(name, raw, old, f"{ENVIRONMENT_PREFIX}{name.upper()}")
    return replace(base, **values) if values else base


def check(settings: Settings) -> None:
    """Raise UsageError for invalid values."""
    for name, allowed in CHOICES.items():
        value = attrgetter(name)(settings)
        if value not in allowed:
            hint = did_you_mean(value, allowed, f"use one of {', '.join(repr(a) for a in allowed)}")
            raise UsageError(f"the setting `{name}` is {value!r}", hint=hint)
    if settings.remote and not _REMOTE.fullmatch(settings.remote):
        hint = "write the name of a remote, not its URL; list the names: git remote"
        raise UsageError("the setting `remote` is not the name of a git remote", hint=hint)
    _check_windows("hours", settings.hours)
    for name, (least, most) in RANGES.items():
        _check_range(name, attrgetter(name)(settings), least, most)
    _check_durations("", settings)
    _check_durations("forge.", settings.forge)
    _check_preview(settings.preview)
    if not _REMOTE.fullmatch(settings.forge.remote):
        hint = "write the name of a remote, not its URL; list the names: git remote"
        raise UsageError("the setting `forge.remote` is not the name of a git remote", hint=hint)
    if settings.forge.token and not settings.forge.token.startswith(("env:", "file:")):
        hint = 'write "env:NAME" or "file:PATH": a settings file is not a place for a token'
        raise UsageError("the setting `forge.token` is not a reference", hint=hint)
    _check_durations("hooks.", settings.hooks)
    check_mail(settings.mail)
    check_dashboard(settings.dashboard)
    check_payments(settings.payments, settings.purchase_limits)
    _check_windows("payments.hours", settings.payments.hours)
    check_feedback(settings.feedback)
    check_money(settings.budgets, settings.prices, settings.currency)
    check_deploys(settings.deploy)
    check_hosts(settings.hosts)
    _check_named(settings)
    if settings.plan_max_usd > MOST_FOR_A_PLAN:
        hint = f"use at most {MOST_FOR_A_PLAN}"
        raise UsageError(f"the setting `plan_max_usd` is {settings.plan_max_usd}", hint=hint)


def _check_named(settings: Settings) -> None:
    """Check the tables whose names a person chose."""
    for name, target in settings.deploy.items():
        _check_durations(f"deploy.{name}.", target)
    for name, watcher in settings.watchers.items():
        check_watcher(f"watchers.{name}", watcher, settings.notifications)
    for name, rule in settings.notifications.items():
        _check_rule(f"notifications.{name}", rule)
    _check_durations("serve.", settings.serve)
    named = {f"notifications.{name}.decider": rule.decider for name, rule in settings.notifications.items()}
    check_outside(settings.serve, settings.deciders, named)
    for name, runner in settings.runners.items():
        _check_range(f"runners.{name}.max_steps", runner.max_steps, 0, RANGES["max_steps"][1])
        _check_durations(f"runners.{name}.", runner)
        check_proxied(f"runners.{name}.proxy", runner.proxied)


def _check_preview(preview: PreviewSettings) -> None:
    _check_durations("preview.", preview)
    if preview.run and preview.deploy:
        hint = "keep `run` for a server on this machine, `deploy` for one elsewhere"
        raise UsageError("the settings `preview.run` and `preview.deploy` exclude each other", hint=hint)
    for name, value in (("path", preview.path), ("health", preview.health)):
        if value and not _URL_PATH.fullmatch(value):
            raise UsageError(f"the setting `preview.{name}` is {value!r}", hint='write a path such as "/login"')


def _check_windows(name: str, text: str) -> tuple[tuple[int, int], ...]:
    try:
        return read_windows(text)
    except ValueError as error:
        hint = 'write "22:00-07:00", or several with commas'
        raise UsageError(f"the setting `{name}`: {error}", hint=hint) from error


def _check_rule(prefix: str, rule: NotificationSettings) -> None:
    """Check one rule. No error contains the address of a channel."""
    if not _RULE_NAME.fullmatch(prefix.removeprefix("notifications.")):
        hint = "use letters, digits, `.`, `_`, `-`, `@` and `#`"
        raise UsageError(f"{prefix!r} is not a valid name of a rule", hint=hint)
    if not rule.channels:
        raise UsageError(f"the setting `{prefix}.channels` is empty", hint='write ["ntfy://HOST/TOPIC"], or "env:NAME"')
    for number, channel in enumerate(rule.channels, 1):
        if not channel.startswith(("env:", "file:")) and not _ADDRESS.match(channel):
            hint = 'write an apprise URL such as "ntfy://HOST/TOPIC", "env:NAME" or "file:PATH"'
            raise UsageError(f"channel {number} of `{prefix}.channels` is neither a URL nor a reference", hint=hint)
        if _PASSWORD.match(channel):
            hint = 'put the URL into the key file, and write "env:NAME": a settings file is not a place for a secret'
            raise UsageError(f"channel {number} of `{prefix}.channels` contains a password", hint=hint)
    for one in rule.events:
        if not any(fnmatchcase(event, one) for event in EVENTS):
            hint = did_you_mean(one, EVENTS, "the page `settings` lists the events")
            raise UsageError(f"`{prefix}.events` has {one!r}, which matches no event", hint=hint)
    _check_content(prefix, rule)
    if rule.severity not in SEVERITIES:
        hint = did_you_mean(rule.severity, SEVERITIES, f"use one of {', '.join(map(repr, SEVERITIES))}")
        raise UsageError(f"the setting `{prefix}.severity` is {rule.severity!r}", hint=hint)
    windows = _check_windows(f"{prefix}.quiet", rule.quiet)
    if windows and never_end(windows):
        raise UsageError(f"the setting `{prefix}.quiet` covers the whole day", hint="leave some hours for messages")
    _check_durations(f"{prefix}.", rule)


def _check_content(prefix: str, rule: NotificationSettings) -> None:
    from mission_cli.domain.news.conditions import read_condition

    for one in rule.attach:
        if not one.startswith(("assets/", "research/")):
            hint = 'write patterns below the folder of the mission: "assets/*.png" or "research/*.md"'
            raise UsageError(f"`{prefix}.attach` has {one!r}, which is outside of assets/ and research/", hint=hint)
    try:
        if rule.when:
            read_condition(rule.when)
    except ValueError as error:
        hint = """write '{"field": "spent_usd", "op": ">", "value": 5}'"""
        raise UsageError(f"the setting `{prefix}.when`: {error}", hint=hint) from error


def _check_range(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise UsageError(f"the setting `{name}` is {value}", hint=f"use a number from {least} to {most}")


def _check_durations(prefix: str, settings: object) -> None:
    for name in settings.__match_args__:  # type: ignore[attr-defined]  # every settings record has it
        value = getattr(settings, name)
        if isinstance(value, timedelta) and not timedelta(0) <= value <= LONGEST:
            raise UsageError(f"the setting `{prefix}{name}` is {value}", hint=f"use at most {LONGEST.days} days")
    for key in NEVER_ZERO:
        if getattr(settings, key, LONGEST) == timedelta(0):
            raise UsageError(f"the setting `{prefix}{key}` is 0", hint='write "2h", "90m" or "30s"')


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
