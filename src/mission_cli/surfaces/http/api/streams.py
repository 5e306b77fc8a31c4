"""The OpenAPI description of the streams: their addresses, what they take, and the events that they send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli.app.queries.stream.kinds import KINDS, Kind, Logged
from mission_cli.domain.deciding.access import Scope

if TYPE_CHECKING:
    from mission_cli.surfaces.type_schema import TypeSchemas

EVENTS, OF_MISSION, WS = "/events", "/missions/{id}/events/stream", "/ws"
KEYS = {
    "mission": "only events of the mission with this id",
    "kind": f"words with commas: {', '.join(Kind)}; by default all but log, which needs a mission",
    "repo": "only this repository",
    "after": "begin after the event with this id, or after a commit of the state; Last-Event-ID comes first",
}
"""Parameters of a stream."""
EVENT = "StreamEvent"
_ID = "Where a client continues after this event; empty for one that cannot be read again (log)."
_TEXT = {"type": "string"}


def stream_paths(types: TypeSchemas, prefix: str) -> dict[str, Any]:
    """Return the descriptions by path."""
    event = {"$ref": f"#/$defs/{EVENT}"}
    types.defs[EVENT] = _event(types)
    of_mission = [name for name in KEYS if name != "mission"]
    return {
        prefix + EVENTS: {"get": _stream("stream_events", "Stream events.", [*KEYS], event)},
        prefix + OF_MISSION: {"get": _stream("stream_mission", "Stream events of a mission.", of_mission, event)},
        prefix + WS: {"get": _socket(event)},
    }


def _event(types: TypeSchemas) -> dict[str, Any]:
    """Return the schema of an event; `event` says which payload it has."""
    records = [*KINDS, Logged]
    payloads = [types.of(record) for record in records]
    plain = {"type": "object", "description": "Of ready and reset.", "properties": {"reason": _TEXT}}
    return {
        "description": "One event. ready: events come from here on. reset: load the state again, some are missing.",
        "type": "object",
        "properties": {
            "id": {**_TEXT, "description": _ID},
            "event": {"enum": ["ready", "reset", *map(str, Kind)]},
            "at": {**_TEXT, "description": "When it was committed; empty if it was not."},
            "repo": {**_TEXT, "description": "Its repository; empty: all."},
            "mission": {**_TEXT, "description": "Its mission; empty: none."},
            "payload": {"anyOf": [*payloads, plain]},
        },
        "required": ["id", "event", "at", "repo", "mission", "payload"],
    }


def _stream(name: str, about: str, keys: list[str], event: dict[str, Any]) -> dict[str, Any]:
    path = [{"name": "id", "in": "path", "required": True, "schema": _TEXT}] if "mission" not in keys else []
    query = [{"name": key, "in": "query", "required": False, "description": KEYS[key], "schema": _TEXT} for key in keys]
    words = "the id of the last event that was seen"
    header = {"name": "Last-Event-ID", "in": "header", "required": False, "description": words, "schema": _TEXT}
    said = "Server-sent events, without end; the `data` of each is such an object."
    return _described(name, about, [*path, *query, header], "200", said, {"text/event-stream": {"schema": event}})


def _socket(event: dict[str, Any]) -> dict[str, Any]:
    said = "A WebSocket; each event that it sends is such an object, with the keys `type` and `subscription`."
    return _described("open_socket", "Open a WebSocket.", [], "101", said, {"application/json": {"schema": event}})


def _described(
    name: str, about: str, parameters: list[dict[str, Any]], status: str, said: str, content: dict[str, Any]
) -> dict[str, Any]:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}
    return {
        "operationId": name,
        "summary": about,
        "description": f"Needs the scope `{Scope.READ}`.",
        "tags": ["live"],
        "parameters": parameters,
        "responses": {
            status: {"description": said, "content": content},
            "default": {"description": "What is refused.", "content": problem},
        },
    }
