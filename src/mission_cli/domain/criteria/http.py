"""What an `http` criterion asks, and what it expects."""

from __future__ import annotations

from mission_cli._support.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Expectation:
    """One thing that an answer or a page must have."""

    about: str
    """body, header, json or text."""
    name: str
    """The name of the header, or the path in the JSON document; else empty."""
    sign: str
    """contains, lacks, exists, or a comparison such as `==`."""
    value: str = ""
    """A text, or for `json` a value as JSON."""
    words: str = ""
    """As it was written, for messages."""


@dataclass(frozen=True, slots=True)
class HttpCheck:
    """One request, and the answer that passes."""

    method: str
    url: str
    """May contain `$NAME` of the variables of its check; a path alone is asked of its server."""
    statuses: tuple[tuple[int, int], ...]
    """Ranges, with both ends."""
    expectations: tuple[Expectation, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    """Headers to send."""
    body: str = ""
    follow: bool = False
    """Whether redirects are followed."""
    trust: str = ""
    """A file with certificates to trust, or `none` for no verification; empty: what the system trusts."""
    wait_s: int = 0
    """How long it may take until the answer passes: what was deployed elsewhere needs a while. 0: it is asked once."""
