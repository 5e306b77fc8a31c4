"""opencode: `opencode run --format json`, one JSON event per line.

Observed with version 1.18: it reads stdin to its end. It exits with 0 even after an empty or truncated answer, a
rejected permission or an unknown agent. A cut-off stream ends a step with the reason `unknown` and no tokens, and the
next one begins at once, endlessly. It waits for a `retry-after` of hours without an event; only its log shows the
error. Usage of subagents is not in the stream, but at once in the session table of its database. With `--command` it
runs each !`…` in the text in a shell, even in the text passed to the command.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import one_line
from mission_cli.adapters.agents.resets import reset_time
from mission_cli.adapters.agents.stream import (
    LONGEST_NOTE,
    Ledger,
    action,
    as_dict,
    cause_of_error,
    count,
    money,
    noted,
    parse_line,
    report,
)
from mission_cli.domain.status import Cause
from mission_cli.ports.agents import Access, Bill, Invocation

if TYPE_CHECKING:
    from mission_cli.domain.runs import AgentReport
    from mission_cli.ports.agents import Prices, Request, StreamTally

_LOGGED = pattern(
    r'^timestamp=\S+ level=ERROR .*?message=(?:"stream error"|failed) .*?'
    r'error(?:\.error)?="(?:\w+: )?(?P<words>(?:[^"\\]|\\.)*)"'
)
_ALLOW_ALL = {"*": "allow", "question": "deny", "doom_loop": "deny"}
_NO_PROJECT = {"OPENCODE_DISABLE_PROJECT_CONFIG": "1", "OPENCODE_DISABLE_CLAUDE_CODE": "1"}
_REJECTED = ("rejected permission", "The user rejected", "rule which prevents you from using")
_OUTSIDE_DENIED = {**_ALLOW_ALL, "external_directory": "deny"}


class OpencodeAgent:
    """The adapter for opencode."""

    bill = Bill.OWN
    access = Access(
        scratch=(".config/opencode",),
        write=(".local/share/opencode/", ".local/state/opencode/", ".cache/opencode/"),
        env=("OPENCODE_", "ANTHROPIC_", "OPENAI_", "GOOGLE_", "GEMINI_", "OPENROUTER_", "GROQ_", "XAI_", "MISTRAL_"),
        first_makes=".local/share/opencode/opencode.db",
    )
    retry_window_s = 120
    resumes = True

    def invocation(self, request: Request) -> Invocation:
        """Pass the prompt on stdin, with permissions that never ask and without the repository's agent settings."""
        argv = [*request.command, "run", "--format", "json", "--title", one_line(request.title, 80)]
        argv += ["--dir", request.tree] if request.tree else []
        argv += ["--model", request.model] if request.model else []
        argv += ["--session", request.session] if request.session else []
        argv += ["--command", request.slash_command] if request.slash_command else []
        permission = _ALLOW_ALL if request.sandboxed else _OUTSIDE_DENIED
        env = {
            "OPENCODE_PERMISSION": json.dumps(permission),
            "OPENCODE_DISABLE_AUTOUPDATE": "1",
            "OPENCODE_DISABLE_TERMINAL_TITLE": "1",
            "OPENCODE_PRINT_LOGS": "1",
            "OPENCODE_LOG_LEVEL": "ERROR",
        }
        if not request.project_settings:
            env |= _NO_PROJECT
        prompt = request.prompt.replace("!`", "! `") if request.slash_command else request.prompt
        return Invocation(tuple(argv), prompt, {**env, **request.env}, probe="opencode")

    def reader(self, *, prompt_size: int, prices: Prices) -> OpencodeReader:
        """Return a reader for the events of one run."""
        return OpencodeReader(Ledger(prompt_size=prompt_size, prices=prices))

    def describe(self, line: str) -> str:
        """Return what the model said, which tools it used and what went wrong."""
        event = parse_line(line)
        part = as_dict(event.get("part"))
        match event.get("type"):
            case "text":
                return str(part.get("text", ""))
            case "tool_use":
                state = as_dict(part.get("state"))
                words = f"[{part.get('tool')}] {state.get('title') or state.get('status', '')}"
                return words + (f": {one_line(str(state['error']))}" if state.get("error") else "")
            case "error":
                return f"error: {_message(as_dict(event.get('error')))}"
        return "" if event else line

    def open_command(
        self, command: tuple[str, ...], session: str, tree: str, *, project_settings: bool = False
    ) -> tuple[str, ...]:
        """Return the command of the interactive program in the attempt's tree and conversation."""
        quiet = () if project_settings else ("env", *(f"{name}={value}" for name, value in _NO_PROJECT.items()))
        return (*quiet, *command, tree, *(["--session", session] if session else []))


