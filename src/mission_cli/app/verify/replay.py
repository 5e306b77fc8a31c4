"""Decide the recorded rounds of a mission again, with the planner of this version: `mission replay`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import stamp
from mission_cli.app.results.verification import Difference, Replayed
from mission_cli.domain.errors import NotFoundError
from mission_cli.engine.observing.again import decided_again
from mission_cli.engine.observing.tick import read_tick

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.app.addressing import Address
    from mission_cli.engine.context import Context
    from mission_cli.engine.observing.tick import Decided


def replay(ctx: Context, address: Address) -> Replayed:
    """Decide again, in memory, every recorded round of a mission. Raises NotFoundError if there is none."""
    mission = address.mission.id
    lines = ctx.runtime.ticks(mission)
    if not lines:
        raise NotFoundError(f"no round of {mission} was recorded in this clone")
    differences: list[Difference] = []
    times: list[str] = []
    unreadable = 0
    for line in lines:
        try:
            tick = read_tick(line)
            now = decided_again(ctx, mission, tick)
        except (ArithmeticError, AttributeError, ImportError, LookupError, TypeError, ValueError):
            now = None
        if now is None:
            unreadable += 1
            continue
        times.append(stamp(tick.observation.now))
        then = tick.decided
        if tuple(then) != tuple(now):
            differences.append(Difference(tick.commit, times[-1], _only(then, now), _only(now, then)))
    return Replayed(mission, len(times), unreadable, min(times, default=""), differences)


def _only(these: Sequence[Decided], others: Sequence[Decided]) -> tuple[str, ...]:
    """Return the decisions that are not among the others; all of them if only the order differs."""
    known = set(others)
    return tuple(f"{one.kind}: {one.why}" for one in these if one not in known or known == set(these))
