"""The structure of a mission file in one pass over its lines: headings, tables, checklists, fields.

Nothing here knows what a mission is. Comments and fenced code hide what they contain.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mission_cli.document.front import Front, read_front

if TYPE_CHECKING:
    from collections.abc import Iterator

_EOL = re.compile(r"\r\n|\n|\r")
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?[ \t]*#*[ \t]*\Z")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_DELIMITER = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*\Z")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+\[([ xX])\](?:[ \t]+|\Z)")
_FIELD = re.compile(r"[ \t]*(?:[-*+][ \t]+)?\*\*([^*:\n]+?)(?::\*\*|\*\*:)[ \t]*")
_FENCE = re.compile(r" *(`{3,}|~{3,})([^`]*)\Z")
_PIPE_TOKENS = re.compile(r"\\\||`+|\|")


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its line ending: offsets into the file, number from 1."""

    number: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Cell:
    """Content of a cell without its padding: offsets and raw text."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table."""

    line: Line
    cells: tuple[Cell, ...]

    def empty(self) -> bool:
        """A placeholder of the template: nothing in it, or nothing but a number in the first cell."""
        texts = [c.text for c in self.cells]
        return not any(texts[1:]) and (not texts or not texts[0] or texts[0].replace(".", "").isdigit())


@dataclass(slots=True)
class Table:
    """A pipe table; `columns` are the header's names in lower case."""

    section: int
    columns: tuple[str, ...]
    header: Row
    delimiter: Line
    rows: list[Row] = field(default_factory=list)

    def place(self, column: str) -> int:
        """Index of a column by name, -1 when the table has none."""
        return self.columns.index(column) if column in self.columns else -1

    def cell(self, row: Row, column: str) -> Cell | None:
        """The cell of a row by column name, or None."""
        place = self.place(column)
        return row.cells[place] if 0 <= place < len(row.cells) else None

    def text(self, row: Row, column: str) -> str:
        """The unescaped text of a cell, or the empty string."""
        cell = self.cell(row, column)
        return cell.text.replace("\\|", "|") if cell else ""

    def real_rows(self) -> Iterator[Row]:
        """The rows that are no placeholders."""
        return (row for row in self.rows if not row.empty())


@dataclass(slots=True)
class Item:
    """A checklist item. `box` is the offset of the character between the brackets."""

    section: int
    line: Line
    box: int
    ticked: bool
    start: int
    end: int
    text: str
    more: list[Line] = field(default_factory=list)
    """Indented lines behind it that belong to it."""


