"""Hold the answers of the server of a scripted forge against GitHub's own description.

Each field that the server sends exists there, and has that type. Fields that it leaves out are no matter. Requests are
held against it by `prism.Contract.check`.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jsonschema import Draft4Validator
from tests.kit.prism import USED, described, pruned

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.kit.loopback import Asked, Reply

_API, _GRAPHQL = "/api/v3", "/graphql"
_SUCCESS = range(200, 300)
_NO_MATTER = frozenset({"nullable", "example", "examples", "format"})
_COMBINED = {"oneOf": "anyOf", "allOf": "anyOf"}
"""Closed to other fields and without required ones, several may fit, and none has to hold what another one has."""


def wrong_answers(answers: Sequence[tuple[Asked, Reply]]) -> Iterator[str]:
    """Yield what in answers is not as GitHub describes it. Skips the test if the description is not installed."""
    whole = pruned(described(), USED)
    components = _typed(whole["components"])
    for asked, reply in answers:
        if reply.status not in _SUCCESS or reply.body is None or asked.path.endswith(_GRAPHQL):
            continue
        path, line = urlsplit(asked.path).path.removeprefix(_API), f"{asked.method} {asked.path} → {reply.status}"
        names = [name for name in USED if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", name), path)]
        responses = whole["paths"][names[0]].get(asked.method.lower(), {}).get("responses", {}) if names else {}
        content = responses.get(str(reply.status), {}).get("content", {}).get("application/json")
        if content is None:
            yield f"{line}: GitHub gives no such answer"
            continue
        schema = {**_typed(content["schema"]), "components": components}
        data = json.loads(json.dumps(reply.body))
        for error in Draft4Validator(schema).iter_errors(data):
            yield f"{line}: {'.'.join(map(str, error.absolute_path))}: {error.message[:200]}"


def _typed(schema: Any) -> Any:
    """Return an OpenAPI 3.0 schema as JSON Schema: without required fields, with null, and closed to other fields."""
    if isinstance(schema, list):
        return [_typed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {_COMBINED.get(name, name): _typed(one) for name, one in schema.items() if name not in _NO_MATTER}
    if isinstance(found.get("required"), list):
        del found["required"]
    if isinstance(found.get("properties"), dict) and found.get("type") == "object":
        found.setdefault("additionalProperties", False)
    return {"anyOf": [found, {"type": "null"}]} if schema.get("nullable") is True else found
