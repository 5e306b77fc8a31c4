"""The tools that show something and change nothing. Each returns what its command prints with `--json`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.addressing import resolve
from mission_cli.domain.errors import NoMissionsError
from mission_cli.surfaces.mcp.desk import Answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.app.results.views import Line
    from mission_cli.surfaces.mcp.desk import Desk
    from mission_cli.surfaces.mcp.given import Listing, Nothing, OneMission, Past, Resuming, Thing


def missions(desk: Desk, given: Listing) -> Answer:
    """Return one line per mission (`mission list`)."""
    from mission_cli.app.queries.listing import lines_of
    from mission_cli.app.results.views import MissionList, MissionListEverywhere
    from mission_cli.surfaces.everywhere import all_lines, chosen

    def listed(lines: Sequence[Line]) -> Sequence[Line]:
        found = chosen(lines, frozenset(map(str, given.status)), archived=given.archived)
        return [one for one in found if not given.priority or one.priority in given.priority]

    if given.everywhere:
        desk.stay_here("what other repositories have")
        lines, elsewhere = all_lines(lambda _: None)
        return Answer(MissionListEverywhere(listed(lines), elsewhere))
    try:
        opened = desk.look()
    except NoMissionsError:
        return Answer(MissionList([]), {"stopped": None})
    return desk.shown(opened, MissionList(listed(lines_of(opened.context))))


def whole(desk: Desk, given: OneMission) -> Answer:
    """Return everything that a mission file says (`mission show`)."""
    from mission_cli.app.queries.whole import whole_mission

    opened = desk.look()
    return desk.shown(opened, whole_mission(opened.context, resolve(opened.context.state.snapshot(), given.mission)))


def status(desk: Desk, given: OneMission) -> Answer:
    """Return progress, workers, cost and what a mission waits for (`mission status`)."""
    from mission_cli.app.queries.status import status_of

    opened = desk.look()
    snapshot = opened.context.state.snapshot()
    return desk.shown(opened, status_of(opened.context, snapshot, resolve(snapshot, given.mission)))


def why(desk: Desk, given: Thing) -> Answer:
    """Return what holds a mission, milestone or task (`mission why`)."""
    from mission_cli.app.queries.why import explain

    opened = desk.look()
    snapshot = opened.context.state.snapshot()
    return desk.shown(opened, explain(opened.context, snapshot, resolve(snapshot, given.about)))


def history(desk: Desk, given: Past) -> Answer:
    """Return what happened, newest first (`mission history`)."""
    from mission_cli.app.report.history import journal

    opened = desk.look()
    address = resolve(opened.context.state.snapshot(), given.mission)
    events = opened.context.state.history(address.stored, limit=given.limit)
    return desk.shown(opened, journal(opened.context, address, events))


def inbox(desk: Desk, given: Nothing) -> Answer:
    """Return everything that waits for a person (`mission inbox`)."""
    from mission_cli.app.queries.inbox import inbox_of

    del given
    opened = desk.look()
    return desk.shown(opened, inbox_of(opened.context))


def hosts(desk: Desk, given: Nothing) -> Answer:
    """Return the hosts on which attempts can run (`mission hosts list`)."""
    from mission_cli.app.hosts.commands import listed

    del given
    return Answer(listed(desk.look().context))


def briefing(desk: Desk, given: Resuming) -> Answer:
    """Return what a new conversation needs to know about a mission (`mission context`)."""
    import json

    from mission_cli.app.report.briefing import briefing as account
    from mission_cli.app.report.fitting import fitted

    opened = desk.look()
    snapshot = opened.context.state.snapshot()
    found = account(opened.context, snapshot, resolve(snapshot, given.mission), given.max_tokens)
    return desk.shown(
        opened, fitted(found, lambda some: len(json.dumps(desk.shown(opened, some).body, ensure_ascii=False)) + 1)
    )
