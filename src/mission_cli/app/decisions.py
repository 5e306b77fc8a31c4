"""The rows of the Decision Log, and who decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.results.mission_report import ReportedDecision

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.domain.mission import Mission

_BY, _AFTER_REASON = "by ", "(by "


def logged_decisions(mission: Mission) -> Iterator[ReportedDecision]:
    """Yield the rows of the Decision Log in their order; those of the loop name nobody."""
    for row in mission.kept:
        why = row.cells.get("rationale", "").strip()
        if row.section == "Decision Log" and row.cells.get("decision"):
            yield ReportedDecision(row.cells.get("date", ""), row.cells["decision"], why, _person(why))


def _person(why: str) -> str:
    """Return who decided: `by Ada`, or `TEXT (by Ada)`."""
    if why.endswith(")") and _AFTER_REASON in why:
        return why.rpartition(_AFTER_REASON)[2].removesuffix(")")
    return why.rpartition(_BY)[2] if _BY in why else ""
