"""Write the rows of previews into the mission file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.document.changes import AppendRow, Change, SetCell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.preview.rows import PreviewRow

SECTION = "Previews"


def preview_changes(mission: Mission, row: PreviewRow) -> Iterator[Change]:
    """Yield the changes that make the row of a preview what it is now."""
    cells = _cells(row)
    there = next((known for known in mission.previews if known.number == row.number), None)
    if there is None:
        yield AppendRow(SECTION, cells)
        return
    before = _cells(there)
    for column, text in cells.items():
        if text != before[column]:
            yield SetCell(SECTION, {"#": str(row.number)}, column, text)


def _cells(row: PreviewRow) -> dict[str, str]:
    return {
        "#": str(row.number),
        "For": row.phase,
        "Commit": f"`{row.commit}`",
        "Status": str(row.status),
        "URL": f"<{row.url}>" if row.url else "",
        "Since": row.since,
        "Expires": row.expires,
        "Reason": row.reason,
    }
