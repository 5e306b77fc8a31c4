"""JSON-RPC with a child, one message a line: what it asks is answered while an answer of its own is awaited."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from mission_cli.adapters.proc.run import end_peer, start_peer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_NO_METHOD = -32601
_LONGEST = 16_000_000


class Refused(Exception):  # noqa: N818 - an answer of the agent
    """An error that the agent answered."""

    def __init__(self, error: dict[str, Any]) -> None:
        data = error.get("data")
        told = (data.get("details") or data.get("message")) if isinstance(data, dict) else data
        super().__init__(": ".join(str(words) for words in (error.get("message") or "error", told) if words))
        self.code = error.get("code")


class Ended(Exception):  # noqa: N818 - an end, not an error
    """The agent closed its output."""


class Connection:
    """One agent. `asked` answers its requests, and gets its notifications, whose answers are not sent."""

    def __init__(self, command: Sequence[str], asked: Callable[[str, dict[str, Any]], dict[str, Any] | None]) -> None:
        self._child = start_peer(command)
        self._asked, self._last = asked, 0

    def request(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Ask the agent, and return its answer. Raises Refused and Ended."""
        self._last += 1
        number = self._last
        self._send({"id": number, "method": method, "params": params})
        while True:
            message = self._read()
            if "method" in message:
                self._answer(message)
            elif message.get("id") == number:
                if isinstance(message.get("error"), dict):
                    raise Refused(message["error"])
                result = message.get("result")
                return result if isinstance(result, dict) else {}

    def notify(self, method: str, params: dict[str, Any]) -> None:
        """Tell the agent something that it does not answer."""
        self._send({"method": method, "params": params})

    def close(self, patience: float) -> int:
        """Close its input, and return its exit status; it is ended if it does not end by itself."""
        return end_peer(self._child, patience)

    def _answer(self, message: dict[str, Any]) -> None:
        params = message.get("params")
        result = self._asked(str(message["method"]), params if isinstance(params, dict) else {})
        if "id" not in message:
            return
        if result is None:
            error = {"code": _NO_METHOD, "message": f"{message['method']} is not offered"}
            self._send({"id": message["id"], "error": error})
        else:
            self._send({"id": message["id"], "result": result})

    def _send(self, message: dict[str, Any]) -> None:
        assert self._child.stdin is not None  # noqa: S101 - it was started with a pipe
        try:
            self._child.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
            self._child.stdin.flush()
        except OSError as error:
            raise Ended from error

    def _read(self) -> dict[str, Any]:
        """Return the next message. A line that is not one is shown; agents print notes on their output."""
        assert self._child.stdout is not None  # noqa: S101 - it was started with a pipe
        while line := self._child.stdout.readline(_LONGEST):
            try:
                message = json.loads(line)
            except (ValueError, RecursionError):
                message = None
            if isinstance(message, dict) and ("method" in message or "id" in message):
                return message
            if line.strip():
                sys.stderr.write(line.decode("utf-8", "replace"))
        raise Ended
