"""The reviews that quality gates need: a criterion for reviewers that stands in no list of the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli.domain.criteria.criterion import Criterion
from mission_cli.domain.reviews.rules import LEAST, REVIEWED_KINDS
from mission_cli.domain.status import CriterionKind, GateKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.mission import Feature, Milestone
    from mission_cli.domain.tables import Gate


def with_gate_reviews(milestones: Sequence[Milestone], gates: Sequence[Gate]) -> tuple[Milestone, ...]:
    """Return the milestones in which reviewers score each feature before a quality gate that needs a score.

    A feature with a criterion for reviewers has a score already. One without any criterion is judged by the tests of
    the repository alone, as everywhere. Every score passes: the gate compares the mean.
    """
    needed = {number: gate for gate in reversed(gates) if _scores(gate) for number in gate.after}
    return tuple(
        replace(m, features=tuple(_scored(f, needed[f.number]) if f.number in needed else f for f in m.features))
        for m in milestones
    )


def _scores(gate: Gate) -> bool:
    return gate.kind is GateKind.QUALITY and gate.min_score is not None


def _scored(feature: Feature, gate: Gate) -> Feature:
    if not feature.criteria or any(c.kind in REVIEWED_KINDS for c in feature.criteria):
        return feature
    text = f"review: what the quality gate `{gate.name}` is about, and the whole of the feature (>= {LEAST})"
    one = Criterion(text, CriterionKind.REVIEW, bound=LEAST, line=gate.line, index=-1)
    return replace(feature, criteria=(*feature.criteria, one))
