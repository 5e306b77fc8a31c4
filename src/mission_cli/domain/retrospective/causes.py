"""What failed and why: attempts with the same cause and the same first error, and how each was overcome."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import name_of, one_line
from mission_cli.domain.ids import attempt_name
from mission_cli.domain.retrospective.attempts import Used, attempts_at_work, used_by
from mission_cli.domain.status import Cause, FeatureStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mission_cli.domain.ids import FeatureNumber
    from mission_cli.domain.mission import Feature, Mission
    from mission_cli.domain.runs.record import RunRecord

NO_FAILURE = frozenset({Cause.DONE, Cause.QUESTION, Cause.WAITING, Cause.STOPPED})
"""Ends of attempts that are not failures: the work passed, or people and mails decide how it goes on."""
_NO_WORK = NO_FAILURE - {Cause.DONE}
_WORDS = 200


@dataclass(frozen=True, slots=True)
class Failure:
    """Attempts that failed for one reason."""

    cause: Cause
    words: str
    """What the first one says; empty if it says nothing."""
    attempts: tuple[str, ...]
    """Such as `1.2-a1`, the first one first."""
    features: tuple[FeatureNumber, ...]
    used: Used
    overcome: tuple[str, ...]
    """How the features went on, in a few words each."""
    signature: str
    """What the failures have in common; empty if the records do not say."""
    runners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fixed:
    """The fix features of a milestone, and the failed validations since a person last resumed it."""

    milestone: int
    rounds: int
    fixes: tuple[tuple[FeatureNumber, str, str], ...]
    """Number, title and status."""


def failures(mission: Mission, records: Iterable[RunRecord]) -> tuple[Failure, ...]:
    """Return what failed, what happened most often first."""
    attempts = attempts_at_work(records)
    groups: dict[tuple[str, str], list[RunRecord]] = {}
    for record in sorted(attempts, key=_when):
        if record.cause is not None and record.cause not in NO_FAILURE:
            groups.setdefault((record.cause, record.signature or record.detail), []).append(record)
    found = [_failure(mission, Cause(cause), group, attempts) for (cause, _), group in groups.items()]
    return tuple(sorted(found, key=lambda one: -len(one.attempts)))


def other_ends(records: Iterable[RunRecord]) -> tuple[tuple[Cause, int], ...]:
    """Return how many attempts ended without work and without a failure, by cause."""
    counts = Counter(r.cause for r in attempts_at_work(records) if r.cause is not None and r.cause in _NO_WORK)
    return tuple(counts.most_common())


def fixed(mission: Mission) -> tuple[Fixed, ...]:
    """Return the milestones whose validation failed."""
    found = [
        Fixed(m.number, m.rounds, tuple((f.number, f.title, _status(f)) for f in m.features if f.fixes))
        for m in mission.milestones
    ]
    return tuple(one for one in found if one.rounds or one.fixes)


def _failure(mission: Mission, cause: Cause, group: Sequence[RunRecord], attempts: Sequence[RunRecord]) -> Failure:
    first = group[0]
    features = tuple(dict.fromkeys(record.feature for record in group))
    ways = (_way_on(mission, number, [r for r in group if r.feature == number][-1], attempts) for number in features)
    return Failure(
        cause,
        one_line(": ".join(filter(None, (first.detail, first.error))), _WORDS),
        tuple(attempt_name(record.run) for record in group),
        features,
        used_by(group),
        tuple(dict.fromkeys(ways)),
        first.signature,
        tuple(sorted({record.runner for record in group if record.runner})),
    )


def _way_on(mission: Mission, number: FeatureNumber, last: RunRecord, attempts: Iterable[RunRecord]) -> str:
    """Return how a feature went on after the last attempt of a kind that failed."""
    later = sorted((r for r in attempts if r.feature == number and r.attempt > last.attempt), key=lambda r: r.attempt)
    good = next((record for record in later if record.cause is Cause.DONE), None)
    feature = mission.feature(number)
    if good is not None and good.by:
        return f"{number} by hand ({name_of(good.by)})"
    if good is not None:
        other = (good.runner, good.model) != (last.runner, last.model)
        return f"{attempt_name(good.run)} with {runner_of(good)}" if other else attempt_name(good.run)
    if feature is None:
        return f"{number} is no longer in the plan"
    if feature.status is FeatureStatus.DONE:
        return f"{number} was set to done"
    if feature.status is FeatureStatus.SKIPPED:
        return f"{number} was skipped"
    return f"{number} is {feature.status or feature.raw_status}: not overcome"


def _status(feature: Feature) -> str:
    return str(feature.status or feature.raw_status)


def runner_of(record: RunRecord) -> str:
    """Return runner and model of an attempt."""
    return f"{record.runner} ({record.model})" if record.model else record.runner


def _when(record: RunRecord) -> tuple[str, str, int]:
    return record.ended or record.intended, record.feature, record.attempt
