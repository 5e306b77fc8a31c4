"""The WebSocket `/api/v1/ws`: one connection with several subscriptions, each with its own place in the journal."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocketDisconnect, WebSocketState

from mission_cli._support.dataclass import dataclass, field
from mission_cli.app.queries.stream.kinds import Kind
from mission_cli.domain.errors import MissionError, UsageError
from mission_cli.surfaces.http.api.routes import ALIASES, PREFIX
from mission_cli.surfaces.http.api.streams import EVENTS, WS
from mission_cli.surfaces.http.live.follow import Follower, Wanted, kinds_of
from mission_cli.surfaces.http.live.streams import of_one
from mission_cli.surfaces.http.problems import Problem, RefusedRequestError, problem_of, response_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute
    from starlette.websockets import WebSocket

    from mission_cli.surfaces.http.live.hub import Hub
    from mission_cli.surfaces.http.live.who import Door, May
    from mission_cli.surfaces.http.places import Serves

MOST_SUBSCRIPTIONS = 20
TOKEN_SECONDS = 10.0
"""For the message with the token, if the request had none."""
_REFUSED, _OVER = 1008, 1001
_ACCOUNT, _MISSION = "account", "mission"
_KEYS = frozenset({"command", "type", "id", "repo", "kind", "last_event_id", "subscription"})


@dataclass(slots=True)
class _Connection:
    """One client."""

    socket: WebSocket
    may: May
    pumps: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    async def say(self, **facts: Any) -> None:
        await self.socket.send_text(json.dumps(facts, ensure_ascii=False))


class Sockets:
    """The WebSockets of one server."""

    def __init__(self, hub: Hub, places: Serves, door: Door) -> None:
        self._hub, self._places, self._door = hub, places, door

    def routes(self) -> list[BaseRoute]:
        """Return the routes, under each prefix."""
        paths = [prefix + WS for prefix in (PREFIX, *ALIASES)]
        return [
            *(WebSocketRoute(path, self._serve) for path in paths),
            *(Route(path, _no_socket, methods=["GET"]) for path in paths),
        ]

    async def _serve(self, socket: WebSocket) -> None:
        try:
            may = self._door.known(socket)
            if may is None:
                await socket.accept()
                may = await self._token(socket)
            with self._hub.stream():
                if socket.client_state is WebSocketState.CONNECTING:
                    await socket.accept()
                await self._talk(socket, may)
        except WebSocketDisconnect:
            return
        except RefusedRequestError as error:
            await _refuse(socket, error)

    async def _token(self, socket: WebSocket) -> May:
        """Wait for the message with the token."""
        try:
            async with asyncio.timeout(TOKEN_SECONDS):
                given = await _next(socket)
        except (TimeoutError, UsageError) as error:
            raise RefusedRequestError(401, "there is no token") from error
        token = given.get("token", "")
        if given.get("command") != "authenticate" or not isinstance(token, str):
            raise RefusedRequestError(401, "the first message has to be the token")
        may = self._door.holder(f"Bearer {token}")
        await socket.send_text(json.dumps({"type": "welcome"}))
        return may

    async def _talk(self, socket: WebSocket, may: May) -> None:
        here = _Connection(socket, may)
        try:
            while True:
                try:
                    await self._obey(here, await _next(socket))
                except RefusedRequestError as error:
                    await here.say(type="refused", **_said(error.problem))
                except MissionError as error:
                    await here.say(type="refused", **_said(problem_of(error)))
        finally:
            for pump in here.pumps.values():
                pump.cancel()
            await asyncio.gather(*here.pumps.values(), return_exceptions=True)

    async def _obey(self, here: _Connection, given: Mapping[str, Any]) -> None:
        if unknown := sorted(set(given) - _KEYS):
            raise UsageError(f"unknown key: {unknown[0]}", hint=f"there are: {', '.join(sorted(_KEYS))}")
        words = {key: _text(given, key) for key in _KEYS}
        match words["command"]:
            case "subscribe":
                await self._subscribe(here, words)
            case "unsubscribe":
                pump = here.pumps.pop(_name(words), None)
                if pump is not None:
                    pump.cancel()
                await here.say(type="unsubscribed", subscription=_name(words))
            case other:
                raise UsageError(f"unknown command: {other!r}", hint="there are: subscribe, unsubscribe")

    async def _subscribe(self, here: _Connection, words: Mapping[str, str]) -> None:
        name = _name(words)
        if name in here.pumps:
            raise UsageError(f"there is a subscription `{name}`", hint="unsubscribe first, or give it another name")
        if len(here.pumps) >= MOST_SUBSCRIPTIONS:
            raise UsageError(f"there are {MOST_SUBSCRIPTIONS} subscriptions", hint="open another connection")
        if words["type"] not in {_MISSION, _ACCOUNT}:
            raise UsageError(f"unknown type: {words['type']!r}", hint=f"there are: {_MISSION}, {_ACCOUNT}")
        about = words["id"] if words["type"] == _MISSION else ""
        wanted = Wanted(kinds_of(words["kind"]), about, words["repo"])
        if words["type"] == _MISSION or Kind.LOG in wanted.kinds:
            wanted = await run_in_threadpool(of_one, self._places, wanted)
        await here.say(type="subscribed", subscription=name)
        follower = Follower(self._hub, wanted, here.may)
        here.pumps[name] = asyncio.create_task(_pump(here, name, follower, words["last_event_id"]))


async def _no_socket(_: Request) -> Response:
    """Answer a request that does not open a WebSocket, or for which this server lacks the package."""
    hint = f"open it as a WebSocket (the server needs the Python package websockets), or GET {PREFIX}{EVENTS}"
    raise RefusedRequestError(426, "this is a WebSocket", hint, {"Upgrade": "websocket"})


async def _pump(here: _Connection, name: str, follower: Follower, last: str) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):  # it was closed meanwhile
        async with aclosing(follower.messages(last)) as messages:
            async for message in messages:
                if message.event:
                    await here.socket.send_text(_event(name, message.body))
                else:
                    await here.say(type="ping", subscription=name, **({"id": message.id} if message.id else {}))
        await here.socket.close(_OVER if here.may() else _REFUSED)


def _event(name: str, body: str) -> str:
    """Return the text of an event: that of its body, with two keys in front."""
    start = json.dumps({"type": "event", "subscription": name}, ensure_ascii=False)
    return f"{start[:-1]}, {body[1:]}"


def _name(words: Mapping[str, str]) -> str:
    return words["subscription"] or ":".join(filter(None, (words["type"], words["id"])))


async def _next(socket: WebSocket) -> Mapping[str, Any]:
    """Return the next message of a client. Raises UsageError if it is not a JSON object."""
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message["code"])
    try:
        found = json.loads(message.get("text") or "")
    except (ValueError, RecursionError) as error:
        raise UsageError("the message is not JSON") from error
    if not isinstance(found, dict):
        raise UsageError("the message is not a JSON object")
    return found


def _text(given: Mapping[str, Any], key: str) -> str:
    found = given.get(key, "")
    if not isinstance(found, str):
        raise UsageError(f"`{key}` is not text")
    return found


def _said(problem: Problem) -> dict[str, Any]:
    return {"status": problem.status, "title": problem.title, "hint": problem.hint}


async def _refuse(socket: WebSocket, error: RefusedRequestError) -> None:
    """Answer before the connection is made, or close it."""
    if socket.client_state is WebSocketState.CONNECTED:
        await socket.close(_REFUSED, error.problem.title[:100])
    else:
        await socket.send_denial_response(response_of(error.problem, error.headers))
