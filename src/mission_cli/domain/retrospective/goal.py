"""The goal beside what came of it: features, milestones, and what speaks for each success criterion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli.domain.status import PASSES, FeatureStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.mission import Mission

_WORD = pattern(r"[^\W_]{3,}")
_COMMON = (
    " about all and any are but can did does each for from has have into its may must not one only same than that the"
    " their them then there they this use used uses was when which with without works will "
)
"""Words that say nothing about a subject."""
_MOST_EVIDENCE = 3
_ENDINGS = ("ing", "ed", "es", "s")
_SHORTEST_STEM = 3
_HALF = 2


@dataclass(frozen=True, slots=True)
class Spoken:
    """A success criterion of the scope, and the criteria of the mission that are about the same."""

    text: str
    evidence: tuple[tuple[str, str, bool], ...]
    """Owner (`1` or `1.2`), the criterion, and whether it passed; those that fit best first."""


@dataclass(frozen=True, slots=True)
class StageEnd:
    """What became of a milestone."""

    number: int
    name: str
    status: str
    passed: int
    criteria: int
    at: str
    """Commit on which it passed; empty if it did not."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the plan."""

    features: int
    done: int
    skipped: tuple[str, ...]
    """Numbers."""
    fixes: int
    """Of the features, those that the program added because a validation failed."""
    milestones: tuple[StageEnd, ...]
    success: tuple[Spoken, ...]


def outcome(mission: Mission) -> Outcome:
    """Return what came of the plan."""
    features = list(mission.features())
    return Outcome(
        len(features),
        sum(f.status is FeatureStatus.DONE for f in features),
        tuple(f.number for f in features if f.status is FeatureStatus.SKIPPED),
        sum(bool(f.fixes) for f in features),
        tuple(
            StageEnd(
                m.number,
                m.name,
                str(m.status or m.raw_status),
                sum(c.ticked for c in m.criteria),
                len(m.criteria),
                m.passed_at,
            )
            for m in mission.milestones
        ),
        tuple(_spoken(mission, text) for text in mission.success_criteria),
    )


def _spoken(mission: Mission, text: str) -> Spoken:
    """Return a success criterion with the criteria that share the most words with it: at least half of its words."""
    wanted = _words(text)
    rated = [
        (len(wanted & _words(f"{criterion.text} {about}")), owner, criterion)
        for owner, about, criterion in _criteria(mission)
    ]
    least = max(1, -(-len(wanted) // _HALF))
    good = sorted((one for one in rated if one[0] >= least), key=lambda one: -one[0])[:_MOST_EVIDENCE]
    return Spoken(text, tuple((owner, criterion.first_line, _passed(criterion)) for _, owner, criterion in good))


def _criteria(mission: Mission) -> Iterator[tuple[str, str, Criterion]]:
    """Yield owner, title of the owner and criterion of everything that was to be checked."""
    for milestone in mission.milestones:
        yield from ((str(milestone.number), milestone.name, c) for c in milestone.criteria)
        for feature in milestone.features:
            yield from ((feature.number, feature.title, c) for c in feature.criteria)


def _passed(criterion: Criterion) -> bool:
    return criterion.ticked or (criterion.result is not None and criterion.result.verdict in PASSES)


def _words(text: str) -> frozenset[str]:
    return frozenset(_stem(word) for word in _WORD.findall(text.casefold()) if f" {word} " not in _COMMON)


def _stem(word: str) -> str:
    ending = next((e for e in _ENDINGS if word.endswith(e) and len(word) - len(e) >= _SHORTEST_STEM), "")
    return word.removesuffix(ending)
