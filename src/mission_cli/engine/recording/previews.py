"""Write the rows of previews and deployments into the mission file, and what is live into the outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.document.changes import AppendRow, Change, SetCell
from mission_cli.domain.deploys.rows import SECTION as DEPLOYMENTS
from mission_cli.domain.deploys.rows import DeployStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.domain.deploys.rows import DeployRow
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


def deploy_changes(mission: Mission, row: DeployRow) -> Iterator[Change]:
    """Yield the changes that make the row of a deployment what it is now."""
    cells = _deploy_cells(row)
    there = next((known for known in mission.deploys if known.number == row.number), None)
    if there is None:
        yield AppendRow(DEPLOYMENTS, cells)
        return
    before = _deploy_cells(there)
    for column, text in cells.items():
        if text != before[column]:
            yield SetCell(DEPLOYMENTS, {"#": str(row.number)}, column, text)
    if row.status is DeployStatus.LIVE and there.status is not DeployStatus.LIVE:
        yield AppendRow("Outcomes", _outcome(row))


def _deploy_cells(row: DeployRow) -> dict[str, str]:
    return {
        "#": str(row.number),
        "Target": row.target,
        "Commit": f"`{row.commit}`",
        "For": row.because,
        "By": row.by,
        "Status": str(row.status),
        "URL": f"<{row.url}>" if row.url else "",
        "Version": row.version,
        "Since": row.since,
        "Reason": row.reason,
    }


def _outcome(row: DeployRow) -> dict[str, str]:
    """Return the row of `## Outcomes` for a deployment that is live."""
    named = f"{row.target}, deployment {row.number}"
    what = f"{row.commit[:12]} ({row.version})" if row.version else row.commit[:12]
    cells = {"Type": "url", "Label": f"{named}: {what}", "Value": row.url}
    if not row.url:
        cells = {"Type": "text", "Label": named, "Value": what}
    return {**cells, "Feature": "", "Date": row.since[:10]}
