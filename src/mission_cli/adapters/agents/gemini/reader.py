"""Read the events of Gemini CLI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.agents.gemini import ATTEMPTS
from mission_cli.adapters.agents.resets import reset_time
from mission_cli.adapters.agents.stream import Ledger, action, as_dict, cause_of_error, count, noted, report
from mission_cli.adapters.agents.torn import Events, untorn
from mission_cli.domain.status import Cause

if TYPE_CHECKING:
    from mission_cli.domain.runs.jobs import AgentReport
    from mission_cli.ports.agents.usage import StreamTally

_COUNTED = {"total_tokens", "input_tokens", "output_tokens", "cached"}
"""What the end of a run always reports; without these it was damaged."""
_USED_ON = ("command", "file_path", "path", "pattern", "query", "url", "dir_path")
_SUGGESTED = pattern(r"retry after (\d{1,9})s")
_CUT = "without a finish reason"
"""How it says that the stream of each attempt was cut; none of them has usage."""
_GOOD = "success"
_TURNS = 53
"""Its exit status when it has made as many turns as its settings allow."""


class GeminiReader:
    """Follows one run; its tokens are those of the result line."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._session = self._text = self._error = self._denied = ""
        self._result: dict[str, Any] = {}
        self._speaking = False
        self._notes: list[str] = []
        self._tools: dict[str, str] = {}
        self._events = Events("result", "stats")

    def line(self, text: str) -> None:
        """Process one line."""
        for event in self._events.of(text):
            self._event(event)

    def _event(self, event: dict[str, Any]) -> None:
        kind = event.get("type")
        if kind == "init":
            self._session = str(event.get("session_id") or "")
        elif kind == "message" and event.get("role") == "assistant":
            self._text = (self._text if self._speaking else "") + str(event.get("content") or "")
        elif kind == "tool_use":
            given = as_dict(event.get("parameters"))
            used_on = next((given[name] for name in _USED_ON if given.get(name)), "")
            self._ledger.action = action(event.get("tool_name"), used_on)
            self._tools[str(event.get("tool_id"))] = str(event.get("tool_name"))
        elif kind == "tool_result":
            self._answered(event)
        elif kind == "error":
            self._error = str(event.get("message") or "error")
        elif kind == "result" and not self._result and event.keys() & {"status", "stats"}:
            self._result = event
            self._pay(as_dict(event.get("stats")))
            told = str(as_dict(event.get("error")).get("message") or self._error)
            for _ in range(ATTEMPTS if _CUT in told else 0):
                self._ledger.cut_off(self._text)
        self._speaking = kind == "message" or (self._speaking and kind == "error")

    def note(self, text: str) -> None:
        """Process one line of standard error."""
        self._notes = noted(self._notes, text)

    def tally(self) -> StreamTally:
        """Return usage and action so far; the probe adds the tokens of the running turn."""
        return self._ledger.tally()

    def report(self, code: int | None) -> AgentReport:
        """Return how the run went. Success is exit 0, a result without an error, and a text."""
        for event in self._events.rest() if code is not None else ():
            self._event(event)
        cause, detail = self._judged(code)
        return report(
            words=self._text or "\n".join(self._notes[-5:]),
            usage=self._ledger.usage("gemini tokens, list prices"),
            session=self._session,
            steps=self._ledger.steps,
            cause=cause,
            detail=detail,
            reset_at=_reset_in(detail) if cause is Cause.RATE_LIMIT else "",
        )

    def _answered(self, event: dict[str, Any]) -> None:
        failure = as_dict(event.get("error"))
        tool = self._tools.get(str(event.get("tool_id")), "")
        if failure.get("type") == "policy_violation":
            self._denied = tool
        elif not failure and self._denied == tool:
            self._denied = ""  # the tool has worked since

    def _pay(self, stats: dict[str, Any]) -> None:
        if stats.keys() >= _COUNTED:
            self._ledger.step(tokens_of(stats), None)
        else:
            self._ledger.unknown(tokens_of(stats))

    def _judged(self, code: int | None) -> tuple[Cause | None, str]:
        notes = " ".join(self._notes)
        told = str(as_dict(self._result.get("error")).get("message") or "") or self._error
        if untorn(self._result.get("status", _GOOD), _GOOD) != _GOOD or (told and not self._text.strip()):
            words = told or notes or "error"
            return _cause_of(words), words
        if code == _TURNS:
            return Cause.TOO_MANY_STEPS, "it has made as many turns as its settings allow"
        if code is not None and code > 0:
            return cause_of_error(notes) if notes else Cause.WRONG_OUTPUT, notes or f"exit {code}"
        if code == 0 and not self._result:
            return Cause.PROVIDER_ERROR, "it ended without a result"
        if self._denied:
            return Cause.PERMISSION, f"a permission was denied: {self._denied}"
        if code == 0 and not self._text.strip():
            return Cause.NOOP, "the answer was empty"
        return None, ""


def _cause_of(words: str) -> Cause:
    """Return the cause that an error message indicates; it has words of its own for an answer without a text."""
    lowered = words.lower()
    if "empty response" in lowered or "no response text" in lowered or "returned no" in lowered:
        return Cause.NOOP
    if "token limit" in lowered or "max_tokens" in lowered or "maximum output" in lowered:
        return Cause.WRONG_OUTPUT
    return cause_of_error(words)


def _reset_in(words: str) -> str:
    """Return when a limit ends: it adds the provider's seconds to the provider's words."""
    seconds = _SUGGESTED.search(words)
    return reset_time(words, {"retry-after": seconds[1]} if seconds else None)


def tokens_of(stats: dict[str, Any]) -> dict[str, int]:
    """Return tokens by kind. Input includes cached tokens; tokens of thoughts are in the total only."""
    told, output = count(stats.get("input_tokens")), count(stats.get("output_tokens"))
    cached = count(stats.get("cached"))
    return {
        "input": max(0, told - cached),
        "output": output,
        "reasoning": max(0, count(stats.get("total_tokens")) - told - output),
        "cache_read": cached,
    }
