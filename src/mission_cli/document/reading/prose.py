"""Read the goal and the lists of the scope, which are under a heading or after a field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.document.syntax.spans import without_comments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.document.syntax.layout import Layout

_BULLETS = "-*+"


def goal(layout: Layout) -> str:
    """Return the text of `### Goal` or `**Goal:**` in the scope, or of `## Goal`, else the quote below the title."""
    for path in (("scope", "goal"), ("goal",)):
        for section in _sections(layout, *path):
            text = "\n".join(_lines(layout, section)).strip()
            if text:
                return text
    field = next((f for f in layout.fields if f.name == "goal" and layout.path(f.section)[-1:] == ("scope",)), None)
    if field is not None and field.text:
        return field.text
    return _quote(layout)


def listed(layout: Layout, *names: str) -> tuple[str, ...]:
    """Return the list under `### Name` or `## Name`, or after `**Name:**` in the scope, of the first name with one."""
    for name in names:
        for section in _sections(layout, name):
            fields = [f"{f.name.capitalize()}: {f.text}" for f in layout.fields if f.section == section and f.text]
            found = tuple(_bullets(_lines(layout, section))) + tuple(fields)
            if found:
                return found
        found = tuple(_behind(layout, name))
        if found:
            return found
    return ()


def _sections(layout: Layout, *path: str) -> Iterator[int]:
    for section in range(1, len(layout.headings)):
        if layout.headings[section].name == path[-1] and layout.path(section)[-len(path) :] == path:
            yield section


def _lines(layout: Layout, section: int) -> Iterator[str]:
    text = "\n".join(layout.raw(line) for s, line in layout.prose if s == section)
    return iter(without_comments(text).split("\n"))


def _bullets(lines: Iterator[str]) -> Iterator[str]:
    for raw in lines:
        line = raw.strip()
        if line[:1] in {*_BULLETS} and line.lstrip(_BULLETS + " "):
            yield line.lstrip(_BULLETS + " ")


def _behind(layout: Layout, name: str) -> Iterator[str]:
    """Yield the bullets between `**Name:**` in the scope and the next field or section."""
    for place, field in enumerate(layout.fields):
        if field.name == name and layout.path(field.section)[-1:] == ("scope",):
            after = layout.fields[place + 1].line.number if place + 1 < len(layout.fields) else len(layout.lines) + 1
            lines = [
                layout.raw(line)
                for section, line in layout.prose
                if section == field.section and field.line.number < line.number < after
            ]
            yield from ([field.text] if field.text else [])
            yield from _bullets(iter(lines))


def _quote(layout: Layout) -> str:
    for section, heading in enumerate(layout.headings):
        if heading.level == 1:
            quote = [layout.raw(line) for s, line in layout.prose if s == section]
            lines = [q.lstrip("> ").strip() for q in quote if q.lstrip().startswith(">")]
            if lines:
                return "\n".join(lines).strip()
    return ""
