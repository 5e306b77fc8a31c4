"""Remove data of finished missions, if its work has landed or it is certainly dead.

This module decides from the state whether a mission still needs a thing; the storage checks whether the thing holds
work that exists nowhere else. Run records are never removed: settled ones move to yearly archives.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field
from mission_cli._support.text import counted, show_bytes, stamp
from mission_cli.app.results.machine import Judged
from mission_cli.document.reading.placed import load_placed
from mission_cli.document.runs.archive import is_roll, join_roll, split_roll, year_of
from mission_cli.document.runs.record import read_run
from mission_cli.domain.errors import ConflictError
from mission_cli.domain.events import EventKind
from mission_cli.domain.host import is_elsewhere
from mission_cli.domain.ids import split_run_id
from mission_cli.domain.notice import Finding, do, doubtful
from mission_cli.domain.status import FINISHED_MISSION
from mission_cli.engine.recording.entry import Entry
from mission_cli.engine.recording.record import message
from mission_cli.ports.git.state import Write
from mission_cli.ports.storage import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mission_cli.domain.ids import MissionId
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Snapshot, Stored
    from mission_cli.ports.storage import Leftover, Storage

_TRIES = 20
_MANY, _MUCH = 500, 1 << 30
"""`doctor` warns from this number of removable things, or bytes."""
_ALONE = 50
"""The number of newest settled records of an unfinished mission that stay separate files."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the cleanup needs to know of a mission."""

    mission: Mission
    records: Mapping[str, RunRecord]
    """By run id."""


@dataclass(slots=True)
class Cleared:
    """What was removed, or would be, and what is kept."""

    removed: list[Judged] = field(default_factory=list)
    kept: list[Judged] = field(default_factory=list)
    rolled: dict[str, int] = field(default_factory=dict)
    """Number of run records that were moved to yearly archives, by mission."""

    @property
    def freed(self) -> int:
        """Size of everything that was removed, in bytes."""
        return sum(one.bytes for one in self.removed)


def collect(ctx: Context, storage: Storage, *, dry_run: bool = False) -> Cleared:
    """Remove what no mission needs any more. Raises ConflictError while a pulse runs: both need the same lock."""
    if dry_run:
        return _collect(ctx, storage, dry_run=True)
    with ctx.runtime.lock() as ours:
        if not ours:
            raise ConflictError("a pulse is running here", hint="try again in a moment")
        ctx.state.recover()
        return _collect(ctx, storage, dry_run=False)


def left_behind(ctx: Context, storage: Storage) -> list[Finding]:
    """Return the warning of `mission doctor` if much could be removed."""
    found = _collect(ctx, storage, dry_run=True)
    if len(found.removed) < _MANY and found.freed < _MUCH:
        return []
    words = f"{counted(len(found.removed), 'thing')} of finished missions can be removed, {show_bytes(found.freed)}"
    return [doubtful("cleanup", words, do("gc"))]


def why_kept(thing: Leftover, known: Mapping[MissionId, Known], me: str, highest: Mapping[str, int]) -> str:
    """Return why the mission of a thing still needs it; empty if it does not."""
    if thing.judged or thing.mission is None:
        return ""
    owner = known.get(thing.mission)
    if owner is None:
        return "no mission here has this name"
    alive = _why_alive(owner, me)
    if alive or thing.run is None:
        return alive or ("it belongs to no attempt" if thing.kind in {Kind.CLAIM, Kind.PIN} else "")
    if thing.run not in owner.records:
        return "its attempt has no run record"
    if thing.kind is Kind.CLAIM and highest.get(_feature_of(thing)) == _attempt_of(thing):
        return "the highest number of its feature, so that no number is used twice"
    return ""


def _collect(ctx: Context, storage: Storage, *, dry_run: bool) -> Cleared:
    cleared = Cleared()
    snapshot = ctx.state.snapshot()
    known = {mission: _known(ctx, snapshot, stored) for mission, stored in snapshot.missions.items()}
    things, me = storage.things(), ctx.machine.me()
    highest = _highest(things)
    gone: list[Leftover] = []
    for thing in things:
        base = known[thing.mission].mission.base if thing.mission in known else ""
        why = why_kept(thing, known, me, highest) or storage.obstacle(thing, base=base, gone=gone)
        size = 0 if why else storage.size(thing)
        if not why and not dry_run:
            why = storage.remove(thing)
        if why:
            cleared.kept.append(_judged(thing, why))
        else:
            gone.append(thing)
            cleared.removed.append(_judged(thing, _REASONS[thing.kind], size))
    for mission in known:
        count = _roll(ctx, mission, me, dry_run=dry_run)
        if count:
            cleared.rolled[mission] = count
    return cleared


