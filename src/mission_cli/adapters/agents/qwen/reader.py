"""Read the events of Qwen Code."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.agents.blocks import action_of, blocks_of, text_of
from mission_cli.adapters.agents.resets import reset_time
from mission_cli.adapters.agents.stream import Ledger, as_dict, as_list, cause_of_error, count, noted, report
from mission_cli.adapters.agents.torn import Events
from mission_cli.domain.runs.usage import Usage
from mission_cli.domain.status import Cause

if TYPE_CHECKING:
    from mission_cli.domain.runs.jobs import AgentReport
    from mission_cli.ports.agents.usage import Prices, StreamTally

_ERROR = pattern(r"\[API Error: .*\]\Z", re.DOTALL)
_COUNTED = {"input_tokens", "output_tokens", "cache_read_input_tokens"}
"""What the result always reports; without these it was damaged."""
_EMPTY = "empty response text"
_MOST_PARTS = 3
"""How often it lets the model go on behind the output limit."""


class QwenReader:
    """Adds up the events of one run; the tokens are those of the result line, if there is one."""

    def __init__(self, ledger: Ledger, prices: Prices) -> None:
        self._ledger, self._prices = ledger, prices
        self._session = self._text = self._unpaid = ""
        """`_unpaid`: the last message, if it had no usage."""
        self._result: dict[str, Any] = {}
        self._parts = 0
        """How often the last answer reached the output limit."""
        self._notes: list[str] = []
        self._events = Events("result", "usage")

    def line(self, text: str) -> None:
        """Process one line."""
        for event in self._events.of(text):
            self._event(event)

    def _event(self, event: dict[str, Any]) -> None:
        self._session = str(event.get("session_id") or self._session)
        kind = event.get("type")
        if kind == "assistant":
            self._assistant(event)
        elif kind == "system" and event.get("subtype") == "retry":
            self._retry(as_dict(event.get("data")))
        elif kind == "result" and not self._result and event.keys() & {"subtype", "usage", "is_error"}:
            self._result = event
            if event.get("is_error"):
                self._broken_off()

    def note(self, text: str) -> None:
        """Process one line of standard error."""
        self._notes = noted(self._notes, text)

    def tally(self) -> StreamTally:
        """Return steps, usage and action so far."""
        return self._ledger.tally()

    def report(self, code: int | None) -> AgentReport:
        """Return how the run went. Success is exit 0 and a result without an error, with a text and nothing denied."""
        for event in self._events.rest() if code is not None else ():
            self._event(event)
        cause, detail = self._judged(code)
        return report(
            words=str(self._result.get("result") or self._text or "\n".join(self._notes[-5:])),
            usage=self._usage(),
            session=self._session,
            steps=self._ledger.steps,
            cause=cause,
            detail=detail,
            reset_at=reset_time(detail) if cause is Cause.RATE_LIMIT else "",
        )

    def _judged(self, code: int | None) -> tuple[Cause | None, str]:
        result = self._result
        if not result:
            notes = " ".join(self._notes)
            if code is not None and code > 0:
                return cause_of_error(notes) if notes else Cause.WRONG_OUTPUT, notes or f"exit {code}"
            return (Cause.PROVIDER_ERROR, "it ended without a result") if code == 0 else (None, "")
        if result.get("is_error"):
            words = str(as_dict(result.get("error")).get("message") or result.get("subtype")).strip("[]")
            return Cause.NOOP if _EMPTY in words else cause_of_error(words), words
        denied = as_list(result.get("permission_denials"))
        if denied:
            return Cause.PERMISSION, f"a permission was denied: {as_dict(denied[0]).get('tool_name')}"
        if self._parts >= _MOST_PARTS:
            return Cause.WRONG_OUTPUT, "the answer was cut off by the model's output limit"
        if not str(result.get("result", self._text) or "").strip():
            return Cause.NOOP, "the answer was empty"
        return None, ""

    def _usage(self) -> Usage:
        told = as_dict(self._result.get("usage"))
        if not told:
            return self._ledger.usage("qwen tokens, list prices")
        tokens = tokens_of(told)
        for kind, number in self._ledger.estimated.items():
            tokens[kind] = tokens.get(kind, 0) + number
        cut = f", {self._ledger.cut} broken steps estimated" if self._ledger.cut else ""
        known = {kind: number for kind, number in tokens.items() if number}
        usd = self._prices.cost(known) if known else Decimal(0)
        usd = usd if told.keys() >= _COUNTED else None
        return Usage(usd=usd, tokens=known, source=f"qwen tokens, list prices{cut}")

    def _assistant(self, event: dict[str, Any]) -> None:
        blocks = blocks_of(event)
        text = text_of(blocks)
        self._text = text or self._text
        for block in blocks:
            self._ledger.action = action_of(block) or self._ledger.action
        tokens = tokens_of(as_dict(as_dict(event.get("message")).get("usage")))
        if any(tokens.values()):
            self._ledger.step(tokens, None)
            self._unpaid = ""
        else:
            self._ledger.open = True
            self._unpaid = _ERROR.sub("", text)

    def _retry(self, facts: dict[str, Any]) -> None:
        """Process that a request is repeated: because its stream was cut, or its answer reached the output limit."""
        self._parts = self._parts + 1 if facts.get("preserveText") else 0
        self._broken_off()

    def _broken_off(self) -> None:
        if self._unpaid:
            self._ledger.cut_off(self._unpaid)
            self._unpaid = ""


def tokens_of(usage: dict[str, Any]) -> dict[str, int]:
    """Return tokens by kind. It counts cached tokens as input."""
    cached = count(usage.get("cache_read_input_tokens"))
    return {
        "input": max(0, count(usage.get("input_tokens")) - cached),
        "output": count(usage.get("output_tokens")),
        "cache_read": cached,
    }
