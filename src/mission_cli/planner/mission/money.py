"""Money, hours and tokens of a mission: the account, a feature's share, and attempts that no longer fit."""

from __future__ import annotations

from decimal import ROUND_UP, Decimal
from statistics import median
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.shown import quantity_of
from mission_cli._support.text import parse_stamp
from mission_cli.domain.budget.amounts import CATEGORIES, seconds_as_hours
from mission_cli.domain.budget.ledger import KEYS, account, amount_of, fair_share, is_used_up, reserved
from mission_cli.domain.ids import RunId
from mission_cli.domain.notice import Advice, do
from mission_cli.domain.runs.usage import Usage
from mission_cli.domain.status import EndReason
from mission_cli.planner.core.moves.features import Dispatch
from mission_cli.planner.core.moves.purchases import with_moves
from mission_cli.planner.core.phases import is_unplanned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.budget.ledger import Account, Refusal
    from mission_cli.domain.mission import Feature, Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.planner.core.draft import Draft
    from mission_cli.planner.core.observation import Observation

_NONE = Decimal(0)
_CENT = Decimal("0.01")
_HOUR = Decimal(1)
_SPREAD = 10
"""An estimate counts as between a tenth of the median and ten times the median, to limit the effect of odd values."""
_UNPLANNED = 8
"""Features for which money is kept while the requirements of a mission with phases are not known."""


def stand(draft: Draft, more: Sequence[RunRecord] = ()) -> Account:
    """Return the account now: with the known costs of ended runs, the reserves of this round, and those of `more`."""
    promised = [move.record for move in draft.transitions if isinstance(move, Dispatch)]
    records = [*draft.observation.records, *promised, *more]
    rows = with_moves(draft.mission.purchases, draft.transitions)
    return account(draft.mission.limits, draft.mission.spends, records, bills(draft.observation), rows)


def bills(observation: Observation) -> dict[RunId, Usage]:
    """Return the reported usage of the runs that have ended and are not settled yet."""
    found: dict[RunId, Usage] = {}
    for run, job in observation.jobs.items():
        if job.exit is not None:
            found[run] = replace(job.exit.report.usage or Usage(), hours=seconds_as_hours(job.exit.seconds))
    return found


def share_of(draft: Draft, feature: Feature, open_slots: int) -> Decimal:
    """Return the part of the remaining budget for the next attempt at a feature (`fair_share`)."""
    busy = {record.feature for record in draft.open_records()}
    busy |= {move.record.feature for move in draft.transitions if isinstance(move, Dispatch)}
    rest = [f for f in draft.mission.features() if not f.finished and (f.number not in busy or f is feature)]
    usual = usual_hours(draft.mission)
    unplanned = [usual] * _UNPLANNED if is_unplanned(draft.mission) else []
    return fair_share(weight_of(feature, usual), [*(weight_of(f, usual) for f in rest), *unplanned], open_slots)


def usual_hours(mission: Mission) -> Decimal:
    """Return the median of the estimates of a plan; without any, an hour."""
    known = [hours for f in mission.features() if (hours := f.estimate_hours) is not None and hours > 0]
    return Decimal(median(known)) if known else _HOUR


def weight_of(feature: Feature, usual: Decimal) -> Decimal:
    """Return the estimate of a feature, within bounds; without one, the usual hours."""
    hours = feature.estimate_hours
    return usual if hours is None or hours <= 0 else min(max(hours, usual / _SPREAD), usual * _SPREAD)


def misfits(draft: Draft) -> dict[RunId, str]:
    """Return the attempts whose reserve no longer fits below a lowered cap, newest first, each with the reason.

    Costs above a reserve stop no attempt: only reserves are compared. An attempt that has ended by itself is paid for
    and judged.
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
                held, shown = quantity_of(category, reserved(record, category)), quantity_of(category, cap)
                what = "it has no limit" if unbounded else f"{held} are reserved for it"
                found[record.run] = f"{what}, and {KEYS[category]} is {shown} now"
            left += reserved(record, category)
    return found


def choices(draft: Draft, reached: Refusal) -> str:
    """Return the choices that a person has at a reached threshold or cap."""
    mission = draft.mission
    higher = f"raise the cap ({raise_cap(mission, reached.category, stand(draft))})"
    if is_used_up(stand(draft), reached.category):
        return f"no attempt can start: {higher}, or stop ({do('cancel', mission.id)})"
    return f"continue ({do('resume', mission.id)}), {higher}, or stop ({do('cancel', mission.id)})"


def raise_cap(mission: Mission, category: str, state: Account) -> Advice:
    """Return a command that raises a cap to twice its value, or to twice what is spent, for a person to adapt."""
    twice = 2 * max(state.cap(category) or Decimal(1), state.spent.of(category))
    return do("set", mission.id, KEYS[category], f"{twice.quantize(_CENT, ROUND_UP).normalize():f}")


def way_on(draft: Draft, reached: Refusal) -> Advice:
    """Return the command that lets attempts start again at a reached threshold or cap."""
    used_up = is_used_up(stand(draft), reached.category)
    return raise_cap(draft.mission, reached.category, stand(draft)) if used_up else do("resume", draft.mission.id)


def _above_reserve(draft: Draft, category: str) -> Decimal:
    """Return what attempts have cost above their reserves."""
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
    """Return the average cost of a step in the attempt with the most expensive steps."""
    costs = (amount / r.steps for r in records if r.steps and (amount := amount_of(r.usage, category)))
    return max(costs, default=Decimal(0))
