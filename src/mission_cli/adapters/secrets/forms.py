"""Find keys and tokens by their form, in linear time: the rules of `detect-secrets` and some of our own, in RE2.

A first search, for the beginnings of all forms, skips text without any; the rules run only around its hits.
"""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.fs.atomic import read_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PRIVATE_KEY = "Private key"
KEPT_RULES = "forms.json"
REACH = 4096
"""A secret is found if it lies within this many bytes."""
_OURS = {
    "Anthropic key": r"\bsk-ant-[A-Za-z0-9_-]{20,}",
    "OpenAI key": r"\bsk-[A-Za-z0-9_-]{32,}",
    "Google key": r"\bAIza[A-Za-z0-9_-]{35}",
    "xAI key": r"\bxai-[A-Za-z0-9]{40,}",
    "Groq key": r"\bgsk_[A-Za-z0-9]{40,}",
    "Hugging Face token": r"\bhf_[A-Za-z0-9]{30,}",
    "GitHub fine-grained token": r"\bgithub_pat_[A-Za-z0-9_]{40,}",
    "JSON Web Token": r"eyJ[A-Za-z0-9_=-]+\.[A-Za-z0-9_=-]+(?:\.[A-Za-z0-9_.+/=-]*)?",
    PRIVATE_KEY: r"BEGIN [A-Z0-9 ]{0,24}PRIVATE KEY|PuTTY-User-Key-File-[23]",
}
_GUESSES = frozenset(
    {
        "Base64 High Entropy String",
        "Hex High Entropy String",
        "Public IP (ipv4)",
        "Secret Keyword",
        "Basic Auth Credentials",
        "Artifactory Credentials",
        "JSON Web Token",
        "Private Key",
    }
)
"""Rules that also match harmless code: hashes in lock files, `password = "x"` in a test, the URL of a local database.

The last two are replaced by rules of our own: a token is hidden to its end, and a line that only names a key does not
count.
"""
_BEGINNINGS = {
    "Discord Bot Token": r"\.[\w-]{6}\.[\w-]{8}",
    "Mailchimp Access Key": r"[0-9a-z]-us[0-9]",
    "Telegram Bot Token": r"[0-9]{4}:[0-9A-Za-z_-]{8}",
}
"""What to search for first if every long word begins as the form does."""
_COUNT = pattern(r"\{(\d+)(?:,\d*)?\}")
_MOST_COUNTED = 8
_AROUND, _BLOCK = 512, 16_384
_MEMORY = 16 << 20
_SHORTEST = 8
_REST = pattern(rb"[A-Za-z0-9_.+/=-]*")
_KEY_BODY = pattern(rb"[A-Za-z0-9+/=]{40,}")
_KEY_END = pattern(rb"-----END|\Z")
_KEY_REACH = 3000
_OPENAI = pattern(rb"sk-(?=[A-Za-z_-]*\d)(?=[a-z0-9_-]*[A-Z])")
_WORDS = pattern(
    rb"example|placeholder|dummy|redacted|changeme|sample|insert|your[-_]|notreal|12345678|abcdefgh", re.IGNORECASE
)
_SAMPLE_TOKEN = b".eyJzdWIiOiIxMjM0NTY3ODkw"
"""The payload of the sample tokens on jwt.io: `{"sub":"1234567890`."""


@dataclass(frozen=True, slots=True)
class Found:
    """One secret in a text."""

    start: int
    kind: str
    secret: bytes
    known: bool = False
    """It is one of the person's own secrets, known by value."""

    @property
    def is_example(self) -> bool:
        """Whether it is a sample from documentation or cannot be real: `AKIA…EXAMPLE`, `sk-xxxxxxxx…`."""
        if self.known or self.kind == PRIVATE_KEY:
            return False
        tail = self.secret.rpartition(b"-")[2].rpartition(b"_")[2]
        return bool(_WORDS.search(self.secret)) or _SAMPLE_TOKEN in self.secret or len(set(tail)) <= 2  # noqa: PLR2004 - `xxxx`, `x.x.`


