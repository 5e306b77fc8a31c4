"""The OpenAPI document of the operations; `docs/openapi.json` has it as a file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mission_cli.ports.runtime import Stopped
from mission_cli.surfaces.as_json import SCHEMA
from mission_cli.surfaces.http.api.input import path_fields, query_fields
from mission_cli.surfaces.http.api.streams import stream_paths
from mission_cli.surfaces.type_schema import TypeSchemas

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.surfaces.http.api.operation import Field, Operation

VERSION = "1"
"""Changes when an operation, a parameter or a key goes away or changes its meaning."""
_PROBLEM = {
    "description": "What went wrong (RFC 9457).",
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "status": {"type": "integer"},
        "title": {"type": "string", "description": "What went wrong."},
        "hint": {"type": "string", "description": "What to do about it; empty if unknown."},
    },
    "required": ["type", "status", "title", "hint"],
}
_ABOUT = """\
Missions of one or several repositories. Keys are only added to results; what goes away is announced by the header
Deprecation for at least one minor version, and `version` changes. The same operations are under /api/v1/ai and
/api/internal."""
_ERRORS = {
    "400": "The request cannot be read.",
    "401": "There is no valid token.",
    "403": "The token lacks the scope, or the server is read-only.",
    "404": "There is no such mission, feature or request.",
    "409": "The mission does not allow it now.",
    "412": "The mission has changed since the commit in If-Match.",
    "415": "The body is not JSON.",
    "422": "The input makes no sense.",
}


def document(operations: Sequence[Operation], prefix: str) -> dict[str, Any]:
    """Return the document."""
    types = TypeSchemas()
    paths: dict[str, Any] = {}
    for operation in operations:
        paths.setdefault(prefix + operation.path, {})[operation.method.casefold()] = _described(types, operation)
    paths |= stream_paths(types, prefix)
    schemas = {"Refusal": _PROBLEM, **dict(sorted(types.defs.items()))}
    text = json.dumps(
        {
            "openapi": "3.1.0",
            "info": {"title": "mission", "version": VERSION, "description": _ABOUT.replace("\n", " ")},
            "security": [{"token": []}],
            "paths": paths,
            "components": {
                "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
                "schemas": schemas,
            },
        }
    )
    found: dict[str, Any] = json.loads(text.replace("#/$defs/", "#/components/schemas/"))
    return found


def result_schema(types: TypeSchemas, operation: Operation) -> dict[str, Any]:
    """Return the schema of what an operation answers with."""
    return _result(types, operation.result, stopped=operation.stopped)


def _result(types: TypeSchemas, kind: type, *, stopped: bool) -> dict[str, Any]:
    record = types.record(kind)
    around: dict[str, Any] = {"schema": {"description": "The version of the format.", "const": SCHEMA}}
    if stopped:
        words = "Since when and by whom everything is stopped; null if it is not."
        around["stopped"] = {"description": words, **types.of(Stopped | None)}
    return record | {"properties": around | record["properties"], "required": [*around, *record["required"]]}


def _described(types: TypeSchemas, operation: Operation) -> dict[str, Any]:
    parameters = [_parameter(one, "path") for one in path_fields(operation.path)]
    parameters += [_parameter(one, "query") for one in query_fields(operation)]
    if operation.changes:
        parameters += [_header("Idempotency-Key", "the request is carried out once for each key, for a day")]
        parameters += [_header("If-Match", "the ETag that was last seen")] if operation.act is not None else []
    errors = {status: words for status, words in _ERRORS.items() if operation.changes or status not in {"412", "415"}}
    body = {"application/json": {"schema": result_schema(types, operation)}}
    found: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.about,
        "description": f"Needs the scope `{operation.scope}`.",
        **({"deprecated": True} if operation.path in operation.retired else {}),
        "parameters": parameters,
        "responses": {
            str(operation.status): {"description": "Done.", "content": body},
            **_later(types, operation),
            **{status: _problem(words) for status, words in errors.items()},
            "default": _problem("Another problem."),
        },
    }
    if operation.changes:
        needed = [one.name for one in operation.body if one.required]
        schema = {
            "type": "object",
            "properties": {one.name: _schema(one) if one.required else _nullable(one) for one in operation.body},
            "additionalProperties": False,
            **({"required": needed} if needed else {}),
        }
        found["requestBody"] = {"required": bool(needed), "content": {"application/json": {"schema": schema}}}
    return found


def _later(types: TypeSchemas, operation: Operation) -> dict[str, Any]:
    """Return the response of what takes longer."""
    if operation.later is None:
        return {}
    content = {"application/json": {"schema": _result(types, operation.later, stopped=False)}}
    header = {"description": "Where it tells how far it is.", "schema": {"type": "string"}}
    return {"202": {"description": "It takes longer.", "headers": {"Location": header}, "content": content}}


def _schema(one: Field) -> dict[str, Any]:
    if one.kind == "scalar":
        return {"type": ["string", "number", "boolean"], "description": one.about}
    found: dict[str, Any] = {"type": one.kind, "description": one.about}
    if one.many:
        item = {"type": "string", **({"enum": list(one.choices)} if one.choices else {})}
        return {"type": "array", "items": item, "description": one.about}
    if one.kind == "integer":
        found |= {"minimum": one.least, "maximum": one.most}
    if one.kind == "array":
        found["items"] = {"type": "string"}
    return found | ({"enum": list(one.choices)} if one.choices else {})


def _nullable(one: Field) -> dict[str, Any]:
    """Return the schema of a key that may be left out: null is the same."""
    found = _schema(one)
    kinds = found["type"] if isinstance(found["type"], list) else [found["type"]]
    return found | {"type": [*kinds, "null"]} | ({"enum": [*found["enum"], None]} if "enum" in found else {})


def _parameter(one: Field, place: str) -> dict[str, Any]:
    schema = {key: value for key, value in _schema(one).items() if key != "description"}
    found = {"name": one.name, "in": place, "required": one.required, "description": one.about, "schema": schema}
    return found | ({"style": "form", "explode": False} if one.many else {})


def _header(name: str, about: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "description": about, "schema": {"type": "string"}}


def _problem(words: str) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}
    return {"description": words, "content": content}
