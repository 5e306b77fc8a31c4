"""Follow the resources of a mission: ask a person for one, find that it is there, that it has expired or broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.resources.delivery import NO_VALUE
from mission_cli.domain.resources.rows import ResourceStatus, named_resource
from mission_cli.domain.status import EndReason, HoldKind, MissionStatus
from mission_cli.planner.core.moves.waiting import MoveResource
from mission_cli.planner.resources.needs import waited_for, why_not

if TYPE_CHECKING:
    from mission_cli.domain.resources.rows import Resource
    from mission_cli.planner.core.draft import Draft


def resources(draft: Draft) -> None:
    """Move each resource to its next status, at most once in a round."""
    waited = {one.key for one in waited_for(draft.mission, draft.observation.now)}
    for one in draft.mission.resources:
        if one.broken or named_resource(draft.mission.resources, one.key) is not one:
            continue
        found = _next(draft, one, waited=one.key in waited)
        if found is not None:
            to, why = found
            draft.transitions.append(MoveResource(one.name, one.raw_status, to, f"the resource {one.name} {why}"))


def _next(draft: Draft, one: Resource, *, waited: bool) -> tuple[ResourceStatus, str] | None:
    now = draft.observation.now
    if one.available:
        if one.is_over(now):
            return ResourceStatus.EXPIRED, f"has expired: it was there until {one.expires}"
        words = _unread(draft, one)
        return (ResourceStatus.BROKEN, f"does not work: {words}") if words else None
    if not waited or one.status is None or draft.mission.status is not MissionStatus.ACTIVE:
        return None
    look = draft.observation.resources.get(one.key)
    if look is not None and look.there and not one.is_over(now) and not _unread(draft, one):
        return ResourceStatus.AVAILABLE, "is there"
    waiting = _waiting(draft, one) if one.status is ResourceStatus.NEEDED else []
    return (ResourceStatus.REQUESTED, f"is needed by {', '.join(waiting)}: a person is asked") if waiting else None


def _unread(draft: Draft, one: Resource) -> str:
    """Return why a worker did not get its value, if an attempt that is not settled yet has ended so."""
    begins = f"{NO_VALUE}{one.env}: "
    for record in draft.open_records():
        job = draft.observation.jobs.get(record.run)
        end = job.exit if job is not None else None
        if end is not None and end.reason is EndReason.NOT_STARTED and end.detail.startswith(begins):
            return end.detail.removeprefix(begins)
    return ""


def _waiting(draft: Draft, one: Resource) -> list[str]:
    """Return the features that wait for it and for nothing else before."""
    held = {hold.subject for hold in draft.holds if hold.kind is HoldKind.RESOURCE}
    features = (f for f in draft.mission.features() if f.number in held)
    return [f.number for f in features if one.key in f.needs and why_not(one, draft.observation.now)]
