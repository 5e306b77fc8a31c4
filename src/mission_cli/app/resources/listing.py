"""The resources of a mission with what waits for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import stamp
from mission_cli.app.addressing import resolve
from mission_cli.app.resources.results import Resources, ResourceView
from mission_cli.domain.errors import NotFoundError
from mission_cli.domain.notice import do
from mission_cli.domain.resources.rows import named_resource
from mission_cli.domain.timing.polling import Poll
from mission_cli.planner.resources.needs import poll_name, why_not

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.resources.rows import Resource
    from mission_cli.engine.context import Context


def resources_of(ctx: Context, text: str) -> Resources:
    """Return the resources of a mission. Nothing is asked: what was found last is shown."""
    mission = resolve(ctx.state.snapshot(), text).need_whole()
    polls = ctx.runtime.outside(mission.id).polls
    now = ctx.clock.now()
    return Resources(mission.id, tuple(_view(mission, one, polls, now) for one in mission.resources))


def needed_resource(mission: Mission, name: str) -> Resource:
    """Return the resource with that name. Raises NotFoundError if there is none."""
    found = named_resource(mission.resources, name)
    if found is None:
        raise NotFoundError(f"{mission.id} has no resource `{name}`", hint=do("resource", "list", mission.id))
    return found


def _view(mission: Mission, one: Resource, polls: Mapping[str, Poll], now: datetime) -> ResourceView:
    why, end = why_not(one, now), one.ends_at
    needed_by = tuple(f.number for f in mission.features() if one.key in f.needs)
    holds = "features" if why and needed_by else "mission" if one.name in mission.needed_resources else ""
    return ResourceView(
        name=one.name,
        type=one.type,
        purpose=one.purpose,
        status=str(one.status) if one.status is not None else one.raw_status,
        reference=one.reference if not one.broken else "",
        variable=one.variable_given if not one.broken else "",
        address=one.address,
        expires=stamp(end) if end is not None else "",
        needed_by=needed_by,
        holds=holds,
        problem=polls.get(poll_name(one), Poll()).trouble if why else "",
        unblock=str(do("resource", "provide", mission.id, one.key)) if why else "",
    )
