"""Hide a key in what a host answers, wherever a text is cut, without changing its length or holding it back."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable


class Mask:
    """Replaces the forms of a key by as many asterisks. One object masks one stream."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._forms = sorted({form for secret in secrets for form in _forms(secret)}, key=len, reverse=True)
        self._any = re.compile(b"|".join(map(re.escape, self._forms)))
        self._rest = b""

    def whole(self, text: bytes) -> bytes:
        """Return a text that is complete in itself with its keys hidden."""
        return self._any.sub(lambda found: b"*" * len(found.group()), text)

    def feed(self, chunk: bytes) -> bytes:
        """Return what can be passed on now: all but an end with which a key may begin."""
        text = self.whole(self._rest + chunk)
        cut = len(text) - self._begun(text)
        self._rest = text[cut:]
        return text[:cut]

    def end(self) -> bytes:
        """Return what was held back."""
        rest, self._rest = self._rest, b""
        return rest

    def _begun(self, text: bytes) -> int:
        """Return the length of the longest end of a text that is the beginning of a form."""
        longest = min(len(text), len(self._forms[0]) - 1)
        for size in range(longest, 0, -1):
            end = text[-size:]
            if any(len(form) > size and form.startswith(end) for form in self._forms):
                return size
        return 0


def _forms(secret: str) -> tuple[bytes, ...]:
    """Return how a text may be written in an answer: as it is, in a URL, in JSON, in HTML."""
    from html import escape

    written = {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], escape(secret)}
    return tuple(form.encode() for form in written)
