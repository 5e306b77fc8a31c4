"""What a mission waits for as far as its file alone tells: the same in every clone, and at every time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli.domain.board.values import Need
from mission_cli.domain.notice import do
from mission_cli.domain.status import HoldKind, MissionStatus
from mission_cli.planner.core.observation import Observation
from mission_cli.planner.core.policy import Policy
from mission_cli.planner.core.requests import answer_to
from mission_cli.planner.core.waits import approval, gates_for_people
from mission_cli.planner.decide import decide

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.domain.mission import Mission
    from mission_cli.planner.core.decisions import Hold
    from mission_cli.ports.git.state import Stored

_IN_THE_FILE = frozenset(
    {
        HoldKind.APPROVAL,
        HoldKind.CHECKPOINT,
        HoldKind.DEPENDENCY,
        HoldKind.FAILED,
        HoldKind.GATE,
        HoldKind.MILESTONE,
        HoldKind.PAUSED,
        HoldKind.QUALITY,
        HoldKind.REQUEST,
        HoldKind.ROW,
        HoldKind.WAIT,
    }
)
"""Holds that follow from the file; all others need a look at branches, jobs or the machine."""
_LISTED_OTHERWISE = frozenset({HoldKind.REQUEST, HoldKind.MILESTONE, HoldKind.DEPENDENCY})
_RUNS = frozenset({MissionStatus.ACTIVE, MissionStatus.PAUSED})
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def holds_in(loaded: Loaded, newest: datetime | None) -> list[Hold]:
    """Return what is held by what the file says, in the words of the planner; `newest`: the last entry of its log."""
    mission = loaded.mission
    if loaded.refused or not mission.managed or mission.status not in _RUNS:
        return []
    seen = Observation(newest or _BEGINNING, mission.host)
    return [_told(mission, hold) for hold in decide(mission, seen, Policy()).holds if hold.kind in _IN_THE_FILE]


def needs_in(stored: Stored, loaded: Loaded, holds: Sequence[Hold]) -> list[Need]:
    """Return what waits for a person according to the file, each thing once."""
    found = [*_unreadable(loaded, stored)]
    if not found and loaded.mission.managed and loaded.mission.status in _RUNS:
        found += [*_questions(loaded.mission), *_gates(loaded.mission), *_held(loaded.mission, holds)]
    return list({str(need.help) or need.words: need for need in reversed(found)}.values())[::-1]


def _told(mission: Mission, hold: Hold) -> Hold:
    """Return a hold without the command that follows, and with what the last attempt of a failed feature brought."""
    words = hold.detail.removesuffix(f": {hold.unblock}")
    if hold.kind is HoldKind.FAILED:
        begin = f"{hold.subject}-a"
        words = next((row.details for row in reversed(mission.progress) if row.details.startswith(begin)), words)
    return replace(hold, detail=words)


def _unreadable(loaded: Loaded, stored: Stored) -> Iterator[Need]:
    first = next(iter(loaded.errors()), None)
    if loaded.refused and first is not None:
        yield Need(stored.id, f"line {first.line}: {first.message}", help=do("edit", stored.id))


def _questions(mission: Mission) -> Iterator[Need]:
    for one in mission.open_requests():
        yield Need(mission.id, one.prompt, one.asked, answer_to(mission, one), one.urgency)


def _gates(mission: Mission) -> Iterator[Need]:
    for gate in gates_for_people(mission):
        words = f"`{gate.name}` waits for a decision" + (f": {gate.message}" if gate.message else "")
        yield Need(mission.id, words, help=approval(mission, gate))


def _held(mission: Mission, holds: Sequence[Hold]) -> Iterator[Need]:
    for hold in holds:
        if hold.person and hold.kind not in _LISTED_OTHERWISE:
            begin = f"{hold.subject}: " if hold.subject and not hold.detail.startswith(hold.subject) else ""
            words = f"{begin}{hold.detail}"
            yield Need(mission.id, words, help=hold.unblock)
