"""The resources of a mission as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import one_line
from mission_cli.surfaces.lines import line

if TYPE_CHECKING:
    from mission_cli.app.resources.results import Resources, ResourceView
    from mission_cli.surfaces.lines import Line

_NAME, _WORDS = 60, 300
_COLORS = {"available": "green", "needed": "yellow", "requested": "yellow", "expired": "red", "broken": "red"}


def resource_lines(found: Resources) -> list[Line]:
    """Return a line for each resource, and what waits for those that are not there."""
    if not found.resources:
        return [line(f"{found.id} needs no resources")]
    wide = max(len(one_line(one.name, _NAME)) for one in found.resources)
    return [told for one in found.resources for told in _lines(one, wide)]


def _lines(one: ResourceView, wide: int) -> list[Line]:
    status = one_line(one.status, 20)
    way = f"to {one.address} by {one.variable}" if one.address else f"in {one.variable}" if one.variable else ""
    known = [one.type, one.reference, way]
    words = "  ".join(one_line(word, _NAME) for word in known if word)
    until = f"  until {one.expires}" if one.expires else ""
    lines = [
        line(f"{one_line(one.name, _NAME):<{wide}}  ", (f"{status:<9}", _COLORS.get(status, "")), f"  {words}{until}")
    ]
    waits = ", ".join(one.needed_by) if one.holds == "features" else "the mission" if one.holds else ""
    if waits:
        lines.append(line(f"{'':<{wide}}  {waits} waits for it: {one.unblock}"))
    if one.problem:
        lines.append(line(f"{'':<{wide}}  {one_line(one.problem, _WORDS)}"))
    return lines
