"""The chain of a mission's commits: each names the one before it by a hash, so that none can be left out or moved.

A link is the trailer `Mission-Chain: ID LINK BEFORE` of a commit that this program made. LINK is the SHA-256 over three
lines: the id, BEFORE, and the SHA-256 over what the commit wrote for the mission. BEFORE is the link before it, `-` for
the first one, or several joined by `+` where histories of two clones were merged: a merge itself needs no link.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import sha256_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mission_cli.domain.ids import Sha

TRAILER = "Mission-Chain"
FIRST = "-"
_LINK = pattern(r"(?P<mission>\S+) (?P<link>[0-9a-f]{64}) (?P<before>-|[0-9a-f]{64}(?:\+[0-9a-f]{64})*)")

Links = dict[str, tuple[str, ...]]
"""The last links up to a commit, by mission; several where two lines of history meet."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a commit says about its place in the chain of one mission."""

    link: str
    before: str


@dataclass(frozen=True, slots=True)
class Linked:
    """One commit of the history, with its links by mission."""

    commit: Sha
    parents: tuple[Sha, ...]
    links: Mapping[str, Link]


def before_of(links: Iterable[str]) -> str:
    """Return the last links as a commit names them."""
    return "+".join(dict.fromkeys(links)) or FIRST


def link_of(mission: str, before: str, written: str) -> str:
    """Return the link of a commit; `written` is the hash over what it wrote for the mission."""
    return sha256_of(f"{mission}\n{before}\n{written}\n")


def trailer(mission: str, before: str, written: str) -> str:
    """Return the line of a commit's message."""
    return f"{TRAILER}: {mission} {link_of(mission, before, written)} {before}"


def links_in(values: Iterable[str]) -> dict[str, Link]:
    """Return the links that the trailers of a commit name, by mission; what cannot be read is left out."""
    found = (_LINK.fullmatch(value.strip()) for value in values)
    return {one["mission"]: Link(one["link"], one["before"]) for one in found if one is not None}


def at_parents(known: Mapping[str, Links], parents: Sequence[str]) -> Links:
    """Return the last links before a commit, from those at its parents."""
    if len(parents) == 1:
        return known.get(parents[0], {})
    found: Links = {}
    for parent in parents:
        for mission, links in known.get(parent, {}).items():
            found[mission] = tuple(dict.fromkeys((*found.get(mission, ()), *links)))
    return found


def followed(commits: Iterable[Linked], known: dict[str, Links]) -> dict[str, Links]:
    """Add the last links at each commit, given parents first, to those that are known; return them."""
    for one in commits:
        before = at_parents(known, one.parents)
        own = {mission: (link.link,) for mission, link in one.links.items()}
        known[one.commit] = {**before, **own} if own else before
    return known
