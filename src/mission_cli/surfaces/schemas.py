"""JSON schemas by name: of the files that people edit, from the tables of the parsers, and of what commands print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from mission_cli._support.docstrings import field_texts
from mission_cli.document.reading.front_schema import front_schema
from mission_cli.settings import Settings
from mission_cli.settings.checks import CHOICES
from mission_cli.settings.values import NAMED_TABLES
from mission_cli.surfaces.outputs import DRAFT, OUTPUTS, output_schema

if TYPE_CHECKING:
    from collections.abc import Callable

_DURATION = {"type": "string", "pattern": r"^\s*(\d+(\.\d+)?\s*(ms|sec|s|min|m|h|d|w)\s*)+$|^P"}


def settings_schema() -> dict[str, Any]:
    """Return the JSON schema of `.mission.toml`."""
    return {
        "$schema": DRAFT,
        "title": "Settings of mission",
        **_record(Settings()),
    }


FILES: Mapping[str, Callable[[], dict[str, Any]]] = {"mission": front_schema, "settings": settings_schema}
"""Of the files that people edit."""
OF_COMMANDS: Mapping[str, Callable[[], dict[str, Any]]] = {name: partial(output_schema, name) for name in OUTPUTS}
SCHEMAS = {**FILES, **OF_COMMANDS}


def _record(default: Any) -> dict[str, Any]:
    """Return the schema of a settings class; the type of a setting is the type of its default, as in the parser."""
    properties: dict[str, Any] = {}
    texts = field_texts(type(default))
    for item in fields(default):
        value = getattr(default, item.name)
        if item.name in NAMED_TABLES and isinstance(value, Mapping):
            table = NAMED_TABLES[item.name]()
            properties[item.name] = {"type": "object", "additionalProperties": _record(table)}
        else:
            properties[item.name] = _schema_of(value, item.name)
            if isinstance(value, str) and item.name in CHOICES:
                properties[item.name] = {"enum": [*CHOICES[item.name]], "default": value}
        if item.name in texts:
            properties[item.name] = {"description": texts[item.name], **properties[item.name]}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _schema_of(value: object, name: str) -> dict[str, Any]:
    if is_dataclass(value):
        return _record(value)
    if isinstance(value, timedelta):
        return _DURATION
    if isinstance(value, bool):
        return {"type": "boolean", "default": value}
    if isinstance(value, int):
        return {"type": "integer", "default": value}
    if isinstance(value, str):
        return {"type": "string", "default": value}
    if isinstance(value, Decimal) or value is None:
        return {"type": ["number", "string"]}
    if isinstance(value, tuple):
        item = _DURATION if name.endswith("_delays") else {"type": "string"}
        return {"anyOf": [{"type": "array", "items": item}, {"type": "string"}]}
    return {"type": "object", "additionalProperties": {"type": "string"}}
