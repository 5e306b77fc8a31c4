"""Split a mission file into named parts: sections, and in them tables, checklist items, fields and prose.

Together the parts are the whole text; each contains whole lines, and separately the blank lines after them.
"""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import (
    dataclass,
    field,
    replace,
)
from mission_cli._support.lazy_re import pattern
from mission_cli.document.reading.load import milestone_places
from mission_cli.document.syntax.spans import without_results
from mission_cli.domain.ids import feature_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.document.syntax.layout import Heading, Layout
    from mission_cli.document.syntax.rows import Row, Table

Key = tuple[str, ...]

_FEATURE_LEVEL = 3
_WORD = pattern(r"[^\s:—–]+")


class Kind(StrEnum):
    """The kinds of parts."""

    PROSE = "prose"
    TABLE = "table"
    ITEM = "item"
    FIELD = "field"


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table: its text with the line ending, and (start, end) of each cell's content in it."""

    text: str
    cells: tuple[tuple[int, int], ...]
    empty: bool

    def values(self) -> tuple[str, ...]:
        """Return the contents of the cells as they are written."""
        return tuple(self.text[start:end] for start, end in self.cells)


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: names of its columns in lower case, header and delimiter as they are written, the rows."""

    columns: tuple[str, ...]
    head: str
    rows: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Lines that belong together. `value`: offsets of a field's value; `words`: offset of an item's second line."""

    kind: Kind
    key: Key
    text: str
    tail: str = ""
    grid: Grid | None = None
    value: tuple[int, int] = (0, 0)
    words: int = 0


@dataclass(slots=True)
class Section:
    """A heading and the parts directly below it; the first section of a file has no heading."""

    key: Key
    level: int
    heading: str
    title: str
    """Title of the `##` section that it is or belongs to, in lower case."""
    milestone: int | None
    gap: str = ""
    parts: list[Part] = field(default_factory=list)

    def text(self) -> str:
        """Return all its lines."""
        return self.heading + self.gap + "".join(part.text + part.tail for part in self.parts)


def sections_of(layout: Layout) -> list[Section]:
    """Return the body of a file as sections in file order."""
    return _Reader(layout).read()


def subtree(sections: list[Section], key: Key) -> list[Section]:
    """Return the section with that key and all its subsections; empty if it does not exist."""
    start = next((n for n, s in enumerate(sections) if s.key == key), -1)
    if start < 0:
        return []
    end = start + 1
    while end < len(sections) and sections[end].level > sections[start].level:
        end += 1
    return sections[start:end]


class _Reader:
    """Reads the body in one pass over its lines."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.headings = {h.line.number: n for n, h in enumerate(layout.headings) if n}
        self.tables = {t.header.line.number: t for t in layout.tables}
        self.table_lines = {n for t in layout.tables for n in _numbers(t)}
        self.items = {i.line.number: i for i in layout.items}
        self.more = {line.number for i in layout.items for line in i.more}
        self.fields = {f.line.number: f for f in layout.fields}
        self.keys = list(_section_keys(layout))
        self.milestones = {p.section: p.number for p in milestone_places(layout)}
        self.sections = [Section(("",), 0, "", "", None)]
        self.seen: Counter[Key] = Counter()

    def read(self) -> list[Section]:
        for line in self.layout.lines[self.layout.first :]:
            number = line.number
            raw = self._whole(number)
            if number in self.headings:
                self._open(self.headings[number], raw)
            elif number in self.tables:
                self._add(self._table(self.tables[number]), "table", *self.tables[number].columns)
            elif number in self.table_lines:
                continue
            elif number in self.items:
                item = self.items[number]
                self._add(Part(Kind.ITEM, (), raw, words=len(raw)), "item", without_results(item.text).strip())
            elif number in self.fields:
                found = self.fields[number]
                value = (found.start - found.line.start, found.end - found.line.start)
                self._add(Part(Kind.FIELD, (), raw, value=value), "field", found.name)
            else:
                self._other(number, raw)
        return self.sections

    def _whole(self, number: int) -> str:
        """Return a line with its line ending."""
        lines, text = self.layout.lines, self.layout.text
        end = lines[number].start if number < len(lines) else len(text)
        return text[lines[number - 1].start : end]

    def _open(self, index: int, raw: str) -> None:
        heading = self.layout.headings[index]
        self.sections.append(Section(self.keys[index], heading.level, raw, self._title(index), self._milestone(index)))
        self.seen.clear()

    def _title(self, index: int) -> str:
        while index > 0:
            heading = self.layout.headings[index]
            if heading.level == 2:  # noqa: PLR2004 - `## Title`
                return heading.title.casefold()
            index = heading.parent
        return ""

    def _milestone(self, index: int) -> int | None:
        while index > 0:
            if index in self.milestones:
                return self.milestones[index]
            index = self.layout.headings[index].parent
        return None

    def _add(self, part: Part, *key: str) -> None:
        self.seen[key] += 1
        self.sections[-1].parts.append(replace(part, key=(*key, str(self.seen[key]))))

    def _table(self, table: Table) -> Part:
        head = self._whole(table.header.line.number) + self._whole(table.delimiter.number)
        rows = tuple(self._row(row) for row in table.rows)
        return Part(Kind.TABLE, (), head + "".join(r.text for r in rows), grid=Grid(table.columns, head, rows))

    def _row(self, row: Row) -> Line:
        at = row.line.start
        cells = tuple((c.start - at, c.end - at) for c in row.cells)
        return Line(self._whole(row.line.number), cells, row.empty())

    def _other(self, number: int, raw: str) -> None:
        section = self.sections[-1]
        last = section.parts[-1] if section.parts else None
        if not raw.strip():
            if last is None:
                section.gap += raw
            else:
                section.parts[-1] = replace(last, tail=last.tail + raw)
        elif last is not None and (last.kind is Kind.PROSE or (last.kind is Kind.ITEM and number in self.more)):
            section.parts[-1] = replace(last, text=last.text + last.tail + raw, tail="")
        else:
            self._add(Part(Kind.PROSE, (), raw), "prose", *(last.key if last else ()))


def _numbers(table: Table) -> Iterator[int]:
    yield table.header.line.number
    yield table.delimiter.number
    yield from (row.line.number for row in table.rows)


def _section_keys(layout: Layout) -> Iterator[Key]:
    """Yield one key for each section: milestones and features by number, others by the titles above them."""
    milestones = {p.section: p.number for p in milestone_places(layout)}
    keys: list[Key] = [("",)]
    seen: Counter[Key] = Counter()
    for index, heading in enumerate(layout.headings[1:], 1):
        if index in milestones:
            own: Key = ("milestone", str(milestones[index]))
        elif feature := _feature_of(heading):
            own = ("feature", feature)
        else:
            own = (*keys[heading.parent], f"{heading.level} {heading.title.casefold()}")
        seen[own] += 1
        keys.append((*own, f"#{seen[own]}") if seen[own] > 1 else own)
    yield from keys


def _feature_of(heading: Heading) -> str:
    first = _WORD.match(heading.title)
    return (feature_number(first[0]) or "") if first and heading.level >= _FEATURE_LEVEL else ""