class Forms:
    """All forms, and the secrets that are known by value, with their names."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = {value.encode("utf-8", "surrogateescape"): name for value, name in values.items()}
        known = [_pattern(re.escape(v)) for v in sorted(self._values, key=len, reverse=True)]
        self._known = _compiled(b"|".join(known)) if known else None
        first = [beginning for _, _, beginning in _forms()]
        self._first = _compiled(b"|".join([*first, *known]))

    def find(self, text: bytes) -> Iterator[Found]:
        """Yield every secret in a text; one that matches several rules is yielded several times."""
        at = 0
        while at < len(text) and (hit := self._first.search(text, at)) is not None:
            begin = max(0, hit.start() - _AROUND)
            end = min(len(text), hit.start() + _BLOCK)
            yield from self._in_block(text, begin, end)
            at = max(hit.start() + 1, end - REACH) if end < len(text) else end

    def _in_block(self, text: bytes, begin: int, end: int) -> Iterator[Found]:
        block = text[begin:end]
        if self._known is not None:
            for match in self._known.finditer(block):
                yield Found(begin + match.start(), self._values[match.group()], match.group(), known=True)
        for kind, rule, _ in _forms():
            for match in rule.finditer(block):
                secret = _of(kind, match, text, begin)
                if secret and begin + match.end() == end < len(text):  # it continues after the block
                    rest = _REST.match(text, end)
                    secret += rest.group() if rest else b""
                if secret:
                    yield Found(begin + match.start(), kind, secret)


def _of(kind: str, match: Any, text: bytes, begin: int) -> bytes:
    """Return the secret in a match, by the rule's group or as a whole; empty if it is none after all."""
    if kind == PRIVATE_KEY:
        return _key_body(text, begin + match.end())
    if kind == "OpenAI key" and not _OPENAI.match(match.group()):
        return b""
    groups: tuple[bytes | None, ...] = match.groups()
    whole: bytes = match.group()
    return next((group for group in reversed(groups) if group and len(group) >= _SHORTEST), whole)


def _key_body(text: bytes, start: int) -> bytes:
    """Return a line that is unique to a private key; empty if the text only mentions a key."""
    piece = text[start : start + _KEY_REACH]
    end = _KEY_END.search(piece)
    lines = _KEY_BODY.findall(piece[: end.start() if end else len(piece)])
    return lines[-1] if lines else b""


@cache
def _forms() -> tuple[tuple[str, Any, bytes], ...]:
    """Return (kind, rule, pattern that every match begins with or contains)."""
    return tuple(
        (kind, _compiled(_pattern(text, any_case=any_case)), _pattern(_beginning(kind, text), any_case=any_case))
        for kind, text, any_case in rules()
    )


def rules() -> list[tuple[str, str, bool]]:
    """Return (kind, pattern, whether case does not matter) of all forms.

    In the program that is sent to hosts they are in a file beside this one: `detect-secrets` is not installed there.
    """
    kept = read_json(Path(__file__).with_name(KEPT_RULES))
    if isinstance(kept, list):
        return [(str(kind), str(text), any_case is True) for kind, text, any_case in kept]
    try:
        with _without_requests():
            detectors = _detectors()
    except (AttributeError, ImportError):  # a version that needs more of it
        detectors = _detectors()
    raw = [(name, rule, False) for name, rule in _OURS.items()]
    for name, detector in sorted(detectors.items()):
        if name not in _GUESSES:
            raw += [(name, _in_re2(rule.pattern), bool(rule.flags & re.IGNORECASE)) for rule in detector().denylist]
    return raw


def _detectors() -> dict[str, Any]:
    """Return what finds secrets by rules, by the name of their kind."""
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
    from detect_secrets.plugins.base import RegexBasedDetector

    found: dict[str, Any] = get_mapping_from_secret_type_to_class()
    return {name: one for name, one in found.items() if issubclass(one, RegexBasedDetector)}


@contextmanager
def _without_requests() -> Iterator[None]:
    """Import the rules without `requests`, with which they could ask services whether a key is valid; we never do.

    It takes longer to import than all the rules, and each worker's supervisor imports them.
    """
    if "requests" in sys.modules:
        yield
        return
    sys.modules["requests"] = _Requests("requests")
    try:
        yield
    finally:
        del sys.modules["requests"]


class _Requests(ModuleType):
    """What the rules name when they are imported."""

    Response = object


def _pattern(text: str | bytes, *, any_case: bool = False) -> bytes:
    raw = text.encode("latin-1") if isinstance(text, str) else text
    return (b"(?i:" if any_case else b"(?:") + raw + b")"


def _compiled(text: bytes) -> Any:
    try:
        import re2
    except ImportError:  # on a host: the rules are the same, and the machine that drives scans again in linear time
        return re.compile(text)

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = _MEMORY
    options.log_errors = False
    return re2.compile(text, options)


def _in_re2(rule: str) -> str:
    """Convert a rule for Python's `re` to RE2: lookarounds become part of the match."""
    rule = rule.replace(r"(?:(?<=\W)|(?<=^))", r"(?:^|\W)").replace(r"(?!\w)", r"(?:\W|$)")
    rule = re.sub(r"\(\?!\[([^\]]*)\]\)", r"(?:[^\1]|$)", rule)
    return re.sub(r"\{(\d+),\d{4,}\}", r"{\1,}", rule)


def _beginning(kind: str, rule: str) -> str:
    """Return the rule up to its first long count: a pattern in every match that needs few states."""
    if kind in _BEGINNINGS:
        return _BEGINNINGS[kind]
    long = next((count for count in _COUNT.finditer(rule) if int(count.group(1)) > _MOST_COUNTED), None)
    if long is None:
        return rule
    head = rule[: long.start()]
    bare = re.sub(r"\[(?:\\.|[^\]\\])*\]", "", re.sub(r"\\.", "", head))
    return f"{head}{{{_MOST_COUNTED}}}" + ")" * (bare.count("(") - bare.count(")"))