@dataclass(frozen=True, slots=True)
class Field:
    """`**Name:** value` on a line of its own; the name is in lower case."""

    section: int
    line: Line
    name: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; `title` is without comments. Section 0 is what stands before the first heading."""

    level: int
    title: str
    line: Line
    parent: int


@dataclass(slots=True)
class Layout:
    """All that is known about the structure of one text."""

    text: str
    front: Front
    lines: list[Line]
    first: int
    """Index of the first body line."""
    headings: list[Heading]
    tables: list[Table]
    items: list[Item]
    fields: list[Field]
    prose: list[tuple[int, Line]]
    """(section, line) of every other line that is not blank."""
    eol: str

    def raw(self, line: Line) -> str:
        """The text of a line."""
        return self.text[line.start : line.end]

    def find(self, title: str, level: int = 2) -> int:
        """Index of the first section of that level whose title is `title`, whatever its case; -1 if none."""
        wanted = title.casefold()
        for index, heading in enumerate(self.headings):
            if heading.level == level and heading.title.casefold() == wanted:
                return index
        return -1

    def within(self, section: int, ancestor: int) -> bool:
        """Whether a section is, or lies in, another."""
        while section > 0:
            if section == ancestor:
                return True
            section = self.headings[section].parent
        return section == ancestor

    def path(self, section: int) -> tuple[str, ...]:
        """Titles from the top to a section, in lower case."""
        titles: list[str] = []
        while section > 0:
            titles.append(self.headings[section].title.casefold())
            section = self.headings[section].parent
        return tuple(reversed(titles))

    def end_of(self, section: int) -> int:
        """Index into `lines` behind the last line of a section and all that lies in it."""
        level = self.headings[section].level
        for heading in self.headings[section + 1 :]:
            if heading.level <= level:
                return heading.line.number - 1
        return len(self.lines)

    def end_of_own(self, section: int) -> int:
        """Index into `lines` behind the last line of a section, before its first subsection."""
        if section + 1 < len(self.headings):
            return self.headings[section + 1].line.number - 1
        return len(self.lines)


def scan(text: str) -> Layout:
    """Return the structure of `text`. Never raises."""
    front = read_front(text)
    lines = list(_lines(text))
    first = 0
    if not front.missing:
        first = next((i for i, line in enumerate(lines) if line.start >= front.end), len(lines))
        if not front.problems or front.end > front.start:
            first = min(first + 1, len(lines))
    crlf = text.count("\r\n")
    top = Heading(0, "", Line(first + 1, 0, 0), -1)
    layout = Layout(text, front, lines, first, [top], [], [], [], [], "\r\n" if crlf * 2 > text.count("\n") else "\n")
    _Scanner(layout).run()
    return layout


def split_row(text: str, expected: int = 0) -> list[tuple[int, int]]:
    r"""Return (start, end) of each cell of a row, padding excluded. `\\|` and a pipe in backticks are data."""
    bars = _bars(text)
    naive = [i for i, c in enumerate(text) if c == "|" and text[i - 1 : i] != "\\"] if "`" in text else bars
    if expected and len(_cells(text, bars)) != expected and len(_cells(text, naive)) == expected:
        bars = naive
    return _cells(text, bars)


def without_comments(text: str) -> str:
    """Return the text with `<!-- … -->` taken out."""
    return _COMMENT.sub("", text) if "<!--" in text else text


class _Scanner:
    """Walks over the lines once; holds what is open at the moment."""

    def __init__(self, layout: Layout) -> None:
        self.out = layout
        self.section = 0
        self.table: Table | None = None
        self.item: Item | None = None
        self.fence = ""
        self.comment_until = -1

    def run(self) -> None:
        lines, first = self.out.lines, self.out.first
        for index in range(first, len(lines)):
            line = lines[index]
            raw = self.out.text[line.start : line.end]
            if line.start < self.comment_until:
                self._other(line, raw)
            elif self.fence:
                self._inside_fence(line, raw)
            elif not raw or raw.isspace():
                self.table = None
                if self.item and index + 1 < len(lines) and not self._indented(lines[index + 1]):
                    self.item = None
            else:
                self._content(index, line, raw)
            if "<!--" in raw and line.start >= self.comment_until and not self.fence:
                self._open_comment(line, raw)

    def _content(self, index: int, line: Line, raw: str) -> None:
        stripped = raw.lstrip(" \t")
        mark = stripped[0]
        if mark == "|" and self._table(index, line, raw):
            return
        self.table = None
        if mark == "#" and self._heading(line, raw):
            return
        if mark in "`~":
            fence = _FENCE.match(raw)
            if fence:
                self.fence = fence[1]
                self._other(line, raw)
                return
        if (mark in "-*+" or mark.isdigit()) and self._checkbox(line, raw):
            return
        if "**" in stripped[:4] and self._field(line, raw):
            return
        self._other(line, raw)

    def _heading(self, line: Line, raw: str) -> bool:
        found = _HEADING.match(without_comments(raw))
        if not found:
            return False
        level = len(found[1])
        parent = len(self.out.headings) - 1
        while parent > 0 and self.out.headings[parent].level >= level:
            parent = self.out.headings[parent].parent
        self.out.headings.append(Heading(level, (found[2] or "").strip(), line, max(parent, 0)))
        self.section = len(self.out.headings) - 1
        self.item = None
        return True

    def _table(self, index: int, line: Line, raw: str) -> bool:
        self.item = None
        if self.table:
            if line is not self.table.delimiter:
                self.table.rows.append(Row(line, _row(raw, line.start, len(self.table.columns))))
            return True
        lines = self.out.lines
        if index + 1 >= len(lines) or not _DELIMITER.match(self.out.raw(lines[index + 1])):
            return False
        header = Row(line, _row(raw, line.start, 0))
        columns = tuple(c.text.strip("*`_ ").casefold() for c in header.cells)
        self.table = Table(self.section, columns, header, lines[index + 1])
        self.out.tables.append(self.table)
        return True

    def _checkbox(self, line: Line, raw: str) -> bool:
        found = _ITEM.match(raw)
        if not found:
            return False
        start = line.start + found.end()
        self.item = Item(
            self.section,
            line,
            line.start + found.start(1),
            found[1] != " ",
            start,
            line.end,
            raw[found.end() :],
        )
        self.out.items.append(self.item)
        return True

    def _field(self, line: Line, raw: str) -> bool:
        found = _FIELD.match(raw)
        if not found:
            return False
        text = raw[found.end() :]
        kept = without_comments(text)
        shown = kept.strip() if kept != text else text.rstrip()
        start = line.start + found.end()
        end = start + (len(shown) if text.startswith(shown) else len(text.rstrip()))
        self.out.fields.append(Field(self.section, line, found[1].strip().casefold(), start, end, shown))
        self.item = None
        return True

    def _inside_fence(self, line: Line, raw: str) -> None:
        stripped = raw.strip()
        if len(stripped) >= len(self.fence) and set(stripped) == {self.fence[0]}:
            self.fence = ""
        self._other(line, raw)

    def _open_comment(self, line: Line, raw: str) -> None:
        rest = _COMMENT.sub("", raw)
        at = rest.find("<!--")
        if at >= 0 and rest.count("`", 0, at) % 2 == 0:
            opened = line.start + raw.rindex("<!--")
            close = self.out.text.find("-->", opened)
            if close >= 0:
                self.comment_until = close

    def _other(self, line: Line, raw: str) -> None:
        if self.item and raw[:1] in {" ", "\t"}:
            self.item.more.append(line)
        else:
            self.item = None
        self.out.prose.append((self.section, line))

    def _indented(self, line: Line) -> bool:
        return self.out.text[line.start : line.start + 1] in {" ", "\t"}


def _lines(text: str) -> Iterator[Line]:
    start, number = 0, 1
    for eol in _EOL.finditer(text):
        yield Line(number, start, eol.start())
        start, number = eol.end(), number + 1
    if start < len(text):
        yield Line(number, start, len(text))


def _row(raw: str, offset: int, expected: int) -> tuple[Cell, ...]:
    return tuple(Cell(offset + s, offset + e, raw[s:e]) for s, e in split_row(raw, expected))


def _bars(text: str) -> list[int]:
    if "`" not in text and "\\" not in text:
        return [i for i, c in enumerate(text) if c == "|"]
    bars, position = [], 0
    while token := _PIPE_TOKENS.search(text, position):
        position = token.end()
        if token[0] == "|":
            bars.append(token.start())
        elif token[0][0] == "`":
            close = re.compile(rf"(?<!`){token[0]}(?!`)").search(text, position)
            if close:
                position = close.end()
    return bars


def _cells(text: str, bars: list[int]) -> list[tuple[int, int]]:
    edges = list(bars)
    if not edges or text[: edges[0]].strip():
        edges.insert(0, -1)
    if text[edges[-1] + 1 :].strip() or len(edges) == 1:
        edges.append(len(text))
    cells = []
    for left, right in itertools.pairwise(edges):
        start, end = left + 1, right
        while start < end and text[start] in " \t":
            start += 1
        while end > start and text[end - 1] in " \t":
            end -= 1
        if start == end:
            start = end = min(left + 2, right)
        cells.append((start, end))
    return cells
