"""Write a mission as a playbook: its plan, with parameters for what certainly varies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from mission_cli._support.text import one_line
from mission_cli.document.criteria.item import item_text
from mission_cli.document.plans.model import Plan
from mission_cli.document.plans.phased import named_folder
from mission_cli.document.plans.rest import planned_feature
from mission_cli.document.playbooks.model import PLACEHOLDER
from mission_cli.document.reading.sections import rows_in
from mission_cli.document.syntax import escape
from mission_cli.document.syntax.spans import without_comments
from mission_cli.domain.ids import spoken_id
from mission_cli.domain.tables import REMOVED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.document.syntax.layout import Layout
    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.mission import Feature, Milestone, Mission

_FRONT = ("type", "mode", "priority", "schedule", "lifetime", "check_every", "autonomous", "quality_threshold")
_GROUPS = ("model_routing", "preferences")
_NOT_THE_PLAN = frozenset({"runner", "validation"})
"""Keys that belong to the machine on which the mission was made."""
_TEAM = ("agent", "role", "runner", "model", "max parallel", "volatile", "skills", "instructions", "limits")
_OF_ONE_RUN = ("deadline", "end_date")
_CAPS = {
    "money_usd": ("max_usd", "The most that it may cost, in dollars."),
    "time_hours": ("hours", "The most hours of work."),
    "token_limit": ("max_tokens", "The most tokens."),
}


def playbook_of(loaded: Loaded) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the playbook of a mission as its file has it, and what was left out.

    Title and caps are parameters, with the values of the mission as defaults. What belongs to one run or one repository
    is left out: id, base, runner, dates, statuses, decisions and features that fix others.
    """
    mission, left = loaded.mission, [*_left(loaded)]
    plan = _escaped(Plan.model_validate(_plan(loaded)).model_dump(exclude_defaults=True))
    parameters: dict[str, Any] = {"title": {"description": "The title of the mission.", "default": mission.title}}
    plan["title"] = "{{title}}"
    for key, (name, about) in _CAPS.items():
        cap = plan.get("budget", {}).get(key)
        if isinstance(cap, float):
            parameters[name] = {"type": "number", "description": about, "minimum": 0, "default": _plain(cap)}
            plan["budget"][key] = f"{{{{{name}}}}}"
    told = one_line(mission.goal, 200) or mission.title
    return {"playbook": spoken_id(mission.id), "description": told, "parameters": parameters, "plan": plan}, tuple(left)


def write_playbook(document: dict[str, Any]) -> str:
    """Return a playbook as the text of its file."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


class _Dumper(yaml.SafeDumper):
    """Writes no anchors, and texts of several lines as blocks."""

    def ignore_aliases(self, data: object) -> bool:
        del data
        return True


def _text_node(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text_node)


def _plan(loaded: Loaded) -> dict[str, Any]:
    """Return the plan file of a mission; keys with the usual value are in it, too."""
    mission, layout, front = loaded.mission, loaded.layout, loaded.layout.front
    goal = _paragraphs(layout, "goal", escape.unescaped(mission.goal))
    plan: dict[str, Any] = {"title": mission.title, "goal": "" if goal == mission.title else goal}
    plan |= {key: text for key in _FRONT if (text := front.text(key))}
    plan["notify"] = list(mission.notify)
    plan["budget"] = {name: text for name, text in front.pairs("budget").items() if text}
    for group in _GROUPS:
        known = Plan.model_fields[group].default.__class__.model_fields
        plan[group] = {
            key: list(front.texts(group, key)) if isinstance(field.default, list) else front.text(group, key)
            for key, field in known.items()
            if key not in _NOT_THE_PLAN and (front.texts(group, key) or front.text(group, key))
        }
    plan["reviews"] = _reviews(loaded)
    plan["orchestrator"] = {key: text for key, text in front.pairs("orchestrator").items() if text}
    for key in ("success_criteria", "non_goals", "constraints", "assumptions"):
        plan[key] = list(getattr(mission, key))
    plan["team"] = [row for row in _rows(layout, "Team", *_TEAM) if row["volatile"].casefold() != REMOVED]
    plan["resources"] = list(_rows(layout, "Resources", "name", "type", "purpose", "status", "notes"))
    plan["gates"] = [
        {**row, "after": _listed(row["after"]), "blocks": _listed(row["blocks"])}
        for row in _rows(layout, "Gates", "gate", "kind", "after", "blocks", "rule", "notify")
    ]
    plan["phases"] = [
        {"name": p.label or p.name, "worker": p.worker, "gate": p.gate, "on_reject": p.on_reject}
        for p in mission.phases
    ]
    plan["milestones"] = [_milestone(m, loaded) for m in mission.milestones]
    return _without_empty(plan)


def _reviews(loaded: Loaded) -> dict[str, Any]:
    front = loaded.layout.front
    found: dict[str, Any] = {k: v for k, v in front.pairs("reviews").items() if v and k != "reviewers"}
    found["reviewers"] = list(front.texts("reviews", "reviewers"))
    found["dimensions"] = front.pairs("reviews", "dimensions")
    return found


def _rows(layout: Layout, section: str, *columns: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table of the file; the first column is called `name` in a plan."""
    for row in rows_in(layout, section, columns[0]):
        yield {"name": row[columns[0]], **{column.replace(" ", "_"): row[column] for column in columns[1:]}}