class OpencodeReader:
    """Adds up the events of one run."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._session = ""
        self._reason = ""
        self._text = ""
        self._error: dict[str, Any] = {}
        self._rejected = ""
        self._limited = ""
        self._logged = ""
        self._notes: list[str] = []
        self._children: dict[str, None] = {}

    def line(self, text: str) -> None:
        """Process one event."""
        event = parse_line(text)
        if not event:
            return
        self._session = str(event.get("sessionID") or self._session)
        self._limited = ""
        part = as_dict(event.get("part"))
        kind = event.get("type")
        if kind == "step_start":
            self._reason = ""
            self._ledger.open = True
        elif kind == "text":
            self._text = str(part.get("text", ""))
        elif kind == "step_finish":
            self._finish(part)
        elif kind == "tool_use":
            self._tool(part)
        elif kind == "error":
            self._error = as_dict(event.get("error"))

    def note(self, text: str) -> None:
        """Process one line of standard error, which also contains the log."""
        logged = _LOGGED.match(text[:LONGEST_NOTE])
        if logged is not None:
            self._logged = logged["words"]
            self._limited = self._logged if cause_of_error(self._logged) is Cause.RATE_LIMIT else ""
        elif not text.startswith("timestamp="):
            self._notes = noted(self._notes, text)

    def tally(self) -> StreamTally:
        """Return steps, usage and action so far; the probe adds the usage of subagents."""
        return self._ledger.tally(self._limited, reset_time(self._limited))

    def report(self, code: int | None) -> AgentReport:
        """Return how the run went. Success is exit 0, the last reason `stop`, a text and nothing rejected."""
        cause, detail, reset = self._judged(code)
        words = self._text or "\n".join(self._notes[-5:])
        return report(
            words=words,
            usage=self._ledger.usage("opencode"),
            session=self._session,
            steps=self._ledger.steps,
            cause=cause,
            detail=detail,
            reset_at=reset,
            children=tuple(self._children),
        )

    def _judged(self, code: int | None) -> tuple[Cause | None, str, str]:
        if self._error:
            return self._failed()
        if self._limited:
            return Cause.RATE_LIMIT, self._limited, reset_time(self._limited)
        if self._rejected:
            return Cause.PERMISSION, f"a permission was rejected: {self._rejected}", ""
        notes = " ".join(self._notes)
        if "not found. Falling back" in notes:
            return Cause.INFRASTRUCTURE, notes, ""
        if code is not None and code > 0:
            return cause_of_error(notes) if notes else Cause.WRONG_OUTPUT, notes or f"exit {code}", ""
        return (*self._answered(code), "")

    def _failed(self) -> tuple[Cause, str, str]:
        facts = as_dict(self._error.get("data"))
        message = _message(self._error)
        if "Check server logs" in message and self._logged:
            message = self._logged
        status = facts.get("statusCode")
        cause = cause_of_error(message, status if isinstance(status, int) else None)
        return cause, message, reset_time(message, as_dict(facts.get("responseHeaders")))

    def _answered(self, code: int | None) -> tuple[Cause | None, str]:
        if self._reason == "length":
            return Cause.WRONG_OUTPUT, "the answer was cut off by the model's output limit"
        if code == 0 and self._reason != "stop":
            return Cause.PROVIDER_ERROR, f"the last step ended with `{self._reason or 'nothing'}`"
        if code == 0 and not self._text.strip():
            return Cause.NOOP, "the answer was empty"
        return None, ""

    def _finish(self, part: dict[str, Any]) -> None:
        self._reason = str(part.get("reason", ""))
        found = as_dict(part.get("tokens"))
        cache = as_dict(found.get("cache"))
        tokens = {
            "input": count(found.get("input")),
            "output": count(found.get("output")),
            "reasoning": count(found.get("reasoning")),
            "cache_read": count(cache.get("read")),
            "cache_write": count(cache.get("write")),
        }
        if self._reason == "unknown" and not any(tokens.values()):
            self._ledger.cut_off(self._text)
        else:
            self._ledger.step(tokens, money(part.get("cost")))

    def _tool(self, part: dict[str, Any]) -> None:
        state = as_dict(part.get("state"))
        self._ledger.action = action(part.get("tool"), state.get("title"))
        child = as_dict(state.get("metadata")).get("sessionId")
        if isinstance(child, str):
            self._children[child] = None
        error = str(state.get("error") or "")
        if any(words in error for words in _REJECTED):
            self._rejected = f"{part.get('tool')}: {one_line(error, 120)}"
        elif not error and self._rejected.startswith(f"{part.get('tool')}: "):
            self._rejected = ""  # the tool has worked since


def _message(error: dict[str, Any]) -> str:
    return str(as_dict(error.get("data")).get("message") or error.get("name") or "error")
