"""Find the JSON objects in lines that were torn apart, mixed with the lines of another process, or cut.

An agent's standard output is also that of its tools and servers. A long line is written in pieces, and a whole line of
another process may come between two of them. Three kinds of damage are repaired, with everything that was printed:
objects that share a line with other text; an object whose pieces are on several lines; and zero bytes. Of an object
that cannot be put together again, the members before and behind the tear are kept: see `Events.rest`.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from mission_cli._support.lazy_re import pattern

TORN = "torn"
"""Member of an object that lacks some of its members."""
_MOST_PIECES, _MOST_WAYS = 4, 4
_PATIENCE = 20
"""Lines after which a piece does not wait for the next one any more."""
_LONGEST = 300_000
"""Characters; a longer piece is not put together with others, so that hostile output takes no time."""
_DECODER = json.JSONDecoder(parse_float=Decimal)
_MEMBER = pattern(r'\s*("[\w.$-]{1,200}")\s*:\s*')
_BETWEEN = pattern(r"\s*([,}])\s*")
_DEEPEST = 5
_MOST_STARTS = 50
"""Places of a line that are tried."""


class _Piece:
    """The beginning of an object: the ways to read it, and everything that was printed since, line by line."""

    def __init__(self, ways: list[str], printed: str) -> None:
        self.ways, self.printed, self.lines = ways, printed, 0


class Events:
    """The objects of one output, in the order in which they were complete."""

    def __init__(self, *names: str) -> None:
        """`names` are members and types of objects that are known even if something was printed within them."""
        self._names = ("type", *names)
        self._pieces: list[_Piece] = []

    def of(self, text: str) -> list[dict[str, Any]]:
        """Return the objects that a line completes; those that were given up on have the member `TORN`."""
        whole = _object(text.strip())
        if whole is not None:
            return [*self._given_up(), whole]
        text = text.replace("\0", "").strip("\ufeff\r\n")
        return [*self._given_up(), *self._damaged(text)] if text.strip() else []

    def rest(self) -> list[dict[str, Any]]:
        """Return what is known of the objects that never became complete, at the end of the output."""
        pieces, self._pieces = self._pieces, []
        return [found for piece in pieces if (found := _salvaged(piece.printed))]

    def _damaged(self, text: str) -> list[dict[str, Any]]:
        """Return what a damaged line completes, alone or as the next part of an object that was begun before."""
        for piece in reversed(self._pieces):
            for way in piece.ways:
                found, end = _decoded(way + text, 0)
                named = self._named(found or {})
                if "type" in named:
                    self._pieces.remove(piece)
                    return [named, *self._alone((way + text)[end:])]
        if self._pieces and not _is_beginning(text):
            return self._goes_on(self._pieces[-1], text)
        return self._alone(text)

    def _named(self, found: dict[str, Any]) -> dict[str, Any]:
        """Return an object that was put together, with its names as they were without what was printed within them."""
        lacking = [name for name in self._names if name not in found]
        named = {name if name in self._names else untorn(name, *lacking): value for name, value in found.items()}
        return {**named, "type": untorn(named["type"], *self._names)} if "type" in named else named

    def _alone(self, text: str) -> list[dict[str, Any]]:
        """Return the objects in a text, and keep the beginning of one that it does not complete."""
        found: list[dict[str, Any]] = []
        at = _start(text, 0)
        while at >= 0:
            one, end = _decoded(text, at)
            if one is None:
                return [*found, *self._begun(text[at:])]
            if "type" in one:
                found.append(one)
            at = _start(text, end)
        return found

    def _begun(self, text: str) -> list[dict[str, Any]]:
        """Keep the beginning of an object. Return the object of another process that follows it on its line."""
        hosts = _without_guest(text)
        ways = hosts[::-1] if len(text) <= _LONGEST else []  # an object that fits is rather a guest
        self._pieces = [*self._pieces[1 - _MOST_PIECES :], _Piece(ways, text)]
        return _guests(text, hosts)

    def _goes_on(self, piece: _Piece, text: str) -> list[dict[str, Any]]:
        """Add a line to a beginning. Return what is whole of the object if the line is its end, or a guest in it."""
        longer, hosts = f"{piece.printed}\n{text}", _without_guest(text)
        if len(longer) > _LONGEST:
            return []
        if len(hosts) == 1 and text.rstrip().endswith("}") and _behind(longer):
            self._pieces.remove(piece)
            return [_salvaged(longer)]
        ways = [way + host for way in piece.ways for host in reversed(hosts)]
        piece.ways, piece.printed = ways[:_MOST_WAYS], longer
        return _guests(text, hosts)

    def _given_up(self) -> list[dict[str, Any]]:
        """Count a line, and return what is known of the objects for whose next part too many lines have passed."""
        if not self._pieces:
            return []
        old = [piece for piece in self._pieces if piece.lines >= _PATIENCE]
        self._pieces = [piece for piece in self._pieces if piece.lines < _PATIENCE]
        for piece in self._pieces:
            piece.lines += 1
        return [found for piece in old if (found := _salvaged(piece.printed))]


def untorn(value: object, *choices: str) -> str:
    """Return the choice that a value is, perhaps with other text in its middle; the value if it is none of them."""
    text = str(value or "")
    edge = 0 if " " in text else 1  # a name has no blanks, but may begin or end with another one
    for choice in choices:
        for at in range(edge, len(choice) + 1 - edge) if len(text) > len(choice) else ():
            if text.startswith(choice[:at]) and text.endswith(choice[at:]):
                return choice
    return text


def _is_beginning(text: str) -> bool:
    """Whether a line begins with an object of its own, and not with a member of one that was begun before."""
    found, end = _decoded(text, 0)
    return text.startswith('{"') and (found is None or text[end : end + 1] not in {",", "}", "]"})


def _start(text: str, at: int) -> int:
    """Return where an object begins, behind a place; -1: nowhere."""
    found = text.find('{"', at)
    if found < 0:
        return len(text) - 1 if text.endswith("{", at) else -1
    return found - 1 if text.endswith("{", at, found) else found


def _object(text: str) -> dict[str, Any] | None:
    """Return the object that a text is; None for any other text."""
    if not text.startswith("{"):
        return None
    try:
        value = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _decoded(text: str, at: int) -> tuple[dict[str, Any] | None, int]:
    """Return the object that begins at a place, and its end; None if there is none."""
    try:
        value, end = _DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        return None, at
    return (value, end) if isinstance(value, dict) else (None, at)


def _without_guest(text: str) -> list[str]:
    """Return the text of an object as it is, and without the whole object of another process at its end."""
    if not text.endswith("}"):
        return [text]
    at = max(0, len(text) - _LONGEST)
    for _ in range(_MOST_STARTS):
        at = text.find('{"', at + 1)
        if at < 0:
            break
        found, end = _decoded(text, at)
        if found is not None and end == len(text):
            return [text, text[:at]]
    return [text]


def _guests(text: str, hosts: list[str]) -> list[dict[str, Any]]:
    """Return the objects behind what is left of a text without them."""
    found = [_object(text[len(host) :]) for host in hosts[1:]]
    return [guest for guest in found if guest is not None and "type" in guest]


def _salvaged(piece: str) -> dict[str, Any]:
    """Return the members of a torn object that are whole: those in front of the tear, and those behind it."""
    found, whole = _members(piece, 1)
    return {**_behind(piece), **found, TORN: not whole} if found else {}


def _members(text: str, at: int, depth: int = 0) -> tuple[dict[str, Any], bool]:
    """Return the members from a place within an object on, and whether the object ends behind them."""
    found: dict[str, Any] = {}
    while (name := _MEMBER.match(text, at)) is not None:
        key, at = json.loads(name[1]), name.end()
        try:
            value, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            if text[at : at + 1] == "{" and depth < _DEEPEST:
                inner, _ = _members(text, at + 1, depth + 1)
                found |= {key: inner} if inner else {}
            return found, False
        between = _BETWEEN.match(text, end)
        if between is None:  # a number may go on behind the tear
            return found, False
        found[key], at = value, between.end()
        if between[1] == "}":
            return found, True
    return found, False


def _behind(piece: str) -> dict[str, Any]:
    """Return the members at the end of an object that was torn before them: all that follow up to its last brace."""
    end, at = len(piece.rstrip()), piece.find("\n")
    for _ in range(_MOST_STARTS if at >= 0 else 0):
        at = piece.find(',"', at + 1)
        if at < 0:
            break
        found, whole = _members(piece[:end], at + 1)
        if whole and _last(piece, at + 1) == end:
            return found
    return {}


def _last(text: str, at: int) -> int:
    """Return where the object ends whose members begin at a place."""
    try:
        return _DECODER.raw_decode("{" + text[at:])[1] + at - 1
    except (ValueError, RecursionError):
        return -1
