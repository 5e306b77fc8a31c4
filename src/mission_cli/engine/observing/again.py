"""Decide a recorded round again: from the state at its commit and what was observed then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli.document.reading.placed import load_placed
from mission_cli.domain.ids import Sha
from mission_cli.engine.observing.observe import held_out_of, records_of, starts_before_evidence
from mission_cli.engine.observing.repeats import unless_repeated
from mission_cli.engine.observing.tick import decided_in, zone_of
from mission_cli.planner.decide import decide
from mission_cli.planner.mission.bounds import with_known_runner

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.ids import MissionId
    from mission_cli.engine.context import Context
    from mission_cli.engine.observing.tick import Decided, Tick


def decided_again(ctx: Context, mission: MissionId, tick: Tick) -> Sequence[Decided] | None:
    """Return what this version decides in that round; None if its commit does not contain the mission any more."""
    stored = ctx.state.at(Sha(tick.on)).missions.get(mission)
    if stored is None:
        return None
    policy = tick.policy
    loaded = with_known_runner(load_placed(stored.text, stored.id).mission, policy)
    seen = replace(
        tick.observation,
        records=records_of(ctx.state.runs(stored, Sha(tick.on))),
        held_out=held_out_of(ctx, loaded),
        zone=zone_of(tick, ctx.clock.zone),
    )
    first = None
    if not seen.looked and seen.put_back is None and seen.base_back is None:
        first = starts_before_evidence(loaded, seen, policy)
    plan = first or decide(loaded, seen, policy)
    return decided_in(unless_repeated(plan, loaded, tick.streaks, where=stored.path))
