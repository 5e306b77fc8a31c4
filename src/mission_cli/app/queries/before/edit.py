"""What a person's edit of a mission file would change besides words, before it is committed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.document.merging.difference import differences, sentences
from mission_cli.document.reading.front_schema import unknown_keys
from mission_cli.document.reading.placed import load_placed
from mission_cli.domain.problems import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.document.merging.difference import Difference
    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.domain.ids import MissionId
    from mission_cli.domain.problems import Problem

_DECIDES = frozenset({"status", "base", "mode", "managed", "host", "deadline", "schedule", "end_date", "autonomous"})
"""Keys of the front matter that decide what the mission does, besides the caps."""
_DECISIONS = ("Approvals", "Input Requests", "Gates")
"""Sections whose rows are decisions of a person."""


@dataclass(frozen=True, slots=True)
class EditLook:
    """What is wrong with an edited text, and what it changes that is more than words."""

    errors: tuple[Problem, ...] = ()
    """The text cannot be saved while it has one."""
    changes: tuple[str, ...] = ()
    """Caps, statuses, decisions, removed parts, unknown keys, and new warnings, each in a few words."""


def look_at_edit(mission: MissionId, before: str, edited: str) -> EditLook:
    """Return what an edit means. `before` is the text that it was made from."""
    old, new = load_placed(before, mission), load_placed(edited, mission)
    errors = tuple(new.errors())
    if errors or new.refused:
        return EditLook(errors or new.problems)
    return EditLook((), (*_meaning(old, new), *_new_warnings(old, new)))


def uncommitted_words(mission: MissionId, committed: str, on_disk: str) -> list[str]:
    """Return what an uncommitted edit changes, one line for each part of the file."""
    return sentences(differences(load_placed(committed, mission), load_placed(on_disk, mission)))


def _meaning(old: Loaded, new: Loaded) -> Iterator[str]:
    for one in differences(old, new):
        if _is_decision(one):
            yield f"{one.subject}: {one.words()}" if one.subject != "mission" else f"{one.what}: {_shift(one)}"


def _is_decision(one: Difference) -> bool:
    if one.subject == "mission":
        return one.what in _DECIDES or one.what.startswith(("budget.", "preferences.land", "in_force.", "noted."))
    return one.what in {"status", "gone"} or one.subject.startswith(_DECISIONS)


def _shift(one: Difference) -> str:
    return f"{one.before or 'not set'} → {one.after or 'not set'}"


def _new_warnings(old: Loaded, new: Loaded) -> Iterator[str]:
    for key in sorted(unknown_keys(new.layout.front) - unknown_keys(old.layout.front)):
        yield f"the key `{key}` is not known: it is kept and does nothing"
    said = {problem.message for problem in old.problems}
    for problem in new.problems:
        if problem.severity is Severity.WARNING and problem.message not in said:
            yield f"line {problem.line}: {problem.message}"
