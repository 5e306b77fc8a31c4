"""How good predictions of changed files were: precision, recall, and what hints of each source are worth now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import share
from mission_cli.domain.status import Cause

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.domain.touch.facts import Hint

_TRUST = 4
"""How many right hints a source is trusted for at the start."""
_SURE = 0.5
"""Hints that are less likely are not recorded: they hold nothing."""
_PERCENT = 100


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Predicted and changed files of finished attempts."""

    predicted: int = 0
    changed: int = 0
    right: int = 0
    """Predicted files that were changed, or folders in which one was."""
    covered: int = 0
    """Changed files that had been predicted."""

    @property
    def words(self) -> str:
        """Both as one sentence; empty if nothing was predicted."""
        if not self.predicted:
            return ""
        precision = f"{share(self.right, self.predicted, 'predicted file')} changed"
        return f"{precision}, and {share(self.covered, self.changed, 'changed file')} had been predicted"


def predicts(mission: Mission) -> bool:
    """Whether a mission wants it predicted which files its features change."""
    return mission.preferences.shared_files == "predict"


def as_expected(hints: Iterable[Hint]) -> tuple[str, ...]:
    """Return the likely hints as they are recorded: source and path."""
    return tuple(f"{hint.source} {hint.path}" for hint in hints if hint.weight >= _SURE)


def accuracy(records: Iterable[RunRecord]) -> Accuracy:
    """Return how good the predictions of finished attempts were. A folder is right if a file in it changed."""
    predicted = changed = right = covered = 0
    for record in _finished(records):
        paths = [line.partition(" ")[2] for line in record.expected]
        predicted += len(paths)
        changed += len(record.changed)
        right += sum(_is_in(path, record.changed) for path in paths)
        covered += sum(any(_is_in(path, (one,)) for path in paths) for one in record.changed)
    return Accuracy(predicted, changed, right, covered)


def factors(records: Iterable[RunRecord]) -> dict[str, float]:
    """Return what hints of each source are worth, from 0 to 1: those that were wrong cost the source weight."""
    right: dict[str, int] = {}
    total: dict[str, int] = {}
    for record in _finished(records):
        for line in record.expected:
            source, _, path = line.partition(" ")
            total[source] = total.get(source, 0) + 1
            right[source] = right.get(source, 0) + _is_in(path, record.changed)
    return {source: round((right[source] + _TRUST) / (count + _TRUST), 3) for source, count in total.items()}


def _finished(records: Iterable[RunRecord]) -> Iterable[RunRecord]:
    return (record for record in records if record.cause is Cause.DONE and record.changed)


def _is_in(path: str, changed: Iterable[str]) -> bool:
    return any(one == path or one.startswith(f"{path.rstrip('/')}/") for one in changed)
