"""The laws about reviews, written without the planner's own arithmetic: from records and verdicts alone."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli.domain.reviews.answer import UnreadableError, read_answer
from mission_cli.domain.reviews.rules import DIMENSIONS
from mission_cli.domain.status import Cause, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord

_NAMES = tuple(d.name for d in DIMENSIONS)
_CENT = Decimal("0.000001")


def unproven(mission: Mission, records: Sequence[RunRecord]) -> str:
    """Say which criterion passed without the reviews that it needs, or which reviews took too much; else empty."""
    reviews = [r for r in records if r.reviewing]
    return _passed_without(mission, reviews) or _too_dear(mission, records, reviews)


def _passed_without(mission: Mission, reviews: Sequence[RunRecord]) -> str:
    answered = {r.response for r in mission.requests}
    for owner, criteria, wanted in _owners(mission):
        good = [r for r in reviews if r.about == owner and r.cause is Cause.DONE and _is_readable(r)]
        passed = [
            c for c in criteria if c.kind in {"review", "text"} and c.result and c.result.verdict is Verdict.PASSED
        ]
        by_hand = any(r.feature == owner and r.response for r in mission.requests) and answered
        if passed and len(good) < wanted and not by_hand:
            return f"{passed[0].text} passed with {len(good)} of {wanted} reviews"
    return ""


def _owners(mission: Mission) -> Iterator[tuple[str, Sequence[Criterion], int]]:
    """Yield each owner of criteria, those, and how many reviews they need."""
    for milestone in mission.milestones:
        yield str(milestone.number), milestone.criteria, mission.reviews.per_milestone
        for feature in milestone.features:
            yield feature.number, feature.criteria, mission.reviews.per_feature


def _is_readable(record: RunRecord) -> bool:
    try:
        read_answer(record.last_words, len(record.criteria), _NAMES)
    except UnreadableError:
        return False
    return True


def _too_dear(mission: Mission, records: Sequence[RunRecord], reviews: Sequence[RunRecord]) -> str:
    """All reviews of one change hold at most their share of what the work had reserved."""
    made = defaultdict[str, Decimal](Decimal)
    for record in records:
        if not record.reviewing and not record.planning:
            made[record.feature] = max(made[record.feature], record.reserve.usd)
            made[str(record.milestone)] += record.reserve.usd
    taken = defaultdict[str, Decimal](Decimal)
    for record in reviews:
        cost = (
            record.reserve.usd if record.open or record.usage.usd is None else min(record.usage.usd, record.reserve.usd)
        )
        taken[record.subject] += cost
        if taken[record.subject] > made[record.about] * mission.reviews.budget_pct / 100 + _CENT:
            return f"the reviews of {record.about} take ${taken[record.subject]} of ${made[record.about]}"
    return ""
