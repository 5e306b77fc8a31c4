"""Find secrets by value and by form: the person's own, the rules of `detect-secrets`, and some of our own."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.fs.env_file import is_reference, resolved
from mission_cli.adapters.secrets.forms import Forms

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mission_cli.adapters.secrets.forms import Found
    from mission_cli.ports.secrets import Secrets

_NAMED = pattern(r"(^|_)(API|ACCESS|AUTH)?_?(KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|PAT)$", re.IGNORECASE)
SHORTEST_SECRET = 8
"""Shorter values, in characters, are not hidden: they would also occur in other words."""
_KEY_BEGINS, _KEY_ENDS = pattern(r"-----BEGIN [A-Z ]*PRIVATE KEY"), pattern(r"-----END [A-Z ]*PRIVATE KEY")
_KEY_BLOCK = pattern(rf"{_KEY_BEGINS.pattern}.*?({_KEY_ENDS.pattern}( BLOCK)?-----|\Z)", re.DOTALL)
_LONGEST_KEY = 500
"""In lines; a longer key block has lost its end."""
_WORTH_A_LOOK = pattern(r"[A-Za-z0-9_/+=-]{16}")


class SecretRules:
    """Finds and hides secrets. `values` are secrets by value, each with its name."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values: dict[str, str] = {}
        for value, name in (values or {}).items():
            for line in value.splitlines():
                text = line.strip()
                if len(text) >= SHORTEST_SECRET and not text.startswith("-----"):
                    self._values |= {text: name, json.dumps(text)[1:-1]: name}
        longest_first = sorted(self._values, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    @cached_property
    def _forms(self) -> Forms:
        return Forms(self._values)

    def find(self, text: bytes) -> Iterator[Found]:
        """Yield every secret in a text, in time linear in its length."""
        return self._forms.find(text)

    def kind(self, line: str) -> str:
        """Return the kind of secret in a line; empty if there is none, or only an example."""
        found = self.find(line.encode("utf-8", "surrogateescape"))
        return next((one.kind for one in found if not one.is_example), "")

    def scrub(self, text: str) -> str:
        """Return the text with `[secret: KIND]` in place of every secret."""
        if self._known:
            text = self._known.sub(lambda found: _mark(self._values[found.group()]), text)
        text = _KEY_BLOCK.sub(_mark("Private key"), text)
        if not _WORTH_A_LOOK.search(text):
            return text
        raw = text.encode("utf-8", "surrogateescape")
        secrets: dict[bytes, str] = {}
        for one in self.find(raw):
            secrets.setdefault(one.secret, one.kind)
        for secret in sorted(secrets, key=len, reverse=True):
            raw = raw.replace(secret, _mark(secrets[secret]).encode())
        return raw.decode("utf-8", "surrogateescape") if secrets else text


class Scrubber:
    """Scrubs a stream line by line, including private keys over many lines."""

    def __init__(self, rules: Secrets) -> None:
        self._rules = rules
        self._in_key = False
        self._key_lines = 0

    def text(self, text: str) -> str:
        """Scrub a text that is complete in itself."""
        return self._rules.scrub(text)

    def skip(self, text: str) -> None:
        """Skip text that is not kept; what follows may still be the rest of a private key."""
        begins = max((found.end() for found in _KEY_BEGINS.finditer(text)), default=-1)
        ends = max((found.end() for found in _KEY_ENDS.finditer(text)), default=-1)
        if max(begins, ends) >= 0:
            self._in_key = begins > ends

    def lines(self, texts: list[str]) -> list[str]:
        """Scrub consecutive lines; the result may have fewer lines."""
        whole = "\n".join(texts)
        if self._in_key or _KEY_BEGINS.search(whole):
            return [self.line(text) for text in texts]
        return self._rules.scrub(whole).split("\n")

    def line(self, text: str) -> str:
        """Scrub one line."""
        if self._in_key:
            self._key_lines += 1
            self._in_key = self._key_lines < _LONGEST_KEY and not _KEY_ENDS.search(text)
            return _mark("Private key")
        self._key_lines = 0
        self._in_key = bool(_KEY_BEGINS.search(text)) and not _KEY_ENDS.search(text)
        return self._rules.scrub(text)


def known_secrets(environment: Mapping[str, str], *settings: Mapping[str, str]) -> dict[str, str]:
    """Return secrets by value with their names: variables with a secret's name, and what settings refer to."""
    found = {value: name for name, value in environment.items() if _NAMED.search(name)}
    for setting in settings:
        for name, value in setting.items():
            if is_reference(value):
                with suppress(OSError):
                    found[resolved(value, environment)] = name
    return found


def _mark(name: str) -> str:
    return f"[secret: {name}]"
