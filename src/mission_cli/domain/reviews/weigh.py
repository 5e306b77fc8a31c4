"""Combine several reviews of the same work: scores by dimension, and findings that two model families confirm."""

from __future__ import annotations

from decimal import Decimal
from statistics import median
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mission_cli.domain.reviews.answer import Answer, Finding, Scored
    from mission_cli.domain.reviews.rules import Dimension

_OUTLIER = Decimal("1.5")
_NEAR_LINES = 3
_SERIOUS = 1
"""Findings with a higher priority number are always advice."""
_WORD = pattern(r"[a-z_][a-z0-9_]{3,}")
_EMPTY_WORDS = frozenset(
    [
        "also",
        "been",
        "because",
        "before",
        "cannot",
        "change",
        "code",
        "could",
        "does",
        "done",
        "file",
        "from",
        "function",
        "have",
        "here",
        "into",
        "just",
        "line",
        "lines",
        "more",
        "must",
        "only",
        "should",
        "some",
        "than",
        "that",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "very",
        "what",
        "when",
        "where",
        "which",
        "will",
        "with",
        "would",
        "wrong",
        "your",
    ]
)
_COMMON_WORDS = 3
_TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Review:
    """One answer, and who gave it."""

    answer: Answer
    reviewer: str
    family: str


@dataclass(frozen=True, slots=True)
class Weighed:
    """The combined scores of one criterion."""

    total: Decimal
    """The weighted score, from 1 to 5."""
    by_dimension: Mapping[str, Decimal]
    dropped: int = 0
    """Number of scores that were left out because they are too far from the median."""
    reasons: tuple[str, ...] = ()
    """The reviewers' reasons, lowest score first."""

    @property
    def shown(self) -> str:
        """The weighted score with one decimal."""
        return f"{self.total.quantize(_TENTH)}"


def weigh(reviews: Sequence[Review], criterion: str, dimensions: Sequence[Dimension]) -> Weighed:
    """Return the combined scores of a criterion, given by its id: the weighted mean of each dimension's median.

    A score more than 1.5 away from the median of its dimension is left out.
    """
    given = [scored for review in reviews for scored in review.answer.criteria if scored.id == criterion]
    found, dropped = dict[str, Decimal](), 0
    for dimension in dimensions:
        scores = [Decimal(str(scored.scores[dimension.name])) for scored in given]
        middle = median(scores)
        kept = [score for score in scores if abs(score - middle) <= _OUTLIER] or [middle]
        dropped += len(scores) - len(kept)
        found[dimension.name] = median(kept)
    weights = sum((d.weight for d in dimensions), Decimal(0))
    total = sum((found[d.name] * d.weight for d in dimensions), Decimal(0)) / weights
    ordered = sorted(given, key=lambda scored: _plain_mean(scored, dimensions))
    return Weighed(total, found, dropped, tuple(scored.reason for scored in ordered if scored.reason))


def confirmed(reviews: Sequence[Review]) -> Iterator[tuple[Finding, str, str]]:
    """Yield each serious finding that a reviewer of another model family also reports, with both reviewers.

    Two findings are the same if they are about lines of one file that overlap or are at most three lines apart, and
    if they share words. Lines alone prove nothing in a small change.
    """
    seen: list[Finding] = []
    for number, first in enumerate(reviews):
        for finding in _serious(first):
            for second in reviews[number + 1 :]:
                agrees = second.family != first.family and any(_same(finding, other) for other in _serious(second))
                if agrees and not any(_same(finding, other) for other in seen):
                    seen.append(finding)
                    yield finding, first.reviewer, second.reviewer


def with_command(reviews: Sequence[Review]) -> Iterator[tuple[Finding, str]]:
    """Yield the findings that name a command as evidence, each command once, with the reviewer."""
    commands: set[str] = set()
    for review in reviews:
        for finding in review.answer.findings:
            command = finding.command.strip()
            if command and not finding.pre_existing and command not in commands:
                commands.add(command)
                yield finding, review.reviewer


def _serious(review: Review) -> list[Finding]:
    return [f for f in review.answer.findings if f.priority <= _SERIOUS and not f.pre_existing and f.file]


def _same(one: Finding, other: Finding) -> bool:
    if one.file.removeprefix("./") != other.file.removeprefix("./"):
        return False
    return (
        bool(one.first_line and other.first_line)
        and _share_words(one, other)
        and one.first_line <= _last(other) + _NEAR_LINES
        and other.first_line <= _last(one) + _NEAR_LINES
    )


def _share_words(one: Finding, other: Finding) -> bool:
    """Whether two findings share three words of four letters or more, or half the words of the shorter one."""
    first, second = (frozenset(_WORD.findall(f"{f.title} {f.body}".casefold())) - _EMPTY_WORDS for f in (one, other))
    common = len(first & second)
    return bool(common) and (common >= _COMMON_WORDS or 2 * common >= min(len(first), len(second)))


def _last(finding: Finding) -> int:
    return max(finding.first_line, finding.last_line)


def _plain_mean(scored: Scored, dimensions: Sequence[Dimension]) -> float:
    return sum(scored.scores[d.name] for d in dimensions) / len(dimensions)
