"""Secrets by value and by form: the person's own, the rules of `detect-secrets`, and a few of ours."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from mission_cli.adapters.keys import resolved
from mission_cli.domain.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMED = pattern(r"(^|_)(API|ACCESS|AUTH)?_?(KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|PAT)$", re.IGNORECASE)
_SHORTEST = 8
_KEY_BEGINS, _KEY_ENDS = pattern(r"-----BEGIN [A-Z ]*PRIVATE KEY"), pattern(r"-----END [A-Z ]*PRIVATE KEY")
_KEY_BLOCK = pattern(rf"{_KEY_BEGINS.pattern}.*?({_KEY_ENDS.pattern}( BLOCK)?-----|\Z)", re.DOTALL)
_OURS = {
    "Anthropic key": pattern(r"\bsk-ant-[A-Za-z0-9_-]{20,}"),
    "OpenAI key": pattern(r"\bsk-(?=[A-Za-z_-]*\d)(?=[a-z0-9_-]*[A-Z])[A-Za-z0-9_-]{32,}"),
    "Google key": pattern(r"\bAIza[A-Za-z0-9_-]{35}"),
    "xAI key": pattern(r"\bxai-[A-Za-z0-9]{40,}"),
    "Groq key": pattern(r"\bgsk_[A-Za-z0-9]{40,}"),
    "Hugging Face token": pattern(r"\bhf_[A-Za-z0-9]{30,}"),
    "GitHub fine-grained token": pattern(r"\bgithub_pat_[A-Za-z0-9_]{40,}"),
}
_GUESSES = frozenset(
    {
        "Base64 High Entropy String",
        "Hex High Entropy String",
        "Public IP (ipv4)",
        "Secret Keyword",
        "Basic Auth Credentials",
        "Artifactory Credentials",
    }
)
"""Rules that also fire on honest code: hashes of lock files, `password = "x"` of a test, a local database's address."""
_WORTH_A_LOOK = pattern(r"[A-Za-z0-9_/+=-]{16}")


class SecretRules:
    """`values` are secrets by value, each with what it is called."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values: dict[str, str] = {}
        for value, name in (values or {}).items():
            for line in value.splitlines():
                text = line.strip()
                if len(text) >= _SHORTEST and not text.startswith("-----"):
                    self._values |= {text: name, json.dumps(text)[1:-1]: name}
        longest_first = sorted(self._values, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def kind(self, line: str) -> str:
        """What kind of secret stands in a line; empty when there is none."""
        if self._known and (found := self._known.search(line)):
            return self._values[found.group()]
        if _KEY_BEGINS.search(line):
            return "Private key"
        for name, rule in _OURS.items():
            if rule.search(line):
                return name
        return next((name for name, _ in _by_form(line)), "")

    def scrub(self, text: str) -> str:
        """The text with `[secret: KIND]` in the place of every secret."""
        if self._known:
            text = self._known.sub(lambda found: _mark(self._values[found.group()]), text)
        text = _KEY_BLOCK.sub(_mark("Private key"), text)
        for name, rule in _OURS.items():
            text = rule.sub(_mark(name), text)
        for name, secret in _by_form(text):
            text = text.replace(secret, _mark(name))
        return text


class Scrubber:
    """Scrubs a stream line by line; a private key goes over many lines."""

    def __init__(self, rules: SecretRules) -> None:
        self._rules = rules
        self._in_key = False

    def line(self, text: str) -> str:
        """One line, clean."""
        if self._in_key:
            self._in_key = not _KEY_ENDS.search(text)
            return _mark("Private key")
        self._in_key = bool(_KEY_BEGINS.search(text)) and not _KEY_ENDS.search(text)
        return self._rules.scrub(text)


def known_secrets(environment: Mapping[str, str], *settings: Mapping[str, str]) -> dict[str, str]:
    """Secrets by value with their names: what is one by its name, and what a setting refers to."""
    found = {value: name for name, value in environment.items() if _NAMED.search(name)}
    for setting in settings:
        for name, value in setting.items():
            if value.startswith(("env:", "file:")):
                with suppress(OSError):
                    found[resolved(value, environment)] = name
    return found


def _mark(name: str) -> str:
    return f"[secret: {name}]"


def _by_form(text: str) -> list[tuple[str, str]]:
    """(kind, secret) by the rules of detect-secrets."""
    if not _WORTH_A_LOOK.search(text):
        return []
    return [(name, secret) for name, rule in _rules() for found in rule.finditer(text) if (secret := _of(found))]


def _of(found: re.Match[str]) -> str:
    """The secret itself where a rule names it by a group, else all that was found."""
    return next((group for group in reversed(found.groups()) if group and len(group) >= _SHORTEST), found.group())


@cache
def _rules() -> tuple[tuple[str, re.Pattern[str]], ...]:
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
    from detect_secrets.plugins.base import RegexBasedDetector

    detectors: dict[str, Any] = get_mapping_from_secret_type_to_class()
    found: list[tuple[str, re.Pattern[str]]] = []
    for name, detector in sorted(detectors.items()):
        if name not in _GUESSES and issubclass(detector, RegexBasedDetector):
            found += [(name, rule) for rule in detector().denylist]
    return tuple(found)
