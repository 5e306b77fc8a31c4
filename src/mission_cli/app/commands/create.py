"""A new mission from a plan: an id, a rendered file that reads back without a problem, one commit."""

from __future__ import annotations

import secrets
from types import MappingProxyType
from typing import TYPE_CHECKING

from mission_cli._support.text import stamp
from mission_cli.document.changes import SetFront
from mission_cli.document.editing import patch
from mission_cli.document.editing.summary import summary_cells
from mission_cli.document.plans.plan import template_values
from mission_cli.document.reading.load import load
from mission_cli.document.runs.record import write_run
from mission_cli.domain.budget.ledger import account
from mission_cli.domain.budget.spends import spends_of
from mission_cli.domain.errors import ConflictError, DocumentError, UsageError
from mission_cli.domain.events import EventKind
from mission_cli.domain.ids import MissionId, attempt_name, why_bad_id
from mission_cli.engine.recording.entry import Entry
from mission_cli.engine.recording.record import (
    log_rows,
    message,
    spend_rows,
)
from mission_cli.ports.git.state import Write

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from mission_cli.document.changes import Change
    from mission_cli.document.plans.model import Plan
    from mission_cli.domain.host import Person
    from mission_cli.domain.runs import RunRecord
    from mission_cli.ports.git.state import (
        Snapshot,
        StateStore,
        Stored,
    )
    from mission_cli.ports.templates import Templates

_TRIES = 20


def create(  # noqa: PLR0913 - facts of the new mission, each by its name
    plan: Plan,
    *,
    store: StateStore,
    templates: Templates,
    now: datetime,
    person: Person,
    base: Callable[[MissionId], str],
    repo: str = "",
    planning: Callable[[MissionId], Sequence[RunRecord]] = lambda _: (),
    front: Mapping[str, str | int] = MappingProxyType({}),
) -> tuple[MissionId, str]:
    """Commit the file of a new mission, with records and bill of its planning; return its id and its path on disk.

    `base` names the branch that the mission starts from and lands on; `front` are keys that a plan does not have.
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
                base=base(mission),
            ),
        )
        text = patch.apply(text, [SetFront((key,), value) for key, value in front.items()], where="mission.md")
        wrong = load(text, mission).problems
        if wrong:
            hint = "say it in another way in the plan, shorter or without special characters"
            raise DocumentError(f"the mission file would have a problem: {wrong[0].at('mission.md')}", hint=hint)
        path, records = store.path_for(mission), planning(mission)
        folder = path.removesuffix("/mission.md")
        writes = [Write(path, _with_bill(text, mission, records, now))]
        writes += [Write(f"{folder}/runs/{attempt_name(r.run)}.md", write_run(r)) for r in records]
        created = Entry(EventKind.MISSION_CREATED, f"{mission} {plan.title} (by {person.name})")
        words = message(mission, [created, *map(_planned, records)])
        try:
            store.commit(writes, message=words, expect=snapshot.head, author=person)
        except ConflictError:
            continue
        return mission, store.work_path(path)
    raise ConflictError("the mission files keep changing", hint="try again")


def adopt(text: str, name: str, *, store: StateStore, person: Person, identity: str = "") -> tuple[MissionId, str]:
    """Commit a mission file of another tool as it is, under its own id or another; return its id and its path on disk.

    `name` is its id where the file says none. Raises DocumentError for a text that is no mission.
    """
    loaded = load(text, name)
    if loaded.refused or not loaded.mission.milestones:
        first = next(iter(loaded.errors()), None)
        where = f"line {first.line}: {first.message}" if first else "it has no milestone"
        raise DocumentError(f"this is no mission file that can be read: {where}", hint="mission lint FILE says more")
    mission = MissionId(identity or loaded.mission.id)
    for _ in range(_TRIES):
        snapshot = store.snapshot()
        _refuse(mission, {m.casefold() for m in snapshot.missions})
        said = load(text, mission).mission.id
        new = text if said == mission else patch.apply(text, [SetFront(("id",), mission)], where=name)
        words = message(
            mission, [Entry(EventKind.MISSION_IMPORTED, f"{mission} {loaded.mission.title} (by {person.name})")]
        )
        path = store.path_for(mission)
        try:
            store.commit([Write(path, new)], message=words, expect=snapshot.head, author=person)
        except ConflictError:
            continue
        return mission, store.work_path(path)
    raise ConflictError("the mission files keep changing", hint="try again")


def attached(snapshot: Snapshot, stored: Stored, *, repo: str, base: str) -> str:
    """The file of a homeless mission as it stands in the repository that it found. Raises UsageError for a taken id."""
    _refuse(stored.id, {m.casefold() for m in snapshot.missions})
    front = load(stored.text, stored.id).layout.front
    changes: list[Change] = [SetFront(("repo",), repo)]
    changes += [SetFront(("base",), base)] if base and not front.text("base") else []
    return patch.apply(stored.text, changes, where=stored.path)


def _with_bill(text: str, mission: MissionId, records: Sequence[RunRecord], now: datetime) -> str:
    """The file with what planning has cost: in the spend log, the summary and the progress log."""
    if not records:
        return text
    loaded = load(text, mission)
    rows = [row for record in records for row in spends_of(record)]
    changes: list[Change] = [*spend_rows(rows), *log_rows(loaded, [_planned(record) for record in records], now)]
    if rows:
        changes += summary_cells(loaded, account(loaded.mission.limits, rows, records))
    return patch.apply(text, changes, where="mission.md")


def _planned(record: RunRecord) -> Entry:
    return Entry(
        EventKind.MISSION_PLANNED, f"{record.runner} was asked for a plan: {record.cause}, {record.detail}", record.run
    )


def _free_id(plan: Plan, snapshot: Snapshot, now: datetime) -> MissionId:
    taken = {m.casefold() for m in snapshot.missions}
    if plan.id:
        _refuse(plan.id, taken)
        return MissionId(plan.id)
    while True:
        name = f"m-{now:%Y%m%d}-{secrets.token_hex(3)}"
        if name not in taken:
            return MissionId(name)


def _refuse(name: str, taken: set[str]) -> None:
    reason = why_bad_id(name)
    if reason:
        raise UsageError(f"{name!r} cannot be an id: {reason}", hint="choose another --id")
    if name.casefold() in taken:
        raise UsageError(f"there is a mission `{name}` already", hint="choose another --id")
