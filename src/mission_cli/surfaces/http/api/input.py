"""Check the input of an operation: unknown names are errors with a suggestion, like unknown settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli._support.text import did_you_mean
from mission_cli.domain.errors import UsageError
from mission_cli.surfaces.http.api.operation import Field

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.surfaces.http.api.operation import Operation

PATH_FIELDS: Mapping[str, Field] = {
    "id": Field("id", "the id of the mission", required=True),
    "feature": Field("feature", "the number of the feature, N.M", required=True),
    "planning": Field("planning", "the id of the planning", required=True),
    "playbook": Field("playbook", "the name of the playbook", required=True),
    "number": Field("number", "the number of the request", "integer", required=True, least=1),
}
REPO = Field("repo", "the repository, if several have a mission of this id")


def path_fields(path: str) -> list[Field]:
    """Return the parameters in a path."""
    return [one for name, one in PATH_FIELDS.items() if f"{{{name}}}" in path]


def query_fields(operation: Operation) -> tuple[Field, ...]:
    """Return the parameters of the query."""
    return (*operation.query, REPO) if operation.act is not None else operation.query


def read_input(
    operation: Operation, path: Mapping[str, str], query: Sequence[tuple[str, str]], body: Any
) -> dict[str, Any]:
    """Return all input by name. Raises UsageError."""
    given: dict[str, Any] = {one.name: one.read(path[one.name]) for one in path_fields(operation.path)}
    fields = {one.name: one for one in query_fields(operation)}
    for name, text in query:
        if name in given:
            several = name in fields and fields[name].many
            hint = "separate several values by commas" if several else "give it once"
            raise UsageError(f"`{name}` is given twice", hint=hint)
        if name not in fields:
            hint = did_you_mean(name, fields, f"known are {', '.join(fields)}")
            raise UsageError(f"unknown parameter `{name}`", hint=hint)
        given[name] = fields[name].read(text)
    return given | _read_body(operation, body)


def _read_body(operation: Operation, body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise UsageError("the body is not a JSON object", hint="send {} with the keys of this operation")
    fields, found = {one.name: one for one in operation.body}, {}
    for name, value in body.items():
        if name not in fields:
            known = f"known are {', '.join(fields)}" if fields else "this operation takes none"
            raise UsageError(f"unknown key `{name}`", hint=did_you_mean(name, fields, known))
        if value is not None:
            found[name] = fields[name].checked(value)
    for name, one in fields.items():
        if one.required and name not in found:
            raise UsageError(f"`{name}` is missing", hint=one.about)
    return found
