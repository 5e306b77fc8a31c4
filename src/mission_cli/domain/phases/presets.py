"""The tables of phases that a new mission can begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class PhasePlan:
    """One row of a new table."""

    name: str
    worker: str = ""
    gate: str = ""
    on_reject: str = ""


_ANALYZING = PhasePlan("analyzing", "milestone 1")
_PLANNING = PhasePlan("planning", "milestone 2")
_PRD = PhasePlan("awaiting_prd_approval", "", "prd_review", "planning")
_EXECUTING = PhasePlan("executing", "milestones")
_TESTING = PhasePlan("testing", "tests", "", "executing")
_REVIEWING = PhasePlan("reviewing", "reviews", "", "executing")
_CODE = PhasePlan("awaiting_code_approval", "", "code_review", "executing")
_MERGING = PhasePlan("merging", "landing")
_COMPLETED = PhasePlan("completed")
PRESETS: Mapping[str, tuple[PhasePlan, ...]] = {
    "development": (
        _ANALYZING,
        PhasePlan("awaiting_feature_approval", "", "feature_selection", "analyzing"),
        _PLANNING,
        _PRD,
        _EXECUTING,
        _TESTING,
        _REVIEWING,
        _CODE,
        PhasePlan("deploying", "preview", "", "executing"),
        PhasePlan("previewing", "", "merge_approval", "executing"),
        _MERGING,
        _COMPLETED,
    ),
    "research": (_ANALYZING, _PLANNING, _PRD, _EXECUTING, _REVIEWING, _COMPLETED),
    "operations": (
        PhasePlan("planning", "milestone 1"),
        PhasePlan("awaiting_prd_approval", "", "prd_review", "planning"),
        _EXECUTING,
        _TESTING,
        _CODE,
        _MERGING,
        _COMPLETED,
    ),
}
"""By the type of the mission. The milestones 1 and 2 analyze and plan; the others are the work."""
