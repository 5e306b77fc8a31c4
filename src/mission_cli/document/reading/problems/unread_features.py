"""Find features that a person wrote and that are not read: without them a milestone could pass too early."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from mission_cli._support.numbers import whole
from mission_cli.document.reading.sections import place_of
from mission_cli.document.syntax.rows import Row
from mission_cli.document.syntax.scan import LONGEST_LINE, closes, is_delimiter, opening
from mission_cli.domain.ids import FeatureNumber, feature_number
from mission_cli.domain.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.document.reading.loaded import MilestonePlace
    from mission_cli.document.syntax.layout import Layout
    from mission_cli.document.syntax.lines import Line
    from mission_cli.document.syntax.rows import Table

_SECTION_LEVEL = 2
_LEAST_CELLS = 3
"""A row of features has at least a number, a title and a status."""
OUTSIDE = "put it below the header and the `|---|` line of a table, without a blank line between them"
BORDERLESS = "write `|` at the beginning and at the end of each of its lines"


def unread_features(layout: Layout, places: Sequence[MilestonePlace]) -> Iterator[Problem]:
    """Yield an error for each row or table of features that is not read as part of a milestone."""
    yield from _tables(layout, places)
    yield from _stray_rows(layout, places)
    for table, line in unread_rows(layout):
        if any(table is one for place in places for one in place.tables):
            yield Problem(line.number, 1, "a row below a table of features is not read", BORDERLESS)
    for line in unread_tables(layout):
        if "feature" in _names(layout, layout.lines[line.number - 2]):
            yield Problem(line.number - 1, 1, "a table of features without outer pipes is not read", BORDERLESS)
    for section, line in plain_lines(layout):
        long = line.end - line.start > LONGEST_LINE and layout.text[line.start] == "|"
        if long and any(layout.within(section, place.section) for place in places):
            words = f"a row of {line.end - line.start} characters is not read"
            yield Problem(line.number, 1, words, f"at most {LONGEST_LINE} characters are read")


def plain_lines(layout: Layout) -> Iterator[tuple[int, Line]]:
    """Yield (section, line) of the prose outside of fenced code and of comments that span several lines."""
    fence = ""
    for section, line in layout.prose:
        if any(opened < line.start <= close for opened, close in layout.comments):
            continue
        raw = layout.text[line.start : line.end]
        if fence:
            fence = "" if closes(fence, raw) else fence
        elif found := opening(raw):
            fence = found
        else:
            yield section, line


def unread_tables(layout: Layout) -> Iterator[Line]:
    """Yield the `---|---` line of each table that is not read because its header has no outer pipes."""
    for _, line in plain_lines(layout):
        raw = layout.text[line.start : line.end]
        if "|" in raw and is_delimiter(raw) and "|" in layout.raw(layout.lines[line.number - 2]):
            yield line


def unread_rows(layout: Layout) -> Iterator[tuple[Table, Line]]:
    """Yield (table, line) for each line directly below a table that looks like one of its rows."""
    below = {(table.lines[-1] + 2 if table.lines else table.delimiter.number + 1): table for table in layout.tables}
    for _, line in plain_lines(layout):
        raw = layout.text[line.start : min(line.end, line.start + LONGEST_LINE)]
        if line.number in below and raw.count("|") > 1 and not raw.lstrip().startswith(("<!--", "\\")):
            yield below[line.number], line


def is_of_features(table: Table) -> bool:
    """Whether a table has the columns of features, and of no other table that is known."""
    return all(place_of(table, column) >= 0 for column in ("#", "feature", "status")) and "prompt" not in table.columns


def above_of(layout: Layout, section: int) -> str:
    """Return the title, in lower case, of the `##` section that contains a section; empty if there is none."""
    while section > 0 and layout.headings[section].level > _SECTION_LEVEL:
        section = layout.headings[section].parent
    return layout.headings[section].name if section > 0 else ""


def number_in(table: Table, row: Row, milestone: int) -> FeatureNumber | None:
    """Return the number of a feature in its row; None if the cell has no number."""
    text = table.text(row, "#").strip("`* ")
    place = whole(text)
    return feature_number(text) or (FeatureNumber(f"{milestone}.{place}") if place is not None else None)


def column_of(row: Row) -> int:
    """Return the column of the first cell of a row, from 1."""
    return row.cells[0].start - row.line.start + 1 if row.cells else 1


def _tables(layout: Layout, places: Sequence[MilestonePlace]) -> Iterator[Problem]:
    first: dict[int, Table] = {}
    for table in layout.tables:
        first.setdefault(table.section, table)
    for place in places:
        for table in place.tables:
            for row in table.real_rows():
                if number_in(table, row, place.number) is None:
                    hint = f"write {place.number}.N into the column #"
                    yield Problem(row.line.number, column_of(row), "a feature without a number", hint)
        own = first.get(place.section)
        if not place.tables and not place.listed and own is not None:
            words = f"the table of milestone {place.number} has no column `Feature`, so its features are not read"
            yield Problem(own.header.line.number, 1, words, "name its columns #, Feature and Status")
    for table in layout.tables:
        inside = above_of(layout, table.section) == "milestones" and is_of_features(table)
        if inside and not any(layout.within(table.section, place.section) for place in places):
            words = "a table of features belongs to no milestone, so they are not read"
            yield Problem(
                table.header.line.number, 1, words, "write a heading such as `### Milestone 2: Name` above it"
            )


def _stray_rows(layout: Layout, places: Sequence[MilestonePlace]) -> Iterator[Problem]:
    """Yield errors for rows with the number of a feature that stand in a milestone, but below no header."""
    starts = [heading.line.number for heading in layout.headings] if layout.stray else []
    for line in layout.stray:
        cells = Row(line, layout.raw(line), 0).texts
        section = bisect_right(starts, line.number) - 1
        numbered = len(cells) >= _LEAST_CELLS and feature_number(cells[0].strip("`* ")) is not None
        if numbered and any(layout.within(section, place.section) for place in places):
            column = len(layout.raw(line)) - len(layout.raw(line).lstrip()) + 1
            words = f"the feature {cells[0]} is outside of its table, so it is not read"
            yield Problem(line.number, column, words, OUTSIDE)


def _names(layout: Layout, line: Line) -> list[str]:
    """Return the names of the columns in a header without outer pipes."""
    return [name.strip("*`#_ ").casefold() for name in layout.raw(line).split("|")]
