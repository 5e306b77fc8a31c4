"""The same tools over streamable HTTP, as a route of `mission serve`: its guard, and its tokens with their scopes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.requests import Request

from mission_cli.domain.deciding.access import Scope as Right
from mission_cli.surfaces.http.api.routes import user_of
from mission_cli.surfaces.http.problems import RefusedRequestError
from mission_cli.surfaces.mcp.desk import Visitor
from mission_cli.surfaces.mcp.server import make_server

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive, Scope, Send

    from mission_cli.domain.deciding.access import Access
    from mission_cli.surfaces.http.places import Serves

PATH = "/mcp"
_REPO = "repo"


class ToolsEndpoint:
    """Serves one request: there are no sessions, and nothing of a client is kept."""

    def __init__(self, places: Serves, users: Callable[[], tuple[Access, ...]]) -> None:
        self._places, self._users = places, users

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with JSON. Raises RefusedRequestError without a token that may read."""
        request = Request(scope)
        user = user_of(self._users(), request.headers.get("authorization", ""), Right.READ)
        repo = self._repo(request.query_params.get(_REPO, ""))
        server = make_server(repo, Visitor(user.name, user.email, frozenset(user.scopes)))
        manager = StreamableHTTPSessionManager(app=server, json_response=True, stateless=True)
        async with manager.run():
            await manager.handle_request(scope, receive, send)

    def _repo(self, name: str) -> Path:
        names = self._places.names()
        if name in names or (not name and len(names) == 1):
            return Path(name or names[0])
        hint = f"add `?{_REPO}=PATH` to the address, with one of: {', '.join(names) or 'none'}"
        raise RefusedRequestError(400, "this server serves several repositories", hint)
