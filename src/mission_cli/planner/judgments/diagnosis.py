"""The newest diagnosis of a milestone, for the workers that fix it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mission_cli.domain.judgments.rules import JudgmentKind
from mission_cli.domain.status import Cause
from mission_cli.planner.judgments.asking import answer_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.judgments.answers import Diagnosis
    from mission_cli.domain.mission import Feature, Milestone
    from mission_cli.domain.runs.record import RunRecord


def diagnoses(milestone: Milestone, feature: Feature, records: Sequence[RunRecord]) -> list[str]:
    """Return the newest diagnosis as text for a fix feature; nothing for others, and without one."""
    about = (r for r in records if r.judging and r.asks == JudgmentKind.DIAGNOSE and r.cause is Cause.DONE)
    mine = [r for r in about if feature.fixes and r.about == str(milestone.number)]
    last = max(mine, key=lambda r: r.attempt, default=None)
    answer = cast("Diagnosis | None", answer_in(last)) if last is not None else None
    if last is None or answer is None:
        return []
    shown = "\n".join(f"- {line}" for line in answer.evidence)
    return [f"{last.run}\nCause: {answer.cause}\nEvidence:\n{shown}\nAdvice: {answer.advice}"]
