"""The usage limit and the circuit breaker of a runner: until when it starts no attempts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import parse_stamp
from mission_cli.domain.resources.delivery import NO_VALUE
from mission_cli.domain.status import Cause
from mission_cli.planner.attempts import causes
from mission_cli.planner.core.moves.features import Dispatch

if TYPE_CHECKING:
    from datetime import datetime

    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.planner.core.draft import Draft


def parked_until(draft: Draft, name: str) -> datetime | None:
    """Return until when the runner is parked, if its newest attempt ended at a usage limit; else None."""
    mine = [r for r in draft.observation.records if not (r.open or r.by) and r.runner == name and r.ended]
    last = max(mine, key=lambda r: r.ended, default=None)
    if last is None or last.cause is not Cause.RATE_LIMIT:
        return None
    streak = [r for r in draft.records_of(last.feature) if r.cause is Cause.RATE_LIMIT]
    stand = causes.tries(streak, draft.policy)
    return draft.observation.moved(stand.not_before, stand.since) if stand.not_before else None


def breaker_until(draft: Draft, name: str) -> datetime | None:
    """Return when the runner may be probed after too many failures in a row; None while its breaker is closed."""
    settled = [r for r in draft.observation.records if not (r.open or r.by) and r.runner == name and r.ended]
    streak: list[RunRecord] = []
    for record in sorted(settled, key=lambda r: r.ended, reverse=True):
        if record.cause in causes.SILENT or record.detail.startswith(NO_VALUE):
            continue
        if record.cause is None or not causes.RULES[record.cause].breaker:
            break
        streak.append(record)
    if len(streak) < draft.policy.breaker_failures:
        return None
    last = parse_stamp(streak[0].ended)
    return draft.observation.moved(last + draft.policy.breaker_pause, last) if last else None


def probing(draft: Draft, name: str) -> bool:
    """Whether an attempt of the runner is running or starts in this round."""
    begun = [m.record for m in draft.transitions if isinstance(m, Dispatch)]
    return any(r.runner == name and not r.by for r in (*draft.open_records(), *begun))
