"""Everything in a repository that waits for a person: the one query of all surfaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli.app.addressing import resolve
from mission_cli.app.queries.needs.actions import actions_of
from mission_cli.app.queries.needs.waiting import waiting_at_all
from mission_cli.app.queries.status import flaky_of, status_of
from mission_cli.app.queries.troubles import unserved
from mission_cli.app.results.waiting import Inbox, InboxItem, InboxNote, Waiting
from mission_cli.domain.agents.drafts import Fate, rows_of
from mission_cli.domain.asking.urgency import urgency_rank
from mission_cli.domain.notice import Level
from mission_cli.domain.status import FINISHED_MISSION, MissionStatus
from mission_cli.engine.guards.health import NO_PULSE
from mission_cli.engine.halt import LIFT
from mission_cli.planner.drafts.deciding import request_about

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.app.results.views import FlakyView, MissionView
    from mission_cli.app.results.waiting import Action
    from mission_cli.domain.ids import MissionId
    from mission_cli.domain.mission import Mission
    from mission_cli.engine.context import Context

STOPPED, PULSE = "stopped", "pulse"
"""Kinds that are no holds: STOP is set, and no pulse comes. Each is about all missions, and listed with the first."""


def everything_waiting(ctx: Context) -> list[tuple[MissionId, Waiting]]:
    """Return what waits for a person: STOP, then what is urgent, then by the priority of its mission; nothing twice.

    A mission that was not started, is over or archived waits for no one.
    """
    snapshot = ctx.state.snapshot()
    found: list[tuple[MissionId, Waiting]] = []
    priorities: dict[MissionId, str] = {}
    for stored in snapshot.missions.values():
        address = resolve(snapshot, stored.id)
        mission = address.mission
        priorities |= dict.fromkeys((stored.id, mission.id), mission.priority)
        if mission.archived and mission.status is not MissionStatus.ACTIVE:
            continue
        if mission.managed and (mission.status not in FINISHED_MISSION or _asks_about_drafts(mission)):
            view = status_of(ctx, snapshot, address, forecast=False)
            found += [(mission.id, waiting) for waiting in view.waiting_for]
            kinds = {waiting.kind for _, waiting in found}
            found += [(mission.id, one) for one in [*_stopped(ctx), *_unscheduled(view)] if one.kind not in kinds]
        elif mission.managed or address.loaded.refused:
            found += [(stored.id, one) for one in waiting_at_all(unserved(ctx, stored, address.loaded, general=False))]
    order = {mission: -urgency_rank(word) for mission, word in priorities.items()}
    return sorted(
        _each_once(found), key=lambda one: (one[1].kind != STOPPED, -urgency_rank(one[1].urgency), order[one[0]])
    )


def _asks_about_drafts(mission: Mission) -> bool:
    """Whether a person was asked what becomes of the drafts of a mission, which may be finished."""
    requests = (request_about(mission, row) for row in rows_of(mission) if row.fate is Fate.OPEN)
    return any(request is not None and request.open for request in requests)


def inbox_of(ctx: Context, *, repo: str = "") -> Inbox:
    """Return the same with flaky tests, as every surface gives it; `repo` names the one of several repositories."""
    return inbox_from(everything_waiting(ctx), flaky_everywhere(ctx), repo=repo)


def inbox_from(
    waiting: Sequence[tuple[MissionId, Waiting]], flaky: Sequence[tuple[MissionId, FlakyView]], *, repo: str = ""
) -> Inbox:
    """Return what was found as the result of `mission inbox`."""
    items = [InboxItem(name, *(getattr(w, key) for key in w.__match_args__)) for name, w in waiting]
    if repo:
        items = [replace(one, repo=repo, actions=[_in_repo(a, repo) for a in one.actions]) for one in items]
    return Inbox(items, [InboxNote(name, one.name, one.kind, one.why, one.lift, repo) for name, one in flaky])


def _in_repo(action: Action, repo: str) -> Action:
    return replace(action, parameters={**action.parameters, "repo": repo})


def flaky_everywhere(ctx: Context) -> list[tuple[MissionId, FlakyView]]:
    """Return what is quarantined in missions that are not over: nothing that waits, but worth a look."""
    snapshot = ctx.state.snapshot()
    missions = (resolve(snapshot, stored.id).mission for stored in snapshot.missions.values())
    return [(m.id, one) for m in missions if m.managed and m.status not in FINISHED_MISSION for one in flaky_of(m)]


def _each_once(found: Sequence[tuple[MissionId, Waiting]]) -> list[tuple[MissionId, Waiting]]:
    """Return each thing once: an error of all pulses is found with every mission."""
    kept = {(name, one.kind, one.name, str(one.unblock), one.number): (name, one) for name, one in reversed(found)}
    return list(kept.values())[::-1]


def _stopped(ctx: Context) -> list[Waiting]:
    stopped = ctx.runtime.stopped()
    if stopped is None:
        return []
    by = f" by {stopped.by}" if stopped.by else ""
    words = f"everything in this repository is stopped{by}"
    return [Waiting(STOPPED, words, stopped.since, LIFT, actions=actions_of(LIFT))]


def _unscheduled(view: MissionView) -> list[Waiting]:
    """Return what keeps pulses from coming or from working, if the mission waits for one."""
    found = [one for one in view.pulse if one.words == NO_PULSE or one.level is Level.WRONG]
    return [Waiting(PULSE, one.words, "", one.todo) for one in found[:1]]
