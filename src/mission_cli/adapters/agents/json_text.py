"""Change one member of a JSON text that people write, with comments and trailing commas: every other byte stays."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass, field
from mission_cli._support.lazy_re import pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

_TRIVIA = pattern(r"(?:\s|//[^\n]*|/\*(?:[^*]|\*+[^*/])*\*+/)*")
_STRING = pattern(r'"(?:[^"\\]|\\.)*"')
_WORD = pattern(r"[^\s,:\[\]{}\"/]+")
_USUAL = "  "


@dataclass(slots=True)
class _Member:
    key: str
    start: int
    end: int
    """Behind its value."""
    value: _Object | None


@dataclass(slots=True)
class _Object:
    start: int
    """The opening brace."""
    members: list[_Member] = field(default_factory=list)
    end: int = 0
    """The closing brace."""

    def member(self, key: str) -> _Member | None:
        """Return the last member of that name, which is the one that counts."""
        return next((one for one in reversed(self.members) if one.key == key), None)


def with_member(text: str, path: Sequence[str], value: object) -> str:
    """Return the text with an object's member set; objects on the way are made. Raises ValueError for other texts."""
    if not text.strip():
        return json.dumps(_nested(path, value), indent=2, ensure_ascii=False) + "\n"
    place, depth = _root(text), 0
    for name in path[:-1]:
        found = place.member(name)
        if found is None:
            break
        if found.value is None:
            raise ValueError(f"`{name}` is not an object")
        place, depth = found.value, depth + 1
    key, rest = path[depth], path[depth + 1 :]
    old = place.member(key)
    indent = _indent(text, place, depth)
    step = _step(text) if "\n" in text else None
    body = json.dumps(_nested(rest, value), indent=step, ensure_ascii=False).replace("\n", f"\n{indent}")
    shown = f"{json.dumps(key)}: {body}"
    if old is not None:
        return text[: old.start] + shown + text[old.end :]
    if not place.members:
        inner = text[place.start + 1 : place.end].rstrip()
        outer = indent[: -len(_step(text))] if "\n" in text else ""
        return f"{text[: place.start + 1]}{inner}\n{indent}{shown}\n{outer}{text[place.end :]}"
    last = place.members[-1].end
    tail = text[last : place.end]
    comma = "" if _has_comma(tail) else ","
    if "\n" not in text[place.start : place.end]:
        kept = tail.rstrip()
        return f"{text[:last]}{comma}{kept} {shown}{tail[len(kept) :]}{text[place.end :]}"
    kept, _, closing = tail.rpartition("\n")
    return f"{text[:last]}{comma}{kept}\n{indent}{shown}{',' if not comma else ''}\n{closing}{text[place.end :]}"


def without_member(text: str, path: Sequence[str]) -> str:
    """Return the text without an object's member, and without objects that were made for it. Raises ValueError."""
    places = [_root(text)]
    for name in path[:-1]:
        found = places[-1].member(name)
        if found is None or found.value is None:
            return text
        places.append(found.value)
    key = path[-1]
    while len(places) > 1 and [one.key for one in places[-1].members] == [key] and _is_bare(text, places[-1]):
        key = path[len(places) - 2]
        places.pop()
    place = places[-1]
    old = place.member(key)
    return text if old is None else _cut(text, place, old)


def _cut(text: str, place: _Object, old: _Member) -> str:
    """Return the text without a member, its line break and the comma that it needed."""
    at = place.members.index(old)
    before = place.members[at - 1].end if at else place.start + 1
    rest = text[old.end :]
    comma = rest[: len(rest) - len(_after_comma(rest))]
    gap = text[before : old.start]
    if at < len(place.members) - 1 or comma:  # a comma follows: it goes, and what is before stays
        lead = gap[: gap.rfind("\n")] if "\n" in gap else gap.rstrip(" ")
        if at == len(place.members) - 1 and "\n" not in gap:
            return text[:before] + _after_comma(gap) + rest
        return text[:before] + lead + _after_comma(rest)
    kept = _after_comma(gap)
    kept = kept[: kept.rfind("\n")] if "\n" in kept else kept.rstrip(" ")
    end = rest if "\n" in gap or at else rest.lstrip(" ")
    if not at and not kept.strip():  # nothing is left in it
        return text[:before] + text[place.end :]
    return text[:before] + kept + end


def _root(text: str) -> _Object:
    scanner = _Scanner(text)
    scanner.skip()
    found = scanner.value(0)
    scanner.skip()
    if found is None or scanner.at != len(text):
        raise ValueError("it is not one object")
    return found


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self.at = 1 if text.startswith("\ufeff") else 0

    def skip(self) -> None:
        """Skip blanks and comments."""
        found = _TRIVIA.match(self._text, self.at)
        self.at = found.end() if found else self.at

    def value(self, depth: int) -> _Object | None:
        """Read a value; return it if it is an object."""
        mark = self._text[self.at : self.at + 1]
        if depth > _DEEPEST:
            raise ValueError("it is nested too deeply")
        if mark == "{":
            return self._object(depth)
        if mark == "[":
            self.at += 1
            self.skip()
            while not self._takes("]"):
                self.value(depth + 1)
                self._next("]")
            return None
        found = (_STRING if mark == '"' else _WORD).match(self._text, self.at)
        if not found:
            raise ValueError(f"character {self.at} is not expected")
        self.at = found.end()
        return None

    def _object(self, depth: int) -> _Object:
        made = _Object(self.at)
        self.at += 1
        self.skip()
        while not self._takes("}"):
            start, key = self.at, _STRING.match(self._text, self.at)
            if key is None:
                raise ValueError(f"character {self.at} is not expected")
            self.at = key.end()
            self.skip()
            if not self._takes(":"):
                raise ValueError(f"character {self.at} is not expected")
            self.skip()
            value = self.value(depth + 1)
            made.members.append(_Member(json.loads(key[0]), start, self.at, value))
            self._next("}")
        made.end = self.at - 1
        return made

    def _takes(self, mark: str) -> bool:
        if self._text[self.at : self.at + 1] != mark:
            return False
        self.at += 1
        return True

    def _next(self, end: str) -> None:
        """Skip what separates two values."""
        self.skip()
        if self._takes(","):
            self.skip()
        elif self._text[self.at : self.at + 1] != end:
            raise ValueError(f"character {self.at} is not expected")


_DEEPEST = 100


def _nested(path: Sequence[str], value: object) -> Any:
    for name in reversed(path):
        value = {name: value}
    return value


def _step(text: str) -> str:
    """Return the indentation of one level: that of the first line that has one."""
    found = pattern(r"\n([ \t]+)\S").search(text)
    return found[1] if found else _USUAL


def _indent(text: str, place: _Object, depth: int) -> str:
    """Return the indentation of the members of an object."""
    for member in place.members:
        line = text[: member.start].rpartition("\n")[2]
        if not line.strip() and "\n" in text[: member.start]:
            return line
    return _step(text) * (depth + 1)


def _has_comma(text: str) -> bool:
    return _after_comma(text) != text


def _after_comma(text: str) -> str:
    """Return what follows the comma that a text begins with, after blanks and comments; the text without one."""
    found = _TRIVIA.match(text)
    at = found.end() if found else 0
    return text[:at] + text[at + 1 :] if text[at : at + 1] == "," else text


def _is_bare(text: str, place: _Object) -> bool:
    """Whether an object has no comments outside of its only member."""
    only = place.members[0]
    return not (text[place.start + 1 : only.start] + text[only.end : place.end]).strip(" \t\r\n,")
