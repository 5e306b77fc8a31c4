"""Read the journal of a repository as events: from any position on, each once, however it was committed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli.app.queries.stream.compare import changes
from mission_cli.app.queries.stream.kinds import KINDS, Journaled
from mission_cli.document.reading.placed import load_placed
from mission_cli.document.runs.archive import is_roll
from mission_cli.document.runs.record import read_run
from mission_cli.domain.ids import MissionId, Sha
from mission_cli.domain.paths import is_mission_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from mission_cli.app.queries.stream.kinds import Data, Kind
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.ports.git.state import StateStore, Step, Texts

MOST_STEPS = 1000
"""The longest part of the journal that is read again; a client that is further behind loads the state instead."""
_ID = pattern(r"(?P<commit>[0-9a-f]{40,64})(?:\.(?P<index>[1-9][0-9]{0,5}))?(?:\.(?P<base>[0-9a-f]{40,64}))?\Z")
_RUN = pattern(r"(?:.*/)?runs/(?P<name>[^/]+)\.md\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the journal: everything up to a commit was seen, or the first events of it."""

    commit: Sha
    index: int = 0
    """How many events of the commit were seen; 0: all."""
    base: Sha | None = None
    """What the commit was compared with, if that was not its first parent."""

    def __str__(self) -> str:
        """Return it as the id of an event."""
        index = f".{self.index}" if self.index else ""
        return f"{self.commit}{index}.{self.base}" if self.base and index else f"{self.commit}{index}"


def position(text: str) -> Position | None:
    """Return the position that an id names; None if it is no id."""
    found = _ID.match(text)
    if found is None or (found["base"] and not found["index"]):
        return None
    base = Sha(found["base"]) if found["base"] else None
    return Position(Sha(found["commit"]), int(found["index"] or 0), base)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One event."""

    place: Position
    """Its id: a client that has seen it goes on after it."""
    kind: Kind
    at: datetime
    mission: MissionId
    data: Data


def events_since(state: StateStore, seen: Position, limit: int = MOST_STEPS) -> Iterator[list[Recorded]] | None:
    """Return the events after a position, oldest first, a list for each commit.

    None: the branch does not contain the position, or it is too long ago: the state has to be loaded anew.
    """
    if not seen.index:
        steps = state.steps(seen.commit, limit)
        return None if steps is None else (events_of(state, step) for step in steps)
    steps = state.steps(seen.base or Sha(f"{seen.commit}^"), limit)
    if not steps or steps[0].event.commit != seen.commit:
        return None
    return _from(state, steps, seen.index)


def _from(state: StateStore, steps: Sequence[Step], index: int) -> Iterator[list[Recorded]]:
    for number, step in enumerate(steps):
        found = events_of(state, step)
        yield found if number else found[index:]


def events_of(state: StateStore, step: Step) -> list[Recorded]:
    """Return the events of one step, in their order."""
    event = step.event
    found = [
        (mission, data)
        for mission, texts in state.changed(step.before, event.commit).items()
        for data in _of_mission(mission, texts, step)
    ]
    base = step.before if step.joins else None
    last = len(found)
    return [
        Recorded(
            Position(event.commit) if number == last else Position(event.commit, number, base),
            KINDS[type(data)],
            event.at,
            mission,
            data,
        )
        for number, (mission, data) in enumerate(found, 1)
    ]


def _of_mission(mission: MissionId, texts: Mapping[str, Texts], step: Step) -> Iterator[Data]:
    before, after = None, None
    for path, (old, new) in texts.items():
        if is_mission_file(path):
            before, after = _loaded(mission, old), _loaded(mission, new)
            break
    runs = [(_record(old), _record(new)) for path, (old, new) in texts.items() if _is_record(path)]
    yield from changes(mission, before, after, runs)
    yield Journaled(mission, step.event.subject, step.event.events, step.event.author.name)


def _loaded(mission: MissionId, text: str | None) -> Mission | None:
    return None if text is None else load_placed(text, mission).mission


def _record(text: str | None) -> RunRecord | None:
    return None if text is None else read_run(text)


def _is_record(path: str) -> bool:
    found = _RUN.match(path)
    return found is not None and not is_roll(found["name"])