def _listed(cell: str) -> list[str]:
    return [name for part in cell.split(",") if (name := part.strip())]


def _paragraphs(layout: Layout, heading: str, read: str) -> str:
    """Return the text below a heading with its empty lines, which reading leaves out; `read` if it is not the same."""
    for section, found in enumerate(layout.headings):
        if f"{found.name} ".startswith(f"{heading} "):
            text, last = "", 0
            more = {line.number for item in layout.items if item.section == section for line in item.more}
            for line in (one for where, one in layout.prose if where == section and one.number not in more):
                text += "\n" * min(line.number - last, 2) + layout.raw(line)
                last = line.number
            text = escape.unescaped(without_comments(text).strip())
            if text.replace("\n\n", "\n") == read:
                return text
    return read


def _milestone(milestone: Milestone, loaded: Loaded) -> dict[str, Any]:
    mission = loaded.mission
    return {
        "name": milestone.name,
        "estimate": _hours(milestone.estimate_hours),
        "independent": milestone.independent,
        "validation": list(_criteria(milestone.criteria, mission)),
        "features": [_feature(f, loaded) for f in milestone.features if not f.fixes],
    }


def _feature(feature: Feature, loaded: Loaded) -> dict[str, Any]:
    numbers = {
        other.number: f"{m}.{n}"
        for m, milestone in enumerate(loaded.mission.milestones, 1)
        for n, other in enumerate((one for one in milestone.features if not one.fixes), 1)
    }
    return {
        **planned_feature(feature, numbers).model_dump(exclude={"task"}),
        "description": _paragraphs(loaded.layout, feature.number, feature.description),
        "estimate": _hours(feature.estimate_hours),
        "criteria": list(_criteria(feature.criteria, loaded.mission)),
    }


def _criteria(criteria: tuple[Criterion, ...], mission: Mission) -> Iterator[str]:
    """Yield the texts of criteria; of those that cannot be read, as they are written."""
    folder, named = f"missions/{mission.id}/", named_folder(mission.kind, phased=bool(mission.phases))
    for criterion in criteria:
        if criterion.index >= 0:
            text = item_text(criterion) or criterion.text
            yield text.replace(folder, "missions/ID/") if named else text


def _hours(hours: Decimal | None) -> str:
    if not hours:
        return ""
    return f"{hours:.0f}h" if hours == round(hours) else f"{round(hours * 60)}m"


def _left(loaded: Loaded) -> Iterator[str]:
    """Yield what a playbook does not have."""
    mission, front = loaded.mission, loaded.layout.front
    yield from (f"{key}: {front.text(key)}" for key in _OF_ONE_RUN if front.text(key))
    yield from (f"{f.number} {f.title}: it fixes another feature" for f in mission.features() if f.fixes)
    yield from (f"{f.number} {f.title}: repo {f.repo}" for f in mission.features() if f.repo)
    if mission.held_out:
        yield "held-out criteria: only this mission can open them"


def _escaped(value: Any) -> Any:
    """Return a value in which what looks like a placeholder stays text."""
    if isinstance(value, dict):
        return {key: _escaped(below) for key, below in value.items()}
    if isinstance(value, list):
        return [_escaped(below) for below in value]
    if isinstance(value, str):
        return PLACEHOLDER.sub(lambda found: found[0].replace("{{", "{{!", 1), value)
    return value


def _without_empty(value: dict[str, Any]) -> dict[str, Any]:
    return {key: below for key, below in value.items() if below not in ("", [], {}, None)}


def _plain(amount: float) -> str:
    return f"{amount:f}".rstrip("0").rstrip(".")
