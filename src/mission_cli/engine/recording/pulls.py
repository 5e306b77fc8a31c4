"""Write the rows of pull requests into the mission file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.document.changes import AppendRow, Change, SetCell, SetFeature
from mission_cli.domain.ids import feature_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.domain.forge.rows import PullRow
    from mission_cli.domain.mission import Mission

SECTION = "Pull Requests"


def pull_changes(mission: Mission, row: PullRow) -> Iterator[Change]:
    """Yield the changes that make the row of a pull request what it is now, and name it in the row of its feature."""
    cells = _cells(row)
    there = next((known for known in mission.pulls if (known.subject, known.branch) == (row.subject, row.branch)), None)
    if there is None:
        yield AppendRow(SECTION, cells)
    else:
        key, before = {"For": row.subject, "Branch": f"`{row.branch}`"}, _cells(there)
        for column, text in cells.items():
            if text != before[column]:
                yield SetCell(SECTION, key, column, text)
    number = feature_number(row.subject)
    if number is not None and row.number and (there is None or there.number != row.number):
        yield SetFeature(number, "PR", f"#{row.number}")


def _cells(row: PullRow) -> dict[str, str]:
    shown = f"[#{row.number}]({row.url})" if row.url else f"#{row.number}"
    return {
        "For": row.subject,
        "PR": shown if row.number else "",
        "Branch": f"`{row.branch}`",
        "Base": f"`{row.base}`",
        "Head": f"`{row.head}`",
        "Status": str(row.status),
        "Since": row.since,
        "Handled": "; ".join(row.handled),
    }
