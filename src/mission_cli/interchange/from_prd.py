"""Read a requirements document as a plan: JSON, alone, in a fence or within prose; any other text is Markdown.

The text is not trusted, because it often comes from a model: its criteria are prose and never become commands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli._support.text import one_line
from mission_cli.document.plans.model import (
    Plan,
    PlanFeature,
    PlanMilestone,
)
from mission_cli.domain.problems import Problem
from mission_cli.interchange.criteria import words
from mission_cli.interchange.from_markdown import read_markdown
from mission_cli.interchange.sources import (
    Source,
    Taken,
    objects_of,
    parse_leading,
    said,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LISTS = (
    *("userStories", "user_stories", "stories", "tasks", "features", "requirements", "functionalRequirements"),
    *("functional_requirements", "items"),
)
TITLES = ("title", "name", "summary", "description", "key", "id")
KEYS = ("id", "key", "number")
CRITERIA = ("acceptanceCriteria", "acceptance_criteria", "criteria", "definition_of_done")
DEPENDS = ("dependencies", "dependsOn", "depends_on", "depends", "blocked_by")
_DONE = ("passes", "done", "completed")
_TAKEN = frozenset({*TITLES, *KEYS, *CRITERIA, *DEPENDS, *_DONE, "priority", "estimate", "notes"})
_ABOVE = frozenset({*LISTS, *TITLES, "project", "goal", "overview", "objective"})


def read_prd(text: str) -> Taken:
    """Return the plan in a document."""
    whole = parse_leading(text)
    if isinstance(whole, Problem):
        return Taken(None, (whole,))
    for source in [whole] if whole else objects_of(text):
        stories = stories_in(source.value)
        if stories is not None:
            return _read(source, *stories)
    return Taken(None, (_withoutstories_in(whole),)) if whole else read_markdown(text)


def _withoutstories_in(source: Source) -> Problem:
    known = source.value if isinstance(source.value, dict) else {}
    name = next((name for name in LISTS if name in known), None)
    words = f"`{name}` contains no story" if name else "the file contains no list of stories"
    hint = f"it must be called {', '.join(LISTS[:-1])} or {LISTS[-1]}, and may be below prd or plan"
    has = ", ".join(one_line(str(key), 40) for key in list(known)[:8])
    at = source.at(*([name] if name else []))
    return Problem(*at, f"{words}: it has {has}" if has and not name else words, hint)


def stories_in(value: object) -> tuple[Mapping[str, Any], list[Any], tuple[str, ...]] | None:
    """Return (document, its stories, path to them); None if the value contains no stories."""
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        return {}, value, ()
    if not isinstance(value, dict):
        return None
    for name in LISTS:
        if isinstance(value.get(name), list) and value[name]:
            return value, value[name], (name,)
    for name in ("prd", "plan"):
        below = stories_in(value.get(name))
        if below is not None:
            return below[0] or value, below[1], (name, *below[2])
    return None


def _read(source: Source, document: Mapping[str, Any], stories: list[Any], way: tuple[str, ...]) -> Taken:
    problems: list[Problem] = []
    left = [f"{name}: {one_line(str(value), 80)}" for name, value in document.items() if name not in _ABOVE]
    numbers: dict[str, str] = {}
    for n, story in enumerate(stories, 1):
        names = [said(story, k) for k in (*KEYS, *TITLES)] if isinstance(story, dict) else [str(story)]
        for name in filter(None, names):
            numbers.setdefault(name.casefold(), f"1.{n}")
    features = []
    for n, story in enumerate(stories):
        if not isinstance(story, dict | str) or not (story if isinstance(story, str) else said(story, *TITLES)):
            problems.append(Problem(*source.at(*way, n), f"`{'.'.join([*way, str(n + 1)])}` says nothing to do"))
            continue
        told = {"title": story} if isinstance(story, str) else story
        features.append(_feature(told, numbers))
        left += [f"{said(told, *TITLES)}: {what}" for what in _left_of(told)]
    if problems:
        return Taken(None, tuple(problems))
    goal = said(document, "goal", "objective", "overview", "description")
    title = said(document, "title", "project", "name") or one_line(goal, 80) or features[0].title
    milestone = PlanMilestone(name="Requirements", features=features)
    return Taken(Plan(title=one_line(title), goal=goal or title, milestones=[milestone]), (), tuple(left))


def _feature(story: Mapping[str, Any], numbers: Mapping[str, str]) -> PlanFeature:
    title = one_line(said(story, *TITLES))
    more = [said(story, name) for name in ("description", "notes")]
    depends = [name for key in DEPENDS for name in _texts(story.get(key))]
    return PlanFeature(
        title=title,
        description="\n\n".join(text for text in dict.fromkeys(more) if text and text != title),
        estimate=one_line(said(story, "estimate"), 40),
        criteria=[words(text) for key in CRITERIA for text in _texts(story.get(key))],
        depends=[numbers.get(name.casefold(), one_line(name)) for name in dict.fromkeys(depends)],
    )


def _left_of(story: Mapping[str, Any]) -> Iterator[str]:
    if any(story.get(name) is True for name in _DONE):
        yield "it is marked as done; here it will be checked again"
    if story.get("priority") is not None:
        yield f"priority {one_line(str(story['priority']), 40)}; features of a milestone run in parallel"
    for name, value in story.items():
        if name not in _TAKEN:
            yield f"{name}: {one_line(str(value), 80)}"


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [line.strip(" \t-*") for line in value.splitlines() if line.strip(" \t-*")]
    return [str(item) for item in value if isinstance(item, str | int | float)] if isinstance(value, list) else []
