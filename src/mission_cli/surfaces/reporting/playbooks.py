"""What `mission playbooks` prints, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli._support.text import command_line
from mission_cli.surfaces.lines import columns, line, plain, said

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.app.playbooks.results import ListedPlaybooks, ShownParameter, ShownPlaybook


def listed_text(found: ListedPlaybooks) -> str:
    """Return a table of playbooks: name, origin, parameters, and what it is for or what is wrong with its file."""
    if not found.playbooks:
        return "there are no playbooks"
    rows = [
        (
            one.name,
            one.origin,
            ", ".join(one.parameters),
            f"error: {said(one.problem)}" if one.problem else said(one.description),
        )
        for one in found.playbooks
    ]
    hidden = [f"{one.name}: {path} is hidden by {one.path}" for one in found.playbooks for path in one.hides]
    return "\n".join([*_table([("NAME", "FROM", "PARAMETERS (* required)", ""), *rows]), *map(said, hidden)])


def shown_text(found: ShownPlaybook) -> str:
    """Return a playbook: what it is for, its parameters, and its plan in outline."""
    head = [f"{found.name} ({found.origin}: {said(found.path)})", *found.description.strip().splitlines()]
    rows = [
        (f"  {one.name}{'*' if one.required else ''}", _kind(one), said(one.description)) for one in found.parameters
    ]
    parameters = ["", "Parameters (* required):", *_table(rows)] if rows else []
    values = [word for one in found.parameters if one.required for word in ("-p", f"{one.name}={_example(one)}")]
    use = ["", f"use it: {command_line('mission', 'new', '--playbook', found.name, *values)}"]
    return "\n".join([*head, *parameters, "", "Plan:", *_outline(found.plan), *use])


def _kind(one: ShownParameter) -> str:
    """Return type, bounds and default of a parameter."""
    parts = [one.type if not one.choices else " | ".join(map(said, one.choices))]
    parts += [f"at least {one.minimum:g}"] if one.minimum is not None else []
    parts += [f"at most {one.maximum:g}"] if one.maximum is not None else []
    if one.default not in (None, "", []):
        parts.append(f"default {said(_joined(one.default))}")
    return ", ".join(parts)


def _example(one: ShownParameter) -> str:
    return said(_joined(one.example)) or "|".join(one.choices) or "VALUE"


def _joined(value: str | Sequence[str] | None) -> str:
    return value if isinstance(value, str) else ",".join(value or ())


def _outline(plan: dict[str, Any] | Any) -> Iterator[str]:
    """Yield the milestones and features of a plan with placeholders, as its file has them."""
    yield f"  {said(str(plan.get('title', '')))}"
    for m, milestone in enumerate(_mappings(plan.get("milestones")), 1):
        yield f"  {m} {said(str(milestone.get('name', '')))}{_when(milestone)}"
        for n, feature in enumerate(_mappings(milestone.get("features")), 1):
            estimate = f" ~{said(str(feature['estimate']))}" if feature.get("estimate") else ""
            yield f"    {m}.{n} {said(str(feature.get('title', '')))}{estimate}{_when(feature)}"


def _mappings(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _when(part: dict[str, Any]) -> str:
    return f" [when {said(str(part['when']))}]" if part.get("when") else ""


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    return [text.rstrip() for text in plain(columns([[line(cell) for cell in row] for row in rows])).splitlines()]
