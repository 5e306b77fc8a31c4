"""The laws about phases, written without the planner's own arithmetic: from what each commit of the state changes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mission_cli.document.reading.load import load
from mission_cli.domain.events import EventKind
from mission_cli.domain.phases.table import PhaseStatus, WorkerKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.kit.fakes.objects import Commit, Objects

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.phases.table import Phase

FILE = "m/mission.md"
_OVER = {PhaseStatus.DONE, PhaseStatus.SKIPPED}
_BEGUN = {PhaseStatus.ACTIVE, PhaseStatus.WAITING, PhaseStatus.DONE, PhaseStatus.FAILED}
_THEIRS = {"notes.txt", "theirs.txt"}
"""Files of the base, which no worker makes."""
_NUMBER = re.compile(r"(\d+) approval")


def broken(objects: Objects, commit: Commit, works: Iterable[str] = ()) -> str:
    """Say which law a commit of the state breaks; empty if none.

    `works`: the commits of finished work that the loop may have seen; without any, that which passed last.
    """
    if len(commit.parents) != 1 or FILE not in commit.files or FILE not in objects.get(commit.parents[0]).files:
        return ""
    before, after = (load(files[FILE], "m").mission for files in (objects.get(commit.parents[0]).files, commit.files))
    events = [line.partition(": ")[2] for line in commit.message.splitlines() if line.startswith("Mission-Event: ")]
    found = _entered_twice(before, after) if EventKind.PHASE_ENTERED in events else ""
    if not found and EventKind.APPROVAL_RESOLVED in events:
        seen = list(works) or [m.passed_at for m in before.milestones if m.passed_at][-1:]
        found = _counted_wrongly(before, after, [_content(objects, name) for name in seen], objects)
    return found


def _pairs(before: Mission, after: Mission) -> list[tuple[Phase, Phase]]:
    return [(old, new) for old, new in zip(before.phases, after.phases, strict=True) if old.status is not new.status]


def _entered_twice(before: Mission, after: Mission) -> str:
    """A phase is entered when all before it are over and none after it has begun, and it was pending."""
    entered = [(old, new) for old, new in _pairs(before, after) if new.status is PhaseStatus.ACTIVE]
    if len(entered) != 1:
        return f"{len(entered)} phases are entered in one commit"
    [(old, _)] = entered
    place = before.phases.index(old)
    if old.status is not PhaseStatus.PENDING:
        return f"{old.name} is entered, and was {old.status}"
    if any(phase.status not in _OVER for phase in before.phases[:place]):
        return f"{old.name} is entered before its turn"
    if any(phase.status in _BEGUN for phase in before.phases[place + 1 :]):
        return f"{old.name} is entered, and a later phase has begun"
    return ""


def _counted_wrongly(before: Mission, after: Mission, seen: Sequence[dict[str, str] | None], objects: Objects) -> str:
    """A gate passes by so many people as its rule says, each of whom saw the work as it is."""
    passed = [(old, new) for old, new in _pairs(before, after) if (old.status, new.status) == _PASSES]
    for old, _ in passed:
        row = next((gate for gate in before.gates if gate.name == old.gate), None)
        number = _NUMBER.search(row.rule if row else "")
        people: dict[str, str] = {}
        for one in before.approvals:
            if one.gate == old.gate and one.at > old.entered and _content(objects, one.commit) in seen:
                people[one.by] = one.decision
        if sum(word == "approved" for word in people.values()) < (int(number[1]) if number else 1):
            return f"the gate {old.gate} passed by {people}, and its rule is {row.rule if row else 'one approval'}"
    return ""


_PASSES = (PhaseStatus.WAITING, PhaseStatus.DONE)


def _content(objects: Objects, name: str) -> dict[str, str] | None:
    """What workers made, in a commit."""
    full = objects.find(name)
    return None if full is None else {p: t for p, t in objects.get(full).files.items() if p not in _THEIRS}


def may_have_landed(mission: Mission) -> bool:
    """Whether the phase in which work lands has begun."""
    lands = next((phase for phase in mission.phases if phase.kind is WorkerKind.LANDING), None)
    return lands is None or lands.status in _BEGUN | {PhaseStatus.SKIPPED}
