"""A small GraphQL executor: enough of the language for queries of clients, over dictionaries and functions.

A value is a dictionary of fields, a list, or a plain value; a field that takes arguments is a function of them. A field
that does not exist is an error, as on GitHub.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOKEN = re.compile(r'[\s,]+|#[^\n]*|(?P<t>\.\.\.|[!$():=@\[\]{|}&]|[A-Za-z_]\w*|-?\d+(?:\.\d+)?|"(?:[^"\\]|\\.)*")')


class QueryError(Exception):
    """What is wrong with a query; the type is GitHub's, such as `NOT_FOUND`."""

    def __init__(self, words: str, kind: str = "") -> None:
        super().__init__(words)
        self.words, self.kind = words, kind


@dataclass
class Selection:
    """A field, or a fragment (with an empty name)."""

    name: str
    alias: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    on: str = ""
    """The type of a fragment."""
    inner: list[Selection] = field(default_factory=list)


@dataclass(frozen=True)
class Variable:
    """A value that comes with the request."""

    name: str


class Query:
    """A parsed document with one operation."""

    def __init__(self, text: str) -> None:
        self._tokens: list[str] = []
        place = 0
        while place < len(text):
            found = _TOKEN.match(text, place)
            if found is None:
                raise QueryError(f"Parse error on {text[place]!r}")
            if found["t"]:
                self._tokens.append(found["t"])
            place = found.end()
        self.operation = "query"
        self.defaults: dict[str, Any] = {}
        self.selections: list[Selection] = []
        self._fragments: dict[str, Selection] = {}
        self._document()

    def fragment(self, name: str) -> Selection:
        """Return a named fragment."""
        if name not in self._fragments:
            raise QueryError(f"Fragment {name} was used, but not defined")
        return self._fragments[name]

    def _document(self) -> None:
        while self._tokens:
            word = self._peek()
            if word == "fragment":
                self._take()
                name = self._take()
                self._take("on")
                kind = self._take()
                self._fragments[name] = Selection("", on=kind, inner=self._set())
            else:
                if word in {"query", "mutation"}:
                    self.operation = self._take()
                    if self._peek() not in {"{", "("}:
                        self._take()
                    self._variables()
                self.selections = self._set()

    def _variables(self) -> None:
        if self._peek() != "(":
            return
        self._take("(")
        while self._peek() != ")":
            self._take("$")
            name = self._take()
            self._take_type()
            if self._peek() == "=":
                self._take()
                self.defaults[name] = self._value()
        self._take(")")

    def _take_type(self) -> None:
        """Skip the type of a variable."""
        while self._peek() not in {"$", ")", "="}:
            self._take()

    def _set(self) -> list[Selection]:
        self._take("{")
        found = []
        while self._peek() != "}":
            found.append(self._fragment() if self._peek() == "..." else self._field())
        self._take("}")
        return found

    def _fragment(self) -> Selection:
        self._take("...")
        if self._peek() == "on":
            self._take()
            kind = self._take()
            return Selection("", on=kind, inner=self._set())
        if self._peek() == "{":
            return Selection("", inner=self._set())
        return Selection("", alias=self._take())

    def _field(self) -> Selection:
        made = Selection(self._take())
        made.alias = made.name
        if self._peek() == ":":
            self._take()
            made.name = self._take()
        if self._peek() == "(":
            self._take()
            while self._peek() != ")":
                name = self._take()
                self._take(":")
                made.arguments[name] = self._value()
            self._take(")")
        if self._peek() == "{":
            made.inner = self._set()
        return made

    def _value(self) -> Any:
        word = self._take()
        if word == "$":
            return Variable(self._take())
        if word == "[":
            items = []
            while self._peek() != "]":
                items.append(self._value())
            self._take("]")
            return items
        if word == "{":
            found = {}
            while self._peek() != "}":
                name = self._take()
                self._take(":")
                found[name] = self._value()
            self._take("}")
            return found
        constants = {"true": True, "false": False, "null": None}
        if word in constants:
            return constants[word]
        return json.loads(word) if word[0] in '"-0123456789' else word

    def _peek(self) -> str:
        return self._tokens[0] if self._tokens else ""

    def _take(self, expected: str = "") -> str:
        if not self._tokens or (expected and self._tokens[0] != expected):
            raise QueryError(f"Parse error: expected {expected or 'more'}, found {self._peek() or 'the end'}")
        return self._tokens.pop(0)


def execute(query: Query, root: Mapping[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of a query. Raises QueryError."""
    values = {**query.defaults, **variables}
    return _object(query, query.selections, root, values)


def _object(
    query: Query, selections: list[Selection], value: Mapping[str, Any], variables: Mapping[str, Any]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in selections:
        if not one.name:
            fragment = query.fragment(one.alias) if one.alias else one
            if fragment.on in {"", value.get("__typename"), *value.get("__interfaces", ())}:
                found |= _object(query, fragment.inner, value, variables)
            continue
        if one.name not in value:
            kind = value.get("__typename", "Query")
            raise QueryError(f"Field '{one.name}' doesn't exist on type '{kind}'", "undefinedField")
        given = _filled(one.arguments, variables)
        inner = value[one.name]
        if callable(inner):
            inner = inner(**given)
        elif given:
            raise QueryError(f"Field '{one.name}' doesn't accept argument '{next(iter(given))}'")
        found[one.alias] = _selected(query, one, inner, variables)
    return found


def _selected(query: Query, selection: Selection, value: Any, variables: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_selected(query, selection, one, variables) for one in value]
    if isinstance(value, dict):
        if not selection.inner:
            raise QueryError(f"Field must have selections ('{selection.name}' returns an object)")
        return _object(query, selection.inner, value, variables)
    if selection.inner and value is not None:
        raise QueryError(f"Selections can't be made on scalars (field '{selection.name}')")
    return value


def _filled(value: Any, variables: Mapping[str, Any]) -> Any:
    if isinstance(value, Variable):
        return variables.get(value.name)
    if isinstance(value, dict):
        return {name: _filled(one, variables) for name, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, variables) for one in value]
    return value
