"""Detect which tool a file is from, and read its JSON values with their places."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import yaml

from mission_cli._support.dataclass import dataclass, field
from mission_cli._support.lazy_re import pattern
from mission_cli.document.plans.answer import blocks_of
from mission_cli.document.plans.plan import parse_yaml, read_plan
from mission_cli.document.plans.problems import place_of
from mission_cli.document.syntax.yaml_text import compose_texts
from mission_cli.domain.problems import Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mission_cli.document.plans.model import Plan

LONGEST = 2_000_000
"""The most characters of a file that is imported."""
_MOST_TRIES = 200
"""The most opening braces in prose at which a JSON object is tried."""
_MEND = "correct it there, or in the line before"
LIKE_JSON = pattern(r"\s*(?:\{|\[\s*(?:[\[{\"]|\]?\s*\Z))")
_FRONT = frozenset(
    {"budget", "host", "managed", "mode", "model_routing", "preferences", "quality_threshold", "reviews"}
)
"""Keys of the front matter that only mission files have."""
_MILESTONE = pattern(r"^### Milestone \d+\b.*\n(?:.*\n){0,3}?\*\*Status:\*\*", re.MULTILINE)
_PLAN = pattern(r"^[ \t]*(?:\{[ \t]*)?\"?milestones\"?[ \t]*:(?:[ \t]*(?:\[.*)?)?$", re.MULTILINE)
"""The key of a plan file that every one has, in YAML or JSON."""
_POLPO = frozenset(
    {"team", "checkpoints", "qualityGates", "delays", "data", "endDate", "executionCount", "qualityThreshold"}
)
_POLPO_TASK = frozenset({"assignTo", "expectations", "expectedOutcomes", "metrics", "dependsOn"})


@dataclass(frozen=True, slots=True)
class Source:
    """A JSON value of a file; `root` are its nodes, which have the places, if they could be read."""

    value: Any
    root: yaml.Node | None = None
    first_line: int = 1

    def at(self, *place: str | int) -> tuple[int, int]:
        """Return line and column, from 1, of the deepest existing node on the path `place`."""
        line, column = place_of(self.root, place)
        return line + self.first_line - 1, column


@dataclass(frozen=True, slots=True)
class Taken:
    """The result of an import: a plan, or None and problems; `left` lists what could not be imported."""

    plan: Plan | None
    problems: tuple[Problem, ...] = ()
    left: tuple[str, ...] = ()
    front: Mapping[str, str | int] = field(default_factory=dict)
    """Keys of the front matter that a plan does not have, such as the mission's status."""


def sniff(text: str) -> str:
    """Return the tool that a file is from: `plan` (one of this program), `polpo`, `prd` or `aidevops`."""
    if _is_mission(text.lstrip("\ufeff")):
        return "aidevops"
    if _PLAN.search(text) and _is_plan(text):
        return "plan"
    found = next(objects_of(text), None)
    value = found.value if found else None
    if isinstance(value, dict):
        inner = value.get("mission")
        if isinstance(inner, dict) and "tasks" in inner:
            return "polpo"
        tasks = [t for t in _list(value.get("tasks")) if isinstance(t, dict)]
        if _POLPO & value.keys() or any(_POLPO_TASK & task.keys() for task in tasks):
            return "polpo"
    return "prd"


def _is_mission(text: str) -> bool:
    """Whether a text is a mission file: by its front matter, or by milestones with a status."""
    end = text.find("\n---", 3) if text.startswith("---") else -1
    keys = {line.partition(":")[0].strip() for line in text[3 : max(end, 3)].splitlines() if not line.startswith(" ")}
    return bool(keys & _FRONT) or {"id", "status"} <= keys or _MILESTONE.search(text) is not None


def _is_plan(text: str) -> bool:
    """Whether a text as a whole is a mapping with a list of milestones; YAML that cannot be read is one, too."""
    parsed = parse_yaml(text)
    if isinstance(parsed, Problem):
        return text.lstrip("\ufeff \n").startswith(("title:", "{"))
    return isinstance(parsed[1].get("milestones"), list)


def read_own(text: str) -> Taken:
    """Return the plan in a plan file; the text may come from anywhere, but its author says what is run."""
    read = read_plan(text)
    return Taken(read.plan, tuple(p for p in read.problems if p.severity is Severity.ERROR))


def parse(text: str) -> Source | Problem:
    """Return the value of a text that is JSON as a whole, or the problem."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        return Problem(error.lineno, error.colno, f"not valid JSON: {error.msg}", "" if "Extra" in error.msg else _MEND)
    except (RecursionError, ValueError) as error:
        return Problem(1, 1, f"the JSON cannot be read: {_why(error)}")
    return Source(value, _nodes(text))


def parse_leading(text: str) -> Source | Problem | None:
    """Return the JSON object or list at the beginning of a text, its problem, or None if the text is prose."""
    body = text.lstrip("\ufeff")
    found = parse(body)
    if isinstance(found, Source):
        return found if isinstance(found.value, dict | list) else None
    if not LIKE_JSON.match(body):
        return None
    if not found.message.endswith("Extra data"):
        return found
    return next(_in_prose(body), found)


def objects_of(text: str) -> Iterator[Source]:
    """Yield the JSON objects and lists in a text: the whole text, otherwise those in fences, then those in prose."""
    whole = parse(text.lstrip("\ufeff"))
    if isinstance(whole, Source):
        yield whole
        return
    for block in blocks_of(text):
        found = parse(block.text)
        if isinstance(found, Source) and isinstance(found.value, dict | list):
            yield Source(found.value, found.root, block.line)
    yield from _in_prose(text)


def _in_prose(text: str) -> Iterator[Source]:
    decoder, at = json.JSONDecoder(), 0
    for _ in range(_MOST_TRIES):
        at = min((place for mark in "{[" if (place := text.find(mark, at)) >= 0), default=-1)
        if at < 0:
            return
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            at += 1
            continue
        yield Source(value, _nodes(text[at:end]), text.count("\n", 0, at) + 1)
        at = end


def _nodes(text: str) -> yaml.Node | None:
    """Return the YAML nodes of JSON; tabs, which YAML does not allow, are replaced, as they have no meaning in JSON."""
    try:
        return compose_texts(text.replace("\t", " "))
    except (yaml.YAMLError, ValueError):
        return None


def _why(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error).splitlines()[0]


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def said(value: Mapping[str, Any], *names: str) -> str:
    """Return the text of the first of some keys that has a text or a number."""
    for name in names:
        found = value.get(name)
        if isinstance(found, str) and found.strip():
            return found.strip()
        if isinstance(found, int | float) and not isinstance(found, bool):
            return str(found)
    return ""
