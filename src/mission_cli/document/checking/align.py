"""`mission fmt`: align the columns of tables. Only white space and the dashes below a header change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.document.editing.edits import width
from mission_cli.document.editing.field_meaning import first_difference
from mission_cli.document.syntax.scan import scan

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.document.syntax.layout import Layout
    from mission_cli.document.syntax.lines import Line
    from mission_cli.document.syntax.rows import Row, Table

_WIDEST = 60
"""In columns: a cell that is wider than this does not widen the column for the other rows."""
_NARROWEST = 3


def aligned(text: str) -> str:
    """Return `text` with its tables aligned. The result has the same meaning, and aligning it again changes nothing.

    A row whose cells do not match the header stays as it is, and so does a table whose `|---|` line does not. Raises
    AssertionError if the result has a different meaning, which would be a bug.
    """
    layout = scan(text)
    new = _with_lines(layout, dict(_new_lines(layout)))
    if new == text:
        return text
    after = scan(new)
    wrong = first_difference(layout, after, {})
    if wrong is not None or _ink(layout) != _ink(after):
        raise AssertionError(f"aligning the tables changed the meaning of the file, at {wrong!r}")
    return new


def _new_lines(layout: Layout) -> Iterator[tuple[Line, str]]:
    for table in layout.tables:
        marks = _marks(layout.raw(table.delimiter))
        if (
            len(marks) != len(table.columns)
            or not _barred(layout.raw(table.delimiter))
            or not _barred(table.header.raw)
        ):
            continue
        rows = [table.header, *(r for r in table.rows if len(r.cells) == len(table.columns) and _barred(r.raw))]
        widths = [_column_width(rows, place) for place in range(len(table.columns))]
        for row in rows:
            places = zip(row.cells, widths, marks, strict=True)
            yield row.line, _joined(row.raw, [_padded(cell.text, size, mark) for cell, size, mark in places])
        yield table.delimiter, _ruler(layout, table, widths, marks)


def _barred(raw: str) -> bool:
    """Whether a line of a table begins and ends with a bar; adding a bar would change more than white space."""
    inner = raw.strip(" \t")
    return len(inner) > 1 and inner.startswith("|") and inner.endswith("|") and not inner.endswith("\\|")


def _column_width(rows: Sequence[Row], place: int) -> int:
    sizes = [width(row.cells[place].text) for row in rows]
    return max([_NARROWEST, *(size for size in sizes if size <= _WIDEST)])


def _marks(delimiter: str) -> list[tuple[bool, bool]]:
    """Return (colon on the left, colon on the right) for each column."""
    inner = delimiter.strip(" \t").removeprefix("|").removesuffix("|")
    cells = [cell.strip(" \t") for cell in inner.split("|")]
    return [(cell.startswith(":"), cell.endswith(":")) for cell in cells]


def _padded(text: str, size: int, mark: tuple[bool, bool]) -> str:
    room = max(size - width(text), 0)
    if mark == (False, True):
        return " " * room + text
    left = room // 2 if mark == (True, True) else 0
    return " " * left + text + " " * (room - left)


def _ruler(layout: Layout, table: Table, widths: list[int], marks: list[tuple[bool, bool]]) -> str:
    dashes = [
        (":" if left else "-") + "-" * size + (":" if right else "-")
        for size, (left, right) in zip(widths, marks, strict=True)
    ]
    return _indent(layout.raw(table.header.line)) + "|" + "|".join(dashes) + "|"


def _joined(raw: str, cells: list[str]) -> str:
    return f"{_indent(raw)}| {' | '.join(cells)} |"


def _indent(raw: str) -> str:
    return raw[: len(raw) - len(raw.lstrip(" \t"))]


def _with_lines(layout: Layout, new: dict[Line, str]) -> str:
    pieces, at = [], 0
    for line in layout.lines:
        if line in new:
            pieces += [layout.text[at : line.start], new[line]]
            at = line.end
    return "".join([*pieces, layout.text[at:]])


def _ink(layout: Layout) -> str:
    """Return all characters except white space and the lines below headers."""
    rulers = {table.delimiter.number for table in layout.tables}
    return "".join("".join(layout.raw(line).split()) for line in layout.lines if line.number not in rulers)
