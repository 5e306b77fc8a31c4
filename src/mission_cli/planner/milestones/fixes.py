"""Fix features: one for each failure that no open one is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import first_error, one_line, signature
from mission_cli.domain.ids import FeatureNumber, feature_order
from mission_cli.domain.status import FINISHED_FEATURE
from mission_cli.planner.core.moves.milestones import AddFix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.mission import Milestone
    from mission_cli.planner.core.draft import Draft
    from mission_cli.planner.milestones.judgment import Judged

_LONGEST_TITLE = 80
_LONGEST_EVIDENCE = 4000


def fix_features(draft: Draft, milestone: Milestone, failed: Sequence[Judged]) -> tuple[AddFix, ...]:
    """Return a fix feature for each failed criterion, unless one is open for the same failure."""
    open_fixes = {f.fixes for f in draft.mission.features() if f.fixes and f.status not in FINISHED_FEATURE}
    fixes: list[AddFix] = []
    for judged in failed:
        error = first_error(judged.detail)
        name = signature(judged.criterion.text, error)
        if name in open_fixes:
            continue
        open_fixes.add(name)
        number = _next_number(draft, milestone, len(fixes))
        title = f"fix: {one_line(judged.criterion.text, _LONGEST_TITLE)}"
        why = f"{judged.criterion.text}: {one_line(error) or judged.verdict}"
        fixes.append(
            AddFix(milestone.number, number, title, name, judged.detail[-_LONGEST_EVIDENCE:], judged.criterion, why)
        )
    return tuple(fixes)


def _next_number(draft: Draft, milestone: Milestone, more: int) -> FeatureNumber:
    first = draft.mission.next_feature_number(milestone.number)
    return FeatureNumber(f"{milestone.number}.{feature_order(first)[1] + more}")
