"""Create a mission from a plan, import a mission file, and attach a mission to a repository."""

from __future__ import annotations

import secrets
from itertools import chain, count
from types import MappingProxyType
from typing import TYPE_CHECKING

from mission_cli._support.text import stamp
from mission_cli.document.changes import AppendRow, SetFront
from mission_cli.document.editing import patch
from mission_cli.document.editing.summary import summary_cells
from mission_cli.document.plans.phased import with_folder
from mission_cli.document.plans.plan import template_values
from mission_cli.document.reading.load import load
from mission_cli.document.runs.record import write_run
from mission_cli.domain.budget.ledger import account
from mission_cli.domain.budget.spends import spends_of
from mission_cli.domain.errors import ConflictError, DocumentError, UsageError
from mission_cli.domain.events import EventKind
from mission_cli.domain.ids import MissionId, attempt_name, spoken_id, why_bad_id
from mission_cli.domain.notice import advise, do
from mission_cli.domain.research.topics import SECTION as RESEARCH
from mission_cli.domain.skills.capabilities import TOPIC
from mission_cli.engine.recording.entry import Entry
from mission_cli.engine.recording.record import log_rows, message, spend_rows
from mission_cli.ports.git.state import Write

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from mission_cli.document.changes import Change
    from mission_cli.document.plans.model import Plan
    from mission_cli.domain.host import Person
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Relocation, Snapshot, StateStore, Stored
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
    there: str = "",
    used: Callable[[MissionId], bool] = lambda _: False,
    shared: bool = False,
) -> tuple[MissionId, str]:
    """Commit the file of a new mission, with records and cost of its planning; return its id and its path on disk.

    `base` returns the base branch; `front` are keys that a plan does not have. The id is the plan's, or is made from
    its title: `used` returns whether something is left of an earlier mission of that name, and `shared` says that other
    copies may make a mission of the same name, so that the name needs a suffix. Raises DocumentError if the rendered
    file would have a problem. `there` is what the repository and this machine have already, in a line.
    """
    for _ in range(_TRIES):
        snapshot = store.snapshot()
        mission = _free_id(plan, snapshot.missions, used, shared=shared)
        changes = [*(SetFront((key,), value) for key, value in front.items()), *_known(there, now)]
        text = _text(plan, mission, templates, now=now, person=person, repo=repo, base=base(mission), changes=changes)
        path, records = store.path_for(mission), planning(mission)
        folder = path.removesuffix("/mission.md")
        writes = [Write(path, _with_bill(text, mission, records, now))]
        writes += [Write(f"{folder}/runs/{attempt_name(r.run)}.md", write_run(r)) for r in records]
        created = Entry(EventKind.MISSION_CREATED, f"{mission} is planned: {plan.title} (by {person.name})")
        words = message(mission, [created, *map(_planned, records)])
        try:
            store.commit(writes, message=words, expect=snapshot.head, author=person)
        except ConflictError:
            continue
        return mission, store.work_path(path)
    raise ConflictError("the mission files keep changing", hint="try again")


def draft(
    plan: Plan,
    *,
    taken: Collection[str],
    templates: Templates,
    now: datetime,
    person: Person,
    base: Callable[[MissionId], str],
    repo: str = "",
    there: str = "",
) -> tuple[MissionId, str]:
    """Return id and file of the mission that `create` would make; `taken` are the ids of the others. Writes nothing."""
    mission = _free_id(plan, taken, lambda _: False, shared=False)
    changes = _known(there, now)
    text = _text(plan, mission, templates, now=now, person=person, repo=repo, base=base(mission), changes=changes)
    return mission, text


def _text(
    plan: Plan,
    mission: MissionId,
    templates: Templates,
    *,
    now: datetime,
    person: Person,
    repo: str,
    base: str,
    changes: Sequence[Change],
) -> str:
    """Return the file of a new mission. Raises DocumentError if it would have a problem."""
    about = {"created": stamp(now)[:10], "created_by": person.name, "repo": repo, "base": base}
    values = template_values(with_folder(plan, mission), mission_id=mission, **about)
    text = templates.render("mission.md.j2", values)
    text = patch.apply(text, changes, where="mission.md")
    wrong = load(text, mission).problems
    if wrong:
        hint = "write it differently in the plan: shorter, or without special characters"
        raise DocumentError(f"the mission file would have a problem: {wrong[0].at('mission.md')}", hint=hint)
    return text


