"""A model server on loopback: OpenAI chat completions and responses, Anthropic messages, Gemini, streaming, scripted.

A script is a function from (prompt, step) to a turn. The prompt is the newest text of the user; the step is how
many answers the model has given since. Nothing else is remembered, so any number of agents may talk to it at once.
What it has answered is on its bill.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Turn:
    """One answer. `tools` are (name, arguments) with the names bash and write, and `tool:NAME` for one of a server."""

    text: str = ""
    tools: tuple[tuple[str, dict[str, Any]], ...] = ()
    input: int = 1000
    output: int = 50
    cached: int = 0
    reasoning: int = 0
    finish: str = ""
    """`length`: cut off by the output limit, as each protocol says it."""
    status: int = 200
    error: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    resets_in: int = 0
    """With status 429: a limit of the account that ends in so many seconds, as each provider says it."""
    drop: bool = False
    """Close the connection in the middle of the stream."""
    seconds: float = 0
    """How long the model thinks."""
    wait: threading.Event | None = None
    """Answer only when this is set."""


Script = Callable[[str, int], Turn]


@dataclass
class Bill:
    """What the server has answered, also in streams that it cut."""

    requests: int = 0
    tokens: Counter[str] = field(default_factory=Counter)

    def cost(self, **per_million: float) -> float:
        """Dollars at these prices."""
        return sum(self.tokens[kind] * price for kind, price in per_million.items()) / 1_000_000


class ModelServer:
    """Serves one script; `url` is its address."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.bill = Bill()
        self.prompts: list[str] = []
        self.bodies: list[bytes] = []
        """Requests as they came, the conversation and all."""
        self.lock = threading.Lock()
        outer = self

        class Handler(_Handler):
            server_of = outer

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextmanager
    def running(self) -> Iterator[ModelServer]:
        """Serve while the context lasts."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def reset(self) -> None:
        """Begin a new bill."""
        with self.lock:
            self.bill, self.prompts, self.bodies = Bill(), [], []

    def answer(self, prompt: str, step: int) -> Turn:
        """The turn for a request, put on the bill when it is answered."""
        turn = self.script(prompt, step)
        with self.lock:
            self.prompts.append(prompt)
            self.bill.requests += 1
        if turn.seconds:
            threading.Event().wait(turn.seconds)
        if turn.wait is not None:
            turn.wait.wait(60)
        if turn.status == 200:
            with self.lock:
                self.bill.tokens.update(
                    input=turn.input - turn.cached,
                    cache_read=turn.cached,
                    output=turn.output - turn.reasoning,
                    reasoning=turn.reasoning,
                )
        return turn


class _Handler(BaseHTTPRequestHandler):
    server_of: ModelServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Stay silent."""

    def do_GET(self) -> None:
        self._json(200, {"object": "list", "data": [{"id": "model", "object": "model"}]})

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}"
        body = json.loads(raw)
        path = self.path.split("?")[0]
        if path.endswith("/count_tokens"):
            self._json(200, {"input_tokens": 100})
            return
        if path.endswith(":countTokens"):
            self._json(200, {"totalTokens": 100})
            return
        kind = next((k for k in _READ if path.endswith(k)), "")
        if not kind:
            self._json(404, {"error": {"message": f"no {path}"}})
            return
        prompt, step, offered = _READ[kind](body)
        self.server_of.bodies.append(raw)
        turn = self.server_of.answer(prompt, step)
        if turn.status != 200:
            self._refuse(turn, kind)
            return
        calls = [(f"call_{uuid.uuid4().hex[:12]}", *_tool(name, args, offered, kind)) for name, args in turn.tools]
        try:
            model = str(body.get("model") or path.rpartition("/")[2].partition(":")[0])
            if kind == ":generateContent":
                self._json(200, _content_events(turn, calls, model)[-1][1])
                return
            self._stream(_EVENTS[kind](turn, calls, model), cut=turn.drop)
        except (BrokenPipeError, ConnectionResetError):
            return

    def _refuse(self, turn: Turn, kind: str) -> None:
        error: dict[str, Any] = {"type": "api_error", "message": turn.error or str(turn.status)}
        headers = dict(turn.headers)
        if turn.resets_in:
            at = int(time.time()) + turn.resets_in
            headers |= {"retry-after": str(turn.resets_in), "anthropic-ratelimit-unified-status": "rejected"}
            headers |= {"anthropic-ratelimit-unified-reset": str(at)}
            headers |= {"anthropic-ratelimit-unified-representative-claim": "five_hour"}
            error |= {"type": "usage_limit_reached" if kind == "responses" else "rate_limit_error", "resets_at": at}
        if kind in _GEMINI:
            retry = turn.resets_in or turn.headers.get("retry-after")
            info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{retry}s"}
            status = {401: "UNAUTHENTICATED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED"}.get(turn.status, "INTERNAL")
            facts = {"code": turn.status, "message": turn.error or str(turn.status), "status": status}
            self._json(turn.status, {"error": {**facts, "details": [info] if retry else []}}, headers)
            return
        self._json(turn.status, {"type": "error", "error": error}, headers)

    def _stream(self, events: list[tuple[str, Any]], *, cut: bool) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        for name, event in events[: len(events) // 2] if cut else events:
            data = event if isinstance(event, str) else json.dumps(event)
            self.wfile.write(f"{f'event: {name}{chr(10)}' if name else ''}data: {data}\n\n".encode())
        self.wfile.flush()

    def _json(self, status: int, value: object, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(data)


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    kinds = {"text", "input_text", "output_text"}
    texts = [str(p.get("text") or "") for p in parts if isinstance(p, dict) and p.get("type") in kinds]
    return "\n".join(t for t in texts if not t.startswith("<"))  # agents add reminders in tags


def _chat(body: dict[str, Any]) -> tuple[str, int, list[str]]:
    prompt, step = "", 0
    for message in body.get("messages", []):
        if message.get("role") == "user":
            text = _text(message.get("content"))
            prompt, step = (text, 0) if text or not prompt else (prompt, step)
        elif message.get("role") == "assistant":
            step += 1
    return prompt, step, [t["function"]["name"] for t in body.get("tools") or []]


def _messages(body: dict[str, Any]) -> tuple[str, int, list[str]]:
    prompt, step = "", 0
    for message in body.get("messages", []):
        content = message.get("content")
        if message.get("role") == "assistant":
            step += 1
        elif message.get("role") == "user" and (text := _text(content)):
            prompt, step = text, 0
    return prompt, step, [t.get("name", "") for t in body.get("tools") or []]


def _responses(body: dict[str, Any]) -> tuple[str, int, list[str]]:
    prompt, step, calling = "", 0, False
    for item in body.get("input") or []:
        kind = item.get("type", "message")
        if kind == "message" and item.get("role") == "user":
            prompt, step, calling = _text(item.get("content")) or prompt, 0, False
        elif kind.endswith("_call"):
            step, calling = (step if calling else step + 1), True
        else:
            calling = False
    tools = body.get("tools") or []
    spaces = [f"{t['name']}/{one['name']}" for t in tools if t.get("type") == "namespace" for one in t["tools"]]
    return prompt, step, [*(t.get("name") or t.get("type") for t in tools), *spaces]


def _contents(body: dict[str, Any]) -> tuple[str, int, list[str]]:
    """The same of a request to Gemini, where results of tools are messages of the user."""
    prompt, step = "", 0
    for content in body.get("contents", []):
        texts = [str(part.get("text", "")) for part in content.get("parts", []) if "text" in part]
        text = "\n".join(t for t in texts if not t.startswith("<"))
        if content.get("role") == "model":
            step += 1
        elif text:
            prompt, step = text, 0
    tools = [one for tool in body.get("tools") or [] for one in tool.get("functionDeclarations") or []]
    return prompt, step, [str(one.get("name")) for one in tools]


def _tool(name: str, args: dict[str, Any], offered: list[str], kind: str) -> tuple[str, dict[str, Any]]:
    """The tool as the calling agent names it."""
    if name.startswith("tool:"):
        return next((one for one in offered if one.endswith(name.removeprefix("tool:"))), name), dict(args)
    if kind == "responses":
        command = args.get("command") or f"cat > '{args['path']}' <<'EOF'\n{args['content']}\nEOF"
        return (
            ("exec_command", {"cmd": command}) if "exec_command" in offered else ("shell_command", {"command": command})
        )
    if "run_shell_command" in offered and name in {"bash", "write"}:
        if name == "write" and args["path"].startswith("/"):  # it takes no other paths
            return "write_file", {"file_path": args["path"], "content": args["content"]}
        command = args.get("command") or f"cat > '{args['path']}' <<'EOF'\n{args['content']}EOF"
        return "run_shell_command", {"command": command, "description": "run", "is_background": False}
    claude = "Bash" in offered
    if name == "bash":
        return "Bash" if claude else "bash", {"command": args["command"], "description": "run"}
    if name == "write":
        key = "file_path" if claude else "filePath"
        return "Write" if claude else "write", {key: args["path"], "content": args["content"]}
    return name, dict(args)


Calls = list[tuple[str, str, dict[str, Any]]]


def _chat_events(turn: Turn, calls: Calls, model: str) -> list[tuple[str, Any]]:
    identity = f"chatcmpl-{uuid.uuid4().hex[:12]}"

    def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> tuple[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return "", {
            "id": identity,
            "object": "chat.completion.chunk",
            "created": 0,
            "model": model,
            "choices": [choice],
            **more,
        }

    usage = {
        "prompt_tokens": turn.input,
        "completion_tokens": turn.output,
        "total_tokens": turn.input + turn.output,
        "prompt_tokens_details": {"cached_tokens": turn.cached},
        "completion_tokens_details": {"reasoning_tokens": turn.reasoning},
    }
    events = [chunk({"role": "assistant", "content": ""})]
    events += [chunk({"content": turn.text})] if turn.text else []
    for index, (call, name, args) in enumerate(calls):
        function = {"name": name, "arguments": json.dumps(args)}
        events.append(chunk({"tool_calls": [{"index": index, "id": call, "type": "function", "function": function}]}))
    events.append(chunk({}, turn.finish or ("tool_calls" if calls else "stop")))
    last = chunk({})[1]
    return [*events, ("", {**last, "choices": [], "usage": usage}), ("", "[DONE]")]


def _message_events(turn: Turn, calls: Calls, model: str) -> list[tuple[str, Any]]:
    usage = {
        "input_tokens": turn.input - turn.cached,
        "cache_read_input_tokens": turn.cached,
        "cache_creation_input_tokens": 0,
    }
    message = {
        "id": f"msg_{uuid.uuid4().hex[:12]}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
    }
    begin = {**message, "stop_reason": None, "stop_sequence": None, "usage": {**usage, "output_tokens": 1}}
    events: list[tuple[str, Any]] = [("message_start", {"type": "message_start", "message": begin})]
    blocks: list[tuple[dict[str, Any], dict[str, Any]]] = []
    if turn.text:
        blocks.append(({"type": "text", "text": ""}, {"type": "text_delta", "text": turn.text}))
    for call, name, args in calls:
        start = {"type": "tool_use", "id": f"toolu_{call[5:]}", "name": name, "input": {}}
        blocks.append((start, {"type": "input_json_delta", "partial_json": json.dumps(args)}))
    for index, (start, delta) in enumerate(blocks):
        events.append(("content_block_start", {"type": "content_block_start", "index": index, "content_block": start}))
        events.append(("content_block_delta", {"type": "content_block_delta", "index": index, "delta": delta}))
        events.append(("content_block_stop", {"type": "content_block_stop", "index": index}))
    reason = {"": "tool_use" if calls else "end_turn", "length": "max_tokens"}.get(turn.finish, turn.finish)
    stop = {"stop_reason": reason, "stop_sequence": None}
    events.append(
        ("message_delta", {"type": "message_delta", "delta": stop, "usage": {**usage, "output_tokens": turn.output}})
    )
    return [*events, ("message_stop", {"type": "message_stop"})]


def _response_events(turn: Turn, calls: Calls, model: str) -> list[tuple[str, Any]]:
    items: list[dict[str, Any]] = []
    if turn.text:
        content = [{"type": "output_text", "text": turn.text, "annotations": []}]
        items.append({"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": content})
    for call, name, args in calls:
        space, _, plain = name.rpartition("/")
        item = {
            "type": "function_call",
            "id": f"fc_{call}",
            "call_id": call,
            "name": plain,
            "arguments": json.dumps(args),
        }
        items.append({**item, "namespace": space} if space else item)
    usage = {
        "input_tokens": turn.input,
        "input_tokens_details": {"cached_tokens": turn.cached},
        "output_tokens": turn.output,
        "output_tokens_details": {"reasoning_tokens": turn.reasoning},
        "total_tokens": turn.input + turn.output,
    }
    response = {"id": f"resp_{uuid.uuid4().hex[:12]}", "object": "response", "model": model, "output": items}
    events: list[tuple[str, Any]] = [
        ("response.created", {"type": "response.created", "response": {**response, "status": "in_progress"}})
    ]
    for index, item in enumerate(items):
        events.append(
            ("response.output_item.done", {"type": "response.output_item.done", "output_index": index, "item": item})
        )
    done = {**response, "status": "completed", "usage": usage}
    if turn.finish == "length":
        done |= {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    name = f"response.{done['status']}"
    return [*events, (name, {"type": name, "response": done})]


def _content_events(turn: Turn, calls: Calls, model: str) -> list[tuple[str, Any]]:
    parts: list[dict[str, Any]] = [{"text": turn.text}] if turn.text else []
    parts += [{"functionCall": {"id": call, "name": name, "args": args}} for call, name, args in calls]
    usage = {
        "promptTokenCount": turn.input,
        "cachedContentTokenCount": turn.cached,
        "candidatesTokenCount": turn.output - turn.reasoning,
        "thoughtsTokenCount": turn.reasoning,
        "totalTokenCount": turn.input + turn.output,
    }
    finish = {"": "STOP", "length": "MAX_TOKENS"}.get(turn.finish, turn.finish)
    said = {"index": 0, "content": {"role": "model", "parts": parts}}
    ended = {"index": 0, "content": {"role": "model", "parts": []}, "finishReason": finish}
    whole = {**said, "finishReason": finish}
    first = {"candidates": [said], "modelVersion": model}
    last, both = ({"candidates": [one], "modelVersion": model, "usageMetadata": usage} for one in (ended, whole))
    return [("", first), ("", last), ("", both)]


_GEMINI = (":generateContent", ":streamGenerateContent")
_READ: dict[str, Callable[[dict[str, Any]], tuple[str, int, list[str]]]] = {
    "chat/completions": _chat,
    "responses": _responses,
    "messages": _messages,
    ":generateContent": _contents,
    ":streamGenerateContent": _contents,
}
_EVENTS: dict[str, Callable[[Turn, Calls, str], list[tuple[str, Any]]]] = {
    "chat/completions": _chat_events,
    "messages": _message_events,
    "responses": _response_events,
    ":streamGenerateContent": lambda turn, calls, model: _content_events(turn, calls, model)[:2],
}
