"""What the workers of the phases before the building propose: features to choose from."""

from __future__ import annotations

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import one_line

SUGGESTIONS = "suggestions.json"
"""The finding with the suggestions of an analysis."""
REQUIREMENTS = "prd.json"
"""The finding with the requirements that a person approves."""
MOST_SUGGESTIONS = 5
_LONGEST_TITLE = 120


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


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chose among the suggestions."""

    number: int = 0
    """The number of the suggestion; 0: none was chosen."""
    by: str = ""
    comment: str = ""
    title: str = ""
    """The title of the suggestion, cut to one line."""


_CHOICE = pattern(r"choose (?P<number>[1-9])(?: \((?P<title>.*?)\))?(?:: (?P<comment>.*))?")


def choice_text(number: int, title: str, comment: str) -> str:
    """Return the comment of the approval that chooses a suggestion."""
    named = one_line(title, _LONGEST_TITLE).replace("(", "[").replace(")", "]")
    return f"choose {number} ({named})" + (f": {comment}" if comment else "")


def read_choice(comment: str, by: str) -> Choice:
    """Return the choice in the comment of an approval; a comment without a choice stays a comment."""
    found = _CHOICE.fullmatch(comment.strip())
    if found is None:
        return Choice(0, by, comment.strip())
    return Choice(int(found["number"]), by, (found["comment"] or "").strip(), found["title"] or "")
