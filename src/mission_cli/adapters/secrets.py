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
    from collections.abc import Iterable, Iterator, Mapping

    from mission_cli.ports.secrets import Secrets

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
_LONGEST_KEY = 500
"""Lines; what is longer has lost its end."""
_PIECE, _OVERLAP = 1000, 300
_REST = pattern(r"[A-Za-z0-9_.+/=-]*")
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
        return _without(text, _spans(text))


class Scrubber:
    """Scrubs a stream line by line; a private key goes over many lines."""

    def __init__(self, rules: Secrets) -> None:
        self._rules = rules
        self._in_key = False
        self._key_lines = 0

    def text(self, text: str) -> str:
        """A text that is whole by itself, clean."""
        return self._rules.scrub(text)

    def skip(self, text: str) -> None:
        """Pass over text that nobody keeps: what follows it may still be the rest of a private key."""
        begins = max((found.end() for found in _KEY_BEGINS.finditer(text)), default=-1)
        ends = max((found.end() for found in _KEY_ENDS.finditer(text)), default=-1)
        if max(begins, ends) >= 0:
            self._in_key = begins > ends

    def lines(self, texts: list[str]) -> list[str]:
        """Lines that follow each other, clean; there may be fewer of them afterwards."""
        whole = "\n".join(texts)
        if self._in_key or _KEY_BEGINS.search(whole):
            return [self.line(text) for text in texts]
        return self._rules.scrub(whole).split("\n")

    def line(self, text: str) -> str:
        """One line, clean."""
        if self._in_key:
            self._key_lines += 1
            self._in_key = self._key_lines < _LONGEST_KEY and not _KEY_ENDS.search(text)
            return _mark("Private key")
        self._key_lines = 0
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


def _spans(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, kind) of each secret by its form, in no order.

    Long text is looked at in overlapping pieces: a rule whose time grows with the square of its input stays linear.
    """
    seen = 0
    for at in range(0, max(1, len(text) - _OVERLAP), _PIECE):
        piece = text[at : at + _PIECE + _OVERLAP]
        found = [(hit.start(), hit.end(), name) for name, rule in _OURS.items() for hit in rule.finditer(piece)]
        if _WORTH_A_LOOK.search(piece):
            found += [(*_place(hit), name) for name, rule in _rules() for hit in rule.finditer(piece)]
        for start, end, name in found:
            last = at + end
            if end == len(piece) and at + start >= seen:  # the secret goes on behind the piece
                rest = _REST.match(text, last)
                last = seen = rest.end() if rest else last
            yield at + start, last, name


def _without(text: str, spans: Iterable[tuple[int, int, str]]) -> str:
    """The text with a mark in the place of each span; of two that overlap the first one is named."""
    parts, done = [], 0
    for start, end, name in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= done:
            parts += [text[done:start], _mark(name)]
        done = max(done, end)
    return "".join([*parts, text[done:]])


def _by_form(text: str) -> list[tuple[str, str]]:
    """(kind, secret) by the rules of detect-secrets."""
    if not _WORTH_A_LOOK.search(text):
        return []
    return [(name, secret) for name, rule in _rules() for found in rule.finditer(text) if (secret := _of(found))]


def _of(found: re.Match[str]) -> str:
    """The secret itself where a rule names it by a group, else all that was found."""
    return found.string[slice(*_place(found))]


def _place(found: re.Match[str]) -> tuple[int, int]:
    """Where that is."""
    groups = range(found.re.groups, 0, -1)
    return found.span(next((n for n in groups if found[n] and len(found[n]) >= _SHORTEST), 0))


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
