"""What a model is told for a judgment, as text: from the mission file and the records, cut to bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import one_line
from mission_cli.domain.ids import attempt_name
from mission_cli.domain.status import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.mission import Feature, Milestone
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.planner.core.draft import Draft

_LONG, _SHORT = 3_000, 600
_MOST_ATTEMPTS = 5


def about_failure(draft: Draft, milestone: Milestone) -> str:
    """Return what is known of a milestone that failed its validation: criteria, fix features and their attempts."""
    fixes = [f for f in milestone.features if f.fixes]
    return _text(
        [
            f"milestone {milestone.number}: {one_line(milestone.name)}; failed validations: {milestone.rounds}",
            *_criteria(milestone.criteria),
            *_features(milestone),
            *(line for fix in fixes for line in _attempts(draft, fix)),
        ]
    )


def about_feature(draft: Draft, milestone: Milestone, feature: Feature) -> str:
    """Return what is known of a feature whose attempts are used up."""
    needs = [str(f.number) for f in draft.mission.features() if feature.number in f.depends]
    return _text(
        [
            *_features(milestone),
            f"features that depend on {feature.number}: {', '.join(needs) or 'none'}",
            *_attempts(draft, feature),
        ]
    )


def about_conflict(milestone: Milestone, record: RunRecord, features: Sequence[Feature]) -> str:
    """Return what is known of features that may conflict."""
    return _text(
        [
            f"{attempt_name(record.run)} ended with a conflict: {one_line(record.detail, _SHORT)}",
            "you may name: " + ", ".join(str(f.number) for f in features),
            *_features(milestone),
            *(f"{f.number} works on: {', '.join(f.files)}" for f in features if f.files),
            *(f"{f.number} is described as:\n{f.description[:_SHORT]}" for f in features if f.description),
        ]
    )


def about_rest(draft: Draft, milestone: Milestone, rest: Sequence[Feature]) -> str:
    """Return what is known of a milestone of which only features are left that cannot start."""
    held = {f.number for f in rest}
    return _text(
        [
            "you may name: " + ", ".join(str(f.number) for f in rest),
            *_criteria(milestone.criteria),
            *_features(milestone),
            *(f"{h.subject} cannot start: {one_line(h.detail)}" for h in draft.holds if h.subject in held),
            *(f"{f.number} is described as:\n{f.description[:_SHORT]}" for f in rest if f.description),
        ]
    )


def _criteria(criteria: Sequence[Criterion]) -> Iterator[str]:
    for criterion in criteria:
        verdict = criterion.result.verdict if criterion.result is not None else "not judged yet"
        yield f"criterion {'FAILED' if verdict is Verdict.FAILED else verdict}: {one_line(criterion.text, _SHORT)}"


def _features(milestone: Milestone) -> Iterator[str]:
    for feature in milestone.features:
        yield f"feature {feature.number} ({feature.status or feature.raw_status}): {one_line(feature.title)}"


def _attempts(draft: Draft, feature: Feature) -> Iterator[str]:
    yield f"{feature.number} is described as:\n{feature.description[-_LONG:]}"
    settled = [r for r in draft.records_of(feature.number) if r.cause is not None]
    for record in settled[-_MOST_ATTEMPTS:]:
        yield f"{attempt_name(record.run)} ended with {record.cause}: {one_line(record.detail, _SHORT)}"
    for record in settled[-1:]:
        yield f"the evidence of {attempt_name(record.run)}:\n{record.evidence[-_LONG:]}"


def _text(parts: Sequence[str]) -> str:
    return "\n".join(parts)
