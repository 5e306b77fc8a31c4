"""Read the events of Codex."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import first_error
from mission_cli.adapters.agents.resets import reset_time
from mission_cli.adapters.agents.stream import Ledger, action, as_dict, as_list, cause_of_error, count, noted, report
from mission_cli.adapters.agents.torn import Events
from mission_cli.domain.status import Cause

if TYPE_CHECKING:
    from mission_cli.domain.runs.jobs import AgentReport
    from mission_cli.ports.agents.usage import StreamTally

SHELL = pattern(r"\A(?:/\S+/)?(?:ba|z)?sh -l?c (?P<quote>['\"]?)(?P<words>.*)(?P=quote)\Z", re.DOTALL)
"""The shell around each command of the model."""

_COUNTED = {"input_tokens", "cached_input_tokens", "output_tokens"}
"""What the end of a turn always reports; without these it was damaged."""


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
        self._usage: dict[str, Any] = {}
        """What the last event said that ended the turn."""
        self._events = Events("usage", "turn.completed")

    def line(self, text: str) -> None:
        """Process one line."""
        self._limited = ""
        for event in self._events.of(text):
            self._event(event)

    def _event(self, event: dict[str, Any]) -> None:
        kind = event.get("type")
        item = as_dict(event.get("item"))
        if kind in {"item.started", "item.completed"}:
            self._ledger.action = _action(item) or self._ledger.action
        if kind == "thread.started":
            self._session = str(event.get("thread_id", ""))
        elif kind == "item.completed" and item.get("type") == "agent_message":
            self._text = str(item.get("text", ""))
        elif kind == "turn.completed":
            self._complete(as_dict(event.get("usage")))
        elif kind == "turn.failed":
            self._failed = message_of(event)
        elif kind == "error":
            self._trouble(message_of(event))

    def note(self, text: str) -> None:
        """Process one line of standard error."""
        self._notes = noted(self._notes, text)

    def tally(self) -> StreamTally:
        """Return steps, usage and action so far; the probe adds the tokens of the running turn."""
        return self._ledger.tally(self._limited, reset_time(self._limited))

    def report(self, code: int | None) -> AgentReport:
        """Return how the run went. Success is exit 0, a completed turn and a text."""
        if code is not None:
            for event in self._events.rest():
                self._event(event)
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

    def _complete(self, usage: dict[str, Any]) -> None:
        """Process the end of the turn; the same one again changes nothing."""
        if self._completed and usage == self._usage:
            return
        self._completed, self._usage = True, usage
        if usage.keys() >= _COUNTED:
            self._ledger.step(tokens_of(usage), None)
        else:
            self._ledger.unknown(tokens_of(usage))

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
    """Return what a tool's item does; empty for an item that is not a tool."""
    match item.get("type"):
        case "command_execution":
            return action("run", SHELL.sub(r"\g<words>", str(item.get("command", ""))))
        case "file_change":
            return action("edit", ", ".join(str(as_dict(c).get("path", "")) for c in as_list(item.get("changes"))))
        case "mcp_tool_call":
            return action(item.get("tool"))
        case "web_search":
            return action("search", item.get("query"))
    return ""


def message_of(event: dict[str, Any]) -> str:
    """Return what an event says about an error."""
    return str(as_dict(event.get("error")).get("message") or event.get("message") or "error")
