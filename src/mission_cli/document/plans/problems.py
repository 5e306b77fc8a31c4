"""The places of a plan's values, and the messages for errors of its model."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import BaseModel

from mission_cli.domain.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_QUOTES = "put it in double quotes"
_WORDS = {
    "string_type": ("is not a text", f"a colon followed by a space makes it a mapping; {_QUOTES}"),
    "list_type": ("is not a list", "write a list, with `- ` before each of its lines"),
    "model_type": ("is not a mapping", "write its keys below it, each with a colon"),
    "dict_type": ("is not a mapping", "write its keys below it, each with a colon"),
    "model_attributes_type": ("is not a mapping", "write its keys below it, each with a colon"),
    "string_too_short": ("is empty", ""),
    "too_short": ("is empty", "it needs at least one entry"),
}


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
        close = difflib.get_close_matches(str(place[-1]), known, n=1)
        hint = f"did you mean `{close[0]}`?" if close else f"known keys: {', '.join(known)}"
        return Problem(line, column, f"unknown key `{name}`", hint)
    if kind == "missing":
        return Problem(line, column, f"`{name}` is missing")
    context = error.get("ctx") or {}
    if kind == "plan":
        return Problem(line, column, f"`{name}`: {context['words']}", context["hint"])
    if kind == "literal_error":
        words = f"`{name}` is `{str(error.get('input'))[:60]}`, which is not known"
        choices = str(context.get("expected", "")).replace("'", "").removeprefix(", ")
        return Problem(line, column, words, f"use one of {choices}")
    words, hint = _WORDS.get(kind, (f": {error['msg']}", ""))
    return Problem(line, column, f"`{name}`{'' if words[0] == ':' else ' '}{words}", hint)


def _known_keys(model: type[BaseModel], place: tuple[str | int, ...]) -> list[str]:
    for key in place[:-1]:
        annotation = model.model_fields[key].annotation if isinstance(key, str) and key in model.model_fields else None
        for candidate in (annotation, *getattr(annotation, "__args__", ())):
            if isinstance(candidate, type) and issubclass(candidate, BaseModel):
                model = candidate
    return list(model.model_fields)
