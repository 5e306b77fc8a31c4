"""What is removed from a host, and what stays there."""

from __future__ import annotations

from mission_cli._support.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Cleaning:
    """What is to be removed from a host."""

    clones: tuple[str, ...]
    """The names under which this clone keeps things there."""
    taken: tuple[str, ...] = ()
    """The keys of jobs whose results were taken over."""
    everything: bool = False
    """Also what other clones of the person keep there."""
    discard: bool = False
    """Also results that were not taken over."""
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Remains:
    """A file, folder or ref of mission on a host."""

    what: str
    where: str
    """Its path or name there."""
    bytes: int = 0
    why: str = ""
    """Why it stays, or how to remove it; empty: it is removed."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What was removed and what stays. With `busy` or `unread` nothing was removed."""

    removed: tuple[Remains, ...] = ()
    kept: tuple[Remains, ...] = ()
    busy: tuple[str, ...] = ()
    """The keys of jobs that run there."""
    unread: tuple[str, ...] = ()
    """The keys of jobs whose results were not taken over."""
