"""The structure of a mission file in one pass over its lines: headings, tables, checklists, fields.

Nothing here knows what a mission is. Comments and fenced code hide what they contain.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from mission_cli.document.front import Front, read_front
from mission_cli.document.rows import Line, Row, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

_EOL = re.compile(r"\r\n|\n|\r")
_HEADING = re.compile(r" {0,3}(#{1,6})(?=[ \t]|\Z)")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_DELIMITER_CELL = re.compile(r":?-+:?\Z")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+\[([ xX])\](?:[ \t]+|\Z)")
_FIELD = re.compile(r"[ \t]*(?:[-*+][ \t]+)?\*\*([^*:\n]+?)(?::\*\*|\*\*:)[ \t]*")
_NEXT_FIELD = re.compile(r"\|[ \t]*(?=\*\*[^*:|\n]+(?::\*\*|\*\*:))")
LONGEST_LINE = 20_000
"""Characters; a longer line is kept as prose, whatever it begins with: nothing shall hang on it."""
_FENCE = re.compile(r" *(`{3,}|~{3,})([^`]*)\Z")


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
    sections: dict[tuple[int, str], int] = field(default_factory=dict)
    """Index of the first heading by (level, title in lower case)."""
    comments: list[tuple[int, int]] = field(default_factory=list)
    """Offsets of the comments that go on over several lines: where each begins, and its `-->`."""
    stray: list[Line] = field(default_factory=list)
    """Lines that begin with a bar and belong to no table."""
    open_fence: int = 0
    """Line number of a code fence that is never closed and hides all behind it; 0: there is none."""
    _names: list[str] | None = None

    def raw(self, line: Line) -> str:
        """The text of a line."""
        return self.text[line.start : line.end]

    def why_hidden(self, at: int) -> tuple[str, int]:
        """Why a line that is put at this offset would not be read, and the line to blame; ("", 0): it would be."""
        for opened, close in self.comments:
            if opened < at <= close:
                line = self.text.count("\n", 0, opened) + 1
                return f"there is a comment that begins in line {line}", line
        fence = self.open_fence
        if fence and at > self.lines[fence - 1].start:
            return f"the code fence in line {fence} is never closed", fence
        return "", 0

    def find(self, title: str, level: int = 2) -> int:
        """Index of the first section of that level whose title is `title`, whatever its case; -1 if none."""
        return self.sections.get((level, title.casefold()), -1)

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

    @property
    def names(self) -> list[str]:
        """One name for each section that no other has: its path, and a count where paths repeat."""
        if self._names is None:
            self._names = _section_names(self.headings)
        return self._names


@lru_cache(maxsize=4)
def scan(text: str) -> Layout:
    """Return the structure of `text`, which nobody changes afterwards. Never raises.

    The last few are remembered: what a patch has read again to check itself is what the next reader asks for.
    """
    front = read_front(text)
    lines = _lines(text)
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


def without_comments(text: str) -> str:
    """Return the text with `<!-- … -->` taken out."""
    return _COMMENT.sub("", text) if "<!--" in text and "-->" in text else text


def is_delimiter(raw: str) -> bool:
    """Whether a line is the `|---|:--:|` below a table's header."""
    inner = raw.strip(" \t").removeprefix("|").removesuffix("|")
    return "-" in inner and all(_DELIMITER_CELL.match(cell.strip(" \t")) for cell in inner.split("|"))


