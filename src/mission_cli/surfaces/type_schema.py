"""The JSON schema of a dataclass, as `as_json` writes it. pydantic would write amounts and spans of time as strings."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, NewType, Union, get_args, get_origin, get_type_hints

from mission_cli._support.docstrings import field_texts, module_tree
from mission_cli.domain.notice import Advice
from mission_cli.surfaces.as_json import key_of

Schema = dict[str, Any]

_PLAIN: Mapping[Any, Schema] = {
    Any: {},
    NoneType: {"type": "null"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    Decimal: {"type": "number"},
    datetime: {"type": "string", "format": "date-time"},
    timedelta: {"type": "number", "description": "Seconds."},
    Advice: {"type": "string"},
}


class TypeSchemas:
    """Makes schemas of types; those of dataclasses that fields refer to are collected in `defs`, by name.

    An open schema allows unknown keys, which a later version may add.
    """

    def __init__(self, *, closed: bool = False) -> None:
        self._closed = closed
        self._types: dict[str, type] = {}
        self.defs: dict[str, Schema] = {}

    def record(self, kind: type) -> Schema:
        """Return the schema of a dataclass, all of whose fields are always there."""
        text, hints = field_texts(kind), get_type_hints(kind, localns=_names_for_types(kind.__module__))
        properties = {}
        for item in fields(kind):
            said = text.get(item.name)
            properties[key_of(item.name)] = self.of(hints[item.name]) | ({"description": said} if said else {})
        found: Schema = {"description": text[""], "type": "object", "properties": properties}
        found["required"] = list(properties)
        return found | ({"additionalProperties": False} if self._closed else {})

    def of(self, hint: Any) -> Schema:
        """Return the schema of a type. Raises TypeError for one that `as_json` does not know."""
        hint = hint.__supertype__ if isinstance(hint, NewType) else hint
        origin, args = get_origin(hint) or hint, get_args(hint)
        if origin in {Union, UnionType}:
            return self._union(args)
        if origin in _PLAIN:
            return dict(_PLAIN[origin])
        if not isinstance(origin, type):
            raise TypeError(f"no schema for {hint}")
        if is_dataclass(origin):
            return self._reference(origin)
        if issubclass(origin, Enum):
            return {"enum": [member.value for member in origin]}
        if args and issubclass(origin, Mapping):
            return {"type": "object", "additionalProperties": self.of(args[1])}
        if args and issubclass(origin, tuple) and args[-1] is not ...:
            return {"type": "array", "prefixItems": [self.of(a) for a in args], "minItems": len(args), "items": False}
        if args and issubclass(origin, Sequence | AbstractSet):
            return {"type": "array", "items": self.of(args[0])}
        raise TypeError(f"no schema for {hint}")

    def _union(self, args: tuple[Any, ...]) -> Schema:
        found = [self.of(arg) for arg in args]
        kinds = [one["type"] for one in found if one.keys() == {"type"}]
        return {"type": kinds} if len(kinds) == len(found) else {"anyOf": found}

    def _reference(self, kind: type) -> Schema:
        name = kind.__name__
        if self._types.setdefault(name, kind) is not kind:
            raise TypeError(f"two results are called {name}")
        if name not in self.defs:
            self.defs[name] = {}  # so that a type that contains itself ends
            self.defs[name] = self.record(kind)
        return {"$ref": f"#/$defs/{name}"}


@cache
def _names_for_types(module: str) -> dict[str, Any]:
    """Return what a module imports below `if TYPE_CHECKING:`, which its annotations need."""
    found: dict[str, Any] = {}
    for block in module_tree(module).body:
        if isinstance(block, ast.If) and isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING":
            for line in block.body:
                if isinstance(line, ast.ImportFrom) and line.module:
                    source = importlib.import_module(line.module)
                    found |= {alias.asname or alias.name: getattr(source, alias.name) for alias in line.names}
    return found
