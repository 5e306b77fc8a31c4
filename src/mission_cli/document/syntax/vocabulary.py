"""Read the words of mission files: statuses, numbers, durations, including the words that other tools write."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from mission_cli._support.lazy_re import pattern
from mission_cli._support.numbers import decimal_of
from mission_cli._support.text import parse_duration
from mission_cli.domain.status import FeatureStatus, MilestoneStatus, MissionStatus, Verdict

_EMPHASIS = pattern(r"[*_`]*(.*?)[*_`]*\Z")
_GROUPED = pattern(
    r"[$]*(?:[-+][$]*)?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,3}(?:_[0-9]{3})+|[0-9]*)(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?"
)
"""Separators are allowed only between thousands."""

_FEATURE = {
    "pending": FeatureStatus.PENDING,
    "todo": FeatureStatus.PENDING,
    "not started": FeatureStatus.PENDING,
    "open": FeatureStatus.PENDING,
    "dispatched": FeatureStatus.DISPATCHED,
    "in progress": FeatureStatus.DISPATCHED,
    "claimed": FeatureStatus.DISPATCHED,
    "active": FeatureStatus.DISPATCHED,
    "running": FeatureStatus.DISPATCHED,
    "review": FeatureStatus.REVIEW,
    "in review": FeatureStatus.REVIEW,
    "done": FeatureStatus.DONE,
    "complete": FeatureStatus.DONE,
    "completed": FeatureStatus.DONE,
    "merged": FeatureStatus.DONE,
    "passed": FeatureStatus.DONE,
    "done falsified": FeatureStatus.DONE,
    "failed": FeatureStatus.FAILED,
    "skipped": FeatureStatus.SKIPPED,
    "cancelled": FeatureStatus.SKIPPED,
}
_MILESTONE = {
    "pending": MilestoneStatus.PENDING,
    "todo": MilestoneStatus.PENDING,
    "not started": MilestoneStatus.PENDING,
    "active": MilestoneStatus.ACTIVE,
    "in progress": MilestoneStatus.ACTIVE,
    "dispatched": MilestoneStatus.ACTIVE,
    "validating": MilestoneStatus.VALIDATING,
    "passed": MilestoneStatus.PASSED,
    "done": MilestoneStatus.PASSED,
    "complete": MilestoneStatus.PASSED,
    "completed": MilestoneStatus.PASSED,
    "failed": MilestoneStatus.FAILED,
    "blocked": MilestoneStatus.BLOCKED,
    "skipped": MilestoneStatus.SKIPPED,
}
_MISSION = {
    **{s.value: s for s in MissionStatus},
    **dict.fromkeys(
        ("waiting", "blocked", "validating", "recovering", "executing", "running", "in progress"),
        MissionStatus.ACTIVE,
    ),
    "scoping": MissionStatus.DRAFT,
    "planned": MissionStatus.PLANNING,
    "abandoned": MissionStatus.CANCELLED,
    "canceled": MissionStatus.CANCELLED,
    "complete": MissionStatus.COMPLETED,
    "done": MissionStatus.COMPLETED,
}
_VERDICT = {
    "pass": Verdict.PASSED,
    "flaky": Verdict.FLAKY,
    "fail": Verdict.FAILED,
    "skip": Verdict.SKIPPED,
    "could-not-run": Verdict.COULD_NOT_RUN,
}
VERDICT_WORDS = {verdict: word for word, verdict in _VERDICT.items()}
MISSION_WORDS = tuple(_MISSION)
"""All words that are read as the status of a mission; this program's own words come first."""


@lru_cache(maxsize=512)
def plain(text: str) -> str:
    """Return a status in the form for comparison: lower case, no emphasis, no trailing `(…)`, `_` and `-` as spaces."""
    bare = text.strip()
    if bare.endswith(")") and "(" in bare:
        bare = bare[: bare.index("(")].rstrip()
    found = _EMPHASIS.match(bare)
    word = found[1] if found else text
    return " ".join(word.replace("_", " ").replace("-", " ").casefold().split())


def feature_status(text: str) -> FeatureStatus | None:
    """Read a Status cell; an empty one is pending, an unknown word is None."""
    return _FEATURE.get(plain(text)) if text.strip() else FeatureStatus.PENDING


def milestone_status(text: str) -> MilestoneStatus | None:
    """Read a milestone's status; an empty one is pending, an unknown word is None."""
    return _MILESTONE.get(plain(text)) if text.strip() else MilestoneStatus.PENDING


def mission_status(text: str) -> MissionStatus | None:
    """Read a mission's status; an empty one is draft, an unknown word is None."""
    return _MISSION.get(plain(text)) if text.strip() else MissionStatus.DRAFT


def verdict(text: str) -> Verdict | None:
    """Read the word of a result comment."""
    return _VERDICT.get(text)


@lru_cache(maxsize=512)
def hours(text: str) -> Decimal | None:
    """Return an estimate (`~2h10m`, `3.5h`, `4h`) in hours; None for prose."""
    span = parse_duration(text.strip().lstrip("~≈").strip())
    return Decimal(str(span.total_seconds())) / 3600 if span is not None else None


def number(text: str) -> Decimal | None:
    """Return a plain number, which may have a dollar sign or separators between its thousands.

    None for prose, for values out of range, and for `5,50`, which can mean 5.5 or 550.
    """
    return decimal_of(_bare(text)) if _GROUPED.fullmatch(text.strip()) else None


def _bare(text: str) -> str:
    return text.strip().lstrip("$").replace(",", "").replace("_", "")
