"""A guard of the loop: if the same change is decided again and again without effect, the mission pauses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import one_line
from mission_cli.domain.errors import DocumentError
from mission_cli.domain.notice import advise, do
from mission_cli.domain.status import MissionStatus
from mission_cli.engine.recording.record import entry_of
from mission_cli.planner.core.decisions import Decisions
from mission_cli.planner.core.moves.mission import MoveMission

if TYPE_CHECKING:
    from mission_cli.engine.case import Case

_MOST = 3
_ASKED = pattern(r"\A\d+: ")


def guarded(case: Case, streaks: dict[str, int]) -> Case:
    """Return the case, or one that pauses the mission if a change was decided for the third time in a row.

    `streaks` counts the rounds of this pulse in a row that decided each change. Raises DocumentError if the mission
    cannot be paused.
    """
    entries = [entry_of(move) for move in case.plan.transitions]
    names = {f"{e.event} {_ASKED.sub('', e.why)}": e for e in entries}
    if not names:
        return case
    now = {name: streaks.get(name, 0) + 1 for name in names}
    streaks.clear()
    streaks.update(now)
    stuck = next((names[name] for name, times in now.items() if times >= _MOST), None)
    if stuck is None:
        return case
    words = f"the same change was made {_MOST - 1} times without effect: {one_line(stuck.why)}"
    lint = do("lint", case.mission.id)
    if case.mission.status is not MissionStatus.ACTIVE:
        raise DocumentError(words, where=case.stored.path, hint=advise(lint, " shows what is wrong in the file"))
    why = f"{words}; {lint} shows what is wrong in the file, then {do('resume', case.mission.id)}"
    return replace(case, plan=Decisions(transitions=(MoveMission(MissionStatus.PAUSED, why),), holds=case.plan.holds))
