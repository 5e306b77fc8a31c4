"""Where a mission stands with money, hours and tokens, what one attempt may take, and which attempts no longer fit."""

from __future__ import annotations

from decimal import Decimal
from statistics import median
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import parse_stamp
from mission_cli.domain.budget.amounts import (
    CATEGORIES,
    seconds_as_hours,
    show_amount,
)
from mission_cli.domain.budget.ledger import (
    KEYS,
    account,
    amount_of,
    fair_share,
    is_used_up,
    reserved,
)
from mission_cli.domain.ids import RunId
from mission_cli.domain.runs import Usage
from mission_cli.domain.status import EndReason
from mission_cli.planner.core.decisions import Dispatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.budget.ledger import Account, Refusal
    from mission_cli.domain.mission import Feature, Mission
    from mission_cli.domain.runs import RunRecord
    from mission_cli.planner.core.draft import Draft
    from mission_cli.planner.core.observation import Observation

_NONE = Decimal(0)
_HOUR = Decimal(1)
_SPREAD = 10
"""An estimate counts as at most so many times the median, and at least as that part of it: one odd value is no plan."""


def stand(draft: Draft) -> Account:
    """Return spent and held by now: bills that are known and what this round promises included."""
    promised = [move.record for move in draft.transitions if isinstance(move, Dispatch)]
    return account(
        draft.mission.limits, draft.mission.spends, [*draft.observation.records, *promised], bills(draft.observation)
    )


def bills(observation: Observation) -> dict[RunId, Usage]:
    """Return what the runs that have ended and are not settled yet did cost, as far as they say."""
    found: dict[RunId, Usage] = {}
    for run, job in observation.jobs.items():
        if job.exit is not None:
            found[run] = replace(job.exit.report.usage or Usage(), hours=seconds_as_hours(job.exit.seconds))
    return found


def share_of(draft: Draft, feature: Feature, open_slots: int) -> Decimal:
    """Return the part of what is left that the next attempt at a feature may take (`fair_share`)."""
    busy = {record.feature for record in draft.open_records()}
    busy |= {move.record.feature for move in draft.transitions if isinstance(move, Dispatch)}
    rest = [f for f in draft.mission.features() if not f.finished and (f.number not in busy or f is feature)]
    usual = _usual(draft)
    return fair_share(_weight(feature, usual), [_weight(f, usual) for f in rest], open_slots)


def _usual(draft: Draft) -> Decimal:
    known = [hours for f in draft.mission.features() if (hours := f.estimate_hours) is not None and hours > 0]
    return Decimal(median(known)) if known else _HOUR


def _weight(feature: Feature, usual: Decimal) -> Decimal:
    hours = feature.estimate_hours
    return usual if hours is None or hours <= 0 else min(max(hours, usual / _SPREAD), usual * _SPREAD)


def misfits(draft: Draft) -> dict[RunId, str]:
    """Return the attempts whose reserve does not fit below a cap that was lowered since, with words; the newest first.

    What attempts did cost above their reserve lowers no cap: only what was promised counts. One that has ended by
    itself is paid for, and judged.
    """
    state, found = stand(draft), dict[RunId, str]()
    ended = {
        run for run, job in draft.observation.jobs.items() if job.exit and job.exit.reason is not EndReason.CANCELLED
    }
    records = [r for r in draft.open_records() if not r.by and r.run not in ended]
    for category in CATEGORIES:
        cap, left = state.cap(category), state.left(category)
        if cap is None or left is None:
            continue
        left += _above_reserve(draft, category)
        for record in sorted(records, key=lambda r: _began(draft, r), reverse=True):
            unbounded = record.reserve.hours > 0 and not reserved(record, category)
            if left >= 0 and not unbounded:
                continue
            if record.run not in found:
                held, shown = show_amount(category, reserved(record, category)), show_amount(category, cap)
                what = "nothing bounds it" if unbounded else f"{held} are held for it"
                found[record.run] = f"{what}, and {KEYS[category]} is {shown} now"
            left += reserved(record, category)
    return found


def choices(draft: Draft, reached: Refusal) -> str:
    """Return what a person can do about a threshold or a cap that is reached."""
    mission = draft.mission
    higher = f"raise the cap ({raise_cap(mission, reached.category)})"
    if is_used_up(stand(draft), reached.category):
        return f"nothing can be started until somebody does: {higher}, or stop (mission cancel {mission.id})"
    return f"go on (mission resume {mission.id}), {higher}, or stop (mission cancel {mission.id})"


def raise_cap(mission: Mission, category: str) -> str:
    """Return a command that raises a cap: to twice what it is, which a person adapts."""
    cap = {"usd": mission.limits.usd, "hours": mission.limits.hours, "tokens": mission.limits.tokens}[category]
    return f"mission set {mission.id} {KEYS[category]} {2 * (cap or 1):f}"


def way_on(draft: Draft, reached: Refusal) -> str:
    """Return the one command that lets attempts start again where a threshold is reached."""
    used_up = is_used_up(stand(draft), reached.category)
    return raise_cap(draft.mission, reached.category) if used_up else f"mission resume {draft.mission.id}"


def _above_reserve(draft: Draft, category: str) -> Decimal:
    """What attempts did cost above what was held for them."""
    known = bills(draft.observation)
    costs = ((r, known.get(r.run) if r.open else r.usage) for r in draft.observation.records)
    above = (
        (amount_of(usage, category) or Decimal(0)) - reserved(record, category) for record, usage in costs if usage
    )
    return sum((more for more in above if more > 0), Decimal(0))


def _began(draft: Draft, record: RunRecord) -> tuple[str, int]:
    job = draft.observation.jobs.get(record.run)
    started = parse_stamp(job.started) if job and job.started else None
    return (started.isoformat() if started else "~", record.attempt)


def seen_step(records: Sequence[RunRecord], category: str) -> Decimal:
    """Return what a step of the dearest attempt did cost on average."""
    costs = (amount / r.steps for r in records if r.steps and (amount := amount_of(r.usage, category)))
    return max(costs, default=Decimal(0))