def _known(there: str, now: datetime) -> list[Change]:
    """Return the row about what there is before anything is built; none if nothing was found."""
    row = {"Topic": TOPIC, "Summary": there, "Source": "the repository and this machine", "Date": stamp(now)[:10]}
    return [AppendRow(RESEARCH, row)] if there else []


def adopt(text: str, name: str, *, store: StateStore, person: Person, identity: str = "") -> tuple[MissionId, str]:
    """Commit another tool's mission file unchanged, except for an id that is given; return its id and path on disk.

    `name` is its id if the file has none. Raises DocumentError if the text is not a mission file.
    """
    loaded = load(text, name)
    if loaded.refused or not loaded.mission.milestones:
        first = next(iter(loaded.errors()), None)
        where = f"line {first.line}: {first.message}" if first else "it has no milestone"
        hint = advise(do("lint", "FILE"), " lists all problems")
        raise DocumentError(f"the file cannot be read as a mission file: {where}", hint=hint)
    mission = MissionId(identity or loaded.mission.id)
    for _ in range(_TRIES):
        snapshot = store.snapshot()
        _refuse(mission, {m.casefold() for m in snapshot.missions})
        said = load(text, mission).mission.id
        new = text if said == mission else patch.apply(text, [SetFront(("id",), mission)], where=name)
        words = message(
            mission,
            [Entry(EventKind.MISSION_IMPORTED, f"{mission} is imported: {loaded.mission.title} (by {person.name})")],
        )
        path = store.path_for(mission)
        try:
            store.commit([Write(path, new)], message=words, expect=snapshot.head, author=person)
        except ConflictError:
            continue
        return mission, store.work_path(path)
    raise ConflictError("the mission files keep changing", hint="try again")


def attach(ctx: Context, stored: Stored, relocation: Relocation, *, repo: str, base: str) -> str:
    """Move a mission without a repository into the repository of the context; return its path on disk.

    If this is killed at any point, doing it again finishes the move. Raises UsageError if its id is taken here.
    """
    relocation.refuse_edits()
    person = ctx.person()
    if not relocation.is_done():
        text = _attached(ctx.state.snapshot(), stored, repo=repo, base=base)
        found = Entry(EventKind.MISSION_ATTACHED, f"{stored.id} was moved into this repository")
        relocation.bring(text, message(stored.id, [found]), person)
    gone = Entry(EventKind.MISSION_ATTACHED, f"{stored.id} was moved to {repo}")
    relocation.tidy(message(stored.id, [gone]), person)
    return ctx.state.work_path(ctx.state.path_for(stored.id))


def _attached(snapshot: Snapshot, stored: Stored, *, repo: str, base: str) -> str:
    """Return a mission's text as it is attached to a repository."""
    _refuse(stored.id, {m.casefold() for m in snapshot.missions})
    front = load(stored.text, stored.id).layout.front
    changes: list[Change] = [SetFront(("repo",), repo)]
    changes += [SetFront(("base",), base)] if base and not front.text("base") else []
    return patch.apply(stored.text, changes, where=stored.path)


def _with_bill(text: str, mission: MissionId, records: Sequence[RunRecord], now: datetime) -> str:
    """Return the text with the cost of the planning: in the spend log, the summary and the progress log."""
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


def _free_id(plan: Plan, missions: Collection[str], used: Callable[[MissionId], bool], *, shared: bool) -> MissionId:
    taken = {m.casefold() for m in missions}
    if plan.id:
        _refuse(plan.id, taken)
        return MissionId(plan.id)
    suffixes = (secrets.token_hex(2) for _ in count()) if shared else chain([""], map(str, count(2)))
    names = (spoken_id(plan.title, suffix) for suffix in suffixes)
    return next(name for name in names if name not in taken and not used(name))


def _refuse(name: str, taken: set[str]) -> None:
    reason = why_bad_id(name)
    if reason:
        raise UsageError(f"{name!r} cannot be an id: {reason}", hint="choose another --id")
    if name.casefold() in taken:
        raise UsageError(f"a mission `{name}` exists already", hint="choose another --id")
