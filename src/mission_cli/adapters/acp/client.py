"""One turn of an agent over ACP, printed as events.

Events: `start` (agent, protocol), `session` (id), `text`, `tool` (id, title, kind, status, input, output), `denied`
(title, why), `error` (message), `end` (reason). The exit status is 0 after a turn that the agent ended by itself.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

from mission_cli.adapters.acp.connection import Connection, Ended, Refused
from mission_cli.adapters.acp.policy import answer

if TYPE_CHECKING:
    from types import FrameType

PROTOCOL = 1
_PATIENCE = 5.0
_CAPABILITIES = {"fs": {"readTextFile": False, "writeTextFile": False}, "terminal": False}
"""The agent uses its own tools, in the sandbox that it shares with this client."""
_LONGEST_OUTPUT = 4000
_OURS = "MISSION_"
"""Variables that the servers of tools need."""
_GOOD, _CANCELLED = "end_turn", "cancelled"


def run(words: list[str]) -> int:
    """Run one turn; `words` are `--model M --session S --servers JSON -- COMMAND …`, each option at most once."""
    at = words.index("--")
    given = dict(zip(words[:at:2], words[1:at:2], strict=True))
    prompt = sys.stdin.buffer.read().decode("utf-8", "replace")
    turn = _Turn(words[at + 1 :], given.get("--model", ""), given.get("--session", ""), given.get("--servers", "[]"))
    try:
        return turn.take(prompt)
    except OSError as error:
        _print("error", message=f"{words[at + 1]}: {error.strerror}")
        return 127


class _Turn:
    def __init__(self, command: list[str], model: str, session: str, servers: str) -> None:
        self._model, self._session, self._servers = model, session, json.loads(servers)
        self._tree = os.getcwd()  # noqa: PTH109 - a text for the protocol
        self._text: list[str] = []
        self._quiet = False
        """While an earlier conversation is told again."""
        self._agent = Connection(command, self._asked)

    def take(self, prompt: str) -> int:
        """Start the agent, give it the prompt, and return the exit status."""
        signal.signal(signal.SIGTERM, self._cancel)
        try:
            self._open()
            parts = [{"type": "text", "text": prompt}]
            answered = self._agent.request("session/prompt", {"sessionId": self._session, "prompt": parts})
        except Refused as refused:
            self._told()
            _print("error", message=str(refused), code=refused.code)
            self._agent.close(_PATIENCE)
            return 1
        except Ended:
            self._told()
            code = self._agent.close(_PATIENCE)
            _print("error", message=f"the agent ended with {code} before it answered")
            return 1
        self._told()
        reason = str(answered.get("stopReason") or "")
        _print("end", reason=reason)
        self._agent.close(_PATIENCE)
        return 0 if reason == _GOOD else 1

    def _open(self) -> None:
        info = {"name": "mission", "title": "mission", "version": "1"}
        wanted = {"protocolVersion": PROTOCOL, "clientCapabilities": _CAPABILITIES, "clientInfo": info}
        found = self._agent.request("initialize", wanted)
        _print("start", agent=found.get("agentInfo") or {}, protocol=found.get("protocolVersion"))
        if found.get("protocolVersion") != PROTOCOL:
            raise Refused(
                {"message": f"it speaks version {found.get('protocolVersion')} of the protocol, not {PROTOCOL}"}
            )
        variables = [{"name": name, "value": value} for name, value in os.environ.items() if name.startswith(_OURS)]
        where = {"cwd": self._tree, "mcpServers": [{**server, "env": variables} for server in self._servers]}
        if self._session:
            self._quiet = True
            self._agent.request("session/load", {"sessionId": self._session, **where})
            self._quiet = False
            opened: dict[str, Any] = {}
        else:
            opened = self._agent.request("session/new", where)
            self._session = str(opened.get("sessionId") or "")
        _print("session", id=self._session)
        self._choose_model(opened)

    def _choose_model(self, opened: dict[str, Any]) -> None:
        """Choose the model: as a setting of the session, or by the older method, if the agent has either."""
        if not self._model:
            return
        options = opened.get("configOptions")
        named = [o for o in options or [] if isinstance(o, dict) and o.get("category") == "model"]
        if named:
            chosen = {"sessionId": self._session, "configId": named[0].get("id"), "value": self._model}
            self._agent.request("session/set_config_option", chosen)
        else:
            self._agent.request("session/set_model", {"sessionId": self._session, "modelId": self._model})

    def _asked(self, method: str, params: dict[str, Any]) -> dict[str, Any] | None:
        """Answer a request of the agent, or take what it tells."""
        if method == "session/update":
            update = params.get("update")
            if isinstance(update, dict) and not self._quiet:
                self._updated(update)
            return {}
        if method != "session/request_permission":
            return None
        outcome, why = answer(params, self._tree, ("/tmp",))  # noqa: S108 - the sandbox has one of its own
        if why:
            call = params.get("toolCall")
            self._told()
            _print("denied", title=str(call.get("title") or "") if isinstance(call, dict) else "", why=why)
        return {"outcome": outcome}

    def _updated(self, update: dict[str, Any]) -> None:
        kind = update.get("sessionUpdate")
        if kind == "agent_message_chunk":
            content = update.get("content")
            self._text.append(str(content.get("text") or "") if isinstance(content, dict) else "")
        elif kind in {"tool_call", "tool_call_update"}:
            self._told()
            given = {name: update[name] for name in ("title", "kind", "status") if update.get(name)}
            more = {"input": update["rawInput"]} if update.get("rawInput") else {}
            output = "\n".join(_texts(update.get("content")))[:_LONGEST_OUTPUT]
            _print("tool", id=update.get("toolCallId"), **given, **more, **({"output": output} if output else {}))

    def _told(self) -> None:
        """Print the message whose parts have come so far."""
        text, self._text = "".join(self._text), []
        if text.strip():
            _print("text", text=text)

    def _cancel(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if self._session:
            self._agent.notify("session/cancel", {"sessionId": self._session})


def _texts(content: object) -> list[str]:
    """Return the texts in what a tool has answered."""
    parts = [part.get("content") for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    return [str(part.get("text") or "") for part in parts if isinstance(part, dict) and part.get("type") == "text"]


def _print(event: str, **facts: object) -> None:
    sys.stdout.write(json.dumps({"type": f"acp.{event}", **facts}, ensure_ascii=False) + "\n")
    sys.stdout.flush()
