"""What a draft changed: attempts, failures and tokens before it and with it, from the run records alone."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import parse_stamp
from mission_cli.domain.status import Cause

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mission_cli.domain.runs.record import RunRecord

_NO_FAILURE = frozenset({Cause.DONE, Cause.QUESTION, Cause.STOPPED, Cause.WAITING})


@dataclass(frozen=True, slots=True)
class Figures:
    """What some attempts came to."""

    features: int = 0
    """How many features they were at."""
    attempts: int = 0
    failures: int = 0
    """Attempts that did not end as done; one that asked, waited or was stopped is not a failure."""
    tokens: int = 0

    @property
    def attempts_each(self) -> Decimal | None:
        """Attempts per feature; None without any."""
        return _each(self.attempts, self.features)

    @property
    def tokens_each(self) -> Decimal | None:
        """Tokens per feature; None without any."""
        return _each(self.tokens, self.features)


@dataclass(frozen=True, slots=True)
class Effect:
    """Figures of attempts before a draft was made, and of those whose workers had it."""

    path: str
    before: Figures
    after: Figures


def effect_of(path: str, created: str, records: Iterable[RunRecord]) -> Effect:
    """Return the effect of a draft. `path`: as the records list it. `created`: when it was made, ISO 8601.

    Attempts that are open, by hand, reviews, judgments or plannings do not count, nor do later ones without the draft.
    """
    counted = [r for r in records if not (r.open or r.by) and r.feature[:1].isdecimal()]
    after = [record for record in counted if path in record.drafts]
    made = parse_stamp(created) or min((at for r in after if (at := parse_stamp(r.intended))), default=None)
    before = [r for r in counted if r not in after and made and (at := parse_stamp(r.intended)) and at < made]
    return Effect(path, figures(before), figures(after))


def figures(records: Sequence[RunRecord]) -> Figures:
    """Return what some settled attempts came to."""
    return Figures(
        len({record.feature for record in records}),
        len(records),
        sum(record.cause not in _NO_FAILURE for record in records),
        sum(record.usage.total_tokens for record in records),
    )


def _each(count: int, features: int) -> Decimal | None:
    return (Decimal(count) / features).quantize(Decimal("0.01")).normalize() if features else None
