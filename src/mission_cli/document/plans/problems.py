"""The places of a plan's values, and the messages for errors of its model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml
from pydantic import BaseModel

from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import did_you_mean
from mission_cli.document.plans.values import shown
from mission_cli.domain.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_QUOTES = "put it in double quotes"
_MAPPING = ("is not a mapping", "write its keys below it, each with a colon")
_WHOLE = ("is not a whole number", "write a whole number, for example 2")
_NUMBER = ("is not a number", "write a number, for example 20 or 2.5")
_FLAG = ("is neither true nor false", "write true or false")
_WORDS = {
    "string_type": ("is not a text", _QUOTES),
    "string_unicode": ("contains a character that is not allowed", "remove it"),
    "string_too_short": ("is empty", ""),
    "list_type": ("is not a list", "write a list, with `- ` before each of its lines"),
    "too_short": ("is empty", "it needs at least one entry"),
    "missing": ("is missing", ""),
    **dict.fromkeys(("model_type", "dict_type", "model_attributes_type", "mapping_type"), _MAPPING),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), _WHOLE),
    **dict.fromkeys(("float_type", "float_parsing", "finite_number", "decimal_type", "decimal_parsing"), _NUMBER),
    **dict.fromkeys(("bool_type", "bool_parsing"), _FLAG),
}
"""What is wrong, and a hint, by the type of error of the library that checks the model."""
_BOUNDS = {
    "greater_than": "above",
    "greater_than_equal": "at least",
    "less_than": "below",
    "less_than_equal": "at most",
}
_UNREAD = ("has a value that cannot be read", "write it as docs/cli.md shows")
_CHOICE = pattern(r"'([^']*)'")


def place_of(root: yaml.Node | None, place: tuple[str | int, ...]) -> tuple[int, int]:
    """Return line and column, from 1, of the deepest existing node on the path `place`."""
    node = root
    mark = root.start_mark if root is not None else None
    for step in place:
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if getattr(k, "value", None) == step), None)
            if found is None:
                break
            mark, node = found[0].start_mark, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            mark = node.start_mark
        else:
            break
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def repeated_keys(root: yaml.Node | None) -> Iterator[Problem]:
    """Yield an error for every key that a mapping has twice, because only one of the two would count."""
    open_nodes, met = [root], set[int]()
    while open_nodes:
        node = open_nodes.pop()
        if node is None or id(node) in met or isinstance(node, yaml.ScalarNode):
            continue
        met.add(id(node))
        if isinstance(node, yaml.MappingNode):
            yield from _repeated(node)
        open_nodes += [child for entry in node.value for child in (entry if isinstance(entry, tuple) else (entry,))]


def _repeated(node: yaml.MappingNode) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for key, _ in node.value:
        name = str(key.value)
        if isinstance(key, yaml.ScalarNode) and name in first and name != "<<":
            hint = f"the other one is in line {first[name]}; remove one of them, or merge them"
            mark = key.start_mark
            yield Problem(mark.line + 1, mark.column + 1, f"the key `{name}` appears twice", hint)
        first.setdefault(name, key.start_mark.line + 1)


def model_problem(model: type[BaseModel], root: yaml.Node | None, error: Mapping[str, Any]) -> Problem:
    """Return one error of the model as a problem with its place in the text."""
    place = tuple(error["loc"])
    line, column = place_of(root, place)
    name = ".".join(str(p + 1) if isinstance(p, int) else str(p) for p in place)
    kind = error["type"]
    if kind == "extra_forbidden":
        known = _known_keys(model, place)
        hint = did_you_mean(str(place[-1]), known, f"known keys: {', '.join(known)}")
        return Problem(line, column, f"unknown key `{name}`", hint)
    words, hint = said(error)
    return Problem(line, column, f"`{name}`{words if words.startswith(':') else f' {words}'}", hint)


def said(error: Mapping[str, Any]) -> tuple[str, str]:
    """Return what is wrong with a value, to follow its name, and a hint; never in the words of the library."""
    kind, context = error["type"], error.get("ctx") or {}
    if kind == "plan":
        return f": {context['words']}", context["hint"]
    if kind == "literal_error":
        choices = list(filter(None, _CHOICE.findall(str(context.get("expected", "")))))
        value = error.get("input")
        near = did_you_mean(value, choices) if isinstance(value, str) else ""
        return f"is {shown(value)}, which is not known", f"{near} use one of {', '.join(choices)}".strip()
    if kind in _BOUNDS:
        return f"must be {_BOUNDS[kind]} {next(iter(context.values()))}", ""
    if kind == "string_type" and isinstance(error.get("input"), dict):
        return "is not a text", f"a colon followed by a space makes it a mapping; {_QUOTES}"
    return _WORDS.get(kind, _UNREAD)


def _known_keys(model: type[BaseModel], place: tuple[str | int, ...]) -> list[str]:
    for key in place[:-1]:
        annotation = model.model_fields[key].annotation if isinstance(key, str) and key in model.model_fields else None
        for candidate in (annotation, *getattr(annotation, "__args__", ())):
            if isinstance(candidate, type) and issubclass(candidate, BaseModel):
                model = candidate
    return list(model.model_fields)
