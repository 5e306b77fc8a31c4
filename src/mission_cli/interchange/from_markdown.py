"""Read a requirements document in Markdown as a plan, by its headings, lists and tables.

The text is not trusted: criteria are prose and never become commands.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field
from mission_cli._support.text import one_line
from mission_cli.document.plans.model import Plan, PlanFeature, PlanMilestone
from mission_cli.domain.problems import Problem
from mission_cli.interchange.criteria import words
from mission_cli.interchange.headings import document_title, kind_of, lead_of, stage_name, without_number
from mission_cli.interchange.outline import Item, Items, Paragraph, Section, Table, outline, plain
from mission_cli.interchange.sources import Taken
from mission_cli.interchange.stories import (
    Story,
    column_of,
    criteria_in,
    is_acceptance,
    is_story,
    key_of,
    references,
    stories_of,
    story_of_section,
    texts_in,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ABOUT = re.compile(
    r"(?:authors?|status|version|date|owners?|last updated|updated|created|reviewers?|stakeholders?|team|contact)\s*:",
    re.IGNORECASE,
)
"""What a paragraph about the document itself begins with."""
_LONGEST_GOAL, _LONGEST_LINE = 8_000, 500


@dataclass(slots=True)
class _Stage:
    """A milestone of the document."""

    name: str
    stories: list[Story] = field(default_factory=list)
    criteria: list[str] = field(default_factory=list)
    text: str = ""
    """What is said about it in a list without features."""


@dataclass(slots=True)
class _Document:
    """What was found in the document."""

    title: str
    goal: list[str] = field(default_factory=list)
    non_goals: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    success: list[str] = field(default_factory=list)
    groups: list[_Stage] = field(default_factory=list)
    """Features by the heading that they are below."""
    stages: list[_Stage] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def read_markdown(text: str) -> Taken:
    """Return the plan in a document; text without a heading, a list or a table that is understood is one feature."""
    lines = [line.strip() for line in text.lstrip("\ufeff").splitlines() if line.strip()]
    if not lines:
        return Taken(None, (Problem(1, 1, "the file is empty"),))
    root = outline(_without_front_matter(text))
    title, top = _top(root, lines[0])
    document = _Document(one_line(title, 120))
    about = [b for b in top.blocks if isinstance(b, Paragraph) and not b.code and b.text != title]
    document.goal += [b.text for b in about if not _ABOUT.match(b.text)]
    document.left += [f"`{one_line(b.text, 60)}`" for b in about if _ABOUT.match(b.text)]
    _read_all(document, top.sections, ())
    loose = [b for b in top.blocks if isinstance(b, Items | Table)]
    listed = list(stories_of(loose))
    if not document.groups and not document.stages and len(listed) > 1:
        document.groups.append(_Stage("", listed))
    elif loose:
        document.goal += [f"- {line}" for line in texts_in(loose)]
    return _plan(document) or _whole(document.title, text, lines[0])


def _without_front_matter(text: str) -> str:
    body = text.lstrip("\ufeff")
    end = body.find("\n---", 3) if body.startswith("---\n") else -1
    return body[body.find("\n", end + 1) + 1 :] if end >= 0 and ":" in body[4:end] else body


def _top(root: Section, first: str) -> tuple[str, Section]:
    """Return the title of the document, and the section whose sections are its parts."""
    if len(root.sections) == 1 and not root.blocks and not kind_of(root.sections[0].title):
        return document_title(root.sections[0].title), root.sections[0]
    headed = next((s for s in root.sections if s.level == 1 and not kind_of(s.title)), None)
    if headed is not None and headed is root.sections[0]:
        rest = [s for s in root.sections if s is not headed]
        return document_title(headed.title), Section("", 0, [*root.blocks, *headed.blocks], [*headed.sections, *rest])
    paragraph = next((b.text for b in root.blocks if isinstance(b, Paragraph) and not b.code), plain(first))
    return document_title(paragraph if not root.sections or root.blocks else root.sections[0].title), root


def _read_all(document: _Document, sections: Sequence[Section], above: tuple[str, ...]) -> None:
    for section in sections:
        kind = kind_of(section.title)
        if kind == "goal":
            document.goal += _prose(section)
            _read_all(document, [s for s in section.sections if kind_of(s.title)], above)
        elif kind in {"not", "constraints", "success"}:
            kept = {"not": document.non_goals, "constraints": document.constraints, "success": document.success}[kind]
            kept += texts_in(section.blocks)
            kept += [f"{s.title}: {line}" for s in section.sections for line in texts_in(s.blocks)]
        elif kind == "features":
            _read_features(document, section)
        elif kind == "stages":
            _read_stages(document, section)
        elif kind == "stage":
            document.stages.append(_stage(section))
            document.left += _unread(section)
        elif section.sections and any(kind_of(s.title) for s in section.sections):
            document.goal += [b.text for b in section.blocks if isinstance(b, Paragraph) and not b.code]
            _read_all(document, section.sections, (*above, section.title))
        elif not section.empty():
            document.left.append(f"the section `{one_line(section.title, 60)}`")


def _prose(section: Section) -> Iterator[str]:
    """Yield the text of a section and of those below it whose heading is not known; lists as one text each."""
    for block in section.blocks:
        lines = texts_in([block])
        yield "\n".join(lines if isinstance(block, Paragraph) else [f"- {line}" for line in lines])
    for inner in section.sections:
        if not kind_of(inner.title):
            yield "\n\n".join([f"{inner.title}:", *_prose(inner)])


def _read_features(document: _Document, section: Section) -> None:
    """Read the features of a section: below headings, in lists, in tables."""
    group = _Stage("", list(stories_of(section.blocks)))
    document.left += _unread(section)
    for inner in section.sections:
        if kind_of(inner.title) in {"not", "constraints", "success", "goal", "stage"}:
            _read_all(document, [inner], ())
        elif is_story(inner) and kind_of(inner.title) != "features":
            group.stories.append(story_of_section(inner))
        else:
            _read_group(document, inner)
    if group.stories:
        document.groups.append(group)


def _read_group(document: _Document, section: Section) -> None:
    """Read a section whose heading names a group of features."""
    stories = list(stories_of(section.blocks))
    document.left += _unread(section)
    stories += [story_of_section(inner) for inner in section.sections if not is_acceptance(inner.title)]
    checks = [line for s in section.sections if is_acceptance(s.title) for line in criteria_in(s.blocks)]
    name = "" if kind_of(section.title) == "features" else section.title
    document.groups.append(_Stage(without_number(name), stories, checks))


def _read_stages(document: _Document, section: Section) -> None:
    """Read milestones: below headings, in a table, or as items with what is nested in them."""
    document.stages += [
        _stage(inner) for inner in section.sections if not kind_of(inner.title) or kind_of(inner.title) == "stage"
    ]
    if document.stages:
        return
    for block in section.blocks:
        if isinstance(block, Table):
            document.stages += _stages_of_table(document, block)
        elif isinstance(block, Items):
            for item in block.items:
                stage = _Stage(stage_name(lead_of(item.text)), text=plain(item.text))
                stage.stories += stories_of([Items(item.items)])
                stage.stories += [Story("", name=name) for name in references(item.text)] if not item.items else []
                document.stages.append(stage)


def _unread(section: Section) -> Iterator[str]:
    """Yield what is said about a group of features: a plan has no place for it."""
    for block in section.blocks:
        if isinstance(block, Paragraph) and not is_acceptance(block.lines[-1] if block.lines else ""):
            yield f"{one_line(section.title, 60)}: {one_line(block.text, 80)}"


def _stage(section: Section) -> _Stage:
    """Return the milestone that a section describes."""
    stage = _Stage(stage_name(section.title))
    follows = False
    for block in section.blocks:
        if isinstance(block, Paragraph):
            follows = bool(block.lines) and is_acceptance(block.lines[-1])
        elif follows:
            stage.criteria += criteria_in([block])
            follows = False
        else:
            stage.stories += stories_of([block])
    for inner in section.sections:
        if kind_of(inner.title) == "success":
            stage.criteria += criteria_in(inner.blocks)
        elif kind_of(inner.title) == "features":
            stage.stories += stories_of(inner.blocks)
        else:
            stage.stories.append(story_of_section(inner))
    return stage


def _stages_of_table(document: _Document, table: Table) -> Iterator[_Stage]:
    """Yield a milestone for each row of a table that has a column for milestones."""
    name, inside = column_of(table, "milestone"), -1
    inside = max(column_of(table, role) for role in ("title", "text"))
    if name < 0:
        name, inside = (0, inside) if inside != 0 else (0, column_of(table, "text"))
    for row in table.rows:
        cells = dict(enumerate(row))
        stage = _Stage(stage_name(cells.get(name, "")))
        parts = re.split(r"<br\s*/?>|;|,", cells.get(inside, "")) if inside >= 0 else []
        stage.stories += stories_of([Table(("title",), tuple((part.strip(),) for part in parts if part.strip()))])
        checks = column_of(table, "criteria")
        stage.criteria += [part.strip() for part in cells.get(checks, "").split(";") if part.strip()]
        for at, column in enumerate(table.columns):
            if at not in {name, inside, checks} and cells.get(at):
                document.left.append(f"{stage.name}: {column}: {one_line(cells[at], 60)}")
        yield stage


def _plan(document: _Document) -> Taken | None:
    """Return the plan of what was found; None if there are no features in it."""
    for group in document.groups:
        document.non_goals += [story.title for story in group.stories if story.wont]
        group.stories = [story for story in group.stories if story.title and not story.wont]
    stages = _arranged(document)
    if not stages:
        return None
    numbers: dict[str, str] = {}
    for m, stage in enumerate(stages, 1):
        for n, story in enumerate(stage.stories, 1):
            for name in filter(None, (story.name, key_of(story.title))):
                numbers.setdefault(name, f"{m}.{n}")
    for story in chain.from_iterable(stage.stories for stage in stages):
        document.left += [f"{story.title}: {what}" for what in story.left]
    ranks = dict.fromkeys(story.priority for stage in stages for story in stage.stories if story.priority)
    if ranks:
        document.left.append(f"priorities ({', '.join(ranks)}): features of a milestone run in parallel")
    milestones = [
        PlanMilestone(
            name=one_line(stage.name, 120) or "Requirements",
            validation=[words(text) for text in stage.criteria],
            features=[_feature(story, numbers, document.left) for story in stage.stories],
        )
        for stage in stages
    ]
    goal = "\n\n".join(dict.fromkeys(document.goal))[:_LONGEST_GOAL].strip()
    title = document.title or milestones[0].features[0].title
    plan = Plan(
        title=title,
        goal=goal or title,
        success_criteria=[one_line(text, _LONGEST_LINE) for text in document.success],
        non_goals=[one_line(text, _LONGEST_LINE) for text in document.non_goals],
        constraints=[one_line(text, _LONGEST_LINE) for text in document.constraints],
        milestones=milestones,
    )
    return Taken(plan, (), tuple(document.left))


def _arranged(document: _Document) -> list[_Stage]:
    """Return the milestones with their features: those of the document, or one for each group of features."""
    known = {story.name: story for group in document.groups for story in group.stories if story.name}
    stages, placed = document.stages, set[str]()
    for stage in stages:
        found: list[Story] = []
        for story in stage.stories:
            named = [name for name in [story.name, *references(story.title)] if name in known]
            found += [known[name] for name in named if name not in placed] if named else [story] * bool(story.title)
            placed |= {*named}
        stage.stories = found
        if not found and stage.text and not document.groups:
            stage.stories = [s for s in stories_of([Items([Item(stage.text, 0)])]) if s.title]
    rest = [_Stage(g.name, [s for s in g.stories if s.name not in placed], g.criteria) for g in document.groups]
    by_column = _by_column(rest)
    if not stages:
        return [stage for stage in (by_column or _merged(rest)) if stage.stories]
    left = [stage for stage in rest if stage.stories]
    if any(stage.stories for stage in stages) and not placed:
        document.success += [story.title for stage in left for story in stage.stories]
        left = []
    empty = [stage.name for stage in stages if not stage.stories]
    document.left += [f"the milestone `{one_line(name, 60)}`: it has no features" for name in empty if name]
    return [stage for stage in (*stages, *_merged(left)) if stage.stories]


def _by_column(groups: Sequence[_Stage]) -> list[_Stage]:
    """Return the milestones that a column of a table names, if it names one for every feature."""
    stories = [story for group in groups for story in group.stories]
    if not stories or not all(story.milestone for story in stories):
        return []
    names = sorted(dict.fromkeys(story.milestone for story in stories))
    return [_Stage(stage_name(name), [s for s in stories if s.milestone == name]) for name in names]


def _merged(groups: Sequence[_Stage]) -> list[_Stage]:
    """Return the groups with those without a name as one."""
    found: dict[str, _Stage] = {}
    for group in groups:
        stage = found.setdefault(group.name, _Stage(group.name))
        stage.stories += group.stories
        stage.criteria += group.criteria
    return list(found.values())


def _feature(story: Story, numbers: dict[str, str], left: list[str]) -> PlanFeature:
    depends, own = [], numbers.get(story.name or key_of(story.title))
    for name in dict.fromkeys(story.depends):
        number = numbers.get(key_of(name)) or next((numbers[key] for key in references(name) if key in numbers), None)
        if number is None:
            left.append(f"{story.title}: it depends on {one_line(name, 60)}, which is not in the document")
        elif number != own:
            depends.append(number)
    text = "\n\n".join(dict.fromkeys(part for part in story.text if part != story.title))
    return PlanFeature(
        title=one_line(story.title, 200),
        description=re.sub(r"(?m)^(- .*)\n\n(?=- )", r"\1\n", text),
        estimate=story.estimate,
        criteria=[words(line) for line in story.criteria if line.strip()],
        depends=list(dict.fromkeys(depends)),
    )


def _whole(title: str, text: str, first: str) -> Taken:
    """Return the document as one feature."""
    feature = PlanFeature(title=title, description=text.strip().removeprefix(first).strip())
    left = ("its structure: no heading, list or table of features was found",) if "\n#" in text else ()
    return Taken(Plan(title=title, milestones=[PlanMilestone(name="Requirements", features=[feature])]), (), left)
