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
    from collections.abc import Mapping

    from mission_cli.domain.mission import Mission
    from mission_cli.engine.case import Case

_MOST = 3
_ASKED = pattern(r"\A\d+: ")


def guarded(case: Case, streaks: dict[str, int]) -> Case:
    """Return the case, or one that pauses the mission if a change was decided for the third time in a row.

    `streaks` counts the rounds of this pulse in a row that decided each change. Raises DocumentError if the mission
    cannot be paused.
    """
    before = dict(streaks)
    names = _changes(case.plan)
    if not names:
        return case
    streaks.clear()
    streaks.update({name: before.get(name, 0) + 1 for name in names})
    plan = unless_repeated(case.plan, case.mission, before, where=case.stored.path)
    return case if plan is case.plan else replace(case, plan=plan, streaks=before)


def unless_repeated(plan: Decisions, mission: Mission, streaks: Mapping[str, int], *, where: str = "") -> Decisions:
    """Return the plan, or one that pauses the mission if a change was decided for the third time in a row.

    `streaks` counts the rounds in a row before this one that decided each change. Raises DocumentError, with `where`,
    if the mission cannot be paused.
    """
    stuck = next((why for name, why in _changes(plan).items() if streaks.get(name, 0) + 1 >= _MOST), None)
    if stuck is None:
        return plan
    words = f"the same change was made {_MOST - 1} times without effect: {one_line(stuck)}"
    lint = do("lint", mission.id)
    if mission.status is not MissionStatus.ACTIVE:
        raise DocumentError(words, where=where, hint=advise(lint, " shows what is wrong in the file"))
    why = f"{words}; {lint} shows what is wrong in the file, then {do('resume', mission.id)}"
    return Decisions(transitions=(MoveMission(MissionStatus.PAUSED, why),), holds=plan.holds)


def _changes(plan: Decisions) -> dict[str, str]:
    """Return why each change is made, by its name: two rounds with the same name decided the same change."""
    entries = map(entry_of, plan.transitions)
    return {f"{entry.event} {_ASKED.sub('', entry.why)}": entry.why for entry in entries}
