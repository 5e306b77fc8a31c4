"""Up to five features that a class of missions and a look at the repository suggest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import one_line
from mission_cli.domain.interview.classes import MissionClass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mission_cli.domain.interview.facts import Facts

MOST = 5
_LONGEST = 120
_FIRST: Mapping[MissionClass, tuple[str, ...]] = {
    MissionClass.GREENFIELD: (
        "The smallest version that works from beginning to end",
        "Errors of its users are answered with what to do",
    ),
    MissionClass.ENHANCEMENT: ("The change itself, behind what exists", "Tests that hold what works today"),
    MissionClass.MIGRATION: (
        "A list of everything that uses the old one",
        "Old and new side by side, compared by tests",
        "A switch to the new one, and back",
        "Removal of the old one",
    ),
    MissionClass.RESEARCH: (
        "The options, with sources",
        "A small proof for the most promising option",
        "A recommendation with its reasons, and what speaks against it",
    ),
    MissionClass.INFRASTRUCTURE: (
        "A rehearsal in a place where nothing can break",
        "The change, described as code",
        "A check that tells when it is broken",
        "A page that says how to operate and to undo it",
    ),
}
_CODE = frozenset({MissionClass.GREENFIELD, MissionClass.ENHANCEMENT})


def suggested(kind: MissionClass, facts: Facts) -> tuple[str, ...]:
    """Return up to five features."""
    return tuple(one_line(text, _LONGEST) for text in (*_FIRST[kind], *_missing(kind, facts)))[:MOST]


def _missing(kind: MissionClass, facts: Facts) -> Iterator[str]:
    """Yield what the repository lacks, and what its own notes ask for."""
    if kind not in _CODE:
        return
    if not facts.tests:
        yield "Tests that run with one command"
    if not facts.ci:
        yield "A workflow that runs the checks for every push"
    yield from (f"Resolve {todo}" for todo in facts.todos)
    if not facts.readme:
        yield "A README with an example"
