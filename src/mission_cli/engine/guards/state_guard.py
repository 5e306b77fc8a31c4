"""Guards the state branch while workers run without a sandbox: foreign commits do not count as a person's decision.

Their changes are undone with one commit on top, so that history keeps them, and the attempts that may have made them
are named. While no such worker runs, they count as a person's edits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.document.editing import patch
from mission_cli.document.reading.placed import load_placed
from mission_cli.document.runs.record import read_run
from mission_cli.domain.errors import ConflictError
from mission_cli.engine.observing.judge_files import unboxed
from mission_cli.engine.recording.entry import Entry
from mission_cli.engine.recording.record import log_rows, message
from mission_cli.planner.mission.guard import (
    STATE_PUT_BACK,
    could_write,
    speaks,
    state_back,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.domain.branches.moves import Moved
    from mission_cli.domain.ids import MissionId, RunId, Sha
    from mission_cli.engine.context import Context
    from mission_cli.planner.mission.guard import StateBack
    from mission_cli.ports.git.state import (
        Foreign,
        Settled,
        Snapshot,
    )

_TRIES = 20


def secured(ctx: Context, settled: Mapping[MissionId, Settled], said: list[str]) -> Snapshot:
    """Return the committed state; foreign changes that do not count are undone first, and reported in `said`."""
    for _ in range(_TRIES):
        snapshot = ctx.state.snapshot(settled)
        foreign = ctx.state.foreign(snapshot.head)
        if foreign is None:
            return snapshot
        try:
            said += _judge(ctx, settled, foreign)
        except ConflictError:
            continue
    raise ConflictError("the mission files keep changing", hint="try again")


def _judge(ctx: Context, settled: Mapping[MissionId, Settled], foreign: Foreign) -> list[str]:
    """Undo foreign changes, or accept them as a person's; return what was undone, as text."""
    known = foreign.moves[0].before
    back = _Back(ctx, foreign)
    backs = state_back(back.missions, known, _suspects(ctx, settled, known)) if known and back.missions else ()
    texts = back.texts()
    backs = tuple(one for one in backs if any(back.owners[path] == one.mission for path in texts))
    backs = tuple(one for one in backs if back.speaks(one.mission))
    texts = {path: text for path, text in texts.items() if any(back.owners[path] == one.mission for one in backs)}
    if not backs:
        ctx.state.own(foreign.head)
        return []
    texts.update(_told(ctx, back, backs))
    ctx.state.put_back(texts, message=_message(backs), foreign=foreign)
    return [f"{one.mission}: {one.why}" for one in backs]


class _Back:
    """The files of missions without foreign changes; commits of this program on top of those are kept."""

    def __init__(self, ctx: Context, foreign: Foreign) -> None:
        self._world, self._head = ctx, foreign.head
        self.missions: dict[MissionId, Sha | None] = {}
        """The last foreign commit that changed a mission."""
        self.owners: dict[str, MissionId] = {}
        self.now: dict[str, str | None] = {}
        """Texts at the head, by path."""
        self.then: dict[str, str | None] = {}
        """The same texts without the foreign changes."""
        for move in reversed(foreign.moves):
            self._take_back(move)

    def texts(self) -> dict[str, str | None]:
        """Return the texts that have to be written."""
        return {path: text for path, text in self.then.items() if text != self.now[path]}

    def speaks(self, mission: MissionId) -> bool:
        """Whether a change affects evidence or a decision of a person."""
        for path in (path for path, owner in self.owners.items() if owner == mission):
            then, now = self.then[path], self.now[path]
            if then is None or now is None or not path.endswith("mission.md"):
                return True
            before, after = load_placed(then, mission), load_placed(now, mission)
            if before.refused or after.refused or speaks(before.mission, after.mission):
                return True
        return False

    def _take_back(self, move: Moved) -> None:
        changed = self._world.state.changed(move.before, move.after)
        if not changed:
            return
        since = self._world.state.changed(move.after, self._head)
        for mission, files in changed.items():
            self.missions.setdefault(mission, move.after)
            for path, (old, new) in files.items():
                self.owners[path] = mission
                self.now.setdefault(path, since.get(mission, {}).get(path, (new, new))[1])
                self.then[path] = self._without(path, self.then.get(path, self.now[path]), old, new)

    def _without(self, path: str, now: str | None, old: str | None, new: str | None) -> str | None:
        """Return a text without the change from `old` to `new`; `old` if the same place was changed again."""
        if now == new or now is None or old is None or new is None or not path.endswith("mission.md"):
            return old
        merged = self._world.state.merge(new, now, old)
        return old if merged is None else merged


def _suspects(ctx: Context, settled: Mapping[MissionId, Settled], known: Sha) -> dict[MissionId, Sequence[RunId]]:
    """Return the attempts without a sandbox that could write when the state was last known, by mission."""
    if ctx.machine.sandbox().on:
        return {}
    found: dict[MissionId, Sequence[RunId]] = {}
    for stored in ctx.state.at(known, settled).missions.values():
        records = [r for r in map(read_run, ctx.state.runs(stored, known).values()) if r is not None]
        here = unboxed(ctx, records, ctx.machine.me())
        if here:
            found[stored.id] = could_write(load_placed(stored.text, stored.id).mission, here)
    return found


def _told(ctx: Context, back: _Back, backs: Sequence[StateBack]) -> dict[str, str]:
    """Return the mission files with a row that reports what was undone; none for a mission unknown before."""
    known = {**ctx.state.snapshot().missions} if back.now else {}
    found: dict[str, str] = {}
    for one in backs:
        own = [path for path, owner in back.owners.items() if owner == one.mission and path.endswith("mission.md")]
        stored = known.get(one.mission)
        path = own[0] if own else stored.path if stored else ""
        text = back.then.get(path) if own else stored.text if stored else None
        if text is not None:
            rows = list(
                log_rows(
                    load_placed(text, one.mission),
                    [Entry(STATE_PUT_BACK, one.why, about=one.attempts)],
                    ctx.clock.now(),
                )
            )
            found[path] = patch.apply_fitting(text, rows).text
    return found


def _message(backs: Sequence[StateBack]) -> str:
    """Return the message of the one commit for all of them."""
    words = message(backs[0].mission, [Entry(STATE_PUT_BACK, one.why) for one in backs])
    return words + "".join(f"Mission-Id: {one.mission}\n" for one in backs[1:])
