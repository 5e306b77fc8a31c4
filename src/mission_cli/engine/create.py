"""A new mission from a plan: an id, a rendered file that reads back without a problem, one commit."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from mission_cli.document.load import load
from mission_cli.document.plan import Plan, template_values
from mission_cli.domain.errors import ConflictError, UsageError
from mission_cli.domain.ids import MissionId, poc_branch, why_bad_id
from mission_cli.domain.text import stamp
from mission_cli.engine.record import Entry, message
from mission_cli.ports.state import Write

if TYPE_CHECKING:
    from datetime import datetime

    from mission_cli.domain.host import Person
    from mission_cli.ports.state import Snapshot, StateStore
    from mission_cli.ports.templates import Templates

_TRIES = 20


def create(
    plan: Plan,
    *,
    store: StateStore,
    templates: Templates,
    now: datetime,
    person: Person,
    base: str,
    repo: str = "",
    own_branch: bool = False,
) -> tuple[MissionId, str]:
    """Commit the file of a new mission; return its id and the path of the file on disk.

    With `own_branch` it does not land on `base` but on a branch of its own, which `start` makes.
    """
    for _ in range(_TRIES):
        snapshot = store.snapshot()
        mission = _free_id(plan, snapshot, now)
        text = templates.render(
            "mission.md.j2",
            template_values(
                plan,
                mission_id=mission,
                created=stamp(now)[:10],
                created_by=person.name,
                repo=repo,
                base=poc_branch(mission) if own_branch else base,
            ),
        )
        wrong = load(text, mission).problems
        if wrong:
            raise AssertionError(f"the template made a file with a problem: {wrong[0].at('mission.md')}")
        path = store.path_for(mission)
        words = message(mission, [Entry("mission.created", f"{mission} {plan.title} (by {person.name})")])
        try:
            store.commit([Write(path, text)], message=words, expect=snapshot.head, author=person)
        except ConflictError:
            continue
        return mission, store.work_path(path)
    raise ConflictError("the mission files keep moving", hint="try again")


def _free_id(plan: Plan, snapshot: Snapshot, now: datetime) -> MissionId:
    taken = {m.casefold() for m in snapshot.missions}
    if plan.id:
        reason = why_bad_id(plan.id)
        if reason:
            raise UsageError(f"{plan.id!r} cannot be an id: {reason}")
        if plan.id.casefold() in taken:
            raise UsageError(f"there is a mission `{plan.id}` already", hint="choose another --id")
        return MissionId(plan.id)
    while True:
        name = f"m-{now:%Y%m%d}-{secrets.token_hex(3)}"
        if name not in taken:
            return MissionId(name)
