"""The facts that the condition of a quality gate may name, from the features before it and their records."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli.domain.budget.amounts import CATEGORIES
from mission_cli.domain.status import FeatureStatus
from mission_cli.planner.mission.money import stand

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.domain.mission import Feature
    from mission_cli.planner.core.draft import Draft

_NONE = Decimal(0)


def facts_of(draft: Draft, after: Sequence[Feature], scores: Sequence[Decimal]) -> Mapping[str, Decimal]:
    """Return every fact of `domain.criteria.gate_condition.FACTS`; `scores` are those of the features that are done."""
    numbers = {feature.number for feature in after}
    tried = {n: [r for r in draft.records_of(n) if not r.open] for n in numbers}
    records = [record for found in tried.values() for record in found]
    reviews = [r for r in draft.observation.records if r.reviewing and r.about in numbers and not r.open]
    usages = [record.usage for record in (*records, *reviews)]
    every = list(draft.mission.features())
    state = stand(draft)
    used = [pct for category in CATEGORIES if (pct := state.used_pct(category)) is not None]
    return {
        "total": Decimal(len(after)),
        **{name: _count(after, FeatureStatus(name)) for name in ("done", "failed", "skipped")},
        "average_score": sum(scores, _NONE) / len(scores) if scores else _NONE,
        "lowest_score": min(scores, default=_NONE),
        "attempts": Decimal(len(records)),
        "retries": Decimal(sum(max(0, len(found) - 1) for found in tried.values())),
        "cost_usd": sum((usage.usd or _NONE for usage in usages), _NONE),
        "hours": sum((usage.hours for usage in usages), _NONE),
        "tokens": Decimal(sum(usage.total_tokens for usage in usages)),
        "spent_pct": max(used, default=_NONE),
        "progress_pct": Decimal(100 * sum(feature.finished for feature in every)) / max(1, len(every)),
    }


def _count(features: Sequence[Feature], status: FeatureStatus) -> Decimal:
    return Decimal(sum(feature.status is status for feature in features))
