"""What the workers of the phases before the building propose: features to choose from."""

from __future__ import annotations

from mission_cli._support.dataclass import dataclass

SUGGESTIONS = "suggestions.json"
"""The finding with the suggestions of an analysis."""
REQUIREMENTS = "prd.json"
"""The finding with the requirements that a person approves."""
MOST_SUGGESTIONS = 5


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One feature that an analysis suggests."""

    title: str
    why: str = ""
    effort: str = ""
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Analysis:
    """The result of an analysis: what to build next, and what the repository is made of."""

    suggestions: tuple[Suggestion, ...]
    stack: tuple[str, ...] = ()
    structure: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What was left out of the document, one sentence each."""
