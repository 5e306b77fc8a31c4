"""Have the tier that plans propose a changed rest of a mission; what it costs is written into the mission at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli.app.addressing import resolve
from mission_cli.app.commands.features import records_of
from mission_cli.app.commands.plan_from_goal import change_plan, prepare
from mission_cli.app.planning import Planned, PlanRequest
from mission_cli.app.replanning.apply import rest_text
from mission_cli.app.transaction import Wanted, commit_change
from mission_cli.document.plans.carried import carried
from mission_cli.document.plans.plan import read_plan
from mission_cli.document.runs.record import write_run
from mission_cli.domain.budget.ledger import account
from mission_cli.domain.budget.spends import spends_of
from mission_cli.domain.errors import BlockedError, UsageError
from mission_cli.domain.events import EventKind
from mission_cli.domain.ids import PLANNING, attempt_name, run_id
from mission_cli.domain.notice import do
from mission_cli.domain.routing import ORCHESTRATOR
from mission_cli.domain.status import MissionStatus
from mission_cli.engine.recording.record import spend_rows, summary_changes
from mission_cli.planner.core.moves.features import Settle
from mission_cli.ports.git.state import Write

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.app.addressing import Address
    from mission_cli.document.plans.model import Plan
    from mission_cli.engine.context import Context

_LONGEST_WISH = 4000
_IDLE = frozenset({MissionStatus.PAUSED, MissionStatus.PLANNING, MissionStatus.DRAFT})
"""Statuses in which nothing starts, so that the money for the model is not promised to an attempt meanwhile."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a model made of the rest of a mission."""

    seen: str
    """The rest that it was given."""
    plan: Plan | None
    """None: it gave no plan; then `why` says why."""
    why: str
    cost: str


def propose(ctx: Context, text: str, wish: str, *, rest: Callable[[], None]) -> Proposal:
    """Ask the model for a changed rest. `rest` is called between two polls of its job.

    It costs at most `plan_max_usd`, and no more than what the caps of the mission leave. Raises UsageError,
    BlockedError if it cannot be asked.
    """
    if not wish.strip() or len(wish) > _LONGEST_WISH:
        raise UsageError(f"the wish has {len(wish.strip())} characters", hint=f"write 1 to {_LONGEST_WISH}")
    address = resolve(ctx.state.snapshot(), text)
    seen = rest_text(ctx, text)
    planned = Planned(prepare(ctx, _request(ctx, address)))
    try:
        answer = change_plan(ctx, planned, seen, wish.strip(), session="", rest=rest)
    finally:
        _charge(ctx, text, planned)
    before = read_plan(seen).plan
    plan = carried(before, answer) if before is not None and answer is not None else None
    return Proposal(seen, plan, _why_not(planned), planned.cost)


def _request(ctx: Context, address: Address) -> PlanRequest:
    """Return what the model is asked for. Raises BlockedError while attempts can start, or without money."""
    mission = address.mission
    if mission.status not in _IDLE:
        hint = do("pause", mission.id)
        raise BlockedError(f"{mission.id} is {mission.status}: the model is asked while nothing can start", hint=hint)
    state = account(mission.limits, mission.spends, records_of(ctx, address), purchases=mission.purchases)
    left = {category: state.left(category) for category in ("usd", "hours", "tokens")}
    used_up = next((category for category, amount in left.items() if amount is not None and amount <= 0), "")
    if used_up:
        raise BlockedError(f"nothing is left of the cap in {used_up}", hint=do("budget", "report", mission.id))
    return PlanRequest(
        goal=mission.goal or mission.title,
        base=mission.base,
        mode=mission.mode,
        kind=mission.kind,
        tier=mission.models.get(ORCHESTRATOR, ""),
        runner=mission.preferences.runner,
        max_usd=left["usd"],
        max_hours=left["hours"],
        max_tokens=int(left["tokens"] or 0),
    )


def _charge(ctx: Context, text: str, planned: Planned) -> None:
    """Write the rounds of the model into the mission: their records, and their cost."""
    if not planned.rounds:
        return

    def change(address: Address) -> Wanted:
        before = records_of(ctx, address)
        last = max((record.attempt for record in before if record.planning), default=0)
        mine = [
            replace(one.record, run=run_id(address.mission.id, PLANNING, last + number))
            for number, one in enumerate(planned.rounds, 1)
        ]
        moves = [Settle(record, None, "") for record in mine]
        rows = [row for record in mine for row in spends_of(record)]
        files = tuple(
            Write(f"{address.stored.runs}/{attempt_name(record.run)}.md", write_run(record), None) for record in mine
        )
        changes = (*spend_rows(rows), *summary_changes(address.loaded, moves, [*before, *mine]))
        words = f"{planned.desk.runner} was asked to plan the rest of {address.mission.id} again: {planned.cost}"
        return Wanted(words, EventKind.MISSION_PLANNED, changes, files=files, record=True)

    commit_change(ctx, text, change)


def _why_not(planned: Planned) -> str:
    """Return why there is no plan; empty if there is one."""
    if planned.refused:
        return f"the model was not asked: {planned.refused}"
    if planned.stopped or not planned.rounds:
        return "it was stopped"
    last = planned.rounds[-1]
    if planned.plan is not None:
        return ""
    if last.read is not None and last.read.found:
        return f"the model gave no plan: {last.read.found[0].message}"
    return f"the model gave no plan: {last.record.cause}: {last.record.detail}"
