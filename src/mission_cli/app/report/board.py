"""The page about missions, with everything that waits for people, also what only a look at this machine tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.queries.inbox import everything_waiting
from mission_cli.domain.board.values import Need
from mission_cli.engine.board.keep import folder_of_missions
from mission_cli.engine.board.read import board_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.domain.board.values import BoardMission
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.decisions import Hold
    from mission_cli.ports.git.state import StateStore, Stored


def missions_here(ctx: Context, repo: str = "") -> list[BoardMission]:
    """Return the missions of a repository that are not in the archive; what needs people is what `inbox` lists."""
    waiting: dict[str, list[Need]] = {}
    for mission, one in everything_waiting(ctx):
        need = Need(mission, one.name, one.since, one.unblock, one.urgency)
        waiting.setdefault(mission, []).append(need)

    def needs(stored: Stored, loaded: Loaded, holds: Sequence[Hold]) -> Sequence[Need]:
        del holds
        named = dict.fromkeys((stored.id, loaded.mission.id))
        return [need for name in named for need in waiting.get(name, ())]

    return board_of(ctx.state.snapshot(), folder_of_missions(ctx.state), needs=needs, repo=repo)


def homeless_missions(store: StateStore) -> list[BoardMission]:
    """Return the missions without a repository; nothing runs there."""
    return board_of(store.snapshot(), folder_of_missions(store))
