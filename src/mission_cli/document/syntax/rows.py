"""Rows of pipe tables. A row is split into cells only on access, because most rows are never read."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, NamedTuple

from mission_cli._support.dataclass import dataclass, field
from mission_cli._support.lazy_re import pattern
from mission_cli.document.syntax import escape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.document.syntax.lines import Line, Lines

_PIPE_TOKENS = pattern(r"\\\||`+|\|")
_PADDING = " \t"
_NOTHING = "| \t0123456789."
"""The characters of which a placeholder row consists."""


class Cell(NamedTuple):
    """The content of a cell without its padding: offsets into the file, and raw text."""

    start: int
    end: int
    text: str


class Row:
    """One row of a table; `expected` is the number of its columns, 0 for the header itself."""

    __slots__ = ("_cells", "_texts", "expected", "line", "raw")

    def __init__(self, line: Line, raw: str, expected: int) -> None:
        self.line = line
        self.raw = raw
        self.expected = expected
        self._cells: tuple[Cell, ...] | None = None
        self._texts: list[str] | None = None

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells with their offsets."""
        if self._cells is None:
            at, raw = self.line.start, self.raw
            self._cells = tuple(Cell(at + s, at + e, raw[s:e]) for s, e in split_row(raw, self.expected))
        return self._cells

    @property
    def texts(self) -> list[str]:
        """The unescaped texts of the cells."""
        if self._texts is None:
            if any(mark in self.raw for mark in "`\\&") or self.raw[:1] != "|" or self.raw.count("|") == 1:
                self._texts = [escape.opened(cell.text.replace("\\|", "|")) for cell in self.cells]
            else:
                self._texts = [part.strip(_PADDING) for part in self.raw.split("|")[1:]]
                if not self._texts[-1]:
                    self._texts.pop()
        return self._texts

    def text(self, place: int) -> str:
        """Return the unescaped text of a cell by its index; empty if there is none."""
        texts = self.texts
        return texts[place] if 0 <= place < len(texts) else ""

    def empty(self) -> bool:
        """Whether the row is a placeholder: empty, or with only a number in its first cell."""
        if self.raw.strip(_NOTHING):
            return False
        texts = self.texts
        return not any(texts[1:]) and (not texts or not texts[0] or texts[0].replace(".", "").isdigit())


@dataclass(slots=True)
class Table:
    """A pipe table; `columns` are the header's names in lower case."""

    section: int
    columns: tuple[str, ...]
    header: Row
    delimiter: Line
    source: str
    """The text that contains the table."""
    all_lines: Lines
    lines: list[int] = field(default_factory=list)
    """Indices of the lines of its rows."""
    _rows: list[Row] | None = None

    @property
    def rows(self) -> list[Row]:
        """The rows, including placeholders."""
        if self._rows is None:
            width = len(self.columns)
            lines = map(self.all_lines.__getitem__, self.lines)
            self._rows = [Row(line, self.source[line.start : line.end], width) for line in lines]
        return self._rows

    @property
    def block(self) -> str:
        """The text of all rows, from the first to the last."""
        if not self.lines:
            return ""
        return self.source[self.all_lines.starts[self.lines[0]] : self.all_lines.ends[self.lines[-1]]]

    def place(self, column: str) -> int:
        """Return the index of a column by name; -1 if there is none."""
        return self.columns.index(column) if column in self.columns else -1

    def cell(self, row: Row, column: str) -> Cell | None:
        """Return the cell of a row by column name, or None."""
        place = self.place(column)
        return row.cells[place] if 0 <= place < len(row.cells) else None

    def text(self, row: Row, column: str) -> str:
        """Return the unescaped text of a cell, or the empty string."""
        return row.text(self.place(column))

    def real_rows(self) -> Iterator[Row]:
        """Yield the rows that are not placeholders."""
        return (row for row in self.rows if not row.empty())


def split_row(text: str, expected: int = 0) -> list[tuple[int, int]]:
    r"""Return (start, end) of each cell of a row, padding excluded. `\\|` and a pipe in backticks are data."""
    bars = _bars(text)
    cells = _between(text, bars)
    if expected and len(cells) != expected and "`" in text:
        naive = _between(text, [i for i in _all_bars(text) if text[i - 1 : i] != "\\"])
        if len(naive) == expected:
            return naive
    return cells


def _all_bars(text: str) -> list[int]:
    bars, at = [], text.find("|")
    while at >= 0:
        bars.append(at)
        at = text.find("|", at + 1)
    return bars


def _bars(text: str) -> list[int]:
    if "`" not in text and "\\" not in text:
        return _all_bars(text)
    bars, position = [], 0
    unclosed: set[str] = set()
    while token := _PIPE_TOKENS.search(text, position):
        position = token.end()
        if token[0] == "|":
            bars.append(token.start())
        elif token[0][0] == "`" and token[0] not in unclosed:
            close = re.compile(rf"(?<!`){token[0]}(?!`)").search(text, position)
            if close:
                position = close.end()
            else:
                unclosed.add(token[0])
    return bars


def _between(text: str, bars: list[int]) -> list[tuple[int, int]]:
    edges = list(bars)
    if not edges or text[: edges[0]].strip(_PADDING):
        edges.insert(0, -1)
    if text[edges[-1] + 1 :].strip(_PADDING) or len(edges) == 1:
        edges.append(len(text))
    cells = []
    for left, right in itertools.pairwise(edges):
        inner = text[left + 1 : right]
        kept = inner.strip(_PADDING)
        start = left + 1 + len(inner) - len(inner.lstrip(_PADDING))
        if kept:
            cells.append((start, start + len(kept)))
        else:
            place = min(left + 2, right)
            cells.append((place, place))
    return cells
