"""Read YAML from outside safely, with limits on its nesting and on the size to which aliases expand.

PyYAML's loader in C is recursive without a limit: about ten thousand brackets end the process without an exception.
Its hooks for resolving tags are called once on the way down and once on the way up, so they can count the depth.
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
"""The most levels of nested mappings and lists."""
MOST_NODES = 10_000
"""The most values that aliases may add, if each is expanded."""
_MOST_EXPANDED = 10_000_000
_TOO_DEEP = "it is nested too deeply"
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_TEXT, _NULL, _LIST, _MAPPING, _MERGE = (f"tag:yaml.org,2002:{name}" for name in ("str", "null", "seq", "map", "merge"))
_PLAIN_TAGS = frozenset({_TEXT, _NULL, _LIST, _MAPPING, _MERGE})


class UnsafeError(yaml.MarkedYAMLError):
    """Valid YAML that exceeds the limits or uses a feature that is not allowed."""


class _Values(_Base):
    """A safe loader that counts the nesting depth."""

    depth = 0

    def descend_resolver(self, parent: yaml.Node | None, index: object) -> None:
        del index
        self.depth += 1
        if self.depth > DEEPEST + 1:
            raise UnsafeError(problem=_TOO_DEEP, problem_mark=parent.start_mark if parent else None)

    def ascend_resolver(self) -> None:
        self.depth -= 1


class _Texts(_Values):
    """The same, but every scalar is text or null, never a number or a date."""

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        if kind is not yaml.ScalarNode:
            return _LIST if kind is yaml.SequenceNode else _MAPPING
        return _NULL if implicit[0] and value in _NULLS else _TEXT


class _PlanTexts(_Texts):
    """The same with the merge key `<<`, so that features of a plan can share keys."""

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        merges = kind is yaml.ScalarNode and value == "<<" and implicit[0]
        return _MERGE if merges else super().resolve(kind, value, implicit)


def compose_texts(text: str) -> yaml.Node | None:
    """Return the nodes of a text; a scalar's tag is text or null. Raises yaml.YAMLError, ValueError."""
    with _depth_in_our_words():
        node: yaml.Node | None = yaml.compose(text, Loader=_Texts)
    return node


def load_values(text: str, *, aliases: bool = True) -> tuple[yaml.Node | None, Any]:
    """Return the nodes of a text, which have the places, and its values. Raises yaml.YAMLError, ValueError."""
    return _loaded(_Values, text, aliases=aliases)


def load_texts(text: str, *, aliases: bool = True) -> tuple[yaml.Node | None, Any]:
    """Like `load_values`, but every scalar is text or null: `1.10` stays `1.10`, and tags are refused."""
    return _loaded(_PlanTexts, text, aliases=aliases, tags=_PLAIN_TAGS)


def without_nothing(value: Any) -> Any:
    """Return a value without the keys that are null, because a key without a value counts as missing."""
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
    """Convert the error of newer versions of PyYAML, which have a depth limit (1,000) that applies before the hooks."""
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
    """Raise UnsafeError for a value with a tag that makes it a number, a date or something else."""
    open_nodes, met = [root], set[int]()
    while open_nodes:
        node = open_nodes.pop()
        if node.tag not in known:
            shown = node.tag.replace("tag:yaml.org,2002:", "!!")
            raise UnsafeError(problem=f"the tag `{shown}` is not allowed", problem_mark=node.start_mark)
        if id(node) not in met and not isinstance(node, yaml.ScalarNode):
            met.add(id(node))
            open_nodes += _below(node)


def _refuse_bombs(root: yaml.Node) -> None:
    """Raise UnsafeError if aliases expand to more than `MOST_NODES` values, or contain themselves.

    Values that are written out do not count, so a long plan is allowed.
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
        words = "its aliases expand to too many values"
        raise UnsafeError(problem=words, problem_mark=root.start_mark)


def _below(node: yaml.Node) -> Iterator[yaml.Node]:
    for child in node.value:
        yield from child if isinstance(child, tuple) else (child,)
