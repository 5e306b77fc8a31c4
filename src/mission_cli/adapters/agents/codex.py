"""Codex: `codex exec --json`, one JSON event per line.

Observed with version 0.169: it reports tokens but no cost, and only at the end of the turn; while it runs, they are in
its rollout file. An item of type `error` may be just a warning. In a resumed thread, usage is cumulative.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import first_error, one_line
from mission_cli.adapters.agents.resets import reset_time
from mission_cli.adapters.agents.stream import (
    Ledger,
    action,
    as_dict,
    as_list,
    cause_of_error,
    count,
    noted,
    parse_line,
    report,
)
from mission_cli.domain.status import Cause
from mission_cli.ports.agents import Access, Bill, Invocation

if TYPE_CHECKING:
    from mission_cli.domain.runs import AgentReport
    from mission_cli.ports.agents import Prices, Request, StreamTally

_SHELL = pattern(r"\A(?:/\S+/)?(?:ba|z)?sh -l?c (?P<quote>['\"]?)(?P<words>.*)(?P=quote)\Z", re.DOTALL)
"""The shell around each command of the model."""


class CodexAgent:
    """The adapter for Codex."""

    bill = Bill.TOKENS
    access = Access(scratch=(".codex",), write=(".codex/sessions/", ".codex/auth.json"), env=("CODEX_", "OPENAI_"))
    retry_window_s = 120
    resumes = False
    """Codex could resume, but it then reports the usage of the whole thread."""

    def invocation(self, request: Request) -> Invocation:
        """Pass the prompt on stdin. Codex's own sandbox is off, because it forbids commits."""
        argv = [*request.command, "exec"]
        argv += ["resume", request.session] if request.session else []
        argv += ["--json", "--skip-git-repo-check", "-c", 'approval_policy="never"']
        if request.sandboxed:
            argv += ["--dangerously-bypass-approvals-and-sandbox"]
        else:
            argv += ["--sandbox", "danger-full-access"]
        argv += [] if request.project_settings else ["--ignore-rules"]
        argv += ["--model", request.model] if request.model else []
        env = {"CODEX_SQLITE_HOME": "/tmp"} if request.sandboxed else {}  # noqa: S108 - a folder of the sandbox's own
        return Invocation((*argv, "-"), request.prompt, {**env, **request.env}, probe="codex")

    def reader(self, *, prompt_size: int, prices: Prices) -> CodexReader:
        """Return a reader for the events of one run."""
        return CodexReader(Ledger(prompt_size=prompt_size, prices=prices))

    def describe(self, line: str) -> str:
        """Return what the model said and which commands it ran."""
        event = parse_line(line)
        if not event:
            return line
        item = as_dict(event.get("item"))
        if event.get("type") == "item.completed" and item.get("type") == "agent_message":
            return str(item.get("text", ""))
        if event.get("type") == "item.completed" and item.get("type") == "command_execution":
            return f"[command] {one_line(str(item.get('command', '')), 160)} → {item.get('exit_code')}"
        if event.get("type") in {"turn.failed", "error"}:
            return f"error: {_message(event)}"
        return ""

    def open_command(
        self, command: tuple[str, ...], session: str, tree: str, *, project_settings: bool = False
    ) -> tuple[str, ...]:
        """Return the command of the interactive program in the attempt's thread."""
        del project_settings  # Codex asks before it trusts a folder
        return (*command, *(["resume", session] if session else []), "-C", tree)


class CodexReader:
    """Adds up the events of one run."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._session = ""
        self._text = ""
        self._failed = ""
        self._limited = ""
        self._completed = False
        self._notes: list[str] = []

    def line(self, text: str) -> None:
        """Process one event."""
        event = parse_line(text)
        kind = event.get("type")
        item = as_dict(event.get("item"))
        self._limited = ""
        if kind in {"item.started", "item.completed"}:
            self._ledger.action = _action(item) or self._ledger.action
        if kind == "thread.started":
            self._session = str(event.get("thread_id", ""))
        elif kind == "item.completed" and item.get("type") == "agent_message":
            self._text = str(item.get("text", ""))
        elif kind == "turn.completed":
            self._completed = True
            self._ledger.step(tokens_of(as_dict(event.get("usage"))), None)
        elif kind == "turn.failed":
            self._failed = _message(event)
        elif kind == "error":
            self._trouble(_message(event))

    def note(self, text: str) -> None:
        """Process one line of standard error."""
        self._notes = noted(self._notes, text)

    def tally(self) -> StreamTally:
        """Return steps, usage and action so far; the probe adds the tokens of the running turn."""
        return self._ledger.tally(self._limited, reset_time(self._limited))

    def report(self, code: int | None) -> AgentReport:
        """Return how the run went. Success is exit 0, a completed turn and a text."""
        cause, detail, reset = self._judged(code)
        return report(
            words=self._text or "\n".join(self._notes[-5:]),
            usage=self._ledger.usage("codex tokens, list prices"),
            session=self._session,
            steps=self._ledger.steps,
            cause=cause,
            detail=detail,
            reset_at=reset,
        )

    def _trouble(self, message: str) -> None:
        """Process an error after which Codex continues: a broken stream, or a rate limit that it waits for."""
        if "stream disconnected" in message:
            self._ledger.cut_off()
        if cause_of_error(message) is Cause.RATE_LIMIT:
            self._limited = message

    def _judged(self, code: int | None) -> tuple[Cause | None, str, str]:
        failed = self._failed or self._limited
        if failed:
            return cause_of_error(failed), failed, reset_time(failed)
        notes = first_error("\n".join(self._notes))
        if code is not None and code > 0:
            return cause_of_error(notes) if notes else Cause.WRONG_OUTPUT, notes or f"exit {code}", ""
        if code == 0 and not self._completed:
            return Cause.PROVIDER_ERROR, "it ended without completing its turn", ""
        if code == 0 and not self._text.strip():
            return Cause.NOOP, "the answer was empty", ""
        return None, "", ""


def tokens_of(usage: dict[str, Any]) -> dict[str, int]:
    """Return tokens by kind. Codex counts cached tokens as input, and reasoning tokens as output."""
    cached, reasoning = count(usage.get("cached_input_tokens")), count(usage.get("reasoning_output_tokens"))
    written = count(usage.get("cache_write_input_tokens"))
    return {
        "input": max(0, count(usage.get("input_tokens")) - cached - written),
        "output": max(0, count(usage.get("output_tokens")) - reasoning),
        "reasoning": reasoning,
        "cache_read": cached,
        "cache_write": written,
    }


def _action(item: dict[str, Any]) -> str:
    """Return what a tool's item does; empty for an item that is no tool."""
    match item.get("type"):
        case "command_execution":
            return action("run", _SHELL.sub(r"\g<words>", str(item.get("command", ""))))
        case "file_change":
            return action("edit", ", ".join(str(as_dict(c).get("path", "")) for c in as_list(item.get("changes"))))
        case "mcp_tool_call":
            return action(item.get("tool"))
        case "web_search":
            return action("search", item.get("query"))
    return ""


def _message(event: dict[str, Any]) -> str:
    return str(as_dict(event.get("error")).get("message") or event.get("message") or "error")
