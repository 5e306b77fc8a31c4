"""The classes of missions: what a goal and a repository suggest, and what each class means."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.domain.interview.facts import Facts


class MissionClass(StrEnum):
    """What kind of work a mission is."""

    GREENFIELD = "greenfield"
    ENHANCEMENT = "enhancement"
    MIGRATION = "migration"
    RESEARCH = "research"
    INFRASTRUCTURE = "infrastructure"


MEANING: Mapping[MissionClass, str] = {
    MissionClass.GREENFIELD: "something new, without code that it has to fit",
    MissionClass.ENHANCEMENT: "more, or better, of what exists",
    MissionClass.MIGRATION: "from one language, library, version or store to another",
    MissionClass.RESEARCH: "an answer or a decision; code only as far as it proves one",
    MissionClass.INFRASTRUCTURE: "how it is built, deployed, watched and backed up",
}
TYPES: Mapping[MissionClass, str] = {
    MissionClass.RESEARCH: "research",
    MissionClass.INFRASTRUCTURE: "operations",
}
"""The `type` of a mission by its class, where it is not `development`."""
_WORDS = (
    (
        MissionClass.MIGRATION,
        pattern(
            r"\b(?:migrat\w+|port(?:ing)?\b(?=.*\bto\b)|convert\w*|upgrade\w*|rewrite|"
            r"replace(?=.*\b(?:with|by)\b)|(?:move|switch)(?=.*\b(?:from|to)\b))\b",
            re.IGNORECASE,
        ),
    ),
    (
        MissionClass.RESEARCH,
        pattern(
            r"\b(?:research|compare|comparison|evaluat\w+|investigat\w+|find out|feasib\w+|survey|study|"
            r"decide (?:which|whether)|which .* (?:best|should))\b",
            re.IGNORECASE,
        ),
    ),
    (
        MissionClass.INFRASTRUCTURE,
        pattern(
            r"\b(?:deploy\w*|CI|CI/CD|pipelines?|kubernetes|docker\w*|containers?|terraform|ansible|infrastructure|"
            r"monitoring|backups?|provision\w*|hosting|cluster)\b",
            re.IGNORECASE,
        ),
    ),
    (
        MissionClass.ENHANCEMENT,
        pattern(
            r"\b(?:improv\w+|fix\w*|refactor\w*|speed up|faster|extend\w*|enhanc\w+|clean up|harden\w*|"
            r"optimi[sz]\w+)\b",
            re.IGNORECASE,
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Guess:
    """The class that a goal and a repository suggest."""

    kind: MissionClass
    why: str
    """The reason, to follow `because`."""


def guess(goal: str, facts: Facts) -> Guess:
    """Return the class of a goal: by its words, or by whether there is code already."""
    for kind, words in _WORDS:
        found = words.search(goal)
        if found is not None and not (kind is MissionClass.ENHANCEMENT and facts.empty):
            return Guess(kind, f"the goal says `{found[0].split()[0].lower()}`")
    if facts.empty:
        return Guess(MissionClass.GREENFIELD, "the repository has no code yet")
    return Guess(MissionClass.ENHANCEMENT, "the repository has code")
