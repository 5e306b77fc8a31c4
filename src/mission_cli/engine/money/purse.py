"""Budgets across missions in a pulse: what others count with, and reserves that all repositories see.

The part of a repository follows from its committed records. Before an intent is committed, its reserve is noted under
the lock of the machine, and only if it fits into every budget; the next look reads the mission again, so a commit that
did not come about takes nothing from the budgets for long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import EARLIEST, parse_stamp
from mission_cli.document.reading.placed import load_placed
from mission_cli.document.runs.record import read_run
from mission_cli.domain.budget.across import KEPT, Counted, Part, left_of, rows_of, too_much
from mission_cli.domain.budget.ledger import Refusal
from mission_cli.domain.errors import ConflictError
from mission_cli.domain.ids import MissionId
from mission_cli.domain.purchases.rows import PurchaseStatus
from mission_cli.planner.core.moves.features import Dispatch
from mission_cli.planner.core.moves.purchases import MovePurchase
from mission_cli.planner.core.own_limits import Bound, within
from mission_cli.settings.money import budgets_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from mission_cli.domain.budget.ledger import Account
    from mission_cli.engine.case import Case
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.decisions import Transition
    from mission_cli.planner.core.observation import Observation
    from mission_cli.ports.git.state import Snapshot, Stored
    from mission_cli.ports.money import Parts


def with_purse(ctx: Context, snapshot: Snapshot, mission: MissionId, seen: Observation, *, note: bool) -> Observation:
    """Return the observation with what other missions count with; nothing is read without budgets.

    `note`: whether the part of this repository is written if it has changed.
    """
    if not ctx.settings.budgets:
        return seen
    parts, mine = own_part(ctx, snapshot, seen.now)
    if note and mine != parts.known.get(seen.me):
        ctx.purse.note(seen.me, mine)
    elsewhere = tuple(row for me, part in parts.known.items() if me != seen.me for row in part.rows())
    return replace(seen, rows_here=mine.rows(mission), rows_elsewhere=elsewhere, purse_problem=parts.problem)


def own_part(ctx: Context, snapshot: Snapshot, now: datetime) -> tuple[Parts, Part]:
    """Return what all repositories have noted, and the part of this one as its committed files say."""
    parts, since = ctx.purse.parts(), now - KEPT
    noted = parts.known.get(ctx.machine.me(), Part({}))
    missions = {name: counted for name, counted in _aged(noted, since) if counted.rows or name in _contents(snapshot)}
    changed = [
        name
        for name, content in _contents(snapshot).items()
        if not content or name not in missions or missions[name].content != content
    ]
    stored = snapshot.missions if set(changed) <= set(snapshot.missions) else ctx.state.snapshot().missions
    for name in changed:
        if name in stored:
            missions[name] = _counted(ctx, snapshot, stored[name], since)
    return parts, Part({str(name): one for name, one in missions.items()})


def _contents(snapshot: Snapshot) -> dict[MissionId, str]:
    settled = {name: one.content for name, one in snapshot.settled.items()}
    return settled | {name: one.content for name, one in snapshot.missions.items()}


def _aged(part: Part, since: datetime) -> Iterator[tuple[MissionId, Counted]]:
    for name, counted in part.missions.items():
        rows = (row for row in counted.rows if not row.ended or _at(row.ended) >= since)
        yield MissionId(name), Counted(counted.content, tuple(rows))


def _at(text: str) -> datetime:
    return parse_stamp(text) or EARLIEST


def _counted(ctx: Context, snapshot: Snapshot, stored: Stored, since: datetime) -> Counted:
    """Return what a mission counts with by its committed files."""
    if snapshot.head is None:
        return Counted("", ())
    found = (read_run(text) for text in ctx.state.runs(stored, snapshot.head).values())
    records = [record for record in found if record is not None]
    mission = load_placed(stored.text, stored.id).mission
    return Counted(stored.content, rows_of(records, mission.spends, {}, since, mission.purchases))


def promise(ctx: Context, case: Case, transitions: Sequence[Transition]) -> None:
    """Note the reserves of new attempts before they are committed. Raises ConflictError if they do not fit any more."""
    new = [move.record for move in transitions if isinstance(move, Dispatch)]
    moved = [move.row for move in transitions if isinstance(move, MovePurchase)]
    bought = [row for row in moved if row.status is PurchaseStatus.APPROVED]
    if not ((new or bought) and ctx.settings.budgets):
        return
    seen, rows = case.observation, rows_of(new, (), {}, case.observation.now, bought)
    with ctx.purse.locked():
        known = ctx.purse.parts().known
        mine = known.get(seen.me, Part({}))
        before = mine.missions.get(case.mission.id, Counted("", ())).rows
        counted = Counted(
            "", (*(row for row in before if row.run not in {r.run for r in rows} | {one.name for one in bought}), *rows)
        )
        part = Part({**mine.missions, case.mission.id: counted})
        elsewhere = [row for me, other in known.items() if me != seen.me for row in other.rows()]
        why = too_much(budgets_of(ctx.settings.budgets), part.rows(), elsewhere, rows, seen.now, seen.zone)
        if why:
            raise ConflictError(why)
        ctx.purse.note(seen.me, part)


def within_shared(ctx: Context, state: Account, runner: str) -> Account | Refusal:
    """Return an account that leaves no more than the budgets across missions do, for work outside of any mission.

    What it reserves is not noted for others: it counts when its record is part of a mission.
    """
    budgets = [one for one in budgets_of(ctx.settings.budgets) if one.counts(runner)]
    if not budgets:
        return state
    now, me = ctx.clock.now(), ctx.machine.me()
    parts, mine = own_part(ctx, ctx.state.snapshot(), now)
    here = mine.rows()
    everywhere = (*here, *(row for name, part in parts.known.items() if name != me for row in part.rows()))
    lefts = [x for one in budgets for x in left_of(one, everywhere if one.machine else here, now, ctx.clock.zone)]
    empty = next((left for left in lefts if left.left <= 0), None)
    if empty is not None or parts.problem:
        used_up = "" if empty is None else f"{empty.budget.words} is used up"
        return Refusal("usd" if empty is None else empty.category, parts.problem or used_up)
    return within(state, [Bound(left.budget.words, left.category, left.cap, left.left) for left in lefts])
