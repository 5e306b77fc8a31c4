"""Read the YAML front matter with the place of every scalar, so that it can be patched without rewriting it."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

import yaml

from mission_cli._support.dataclass import dataclass, field
from mission_cli._support.lazy_re import pattern
from mission_cli.document.syntax.yaml_text import MOST_NODES, compose_texts
from mission_cli.domain.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FENCE = pattern(r"---[ \t]*(\r\n|\n|\r|\Z)")
_CLOSE = pattern(r"(?<=[\r\n])(?:---|\.\.\.)[ \t]*(?=[\r\n]|\Z)")
PLAIN = pattern(r"[A-Za-z_./][A-Za-z0-9_./@+-]*(?: [A-Za-z0-9_./@+-]+)*\Z")
NOT_TEXT = pattern(r"(?:true|false|yes|no|on|off|null|none|\.nan|[-+]?\.inf|\.|y|n)\Z", re.IGNORECASE)
_LONGEST = 65536
_PRIORITY = pattern(r"priority[\"']?\s*:\s*[\"']?(?:urgent|high|low)")
"""A cheap test, so that the front matter is parsed only if it has a priority other than normal."""

Scalar = str | int | bool | Decimal


@dataclass(frozen=True, slots=True)
class Value:
    """One scalar: its text as YAML reads it, its style and its place in the file."""

    text: str
    start: int
    end: int
    style: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Front:
    """Front matter of one file. `start` and `end` enclose the YAML between the fences."""

    start: int
    end: int
    root: yaml.MappingNode | None = None
    problems: tuple[Problem, ...] = ()
    eol: str = "\n"
    missing: bool = False
    nodes: Mapping[tuple[str, ...], yaml.Node] = field(default_factory=dict)
    """Every node by its path of keys; the root is at the empty path."""

    def node(self, *path: str) -> yaml.Node | None:
        """Return the node under a path of keys, or None; the first one if a key appears twice."""
        return self.nodes.get(path)

    def value(self, *path: str) -> Value | None:
        """Return the scalar under a path of keys; None if it is missing or not a scalar."""
        node = self.node(*path)
        return _value(node, self.start) if isinstance(node, yaml.ScalarNode) else None

    def line_of(self, *path: str) -> int:
        """Return the line, from 1, of the deepest existing key on a path."""
        for depth in range(len(path), 0, -1):
            node = self.node(*path[:depth])
            if node is not None:
                return int(node.start_mark.line) + 2
        return 1

    def text(self, *path: str) -> str:
        """Return the scalar's text, or the empty string. YAML's null is empty."""
        node = self.node(*path)
        if not isinstance(node, yaml.ScalarNode) or node.tag.endswith(":null"):
            return ""
        return str(node.value).strip()

    def texts(self, *path: str) -> tuple[str, ...]:
        """Return a list of scalars; a single scalar is a list of one."""
        node = self.node(*path)
        if isinstance(node, yaml.SequenceNode):
            return tuple(str(n.value) for n in node.value if isinstance(n, yaml.ScalarNode))
        one = self.text(*path)
        return (one,) if one else ()

    def pairs(self, *path: str) -> dict[str, str]:
        """Return a mapping of scalars; other values are left out."""
        node = self.node(*path)
        if not isinstance(node, yaml.MappingNode):
            return {}
        return {name: str(v.value) for name, v in _named(node) if isinstance(v, yaml.ScalarNode)}

    def scalars(self, above: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], str]]:
        """Return every scalar with its path, prefixed by `above`; an alias is not followed twice."""
        found: list[tuple[tuple[str, ...], str]] = []
        if self.root is not None:
            _collect(self.root, above, found, set())
        return found


def read_front(text: str) -> Front:
    """Find and parse the front matter of `text`. Never raises: errors are in `problems`."""
    offset = 1 if text.startswith("\ufeff") else 0
    opening = _FENCE.match(text, offset)
    if not opening:
        return Front(offset, offset, missing=True)
    start = opening.end()
    eol = opening[1] or "\n"
    closing = _CLOSE.search(text, start)
    if not closing:
        problem = Problem(1, 1, "the front matter is not closed", "add a line `---` after it")
        return Front(start, start, problems=(problem,), eol=eol)
    return _read_body(text[start : closing.start()], start, eol)


def priority_of(text: str) -> str:
    """Return the `priority` of a mission file, without reading the rest of it; empty if it is normal."""
    return read_front(text).text("priority") if _PRIORITY.search(text, 0, _LONGEST) else ""


@lru_cache(maxsize=4)
def _read_body(body: str, start: int, eol: str) -> Front:
    """Parse the YAML between the fences; it is cached, because most patches do not change it."""
    end = start + len(body)
    try:
        root = _compose(body)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 2, mark.column + 1) if mark else (2, 1)
        return Front(start, end, problems=(_yaml_problem(error, body, line, column),), eol=eol)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        words = f"the front matter cannot be read: {str(error).splitlines()[0]}"
        problem = Problem(2, 1, words, "write it as plain YAML without control characters")
        return Front(start, end, problems=(problem,), eol=eol)
    if root is not None and not isinstance(root, yaml.MappingNode):
        problem = Problem(2, 1, "the front matter is not a mapping", "write it as `key: value` lines")
        return Front(start, end, problems=(problem,), eol=eol)
    nodes: dict[tuple[str, ...], yaml.Node] = {}
    twice = root is not None and _index(root, (), nodes, frozenset())
    return Front(start, end, root, tuple(_duplicates(root, set())) if twice else (), eol, nodes=nodes)


def _compose(body: str) -> yaml.Node | None:
    if len(body) > _LONGEST:
        raise ValueError(f"it is longer than {_LONGEST} characters")
    return compose_texts(body)


def _yaml_problem(error: yaml.MarkedYAMLError, body: str, line: int, column: int) -> Problem:
    source = body.splitlines()[line - 2] if 0 <= line - 2 < len(body.splitlines()) else ""
    if "\t" in source[: max(column, len(source) - len(source.lstrip()))]:
        return Problem(line, source.index("\t") + 1, "a tab in the indentation of the front matter", "use spaces")
    what = error.problem or error.context or "it is not valid YAML"
    return Problem(line, column, f"the front matter cannot be read: {what}", "quote the value if it is text")


def _index(
    node: yaml.Node, path: tuple[str, ...], nodes: dict[tuple[str, ...], yaml.Node], above: frozenset[int]
) -> bool:
    """Add every node below `node` to `nodes`; return whether a key appears twice in one of its mappings.

    Aliases are followed, but not in circles, and only up to a limit.
    """
    nodes.setdefault(path, node)
    if not isinstance(node, yaml.MappingNode) or id(node) in above or len(nodes) > MOST_NODES:
        return False
    above |= {id(node)}
    named = list(_named(node))
    twice = len(dict(named)) < len(named)
    for name, value in named:
        if isinstance(value, yaml.MappingNode):
            twice |= _index(value, (*path, name), nodes, above)
        else:
            nodes.setdefault((*path, name), value)
    return twice


def _named(node: yaml.MappingNode) -> Iterator[tuple[str, yaml.Node]]:
    """Yield the values of a mapping with their keys as text; keys that are lists or mappings are left out."""
    return ((str(key.value), value) for key, value in node.value if isinstance(key, yaml.ScalarNode))


def _duplicates(node: yaml.Node | None, seen: set[int]) -> Iterator[Problem]:
    if not isinstance(node, yaml.MappingNode) or id(node) in seen:
        return
    seen.add(id(node))
    keys: set[str] = set()
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode) and key.value in keys:
            mark = key.start_mark
            words = f"the key `{key.value}` appears twice"
            yield Problem(mark.line + 2, mark.column + 1, words, "remove one of them")
        elif isinstance(key, yaml.ScalarNode):
            keys.add(key.value)
        yield from _duplicates(value, seen)


def _collect(node: yaml.Node, path: tuple[str, ...], found: list[tuple[tuple[str, ...], str]], seen: set[int]) -> None:
    if id(node) in seen:
        return
    seen.add(id(node))
    for place, value in enumerate(node.value):
        name, below = str(place), value
        if isinstance(value, tuple):
            key, below = value
            name = key.value if isinstance(key, yaml.ScalarNode) else f"? {place}"
        if isinstance(below, yaml.ScalarNode):
            found.append(((*path, name), below.value))
        else:
            _collect(below, (*path, name), found, seen)


def _value(node: yaml.ScalarNode, offset: int) -> Value:
    mark = node.start_mark
    return Value(
        str(node.value),
        offset + mark.index,
        offset + node.end_mark.index,
        node.style or "",
        mark.line + 2,
        mark.column + 1,
    )
