"""The attempts of one execution: which ones count, and what they used."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import parse_stamp
from mission_cli.domain.budget.ledger import account
from mission_cli.domain.ids import milestone_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Used:
    """What some attempts used."""

    usd: Decimal = _ZERO
    """Of those whose cost is known."""
    hours: Decimal = _ZERO
    tokens: Decimal = _ZERO
    unknown: int = 0
    """Attempts whose cost is unknown."""

    def of(self, category: str) -> Decimal:
        """Return the amount in one category."""
        return {"usd": self.usd, "hours": self.hours, "tokens": self.tokens}[category]


def of_execution(mission: Mission, records: Iterable[RunRecord]) -> tuple[RunRecord, ...]:
    """Return the records of the present execution of a recurring mission; of any other mission all of them."""
    began = parse_stamp(mission.started) if mission.recurs and mission.started else None
    if began is None:
        return tuple(records)
    return tuple(
        record for record in records if (at := parse_stamp(record.intended or record.started)) is None or at >= began
    )


def attempts_at_work(records: Iterable[RunRecord]) -> tuple[RunRecord, ...]:
    """Return the settled attempts at features: no planning, no reviews, no other questions to models."""
    return tuple(r for r in records if not r.open and r.feature[:1].isdecimal() and milestone_of(r.feature))


def used_by(records: Iterable[RunRecord]) -> Used:
    """Add up what settled records used."""
    usd = hours = tokens = _ZERO
    unknown = 0
    for record in records:
        if record.open:
            continue
        usage = record.usage
        hours += usage.hours
        tokens += usage.total_tokens
        usd += usage.usd or _ZERO
        unknown += usage.usd is None
    return Used(usd, hours, tokens, unknown)


def used_in_all(mission: Mission, records: Sequence[RunRecord]) -> Used:
    """Return what an execution used: as the budget counts it; of a recurring mission what its records say."""
    if mission.recurs:
        return used_by(of_execution(mission, records))
    spent = account(mission.limits, mission.spends, records).spent
    return Used(spent.usd, spent.hours, spent.tokens, spent.unknown)


def used_for(milestone: int, records: Iterable[RunRecord]) -> Used:
    """Return what the attempts, reviews and judgments of one milestone used."""
    return used_by(record for record in records if not record.planning and record.milestone == milestone)
