"""Find the structure of a mission file in one pass over its lines: headings, tables, checklists, fields.

This module does not know what a mission is. The content of comments and fenced code is not structure.
"""

from __future__ import annotations

from functools import lru_cache

from mission_cli._support.lazy_re import pattern
from mission_cli.document.syntax.field_runs import (
    begins_block,
    fields_in,
    is_ours,
)
from mission_cli.document.syntax.front import read_front
from mission_cli.document.syntax.layout import Field, Heading, Item, Layout
from mission_cli.document.syntax.lines import Line, Lines
from mission_cli.document.syntax.rows import Row, Table
from mission_cli.document.syntax.spans import spans, without_comments

_HEADING = pattern(r" {0,3}(#{1,6})(?=[ \t]|\Z)")
_DELIMITER = pattern(r"\|?(?:[ \t]*:?-+:?[ \t]*\|)*[ \t]*:?-+:?[ \t]*\|?\Z")
_ITEM = pattern(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+\[([ xX])\](?:[ \t]+|\Z)")
LONGEST_LINE = 20_000
"""In characters; a longer line is always prose, because parsing it could take too long."""
MOST_CHARACTERS = 4 * 2**20
"""Of a longer file only the front matter is read."""
MOST_PARTS = 20_000
"""Headings, fields, boxes and tables; nothing after this number is read."""
_FENCE = pattern(r" *(`{3,}|~{3,})([^`]*)\Z")


@lru_cache(maxsize=4)
def scan(text: str) -> Layout:
    """Return the structure of `text`, which must not be changed. Never raises.

    The last results are cached: after a patch has checked its result, the next reader scans the same text.
    """
    front = read_front(text)
    lines = Lines(text)
    first = 0
    if not front.missing:
        first = lines.at(front.end)
        if not front.problems or front.end > front.start:
            first = min(first + 1, len(lines))
    windows = "\r" in text and text.count("\r\n") * 2 > text.count("\n")
    top = Heading(0, "", "", Line(first + 1, 0, 0), -1)
    layout = Layout(text, front, lines, first, [top], [], [], [], [], "\r\n" if windows else "\n")
    if len(text) > MOST_CHARACTERS:
        layout.cut, layout.first = first + 1, len(lines)
    else:
        _Scanner(layout).run()
    return layout


def is_delimiter(raw: str) -> bool:
    """Whether a line is the `|---|:--:|` below a table's header."""
    return "-" in raw and _DELIMITER.match(raw.strip(" \t")) is not None


def opening(raw: str) -> str:
    """Return the characters with which a line opens a code fence; empty if it opens none."""
    found = _FENCE.match(raw) if raw.lstrip(" \t")[:1] in {"`", "~"} else None
    return found[1] if found else ""


def closes(fence: str, raw: str) -> bool:
    """Whether a line closes the code fence that was opened with these characters."""
    stripped = raw.strip()
    return len(stripped) >= len(fence) and set(stripped) == {fence[0]}


@lru_cache(maxsize=256)
def _columns(raw: str) -> tuple[str, ...]:
    """Return the names of the columns of a header; cached, because most files have the same headers."""
    return tuple(text.strip("*`_ ").casefold() for text in Row(Line(0, 0, 0), raw, 0).texts)


class _Scanner:
    """Makes one pass over the lines; its attributes are the open constructs at the current line."""

    def __init__(self, layout: Layout) -> None:
        self.out = layout
        self.section = 0
        self.table: Table | None = None
        self.below = -1
        """Index of the line below the last table's header."""
        self.item: Item | None = None
        self.fence = ""
        self.fenced_from = 0
        self.fenced_item: Item | None = None
        """The item that contains the open fence."""
        self.comment_until = -1
        self.paragraph_until = -1
        """Offset up to which lines belong to the fields above them."""
        self.comments = "<!--" in layout.text
        self.can_close = True

    def run(self) -> None:
        starts, ends = self.out.lines.starts, self.out.lines.ends
        index, count = self.out.first, len(starts)
        while index < count:
            behind = self._rows(index) if self.table else index
            if behind == index:
                if starts[index] == ends[index] and not self.fence and starts[index] >= self.comment_until:
                    self._blank(index)
                else:
                    self._line(index)
                behind += 1
            index = behind
            if self._parts() > MOST_PARTS:
                self.out.cut = index + 1
                break
        self.out.open_fence = self.fenced_from if self.fence else 0

    def _parts(self) -> int:
        out = self.out
        return len(out.headings) + len(out.fields) + len(out.items) + len(out.tables)

    def _rows(self, index: int) -> int:
        """Take the rows of the open table that begin at a line; return the index of the line after them."""
        if index == self.below:
            return index + 1
        text, starts, ends, behind = self.out.text, self.out.lines.starts, self.out.lines.ends, index
        if starts[index] < self.comment_until or not self.table:
            return index
        count = len(starts)
        while behind < count and text[starts[behind]] == "|" and ends[behind] - starts[behind] <= LONGEST_LINE:
            behind += 1
        if self.comments and behind > index and "<!--" in text[starts[index] : ends[behind - 1]]:
            return index
        self.table.lines.extend(range(index, behind))
        return behind

    def _line(self, index: int) -> None:
        start, end = self.out.lines.starts[index], self.out.lines.ends[index]
        raw = self.out.text[start:end]
        if raw.isspace() and start >= self.comment_until and not self.fence:
            self._blank(index)
            return
        line = Line(index + 1, start, end)
        if start < self.paragraph_until:
            return
        if start < self.comment_until or end - start > LONGEST_LINE:
            self._other(line, raw)
        elif self.fence:
            self._inside_fence(line, raw)
        else:
            self._content(line, raw)
        if self.comments and "<!--" in raw and start >= self.comment_until and not self.fence:
            self._open_comment(start, raw)

    def _blank(self, index: int) -> None:
        self.table = None
        if self.item and index + 1 < len(self.out.lines):
            after = self.out.lines.starts[index + 1]
            if self.out.text[after : after + 1] not in {" ", "\t"}:
                self.item = None

    def _content(self, line: Line, raw: str) -> None:
        stripped = raw.lstrip(" \t")
        mark = stripped[0]
        if mark == "|" and self._table(line, raw):
            return
        self.table = None
        if mark == "#" and self._heading(line, raw):
            return
        if fence := opening(raw):
            self.fence, self.fenced_from = fence, line.number
            self.fenced_item = self.item if raw[:1] in {" ", "\t"} else None
            self._other(line, raw)
            return
        if (mark in "-*+" or mark.isdigit()) and self._checkbox(line, raw):
            return
        if "**" in stripped[:8] and self._fields(line, raw):
            return
        self._other(line, raw)

    def _heading(self, line: Line, raw: str) -> bool:
        shown = (without_comments(raw) if self.comments else raw).rstrip(" \t")
        found = _HEADING.match(shown)
        if not found:
            return False
        level = found.end(1) - found.start(1)
        title = shown[found.end() :]
        if title.endswith("#"):
            closed = title.rstrip("#")
            if not closed or closed[-1] in " \t":
                title = closed
        title = title.strip()
        headings = self.out.headings
        parent = self.section
        while parent > 0 and headings[parent].level >= level:
            parent = headings[parent].parent
        name = title.casefold()
        self.section = len(headings)
        headings.append(Heading(level, title, name, line, max(parent, 0)))
        self.out.sections.setdefault((level, name), self.section)
        self.item = None
        return True

    def _table(self, line: Line, raw: str) -> bool:
        self.item = None
        if self.table:
            self.table.lines.append(line.number - 1)
            return True
        lines, below = self.out.lines, line.number
        opens = self.comments and "<!--" in raw and "<!--" in without_comments(raw)
        if opens or below >= len(lines) or not is_delimiter(self.out.raw(lines[below])):
            self.out.stray.append(line)
            return False
        self.table = Table(self.section, _columns(raw), Row(line, raw, 0), lines[below], self.out.text, lines)
        self.below = below
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
        """Read the fields of a line, or for the loop's own fields of its paragraph; return whether there are any."""
        end = self._paragraph_end(line) if is_ours(raw) else line.end
        found = list(fields_in(self.out.text, line.start, end))
        if found:
            self.item = None
            self.paragraph_until = found[-1].end
        self.out.fields += [Field(self.section, line, *one) for one in found]
        return bool(found)

    def _paragraph_end(self, line: Line) -> int:
        """Return the end of the last line that continues the paragraph of `line`."""
        lines, last = self.out.lines, line
        for following in range(line.number, len(lines)):
            raw = self.out.raw(lines[following])
            if begins_block(raw) or not raw.strip() or len(raw) > LONGEST_LINE:
                break
            last = lines[following]
        return last.end

    def _inside_fence(self, line: Line, raw: str) -> None:
        if closes(self.fence, raw):
            self.fence = ""
        if self.fenced_item:
            self.fenced_item.more.append(line)
            self.out.prose.append((self.section, line))
        else:
            self._other(line, raw)

    def _open_comment(self, start: int, raw: str) -> None:
        rest = without_comments(raw)
        at = rest.find("<!--")
        if self.can_close and at >= 0 and not any(s.start < at < s.end for s in spans(rest)):
            opened = start + raw.rindex("<!--")
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
