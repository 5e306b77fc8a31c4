"""Everything in a repository that waits for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.addressing import resolve
from mission_cli.app.queries.status import flaky_of, status_of, waiting_at_all
from mission_cli.app.queries.troubles import unserved
from mission_cli.app.results.views import Waiting
from mission_cli.domain.asking.urgency import urgency_rank
from mission_cli.domain.status import FINISHED_MISSION, MissionStatus
from mission_cli.engine.guards.health import NO_PULSE

if TYPE_CHECKING:
    from mission_cli.app.results.views import FlakyView, MissionView
    from mission_cli.domain.ids import MissionId
    from mission_cli.engine.context import Context


def everything_waiting(ctx: Context) -> list[tuple[MissionId, Waiting]]:
    """Return what waits for a person, what is urgent first, then by the priority of its mission; nothing twice."""
    snapshot = ctx.state.snapshot()
    found: list[tuple[MissionId, Waiting]] = []
    priorities: dict[MissionId, str] = {}
    for stored in snapshot.missions.values():
        address = resolve(snapshot, stored.id)
        priorities |= dict.fromkeys((stored.id, address.mission.id), address.mission.priority)
        if address.mission.archived and address.mission.status is not MissionStatus.ACTIVE:
            continue
        if address.mission.status in {MissionStatus.ACTIVE, MissionStatus.PAUSED} and address.mission.managed:
            view = status_of(ctx, snapshot, address)
            found += [(address.mission.id, waiting) for waiting in view.waiting_for]
            if all(waiting.kind != "pulse" for _, waiting in found):  # one schedule serves all missions
                found += [(address.mission.id, waiting) for waiting in _unscheduled(view)]
        elif address.mission.managed or address.loaded.refused:
            found += [(stored.id, one) for one in waiting_at_all(unserved(ctx, stored, address.loaded, general=False))]
    order = {mission: -urgency_rank(word) for mission, word in priorities.items()}
    return sorted(dict.fromkeys(found), key=lambda one: (-urgency_rank(one[1].urgency), order[one[0]]))


def flaky_everywhere(ctx: Context) -> list[tuple[MissionId, FlakyView]]:
    """Return what is quarantined in missions that are not over: nothing that waits, but worth a look."""
    snapshot = ctx.state.snapshot()
    missions = (resolve(snapshot, stored.id).mission for stored in snapshot.missions.values())
    return [(m.id, one) for m in missions if m.managed and m.status not in FINISHED_MISSION for one in flaky_of(m)]


def _unscheduled(view: MissionView) -> list[Waiting]:
    """Return that no pulse is scheduled on this machine, if the mission waits for one."""
    return [Waiting("pulse", one.words, "", one.todo) for one in view.pulse if one.words == NO_PULSE]
