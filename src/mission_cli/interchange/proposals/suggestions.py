"""Read the suggestions of an analysis: JSON, alone, in a fence or within prose; any other text is read as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli._support.text import counted, one_line
from mission_cli.document.plans.answer import LONGEST as LONGEST_OF
from mission_cli.domain.phases.proposals import MOST_SUGGESTIONS, Analysis, Suggestion
from mission_cli.domain.problems import Problem
from mission_cli.interchange.from_markdown import read_markdown
from mission_cli.interchange.proposals.lenient import (
    LONGEST,
    lines_of,
    lists_in,
    printable,
    prose_of,
    values_of,
    without_controls,
)
from mission_cli.interchange.sources import said

if TYPE_CHECKING:
    from collections.abc import Iterator

_LISTS = ("suggestions", "features", "feature_suggestions", "ideas", "proposals", "recommendations", "items", "tasks")
_TITLES = ("title", "name", "feature", "suggestion", "summary", "id")
_WHY = ("why", "rationale", "reason", "description", "benefit", "value", "impact", "details")
_EFFORT = ("effort", "estimate", "estimated_effort", "size", "complexity", "hours")
_FILES = ("files", "affected_files", "paths", "file", "modules")
_STACK = ("stack", "tech_stack", "technologies", "techStack", "languages")
_STRUCTURE = ("structure", "repo_structure", "layout", "architecture", "overview")
_HINT = "reject it with a comment, and it is written again"
_MOST_FILES = 20


def read_suggestions(text: str) -> Analysis | Problem:
    """Return the suggestions in a document, at most five; the problem if it has none or cannot be read."""
    if len(text) > LONGEST:
        return Problem(1, 1, f"it has {len(text)} characters", f"at most {LONGEST} are read")
    plain = without_controls(text)
    if not plain.strip():
        return Problem(1, 1, "it is empty", _HINT)
    found = values_of(plain)
    if isinstance(found, Problem):
        return found
    for one in found:
        for entries in lists_in(one.source.value, _LISTS):
            suggestions = list(_suggestions(entries))
            if suggestions:
                return _analysis(suggestions, one.source.value)
    if any(one.whole for one in found):
        return Problem(*found[0].source.at(), "it contains no suggestion", f"it needs a list called `{_LISTS[0]}`")
    return _from_prose(plain)


def _from_prose(text: str) -> Analysis | Problem:
    taken = read_markdown(text)
    if taken.plan is None:
        return taken.problems[0]
    features = [feature for milestone in taken.plan.milestones for feature in milestone.features]
    return _analysis(
        [Suggestion(f.title, _cut(f.description), one_line(f.estimate, LONGEST_OF["estimate"])) for f in features], None
    )


def _analysis(suggestions: list[Suggestion], document: object) -> Analysis:
    once: dict[str, Suggestion] = {}
    for suggestion in suggestions:
        once.setdefault(suggestion.title.casefold(), suggestion)
    kept = tuple(once.values())
    values = document if isinstance(document, dict) else {}
    more = len(kept) - MOST_SUGGESTIONS
    notes = (
        (f"{counted(more, 'more suggestion')} left out: only the first {MOST_SUGGESTIONS} count",) if more > 0 else ()
    )
    return Analysis(kept[:MOST_SUGGESTIONS], _first(values, _STACK), _first(values, _STRUCTURE), notes)


def _first(values: dict[str, Any], names: tuple[str, ...]) -> tuple[str, ...]:
    return next((lines_of(values[name], LONGEST_OF["line"]) for name in names if values.get(name)), ())


def _suggestions(entries: list[Any]) -> Iterator[Suggestion]:
    for entry in entries:
        told = {"title": entry} if isinstance(entry, str) else entry
        title = one_line(said(told, *_TITLES), LONGEST_OF["title"]) if isinstance(told, dict) else ""
        if title:
            why = next((text for name in _WHY if (text := prose_of(told, LONGEST_OF["description"], name))), "")
            effort = one_line(said(told, *_EFFORT), LONGEST_OF["estimate"])
            files = next((found for name in _FILES if (found := lines_of(told.get(name), 300, _MOST_FILES))), ())
            yield Suggestion(title, _cut(why), effort, files)


def _cut(text: str) -> str:
    most, text = LONGEST_OF["description"], printable(text)
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
