"""The lines of a text as offsets; objects for lines are created only on access."""

from __future__ import annotations

import bisect
import itertools
import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, overload

from mission_cli._support.lazy_re import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

_EOL = pattern(r"\r\n|\n|\r")


class Line(NamedTuple):
    """One line without its line ending: number from 1, offsets into the file."""

    number: int
    start: int
    end: int


class Lines(Sequence[Line]):
    """The lines of a text; `starts` and `ends` are offsets, in order."""

    __slots__ = ("ends", "starts")

    def __init__(self, text: str) -> None:
        self.starts: list[int]
        self.ends: list[int]
        if "\r" in text:
            self.starts, self.ends = _mixed(text)
        else:
            sizes = list(map(len, text.split("\n")))
            self.starts = list(itertools.accumulate([size + 1 for size in sizes], initial=0))
            self.ends = list(map(operator.add, self.starts, sizes))
            del self.starts[-1]
        if self.starts[-1] == len(text):
            del self.starts[-1], self.ends[-1]

    def __len__(self) -> int:
        return len(self.starts)

    @overload
    def __getitem__(self, place: int) -> Line: ...
    @overload
    def __getitem__(self, place: slice) -> list[Line]: ...
    def __getitem__(self, place: int | slice) -> Line | list[Line]:
        if isinstance(place, slice):
            return list(map(Line, range(1, len(self) + 1)[place], self.starts[place], self.ends[place]))
        start = self.starts[place]
        return Line((place if place >= 0 else place + len(self)) + 1, start, self.ends[place])

    def __iter__(self) -> Iterator[Line]:
        return map(Line, itertools.count(1), self.starts, self.ends)

    def at(self, offset: int) -> int:
        """Return the index of the first line that begins at an offset or after it."""
        return bisect.bisect_left(self.starts, offset)


def _mixed(text: str) -> tuple[list[int], list[int]]:
    """Return starts and ends of the lines of a text that contains carriage returns."""
    starts, ends = [0], []
    for eol in _EOL.finditer(text):
        ends.append(eol.start())
        starts.append(eol.end())
    return starts, [*ends, len(text)]
