"""What the scanner finds in a mission file: headings, tables, items, fields, and where each stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mission_cli._support.dataclass import dataclass, field

if TYPE_CHECKING:
    from mission_cli.document.syntax.front import Front
    from mission_cli.document.syntax.lines import Line, Lines
    from mission_cli.document.syntax.rows import Table


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
    """Indented lines after it that belong to it."""


class Field(NamedTuple):
    """One field `**Name:** value`; the name is in lower case."""

    section: int
    line: Line
    name: str
    start: int
    end: int
    text: str


class Heading(NamedTuple):
    """A heading; `title` is without comments, `name` in lower case. Section 0 is before the first heading."""

    level: int
    title: str
    name: str
    line: Line
    parent: int


@dataclass(slots=True)
class Layout:
    """The structure of one text."""

    text: str
    front: Front
    lines: Lines
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
    """Offsets of the comments that span several lines: of their beginning and of their `-->`."""
    stray: list[Line] = field(default_factory=list)
    """Lines that begin with a bar but belong to no table."""
    open_fence: int = 0
    """Line number of a code fence that is not closed and hides everything after it; 0 if there is none."""
    cut: int = 0
    """Line number from which nothing is read, because the file is too large; 0 if everything is read."""
    _names: list[str] | None = None
    _named_tables: dict[str, Table] | None = None

    def raw(self, line: Line) -> str:
        """Return the text of a line."""
        return self.text[line.start : line.end]

    def why_hidden(self, at: int) -> tuple[str, int]:
        """Return why a line inserted at this offset would not be read, and the line of the cause; else ("", 0)."""
        for opened, close in self.comments:
            if opened < at <= close:
                line = self.text.count("\n", 0, opened) + 1
                return f"it is inside a comment that begins in line {line}", line
        fence = self.open_fence
        if fence and at > self.lines[fence - 1].start:
            return f"the code fence in line {fence} is not closed", fence
        return "", 0

    def find(self, title: str, level: int = 2) -> int:
        """Return the index of the first section of that level with a title, ignoring case; -1 if there is none."""
        return self.sections.get((level, title.casefold()), -1)

    def within(self, section: int, ancestor: int) -> bool:
        """Whether a section is another one or a subsection of it."""
        while section > 0:
            if section == ancestor:
                return True
            section = self.headings[section].parent
        return section == ancestor

    def path(self, section: int) -> tuple[str, ...]:
        """Return the titles from the top to a section, in lower case."""
        titles: list[str] = []
        while section > 0:
            titles.append(self.headings[section].name)
            section = self.headings[section].parent
        return tuple(reversed(titles))

    def end_of(self, section: int) -> int:
        """Return the index into `lines` after the last line of a section and its subsections."""
        level = self.headings[section].level
        for heading in self.headings[section + 1 :]:
            if heading.level <= level:
                return heading.line.number - 1
        return len(self.lines)

    def end_of_own(self, section: int) -> int:
        """Return the index into `lines` after the last line of a section before its first subsection."""
        if section + 1 < len(self.headings):
            return self.headings[section + 1].line.number - 1
        return len(self.lines)

    @property
    def names(self) -> list[str]:
        """A unique name for each section: its path, and a count if paths repeat."""
        if self._names is None:
            self._names = section_names(self.headings)
        return self._names

    @property
    def named_tables(self) -> dict[str, Table]:
        """The tables, by the name of their section and their number in it."""
        if self._named_tables is None:
            self._named_tables = {}
            last, count = -1, 0
            for table in self.tables:
                count = count + 1 if table.section == last else 1
                last = table.section
                self._named_tables[f"{self.names[last]} table {count}"] = table
        return self._named_tables


def section_names(headings: list[Heading]) -> list[str]:
    """Return a name for each section that no other one has: its path, and a number where the path is there before."""
    seen: dict[str, int] = {}
    names: list[str] = []
    for heading in headings:
        above = f"{names[heading.parent]} / " if heading.parent > 0 else ""
        path = above + heading.name
        seen[path] = seen.get(path, 0) + 1
        names.append(f"{path}\0{seen[path]}" if seen[path] > 1 else path)
    return names
