"""Suggestions and requirements in lines, for the person who decides about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import counted
from mission_cli.surfaces.lines import BLANK, flow, line, paragraph, said

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.app.results.proposals import RequirementsShown, Suggestions, TopicShown
    from mission_cli.surfaces.lines import Line

_DEEP = 4


def suggestions_lines(shown: Suggestions, width: int) -> list[Line]:
    """Return the suggestions with their numbers, then what the repository is made of."""
    found = [*paragraph(f"{shown.mission}: {shown.path} ({shown.blob[:7]})", width, "bold")]
    for one in shown.suggestions:
        effort = f"({said(one.effort)})" if one.effort else ""
        found += [
            BLANK,
            *flow([line((f"{one.number}  {said(one.title)}", "bold")), line((effort, "dim"))], width, _DEEP),
        ]
        for part in one.why.splitlines():
            found += paragraph(part, width, indent=_DEEP)
        found += paragraph(", ".join(one.files), width, "dim", _DEEP) if one.files else []
    found += _list("stack", shown.stack, width)
    found += _list("structure", shown.structure, width)
    return [*found, *_remarks(shown.problem, (), shown.notes, width)]


def topic_lines(shown: TopicShown, width: int) -> list[Line]:
    """Return the document of a topic, line by line as it is written."""
    found = [*paragraph(f"{shown.mission}: {shown.path} ({shown.blob[:7]})", width, "bold"), BLANK]
    for part in shown.text.splitlines():
        found += paragraph(part, width) if part.strip() else [BLANK]
    return found


def requirements_lines(shown: RequirementsShown, width: int) -> list[Line]:
    """Return title, summary, milestones and tasks with their criteria, and what is weak about them."""
    found = [*paragraph(shown.title or f"{shown.mission}: {shown.path} ({shown.blob[:7]})", width, "bold")]
    for part in shown.summary.splitlines() if shown.summary != shown.title else ():
        found += paragraph(part, width)
    for number, milestone in enumerate(shown.milestones, 1):
        found += [BLANK, *paragraph(f"Milestone {number}: {milestone.name}", width, "bold")]
        found += _items(milestone.validation, width, 2)
        for task in milestone.tasks:
            after = f"after {', '.join(task.depends)}" if task.depends else ""
            facts = ", ".join(filter(None, (said(task.estimate), after)))
            found += flow(
                [line(f"  {task.number} {said(task.title)}"), line((f"({facts})" if facts else "", "dim"))],
                width,
                _DEEP,
            )
            for part in task.description.splitlines():
                found += paragraph(part, width, "dim", _DEEP)
            found += _items(task.criteria, width, _DEEP)
    if shown.milestones:
        tasks = sum(len(m.tasks) for m in shown.milestones)
        total = (
            f"{counted(len(shown.milestones), 'milestone')}, {counted(tasks, 'task')}: {shown.path} ({shown.blob[:7]})"
        )
        found += [BLANK, *paragraph(total, width, "dim")]
    return [*found, *_remarks(shown.problem, shown.warnings, shown.notes, width)]


def _items(texts: Sequence[str], width: int, indent: int) -> Iterator[Line]:
    for text in texts:
        yield from paragraph(f"[ ] {text}", width, "green", indent)


def _list(name: str, texts: Sequence[str], width: int) -> Iterator[Line]:
    if texts:
        yield BLANK
        yield line((name, "dim"))
    for text in texts:
        yield from paragraph(text, width, indent=2)


def _remarks(problem: str, warnings: Sequence[str], notes: Sequence[str], width: int) -> Iterator[Line]:
    """Yield what is wrong with a document, what is weak in it, and what was left out."""
    remarks = [(problem, "red")] if problem else []
    remarks += [(f"warning: {text}", "yellow") for text in warnings]
    remarks += [(f"note: {text}", "dim") for text in notes]
    if remarks:
        yield BLANK
    for text, style in remarks:
        yield from paragraph(text, width, style)
