"""Servers of this user that are running."""

from __future__ import annotations

from mission_cli._support.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class RunningServer:
    """One server."""

    url: str
    repositories: tuple[str, ...]
    """Paths of those that it serves."""
