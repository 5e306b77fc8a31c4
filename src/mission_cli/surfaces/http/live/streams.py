"""Server-sent events: `GET /api/v1/events`, and the same for one mission."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from mission_cli.app.queries.stream.kinds import Kind
from mission_cli.domain.errors import UsageError
from mission_cli.surfaces.http.api.routes import ALIASES, PREFIX
from mission_cli.surfaces.http.api.streams import EVENTS, KEYS, OF_MISSION
from mission_cli.surfaces.http.live.follow import Follower, Wanted, kinds_of
from mission_cli.surfaces.http.problems import RefusedRequestError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from mission_cli.surfaces.http.live.follow import Message
    from mission_cli.surfaces.http.live.hub import Hub
    from mission_cli.surfaces.http.live.who import Door
    from mission_cli.surfaces.http.places import Serves

RETRY_MS = 2000
_TYPE = "text/event-stream"


class Streams:
    """The streams of one server."""

    def __init__(self, hub: Hub, places: Serves, door: Door) -> None:
        self._hub, self._places, self._door = hub, places, door

    def routes(self) -> list[Route]:
        """Return the routes, under each prefix."""
        paths = [prefix + path for prefix in (PREFIX, *ALIASES) for path in (EVENTS, OF_MISSION)]
        return [Route(path, self._stream, methods=["GET"]) for path in paths]

    async def _stream(self, request: Request) -> Response:
        may = self._door.listener(request)
        given, path = dict(request.query_params), request.path_params
        known = [key for key in KEYS if key != "mission" or "id" not in path]
        if unknown := sorted(set(given) - {*known}):
            raise UsageError(f"unknown parameter: {unknown[0]}", hint=f"there are: {', '.join(known)}")
        mission = path.get("id", given.get("mission", ""))
        wanted = Wanted(kinds_of(given.get("kind", "")), mission, given.get("repo", ""))
        if "id" in path or Kind.LOG in wanted.kinds:
            wanted = await run_in_threadpool(of_one, self._places, wanted)
        if request.method == "HEAD":
            return Response(media_type=_TYPE)
        last = request.headers.get("last-event-id", "") or given.get("after", "")
        return _Stream(self._hub, Follower(self._hub, wanted, may), last)


class _Stream(StreamingResponse):
    """The response; as long as it lasts it takes one of the places for streams."""

    def __init__(self, hub: Hub, follower: Follower, last: str) -> None:
        self._hub, self._lines = hub, _lines(follower, last)
        super().__init__(self._lines, media_type=_TYPE, headers={"X-Accel-Buffering": "no"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream. Raises RefusedRequestError if there is no place."""
        with self._hub.stream():
            async with aclosing(self._lines):
                await super().__call__(scope, receive, send)


async def _lines(follower: Follower, last: str) -> AsyncGenerator[str]:
    yield f"retry: {RETRY_MS}\n\n"
    async with aclosing(follower.messages(last)) as messages:
        async for message in messages:
            yield text_of(message)


def of_one(places: Serves, wanted: Wanted) -> Wanted:
    """Return what is wanted of one mission with its repository. Raises RefusedRequestError, UsageError."""
    if not wanted.mission:
        raise UsageError("no mission is named", hint="logs are those of one mission: add its id")
    found = [
        name
        for name, ctx in places.contexts(reading=True)
        if wanted.repo in {"", name} and wanted.mission in ctx.state.snapshot().missions
    ]
    if not found:
        raise RefusedRequestError(404, f"there is no mission `{wanted.mission}`", f"GET {PREFIX}/missions lists them")
    if len(found) > 1:
        raise UsageError(f"several repositories have a mission `{wanted.mission}`", hint=f"add ?repo={found[0]}")
    return Wanted(wanted.kinds, wanted.mission, found[0])


def text_of(message: Message) -> str:
    """Return a message as its lines in the stream; one without an event is a comment, or only an id."""
    if not message.event:
        return f"id: {message.id}\n\n" if message.id else ": still here\n\n"
    place = f"id: {message.id}\n" if message.id else ""
    return f"event: {message.event}\n{place}data: {message.body}\n\n"