class _Scanner:
    """Walks over the lines once; holds what is open at the moment."""

    def __init__(self, layout: Layout) -> None:
        self.out = layout
        self.section = 0
        self.table: Table | None = None
        self.item: Item | None = None
        self.fence = ""
        self.fenced_from = 0
        self.comment_until = -1
        self.can_close = True

    def run(self) -> None:
        text, lines = self.out.text, self.out.lines
        for index in range(self.out.first, len(lines)):
            line = lines[index]
            raw = text[line.start : line.end]
            if line.start < self.comment_until or len(raw) > LONGEST_LINE:
                self._other(line, raw)
            elif self.fence:
                self._inside_fence(line, raw)
            elif not raw or raw.isspace():
                self._blank(index)
            elif self.table and raw[0] == "|":
                if line is not self.table.delimiter:
                    self.table.lines.append(line)
            else:
                self._content(index, line, raw)
            if "<!--" in raw and line.start >= self.comment_until and not self.fence:
                self._open_comment(line, raw)
        self.out.open_fence = self.fenced_from if self.fence else 0

    def _blank(self, index: int) -> None:
        self.table = None
        if self.item and index + 1 < len(self.out.lines):
            after = self.out.lines[index + 1].start
            if self.out.text[after : after + 1] not in {" ", "\t"}:
                self.item = None

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
                self.fence, self.fenced_from = fence[1], line.number
                self._other(line, raw)
                return
        if (mark in "-*+" or mark.isdigit()) and self._checkbox(line, raw):
            return
        if "**" in stripped[:8] and self._fields(line, raw):
            return
        self._other(line, raw)

    def _heading(self, line: Line, raw: str) -> bool:
        shown = without_comments(raw).rstrip(" \t")
        found = _HEADING.match(shown)
        if not found:
            return False
        level = len(found[1])
        title = shown[found.end() :]
        closed = title.rstrip("#")
        if not closed or closed[-1] in " \t":
            title = closed
        parent = len(self.out.headings) - 1
        while parent > 0 and self.out.headings[parent].level >= level:
            parent = self.out.headings[parent].parent
        self.out.headings.append(Heading(level, title.strip(), line, max(parent, 0)))
        self.section = len(self.out.headings) - 1
        self.out.sections.setdefault((level, title.strip().casefold()), self.section)
        self.item = None
        return True

    def _table(self, index: int, line: Line, raw: str) -> bool:
        self.item = None
        if self.table:
            if line is not self.table.delimiter:
                self.table.lines.append(line)
            return True
        lines = self.out.lines
        opens = "<!--" in raw and "<!--" in without_comments(raw)
        if opens or index + 1 >= len(lines) or not is_delimiter(self.out.raw(lines[index + 1])):
            self.out.stray.append(line)
            return False
        header = Row(line, raw, 0)
        columns = tuple(text.strip("*`_ ").casefold() for text in header.texts)
        self.table = Table(self.section, columns, header, lines[index + 1], self.out.text)
        self.out.tables.append(self.table)
        return True

    def _checkbox(self, line: Line, raw: str) -> bool:
        found = _ITEM.match(raw)
        if not found:
            return False
        start = line.start + found.end()
        box = line.start + found.start(1)
        self.item = Item(self.section, line, box, found[1] != " ", start, line.end, raw[found.end() :])
        self.out.items.append(self.item)
        return True

    def _fields(self, line: Line, raw: str) -> bool:
        """`**Name:** value`; several on one line with a bar between them, as the first mission files had them."""
        found = _FIELD.match(raw)
        if not found:
            return False
        self.item = None
        more = list(_NEXT_FIELD.finditer(raw, found.end())) if "|" in raw else []
        ends = [m.start() for m in more] + [len(raw)]
        self._field(line, found, raw[found.end() : ends[0]])
        for start, end in zip(more, ends[1:], strict=True):
            following = _FIELD.match(raw, start.end())
            if following:
                self._field(line, following, raw[following.end() : end])
        return True

    def _field(self, line: Line, found: re.Match[str], text: str) -> None:
        kept = without_comments(text)
        shown = kept.partition("<!--")[0].strip() if "<!--" in text else text.rstrip()
        start = line.start + found.end()
        end = start + (len(shown) if text.startswith(shown) else len(text.rstrip()))
        self.out.fields.append(Field(self.section, line, found[1].strip().casefold(), start, end, shown))

    def _inside_fence(self, line: Line, raw: str) -> None:
        stripped = raw.strip()
        if len(stripped) >= len(self.fence) and set(stripped) == {self.fence[0]}:
            self.fence = ""
        self._other(line, raw)

    def _open_comment(self, line: Line, raw: str) -> None:
        rest = without_comments(raw)
        at = rest.find("<!--")
        if self.can_close and at >= 0 and rest.count("`", 0, at) % 2 == 0:
            opened = line.start + raw.rindex("<!--")
            close = self.out.text.find("-->", opened)
            if close >= 0:
                self.comment_until = close
                self.out.comments.append((opened, close))
            else:
                self.can_close = False

    def _other(self, line: Line, raw: str) -> None:
        if self.item and raw[:1] in {" ", "\t"}:
            self.item.more.append(line)
        else:
            self.item = None
        self.out.prose.append((self.section, line))


def _section_names(headings: list[Heading]) -> list[str]:
    seen: dict[str, int] = {}
    names: list[str] = []
    for heading in headings:
        above = f"{names[heading.parent]} / " if heading.parent > 0 else ""
        path = above + heading.title.casefold()
        seen[path] = seen.get(path, 0) + 1
        names.append(f"{path}\0{seen[path]}" if seen[path] > 1 else path)
    return names


def _lines(text: str) -> list[Line]:
    if "\r" in text:
        return list(_mixed_lines(text))
    sizes = [len(raw) for raw in text.split("\n")]
    starts = list(itertools.accumulate((size + 1 for size in sizes), initial=0))
    ends = map(int.__add__, starts, sizes)
    lines = list(map(Line._make, zip(itertools.count(1), starts, ends)))
    if lines[-1].start == len(text):
        lines.pop()
    return lines


def _mixed_lines(text: str) -> Iterator[Line]:
    start, number = 0, 1
    for eol in _EOL.finditer(text):
        yield Line(number, start, eol.start())
        start, number = eol.end(), number + 1
    if start < len(text):
        yield Line(number, start, len(text))
