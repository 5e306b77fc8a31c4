"""Fill a playbook: put values into its plan, in the nodes of the YAML, so that every problem keeps its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml
from pydantic_core import PydanticCustomError

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli.document.plans.plan import ReadPlan, check_plan
from mission_cli.document.plans.values import criterion_text
from mission_cli.document.playbooks.conditions import read_condition
from mission_cli.document.playbooks.criteria import UnfitError, filled_criterion, literal, plain
from mission_cli.document.playbooks.model import PLACEHOLDER
from mission_cli.domain.problems import Problem

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

    from mission_cli.document.playbooks.values import Value

_TEXT, _NULL, _LIST, _MAPPING = (f"tag:yaml.org,2002:{name}" for name in ("str", "null", "seq", "map"))
_CRITERIA = frozenset({"criteria", "validation"})
_TEXTS = frozenset(
    {
        *("title", "name", "goal", "description", "purpose", "notes", "role", "instructions", "text"),
        *("skills", "coding_style", "deploy_target", "test_framework", "ci_provider"),
    }
)
"""Keys whose value is one text for people and models: anything may stand in it, and a list is written with commas."""
_PROSE = _TEXTS | {"success_criteria", "non_goals", "constraints", "tech_stack", "depends"}
"""The same, and keys with a list of such texts."""
_NUMBERS = frozenset({"depends", "after", "blocks"})
_PART = pattern(r"([0-9]{1,4})\.([0-9]{1,4}|\*)")
_LINE = frozenset({"when", "text"})


@dataclass(slots=True)
class _Filling:
    """What one filling has found."""

    values: Mapping[str, Value]
    problems: list[Problem]
    numbers: dict[str, str]
    """The new number of each feature, by the number in the playbook; empty if it is left out."""
    titles: set[str]
    """The titles of features that are left out, as the playbook writes them."""


def fill(plan: yaml.Node, values: Mapping[str, Value]) -> ReadPlan:
    """Return the plan with values, checked as a plan file, and the problems with their places in the playbook."""
    filling = _Filling(values, [], {}, set())
    _number(plan, filling)
    node = _node(plan, "", filling)
    if filling.problems:
        return ReadPlan(None, tuple(sorted(set(filling.problems))))
    return check_plan(node, construct(node))


def construct(node: yaml.Node) -> Any:
    """Return what nodes stand for: every scalar is a text, or None."""
    if isinstance(node, yaml.MappingNode):
        return {key.value: construct(below) for key, below in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [construct(below) for below in node.value]
    return None if node.tag == _NULL else node.value


def _node(node: yaml.Node, key: str, filling: _Filling) -> yaml.Node:
    if isinstance(node, yaml.MappingNode):
        pairs = [(name, _node(below, str(name.value), filling)) for name, below in node.value if name.value != "when"]
        return yaml.MappingNode(_MAPPING, pairs, node.start_mark, node.end_mark)
    if isinstance(node, yaml.SequenceNode):
        entries = [one for entry in node.value for one in _entries(entry, key, filling)]
        return yaml.SequenceNode(_LIST, entries, node.start_mark, node.end_mark)
    if not isinstance(node, yaml.ScalarNode) or node.tag == _NULL:
        return node
    if key in _CRITERIA:
        return _criterion(node, node.value, filling)
    return _scalar(node, key, filling)


def _entries(entry: yaml.Node, key: str, filling: _Filling) -> list[yaml.Node]:
    """Return what an entry of a list becomes: nothing, itself, or the entries of a value that is a list."""
    if isinstance(entry, yaml.MappingNode):
        if not _stays(entry, filling):
            return []
        if key in _CRITERIA:
            return [_criterion_mapping(entry, filling)]
        text = next((below for name, below in entry.value if name.value == "text"), None)
        if text is not None and {name.value for name, _ in entry.value} <= _LINE:
            return _entries(text, key, filling)
    if isinstance(entry, yaml.ScalarNode) and key not in _CRITERIA and entry.tag != _NULL:
        if key in _NUMBERS:
            return _dependency(entry, key, filling)
        value = _whole(entry.value, filling)
        if value is not None and value.type == "list":
            return [_text(entry, one) for one in value.entries]
        made = _scalar(entry, key, filling)
        return [made] if made.value or not entry.value else []
    return [_node(entry, key, filling)]


def _dependency(entry: yaml.ScalarNode, key: str, filling: _Filling) -> list[yaml.Node]:
    """Return a reference to features: with their new numbers, and without those that are left out."""
    text = entry.value.strip()
    if text in filling.titles:
        return []
    words = text.replace(",", " ").split()
    if not words or not all(map(_PART.fullmatch, words)):
        return [_scalar(entry, key, filling)]
    kept = ",".join(filter(None, (filling.numbers.get(word, word) for word in words)))
    return [_text(entry, kept)] if kept else []


def _scalar(node: yaml.ScalarNode, key: str, filling: _Filling) -> yaml.Node:
    whole = _whole(node.value, filling)
    if whole is not None and whole.type == "list" and key not in _TEXTS:
        return yaml.SequenceNode(_LIST, [_text(node, one) for one in whole.entries], node.start_mark, node.end_mark)
    if whole is not None and whole.type != "command":
        return _text(node, whole.text)

    def put(found: re.Match[str]) -> str:
        value = filling.values.get(found[2])
        if found[1] or value is None:
            return literal(found) if found[1] else ""
        return value.text if key in _PROSE and value.type != "command" else plain(value)

    try:
        return _text(node, PLACEHOLDER.sub(put, node.value))
    except UnfitError as error:
        return _unfit(node, node.value, error, filling)


def _whole(text: str, filling: _Filling) -> Value | None:
    """Return the value of a text that is one placeholder and nothing else."""
    found = PLACEHOLDER.fullmatch(text.strip())
    return filling.values.get(found[2]) if found and not found[1] else None


def _criterion_mapping(node: yaml.MappingNode, filling: _Filling) -> yaml.Node:
    told = {name: below for name, below in construct(node).items() if name not in _LINE}
    if not told and "text" in construct(node):
        return _criterion(node, str(construct(node)["text"]), filling)
    try:
        text = criterion_text(told)
    except PydanticCustomError:
        return _node(node, "", filling)
    return _criterion(node, text, filling)


def _criterion(node: yaml.Node, text: object, filling: _Filling) -> yaml.Node:
    try:
        return _text(node, filled_criterion(str(text), filling.values))
    except UnfitError as error:
        return _unfit(node, str(text), error, filling)


def _unfit(node: yaml.Node, text: str, error: UnfitError, filling: _Filling) -> yaml.Node:
    names = ", ".join(f"`{found[0]}`" for found in PLACEHOLDER.finditer(text) if not found[1])
    filling.problems.append(_at(node, f"{names}: {error.words}", error.hint))
    return _text(node, text)


def _stays(entry: yaml.MappingNode, filling: _Filling) -> bool:
    when = next((below for name, below in entry.value if name.value == "when"), None)
    condition = read_condition(str(when.value)) if isinstance(when, yaml.ScalarNode) else None
    return condition is None or condition.holds(filling.values)


def _number(plan: yaml.Node, filling: _Filling) -> None:
    """Find out which features stay, and their numbers then."""
    kept = 0
    for m, milestone in enumerate(_list(plan, "milestones"), 1):
        stays = not isinstance(milestone, yaml.MappingNode) or _stays(milestone, filling)
        kept, rank = kept + stays, 0
        filling.numbers[f"{m}.*"] = f"{kept}.*" if stays else ""
        for n, feature in enumerate(_list(milestone, "features"), 1):
            if stays and (not isinstance(feature, yaml.MappingNode) or _stays(feature, filling)):
                rank += 1
                filling.numbers[f"{m}.{n}"] = f"{kept}.{rank}"
            else:
                filling.numbers[f"{m}.{n}"] = ""
                filling.titles.add(_title(feature))


def _list(node: yaml.Node, name: str) -> list[yaml.Node]:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    found = next((below for key, below in pairs if key.value == name), None)
    return list(found.value) if isinstance(found, yaml.SequenceNode) else []


def _title(node: yaml.Node) -> str:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((str(below.value).strip() for key, below in pairs if key.value == "title"), "")


def _text(node: yaml.Node, text: str) -> yaml.ScalarNode:
    return yaml.ScalarNode(_TEXT, text, node.start_mark, node.end_mark)


def _at(node: yaml.Node, words: str, hint: str) -> Problem:
    return Problem(node.start_mark.line + 1, node.start_mark.column + 1, words, hint)
