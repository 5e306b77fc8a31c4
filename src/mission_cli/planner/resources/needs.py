"""Which of its resources a feature has to wait for, and what helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import digest, one_line
from mission_cli.domain.notice import Advice, do
from mission_cli.domain.resources.rows import ResourceStatus, named_resource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from mission_cli.domain.mission import Feature, Mission
    from mission_cli.domain.resources.rows import Resource


POLLS = "resource "
"""How the names of all looks begin."""


def missing(mission: Mission, feature: Feature, now: datetime) -> Iterator[tuple[str, Advice]]:
    """Yield why each resource that a feature needs is not there, and what helps."""
    yield from missing_of(mission, feature.needs, now)


def missing_of(mission: Mission, needs: Iterable[str], now: datetime) -> Iterator[tuple[str, Advice]]:
    """Yield the same for needs of something else."""
    for need in needs:
        one = named_resource(mission.resources, need)
        if one is None:
            yield (
                f"it needs the resource `{need}`, which is not in `## Resources`",
                do("resource", "add", mission.id, need),
            )
        elif words := why_not(one, now):
            yield (
                words,
                do("edit" if one.broken else "resource provide", mission.id, *(() if one.broken else (one.key,))),
            )


def waited_for(mission: Mission, now: datetime) -> Iterator[Resource]:
    """Yield the resources that are not there and that unfinished features need."""
    unfinished = [f for m in mission.milestones if not m.finished for f in m.features if not f.finished]
    for key in sorted({need for f in unfinished for need in f.needs}):
        one = named_resource(mission.resources, key)
        if one is not None and not one.broken and why_not(one, now):
            yield one


def poll_name(one: Resource) -> str:
    """Return the name under which the last look at a resource is remembered: another one for another way to look."""
    return f"{POLLS}{one.key} {digest(f'{one.reference} {one.check}')}"


def why_not(one: Resource, now: datetime) -> str:
    """Return why a resource is not there; empty if it is."""
    name = f"the resource `{one_line(one.name, 60)}`"
    if one.broken:
        return f"the row of {name} has an error"
    if one.status is ResourceStatus.EXPIRED or (one.available and one.is_over(now)):
        return f"{name} has expired"
    if one.status is ResourceStatus.BROKEN:
        return f"{name} does not work"
    if one.status is None:
        return f"{name} has the status `{one_line(one.raw_status, 40)}`, which is not known"
    return "" if one.available else f"{name} is needed"
