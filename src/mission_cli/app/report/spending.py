"""What a mission has spent over time, with its cap, the threshold of its pause, and what the rest is likely to cost."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.text import parse_stamp
from mission_cli.app.results.mission_report import ReportPoint, Spending
from mission_cli.domain.ids import milestone_of
from mission_cli.domain.status import Cause

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord

_ALL_PCT = 100


def spending_of(mission: Mission, records: Iterable[RunRecord]) -> Spending:
    """Return what was spent after each attempt, from all run records of a mission."""
    limits = mission.limits
    pauses = None if limits.usd is None else limits.usd * limits.alert_pct / _ALL_PCT
    return Spending([*points_of(mission, records)], limits.usd, pauses)


def points_of(mission: Mission, records: Iterable[RunRecord]) -> Iterator[ReportPoint]:
    """Yield money spent and open features at the start and after each ended attempt, in order of time."""
    numbers = {feature.number for feature in mission.features()}
    ended = [(end, r) for r in records if not r.open and (end := parse_stamp(r.ended)) is not None]
    spent, done = Decimal(0), set[str]()
    begin = parse_stamp(mission.started)
    if begin is not None and ended:
        yield ReportPoint(mission.started, spent, len(numbers))
    for _, record in sorted(ended, key=lambda one: (one[0], one[1].run)):
        spent += record.usage.usd or Decimal(0)
        done |= {record.feature} & numbers if record.cause is Cause.DONE and milestone_of(record.feature) else set()
        yield ReportPoint(record.ended, spent, len(numbers) - len(done))
