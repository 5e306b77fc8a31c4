"""Read the events of opencode."""

from __future__ import annotations

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
    report,
)
from mission_cli.adapters.agents.torn import Events, untorn
from mission_cli.domain.status import Cause

if TYPE_CHECKING:
    from mission_cli.domain.runs.jobs import AgentReport
    from mission_cli.ports.agents.usage import StreamTally

LOGGED = pattern(
    r'^timestamp=\S+ level=ERROR .*?message=(?:"stream error"|failed) .*?'
    r'error(?:\.error)?="(?:\w+: )?(?P<words>(?:[^"\\]|\\.)*)"'
)
_GOOD = "stop"
"""The reason of the last step; also that of a damaged event without one, after which the exit status decides."""
_REASONS = (_GOOD, "tool-calls", "length", "unknown")
_REJECTED = ("rejected permission", "The user rejected", "rule which prevents you from using")


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
        self._events = Events("part", "step_finish")
        self._finished: set[str] = set()
        """Ids of the steps whose end was processed."""

    def line(self, text: str) -> None:
        """Process one line."""
        for event in self._events.of(text):
            self._event(event)

    def _event(self, event: dict[str, Any]) -> None:
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
        logged = LOGGED.match(text[:LONGEST_NOTE])
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
        if code is not None:
            for event in self._events.rest():
                self._event(event)
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
        message = message_of(self._error)
        if "Check server logs" in message and self._logged:
            message = self._logged
        status = facts.get("statusCode")
        cause = cause_of_error(message, status if isinstance(status, int) else None)
        return cause, message, reset_time(message, as_dict(facts.get("responseHeaders")))

    def _answered(self, code: int | None) -> tuple[Cause | None, str]:
        if self._reason == "length":
            return Cause.WRONG_OUTPUT, "the answer was cut off by the model's output limit"
        if code == 0 and self._reason != _GOOD:
            return Cause.PROVIDER_ERROR, f"the last step ended with `{self._reason or 'nothing'}`"
        if code == 0 and not self._text.strip():
            return Cause.NOOP, "the answer was empty"
        return None, ""

    def _finish(self, part: dict[str, Any]) -> None:
        name = str(part.get("id") or "")
        if name and name in self._finished:
            return
        self._finished.add(name)
        self._reason = untorn(part.get("reason", _GOOD), *_REASONS)
        tokens = step_tokens(part)
        if "cost" not in part or "tokens" not in part:
            self._ledger.unknown(tokens)
        elif self._reason == "unknown" and not any(tokens.values()):
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


def message_of(error: dict[str, Any]) -> str:
    """Return what an event says about an error."""
    return str(as_dict(error.get("data")).get("message") or error.get("name") or "error")


def step_tokens(part: dict[str, Any]) -> dict[str, int]:
    """Return the tokens of a step, by kind."""
    found = as_dict(part.get("tokens"))
    cache = as_dict(found.get("cache"))
    return {
        "input": count(found.get("input")),
        "output": count(found.get("output")),
        "reasoning": count(found.get("reasoning")),
        "cache_read": count(cache.get("read")),
        "cache_write": count(cache.get("write")),
    }
