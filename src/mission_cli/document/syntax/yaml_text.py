"""The one door to YAML from outside: never nested so deeply that it ends the process, never wide by aliases.

PyYAML's loader in C composes by recursion and knows no limit: some ten thousand brackets end the process without an
exception. Its hooks for resolving tags are called once on the way down and once on the way up, so they count.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    _Base = yaml.SafeLoader
else:
    _Base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

DEEPEST = 40
"""Mappings and lists in each other."""
MOST_NODES = 10_000
"""Values that a text may stand for, an alias counted as all that it names."""
_MOST_EXPANDED = 10_000_000
_TOO_DEEP = "it is nested too deeply"
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_TEXT, _NULL, _LIST, _MAPPING, _MERGE = (f"tag:yaml.org,2002:{name}" for name in ("str", "null", "seq", "map", "merge"))
_PLAIN_TAGS = frozenset({_TEXT, _NULL, _LIST, _MAPPING, _MERGE})


class UnsafeError(yaml.MarkedYAMLError):
    """It is YAML, and more of it than is read."""


class _Values(_Base):
    """A safe loader that counts how deep it is."""

    depth = 0

    def descend_resolver(self, parent: yaml.Node | None, index: object) -> None:
        del index
        self.depth += 1
        if self.depth > DEEPEST + 1:
            raise UnsafeError(problem=_TOO_DEEP, problem_mark=parent.start_mark if parent else None)

    def ascend_resolver(self) -> None:
        self.depth -= 1


class _Texts(_Values):
    """The same where nobody asks whether a scalar is a number or a date: it is text, or null."""

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        if kind is not yaml.ScalarNode:
            return _LIST if kind is yaml.SequenceNode else _MAPPING
        return _NULL if implicit[0] and value in _NULLS else _TEXT


class _PlanTexts(_Texts):
    """The same with `<<`, so that a plan can say what several features share once."""

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        merges = kind is yaml.ScalarNode and value == "<<" and implicit[0]
        return _MERGE if merges else super().resolve(kind, value, implicit)


def compose_texts(text: str) -> yaml.Node | None:
    """Return the nodes of a text; a scalar's tag only says if it is null. Raises yaml.YAMLError, ValueError."""
    with _depth_in_our_words():
        node: yaml.Node | None = yaml.compose(text, Loader=_Texts)
    return node


def load_values(text: str, *, aliases: bool = True) -> tuple[yaml.Node | None, Any]:
    """Return the nodes of a text, for places, and what they stand for. Raises yaml.YAMLError, ValueError."""
    return _loaded(_Values, text, aliases=aliases)


def load_texts(text: str, *, aliases: bool = True) -> tuple[yaml.Node | None, Any]:
    """Like `load_values`, where every scalar is text or null: `1.10` stays `1.10`, and a tag is refused."""
    return _loaded(_PlanTexts, text, aliases=aliases, tags=_PLAIN_TAGS)


def without_nothing(value: Any) -> Any:
    """Return a value without the keys that say null: a key with nothing behind it was left out."""
    if isinstance(value, dict):
        return {key: without_nothing(below) for key, below in value.items() if below is not None}
    return [without_nothing(below) for below in value] if isinstance(value, list) else value


def _loaded(
    kind: type[_Values], text: str, *, aliases: bool, tags: frozenset[str] = frozenset()
) -> tuple[yaml.Node | None, Any]:
    loader = kind(text)
    try:
        with _depth_in_our_words():
            node: yaml.Node | None = loader.get_single_node()
    finally:
        loader.dispose()
    if node is None:
        return None, None
    if not aliases:
        _refuse_aliases(text)
    _refuse_bombs(node)
    if tags:
        _refuse_tags(node, tags)
    return node, loader.construct_document(node)


@contextmanager
def _depth_in_our_words() -> Iterator[None]:
    """Newer versions of PyYAML have a limit of their own (1,000), which they reach before they call our hooks."""
    try:
        yield
    except yaml.MarkedYAMLError as error:
        if "nesting depth" not in str(error.problem):
            raise
        raise UnsafeError(problem=_TOO_DEEP, problem_mark=error.problem_mark) from error


def _refuse_aliases(text: str) -> None:
    for event in yaml.parse(text, Loader=_Values):
        if isinstance(event, yaml.AliasEvent):
            mark: Any = event.start_mark
            raise UnsafeError(problem="aliases are not allowed", problem_mark=mark)


def _refuse_tags(root: yaml.Node, known: frozenset[str]) -> None:
    """Raise UnsafeError for a value that a tag makes a number, a date or something else."""
    open_nodes, met = [root], set[int]()
    while open_nodes:
        node = open_nodes.pop()
        if node.tag not in known:
            shown = node.tag.replace("tag:yaml.org,2002:", "!!")
            raise UnsafeError(problem=f"the tag `{shown}` is not read", problem_mark=node.start_mark)
        if id(node) not in met and not isinstance(node, yaml.ScalarNode):
            met.add(id(node))
            open_nodes += _below(node)


def _refuse_bombs(root: yaml.Node) -> None:
    """Raise UnsafeError where aliases stand for more than `MOST_NODES`, or for what they lie in.

    What a text writes out counts once: a long plan is no bomb.
    """
    sizes: dict[int, int] = {}
    written = 0

    def size(node: yaml.Node) -> int:
        nonlocal written
        if isinstance(node, yaml.ScalarNode):
            return 1
        if id(node) not in sizes:
            sizes[id(node)] = _MOST_EXPANDED
            below = list(_below(node))
            written += len(below)
            sizes[id(node)] = 1 + sum(map(size, below))
        return sizes[id(node)]

    whole = size(root)
    if whole - written > MOST_NODES:
        words = "its aliases stand for too many values"
        raise UnsafeError(problem=words, problem_mark=root.start_mark)


def _below(node: yaml.Node) -> Iterator[yaml.Node]:
    for child in node.value:
        yield from child if isinstance(child, tuple) else (child,)
