"""The values that settings may have."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from operator import attrgetter
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import did_you_mean
from mission_cli.domain.errors import UsageError
from mission_cli.domain.news.rules import EVENTS, SEVERITIES
from mission_cli.domain.timing.hours import never_end, read_windows
from mission_cli.settings.dashboard import check_dashboard
from mission_cli.settings.deploying import check_deploys
from mission_cli.settings.feedback import check_feedback
from mission_cli.settings.hosts import check_hosts
from mission_cli.settings.mail import check_mail
from mission_cli.settings.money import check_money
from mission_cli.settings.outside import check_outside, check_proxied
from mission_cli.settings.payments import check_payments
from mission_cli.settings.watching import check_watcher

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.settings.model import NotificationSettings, PreviewSettings, Settings

CHOICES: Mapping[str, tuple[str, ...]] = {
    "sandbox": ("auto", "required", "off"),
    "state": ("", "here"),
    "sign": ("auto", "always", "never"),
    "network": ("on", "off", "loopback"),
    "forge.kind": ("", "github", "gitlab", "forgejo"),
    "forge.merge": ("", "merge", "squash", "rebase"),
}
"""Settings that take one of some words."""
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
_RULE_NAME = pattern(r"[\w.@#-]+")
_ADDRESS = pattern(r"[A-Za-z][A-Za-z0-9+.-]*://\S")
_PASSWORD = pattern(r"[^:/]*://[^/@\s:]*:[^/@\s]+@")
_URL_PATH = pattern(r"/[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]*")
REMOTE_NAME = pattern(r"[A-Za-z0-9_][^\s:\"\\\x00-\x1f]*")
"""The name of a remote. URLs are rejected: they may contain a login, and `ext::…` is a command."""


def check(settings: Settings) -> None:
    """Raise UsageError for invalid values."""
    for name, allowed in CHOICES.items():
        value = attrgetter(name)(settings)
        if value not in allowed:
            hint = did_you_mean(value, allowed, f"use one of {', '.join(repr(a) for a in allowed)}")
            raise UsageError(f"the setting `{name}` is {value!r}", hint=hint)
    if settings.remote and not REMOTE_NAME.fullmatch(settings.remote):
        hint = "write the name of a remote, not its URL; list the names: git remote"
        raise UsageError("the setting `remote` is not the name of a git remote", hint=hint)
    _check_windows("hours", settings.hours)
    for name, (least, most) in RANGES.items():
        _check_range(name, attrgetter(name)(settings), least, most)
    _check_durations("", settings)
    _check_durations("forge.", settings.forge)
    _check_preview(settings.preview)
    if not REMOTE_NAME.fullmatch(settings.forge.remote):
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
