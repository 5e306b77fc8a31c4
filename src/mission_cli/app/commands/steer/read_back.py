"""Check a change of the plan before it is committed: it must read back as meant, and nothing may wait forever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.document.reading.placed import load_placed
from mission_cli.domain.errors import UsageError
from mission_cli.domain.notice import advise, do

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.app.addressing import Address
    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.domain.ids import FeatureNumber
    from mission_cli.domain.mission import Milestone, Mission


def read_back(address: Address, text: str) -> Loaded:
    """Return the mission file as it would be. Raises UsageError for the first problem that it does not have now."""
    after = load_placed(text, address.stored.id)
    known = {problem.message for problem in address.loaded.problems}
    new = next((problem for problem in after.problems if problem.message not in known), None)
    if new is not None:
        raise UsageError(new.message, hint=new.hint)
    return after


def open_milestone(address: Address, number: int | None) -> Milestone:
    """Return the milestone to which work can be added; without a number the first unfinished one.

    Raises NotFoundError if it does not exist, UsageError if it is finished.
    """
    mission = address.mission
    more = advise("add a milestone: ", do("add-milestone", mission.id, "NAME", "--feature", "TITLE"))
    if number is None:
        found = next((m for m in mission.milestones if not m.finished), None)
        if found is None:
            raise UsageError("every milestone is finished", hint=more)
        return found
    found = address.at(number).need_milestone()
    if found.finished:
        raise UsageError(f"milestone {number} is {found.status} already", hint=more)
    return found


def refuse_deadlock(mission: Mission, number: FeatureNumber) -> None:
    """Raise UsageError if a feature would wait for one of a later milestone because of this feature's place."""
    place = {f.number: n for n, m in enumerate(mission.milestones) for f in m.features}
    for waiting, needed, why in _waits(mission, number):
        before, after = mission.feature(waiting), mission.feature(needed)
        if before is None or after is None or before.finished or after.finished:
            continue
        if place[waiting] < place[needed]:
            first, second = (mission.milestones[place[n]].number for n in (waiting, needed))
            words = f"{waiting} would never start: it {why} {needed}, and milestone {first} comes before {second}"
            raise UsageError(words, hint="name a milestone that is not later than what waits for it")


def _waits(mission: Mission, number: FeatureNumber) -> Iterator[tuple[FeatureNumber, FeatureNumber, str]]:
    for feature in mission.features():
        for needed in feature.depends:
            if number in {feature.number, needed}:
                yield feature.number, needed, "depends on"
    for gate in mission.gates:
        for blocked in gate.blocks:
            for needed in gate.after:
                if number in {blocked, needed}:
                    yield blocked, needed, f"waits at the gate `{gate.name}` for"