_REASONS = {
    Kind.TREE: "clean, and all its commits are on a branch that stays",
    Kind.JOB: "its attempt is settled",
    Kind.WIP: "its content has landed",
    Kind.TIP: "its commits are on a branch that stays",
    Kind.BRANCH: "its commits are on a branch that stays",
    Kind.PIN: "its attempt is settled",
    Kind.CLAIM: "its attempt is settled, and not the last of its feature",
    Kind.MARK: "the last position of a branch of a finished mission",
    Kind.SCRATCH: "left by a process that died",
}


def _why_alive(owner: Known, me: str) -> str:
    mission = owner.mission
    if is_elsewhere(mission.host, me):
        return f"its mission is run by {mission.host}"
    if mission.status not in FINISHED_MISSION:
        return f"its mission is {mission.status or mission.raw_status}"
    return "an attempt of its mission is open" if any(r.open for r in owner.records.values()) else ""


def _known(ctx: Context, snapshot: Snapshot, stored: Stored) -> Known:
    texts = ctx.state.runs(stored, snapshot.head) if snapshot.head else {}
    records = [r for r in map(read_run, texts.values()) if r is not None]
    return Known(load_placed(stored.text, stored.id).mission, {r.run: r for r in records})


def _judged(thing: Leftover, why: str, size: int = 0) -> Judged:
    return Judged(str(thing.kind), thing.name, str(thing.mission or ""), why, size)


def _highest(things: Iterable[Leftover]) -> dict[str, int]:
    """Return the highest claimed attempt number, by mission and feature."""
    found: dict[str, int] = defaultdict(int)
    for thing in things:
        if thing.kind is Kind.CLAIM and thing.run is not None:
            found[_feature_of(thing)] = max(found[_feature_of(thing)], _attempt_of(thing))
    return found


def _feature_of(thing: Leftover) -> str:
    return (thing.run or "").rpartition("-a")[0]


def _attempt_of(thing: Leftover) -> int:
    parts = split_run_id(thing.run or "")
    return parts[2] if parts else 0


# Run records


def _roll(ctx: Context, mission: MissionId, me: str, *, dry_run: bool) -> int:
    """Move a mission's settled records to yearly archives, in one commit; return how many."""
    for attempt in range(_TRIES):
        snapshot = ctx.state.snapshot()
        stored = snapshot.missions.get(mission)
        if stored is None or snapshot.head is None:
            return 0
        owner = load_placed(stored.text, stored.id).mission
        if not owner.managed or is_elsewhere(owner.host, me):
            return 0
        files = ctx.state.run_files(stored, snapshot.head)
        names = rolled_up(files, over=owner.status in FINISHED_MISSION, year=stamp(ctx.clock.now())[:4])
        if not names or dry_run:
            return len(names)
        words = f"{counted(len(names), 'run record')} of {mission} archived by year"
        try:
            text = message(mission, [Entry(EventKind.RUNS_ROLLED, words)])
            ctx.state.commit(_roll_writes(stored, files, names), message=text, expect=snapshot.head)
        except ConflictError:
            if attempt + 1 == _TRIES:
                raise
            continue
        return len(names)
    raise AssertionError("the loop returns or raises")


def rolled_up(files: Mapping[str, str], *, over: bool, year: str) -> list[str]:
    """Return the names of the settled records to archive: all of them if the mission is over.

    Of an unfinished mission those of earlier years, and if there are many, all but the newest.
    """
    records = {name: record for name, text in files.items() if not is_roll(name) and (record := read_run(text))}
    settled = sorted((n for n, r in records.items() if not r.open), key=lambda n: (_when(records[n]), n))
    if over:
        return settled
    older = [name for name in settled if year_of(_when(records[name])) < year]
    many = settled[:-_ALONE] if len(settled) > 2 * _ALONE else []
    return [name for name in settled if name in {*older, *many}]


def _roll_writes(stored: Stored, files: Mapping[str, str], names: Sequence[str]) -> list[Write]:
    years: dict[str, dict[str, str]] = defaultdict(dict)
    for name in names:
        record = read_run(files[name])
        years[year_of(_when(record)) if record else "0000"][name] = files[name]
    writes = []
    for year, records in sorted(years.items()):
        before = files.get(year)
        text = join_roll(year, {**split_roll(before or ""), **records})
        writes.append(Write(f"{stored.runs}/{year}.md", text, before))
    return [*writes, *(Write(f"{stored.runs}/{name}.md", None, files[name]) for name in names)]


def _when(record: RunRecord) -> str:
    return record.ended or record.intended
