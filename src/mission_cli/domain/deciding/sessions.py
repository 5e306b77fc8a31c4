"""A session of a browser at the web page, as it is kept across restarts of the server."""

from __future__ import annotations

from mission_cli._support.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class KeptSession:
    """One session; nothing in it lets anyone in."""

    key: str
    """The hash of its name, which only the cookie of the browser has."""
    digest: str
    """Of the token with which it began; empty for the person at this machine."""
    ends: float
    """Seconds since the epoch."""
