"""Settings for deciding from outside: the server, and the persons who may decide through it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import did_you_mean
from mission_cli.domain.egress.gate import read_gate
from mission_cli.domain.errors import DocumentError, UsageError
from mission_cli.domain.resources.references import read_reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SECRETS = ("slack_secret", "telegram_secret", "github_secret", "gitlab_secret", "forgejo_secret")
"""Settings that refer to what a webhook is signed with."""
_URL = pattern(r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?|http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?")
_VARIABLE = pattern(r"[A-Za-z_][A-Za-z0-9_]*")
_NAME = pattern(r"[\w.-]+")
_MAY = pattern(r"\S+/.+|\*")


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """The `[serve]` table: what the server offers to the world outside."""

    url: str = ""
    """public address of the server, `https://HOST`; empty: no links in notifications"""
    link_lifetime: timedelta = timedelta(hours=24)
    """how long a link decides"""
    slack_secret: str = ""
    """`env:NAME` or `file:PATH` with the signing secret of the Slack app"""
    telegram_secret: str = ""
    """the same for the secret token of the Telegram webhook"""
    github_secret: str = ""
    """the same for the secret of the GitHub webhook"""
    gitlab_secret: str = ""
    """the same for the secret token of the GitLab webhook"""
    forgejo_secret: str = ""
    """the same for the secret of the Forgejo webhook"""


@dataclass(frozen=True, slots=True)
class DeciderSettings:
    """One `[deciders.NAME]` table: a person who may decide from outside."""

    email: str = ""
    """address of the person, for the author of the commits"""
    slack: str = ""
    """id of the person in Slack, such as `U024BE7LH`; empty: not in Slack"""
    telegram: str = ""
    """id of the person in Telegram, a number; empty: not in Telegram"""
    may: tuple[str, ...] = ()
    """what they may decide: `MISSION/gate:NAME`, `MISSION/request:N`; empty: nothing"""


def check_outside(serve: ServeSettings, deciders: Mapping[str, DeciderSettings], named: Mapping[str, str]) -> None:
    """Raise UsageError for invalid values; `named` are the deciders that other settings name, by the setting."""
    if serve.url and not _URL.fullmatch(serve.url):
        hint = "write https://HOST or https://HOST:PORT, without a path; http:// only for localhost"
        raise UsageError(f"the setting `serve.url` is {serve.url!r}", hint=hint)
    for name in SECRETS:
        value = getattr(serve, name)
        if value and not value.startswith(("env:", "file:")):
            hint = 'write "env:NAME" or "file:PATH": a settings file is not a place for a secret'
            raise UsageError(f"the setting `serve.{name}` is not a reference", hint=hint)
    for name, one in deciders.items():
        _check_decider(name, one)
    for setting, name in named.items():
        if name and name not in deciders:
            hint = did_you_mean(name, deciders, "add a table [deciders.NAME]")
            raise UsageError(f"`{setting}` names {name!r}, which is not a decider", hint=hint)
    for door in ("slack", "telegram"):
        _check_once(door, [getattr(one, door) for one in deciders.values()])


def check_proxied(setting: str, keys: Mapping[str, tuple[str, str]]) -> None:
    """Raise UsageError for a key that no proxy can add; no error contains what may be a key."""
    for name, (reference, delivery) in keys.items():
        hint = f'write {{{name} = "env:KEY proxy https://HOST HEADER: {{}}"}}'
        if not _VARIABLE.fullmatch(name):
            raise UsageError(f"`{setting}` has {name!r}, which no variable can be called", hint=hint)
        if read_reference(reference) is None:
            raise UsageError(f"`{setting}.{name}` does not begin with a reference to a key", hint=hint)
        try:
            read_gate(delivery)
        except DocumentError as error:
            raise UsageError(f"`{setting}.{name}`: {error.message}", hint=hint) from error


def _check_decider(name: str, one: DeciderSettings) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is not a valid name of a decider", hint="use letters, digits, `.`, `_` and `-`")
    for text in one.may:
        if not _MAY.fullmatch(text):
            hint = 'write "MISSION/gate:NAME" or "MISSION/request:N", with `*` for any text: "words/*", or "*"'
            raise UsageError(f"`deciders.{name}.may` has {text!r}", hint=hint)


def _check_once(door: str, ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for one in filter(None, ids):
        if one in seen:
            hint = "each person has an id of their own"
            raise UsageError(f"two deciders have the same `{door}`: {one!r}", hint=hint)
        seen.add(one)
