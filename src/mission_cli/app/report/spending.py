"""What a mission has spent over time, with its cap, the threshold of its pause, and what the rest is likely to cost."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.text import parse_stamp, stamp
from mission_cli.app.results.mission_report import ReportPoint, Spending
from mission_cli.domain.budget.spends import by_hand
from mission_cli.domain.ids import milestone_of
from mission_cli.domain.status import Cause

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord

_ALL_PCT = 100


def spending_of(mission: Mission, records: Iterable[RunRecord]) -> Spending:
    """Return what was spent over time, from the spend log and all run records of a mission."""
    limits = mission.limits
    pauses = None if limits.usd is None else limits.usd * limits.alert_pct / _ALL_PCT
    return Spending([*points_of(mission, records)], limits.usd, pauses)


def points_of(mission: Mission, records: Iterable[RunRecord]) -> Iterator[ReportPoint]:
    """Yield money spent and open features at the start and after each ended attempt, in order of time.

    Rows of the spend log that no attempt explains, such as purchases, count from their day on, or from the start.
    """
    numbers, known = {feature.number for feature in mission.features()}, list(records)
    ended = [(end, r) for r in known if not r.open and (end := parse_stamp(r.ended)) is not None]
    begin = parse_stamp(mission.started)
    others = [row for row in by_hand(mission.spends, known) if row.category == "usd" and row.amount]
    days = [(day, row.amount) for row in others if (day := parse_stamp(row.date)) is not None]
    steps: list[tuple[datetime, Decimal | None, RunRecord | None]] = [(end, r.usage.usd, r) for end, r in ended]
    steps += [(max(day, begin or day), usd, None) for day, usd in days]
    spent, done = Decimal(0), set[str]()
    if begin is not None and steps:
        yield ReportPoint(mission.started, spent, len(numbers))
    for at, usd, record in sorted(steps, key=lambda one: (one[0], one[2].run if one[2] is not None else "")):
        spent += usd or Decimal(0)
        if record is not None and record.cause is Cause.DONE and milestone_of(record.feature):
            done |= {record.feature} & numbers
        yield ReportPoint(record.ended if record is not None else stamp(at), spent, len(numbers) - len(done))
