"""A client of the MCP server, made of the SDK's own: in this process, or over a real process's standard streams."""

from __future__ import annotations

import os
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import anyio
import mcp_types as types
from jsonschema import Draft202012Validator
from mcp import Client, StdioServerParameters

from mission_cli.surfaces.mcp.server import make_server, make_worker_server
from mission_cli.surfaces.mcp.tools import TOOLS
from mission_cli.surfaces.mcp.worker import WORKER_TOOLS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from mcp_types import CallToolResult

OLD, NEW = "legacy", "auto"
"""The eras of the protocol: with a handshake, and without one (2026-07-28)."""


@dataclass
class Agent:
    """An agent whose program can call the tools of a repository, and perhaps ask its person."""

    repo: Path
    name: str = "tester"
    mode: str = NEW
    answers: Sequence[Mapping[str, Any] | None] | None = None
    """What the person answers, in this order; None declines. Without any list the program cannot ask."""
    real: bool = False
    """Whether the server is a process of its own."""
    asked: list[str] = field(default_factory=list)
    """What the person was shown."""
    forms: list[dict[str, Any]] = field(default_factory=list)

    def call(self, tool: str, **arguments: Any) -> CallToolResult:
        """Call one tool in a conversation of its own; its result is what its schema says."""

        async def one(client: Client) -> CallToolResult:
            return await client.call_tool(tool, arguments)

        result: CallToolResult = self.talk(one)
        if tool in TOOLS:
            Draft202012Validator(TOOLS[tool].output_schema).validate(result.structured_content)
        return result

    def facts(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool that must not fail; return its JSON."""
        result = self.call(tool, **arguments)
        assert not result.is_error, result.content
        found: dict[str, Any] = result.structured_content
        return found

    def error(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool that must fail; return its error."""
        result = self.call(tool, **arguments)
        assert result.is_error, result.content
        found: dict[str, Any] = result.structured_content["error"]
        return found

    def talk(self, what: Callable[[Client], Awaitable[Any]]) -> Any:
        """Have one conversation."""

        async def run() -> Any:
            async with self._client() as client:
                return await what(client)

        return anyio.run(run)

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[Client]:
        server: Any = make_server(self.repo)
        if self.real:
            argv = ["-P", "-m", "mission_cli", "mcp"]
            server = StdioServerParameters(
                command=sys.executable, args=argv, cwd=os.fspath(self.repo), env=dict(os.environ)
            )
        info = types.Implementation(name=self.name, version="1")
        asks = self._answer if self.answers is not None else None
        async with Client(server, mode=self.mode, client_info=info, elicitation_callback=asks) as client:
            yield client

    async def _answer(self, context: Any, params: Any) -> types.ElicitResult:
        del context
        assert self.answers is not None
        said = self.answers[len(self.asked)]
        self.asked.append(params.message)
        self.forms.append(params.requested_schema)
        return (
            types.ElicitResult(action="decline")
            if said is None
            else types.ElicitResult(action="accept", content=dict(said))
        )


@dataclass
class WorkerAgent:
    """A worker whose program calls its own tools, with the variables of its job."""

    environment: Mapping[str, str]

    def listed(self) -> list[str]:
        """Return the names of its tools."""

        async def names(client: Client) -> list[str]:
            return [tool.name for tool in (await client.list_tools()).tools]

        found: list[str] = self._talk(names)
        return found

    def facts(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool that must not fail; its result is what its schema says."""
        result = self._call(tool, arguments)
        assert not result.is_error, result.content
        Draft202012Validator(WORKER_TOOLS[tool].output_schema).validate(result.structured_content)
        found: dict[str, Any] = result.structured_content
        return found

    def error(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool that must fail."""
        result = self._call(tool, arguments)
        assert result.is_error, result.content
        found: dict[str, Any] = result.structured_content["error"]
        return found

    def _call(self, tool: str, arguments: dict[str, Any]) -> CallToolResult:
        async def one(client: Client) -> CallToolResult:
            return await client.call_tool(tool, arguments)

        result: CallToolResult = self._talk(one)
        return result

    def _talk(self, what: Callable[[Client], Awaitable[Any]]) -> Any:
        async def run() -> Any:
            async with Client(make_worker_server(self.environment)) as client:
                return await what(client)

        return anyio.run(run)
