"""Read playbooks of Polpo (`playbook.json`, earlier `template.json`): a mission's document with placeholders."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mission_cli._support.dataclass import dataclass, field
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import one_line
from mission_cli.document.plans.problems import said as value_problem
from mission_cli.document.playbooks.model import NAME, PLACEHOLDER
from mission_cli.domain.ids import spoken_id
from mission_cli.domain.problems import Problem
from mission_cli.interchange.from_polpo import below, read_document
from mission_cli.interchange.sources import Source, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

_BETWEEN_QUOTES = pattern(r"(?<!\\)(?:\"(\{\{[A-Za-z0-9_-]+\}\})\"|'(\{\{[A-Za-z0-9_-]+\}\})')")


class _Parameter(BaseModel):
    model_config = ConfigDict(extra="ignore")

    name: str = Field(min_length=1)
    description: str = ""
    type: Literal["string", "number", "boolean"] = "string"
    required: bool = False
    default: str | float | bool | None = None
    enum: list[str | float] = []


class _Playbook(BaseModel):
    model_config = ConfigDict(extra="allow")

    name: str = Field(min_length=1)
    description: str = ""
    mission: dict[str, Any]
    parameters: list[_Parameter] = []


@dataclass(frozen=True, slots=True)
class TakenPlaybook:
    """A playbook file as a value, or None and problems; `left` lists what was not imported."""

    document: dict[str, Any] | None
    problems: tuple[Problem, ...] = ()
    left: tuple[str, ...] = field(default_factory=tuple)


def is_polpo_playbook(text: str) -> bool:
    """Whether a text is a playbook of Polpo: an object with the document of a mission under `mission`."""
    found = parse(text.lstrip("\ufeff"))
    mission = found.value.get("mission") if isinstance(found, Source) and isinstance(found.value, dict) else None
    return isinstance(mission, dict) and "tasks" in mission


def read_polpo_playbook(text: str, name: str = "") -> TakenPlaybook:
    """Return the playbook for one of Polpo, under another name if one is given."""
    source = parse(text.lstrip("\ufeff"))
    if isinstance(source, Problem):
        return TakenPlaybook(None, (source,))
    try:
        theirs = _Playbook.model_validate(source.value)
    except ValidationError as error:
        return TakenPlaybook(None, tuple(_problem(source, e["loc"], *value_problem(e)) for e in error.errors()))
    mission = {"name": theirs.name, "prompt": theirs.description, **_unquoted(theirs.mission)}
    about = {key: mission[key] for key in mission if key not in theirs.mission or isinstance(mission[key], str)}
    taken = read_document(Source(mission, below(source, "mission")), about, bare=True)
    if taken.plan is None:
        return TakenPlaybook(None, taken.problems)
    used = {found[2] for found in PLACEHOLDER.finditer(json.dumps(mission))}
    commands = set(_whole_commands(mission))
    parameters = {p.name: _parameter(p, is_command=p.name in commands) for p in theirs.parameters if p.name in used}
    left = [f"{key}: {one_line(str((theirs.model_extra or {})[key]), 80)}" for key in theirs.model_extra or {}]
    left += [f"parameter {p.name}: no placeholder names it" for p in theirs.parameters if p.name not in used]
    plan = taken.plan.model_dump(exclude_defaults=True)
    called = name or theirs.name
    document = {
        "playbook": called if NAME.fullmatch(called) else spoken_id(called),
        "description": theirs.description or theirs.name,
        "parameters": parameters,
        "plan": plan,
    }
    return TakenPlaybook(document, (), (*left, *taken.left))


def _parameter(theirs: _Parameter, *, is_command: bool) -> dict[str, Any]:
    kind = "command" if is_command and theirs.type == "string" and not theirs.enum else theirs.type
    found: dict[str, Any] = {"type": "choice" if theirs.enum else kind, "description": theirs.description}
    found |= {"choices": [_text(one) for one in theirs.enum]} if theirs.enum else {}
    if theirs.default is not None:
        return {**found, "default": _text(theirs.default)}
    return found if theirs.required else {**found, "required": False}


def _text(value: str | float | bool) -> str:  # noqa: FBT001 - a default of any of these types
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) and value == int(value) else str(value)


def _unquoted(value: Any, key: str = "") -> Any:
    """Return a document whose commands have placeholders without quotes around them, because values are quoted."""
    if isinstance(value, dict):
        return {name: _unquoted(below, name) for name, below in value.items()}
    if isinstance(value, list):
        return [_unquoted(below, key) for below in value]
    if isinstance(value, str) and key == "command":
        return _BETWEEN_QUOTES.sub(lambda found: found[1] or found[2], value)
    return value


def _whole_commands(mission: dict[str, Any]) -> Iterator[str]:
    """Yield the parameters that are a whole command wherever they are used."""
    texts = list(_texts(mission))
    for name in {found[2] for _, text in texts for found in PLACEHOLDER.finditer(text)}:
        mark = f"{{{{{name}}}}}"
        if all(key == "command" and text.strip() == mark for key, text in texts if mark in text):
            yield name


def _texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield key, value
    for name, one in value.items() if isinstance(value, dict) else ():
        yield from _texts(one, name)
    for one in value if isinstance(value, list) else ():
        yield from _texts(one, key)


def _problem(source: Source, place: tuple[str | int, ...], words: str, hint: str) -> Problem:
    name = ".".join(str(p + 1) if isinstance(p, int) else p for p in place)
    return Problem(*source.at(*place), f"`{name}` {words}", hint)
