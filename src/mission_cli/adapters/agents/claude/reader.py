"""Read the events of Claude Code."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mission_cli._support.text import LATEST, stamp
from mission_cli.adapters.agents.blocks import action_of, blocks_of, text_of
from mission_cli.adapters.agents.resets import reset_time
from mission_cli.adapters.agents.stream import Ledger, as_dict, as_list, cause_of_error, count, money, noted, report
from mission_cli.adapters.agents.torn import TORN, Events, untorn
from mission_cli.domain.runs.usage import Usage
from mission_cli.domain.status import Cause

if TYPE_CHECKING:
    from mission_cli.domain.runs.jobs import AgentReport
    from mission_cli.ports.agents.usage import StreamTally

_GOOD = "success"


class ClaudeReader:
    """Adds up the events of one run; the cost is that of the result line, if there is one."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._session = ""
        self._result: dict[str, Any] = {}
        self._models: list[dict[str, Any]] = []
        self._limit: dict[str, Any] = {}
        self._text = ""
        self._notes: list[str] = []
        self._events = Events("result")
        self._counted: set[str] = set()
        """Ids of the events with usage that were processed."""

    def line(self, text: str) -> None:
        """Process one line."""
        for event in self._events.of(text):
            self._event(event)

    def _event(self, event: dict[str, Any]) -> None:
        if self._is_repeated(event):
            return
        self._session = str(event.get("session_id") or self._session)
        kind = event.get("type") or ("result" if "total_cost_usd" in event else "")
        if kind == "stream_event":
            self._partial(as_dict(event.get("event")))
        elif kind == "assistant":
            self._assistant(event)
        elif kind == "rate_limit_event":
            self._limit = as_dict(event.get("rate_limit_info"))
        elif kind == "result":
            self._result = {**self._result, **event} if event.get(TORN) else event
            since = as_dict(event.get("model_usage_since_last_result"))
            self._models += map(as_dict, since.values())

    def note(self, text: str) -> None:
        """Process one line of standard error."""
        self._notes = noted(self._notes, text)

    def tally(self) -> StreamTally:
        """Return steps and usage so far, and what the agent does."""
        return self._ledger.tally()

    def report(self, code: int | None) -> AgentReport:
        """Return how the run went. Success is exit 0 and a result without an error, with a text and nothing denied."""
        if code is not None:
            for event in self._events.rest():
                self._event(event)
        cause, detail, reset = self._judged(code)
        return report(
            words=str(self._result.get("result") or self._text or "\n".join(self._notes[-5:])),
            usage=self._usage(),
            session=self._session,
            steps=count(self._result.get("num_turns")) or self._ledger.steps,
            cause=cause,
            detail=detail,
            reset_at=reset,
        )

    def _is_repeated(self, event: dict[str, Any]) -> bool:
        """Whether an event was processed before: what it reports is not used twice."""
        name = str(event.get("uuid") or "")
        if name and name in self._counted:
            return True
        self._counted.add(name)
        return event.get("type") == "result" and event == self._result

    def _judged(self, code: int | None) -> tuple[Cause | None, str, str]:
        result = self._result
        if not result:
            notes = " ".join(self._notes)
            if code is not None and code > 0:
                return cause_of_error(notes) if notes else Cause.WRONG_OUTPUT, notes or f"exit {code}", ""
            return (Cause.PROVIDER_ERROR, "it ended without a result", "") if code == 0 else (None, "", "")
        words = str(result.get("result") or " ".join(map(str, as_list(result.get("errors")))) or result.get("subtype"))
        if "budget" in str(result.get("subtype", "")):
            return Cause.OVER_BUDGET, words, ""
        if result.get("is_error") or untorn(result.get("subtype", _GOOD), _GOOD) != _GOOD:
            status = result.get("api_error_status")
            cause = cause_of_error(words, status if isinstance(status, int) else None)
            return cause, words, self._reset() or reset_time(words)
        if as_list(result.get("permission_denials")):
            denied = as_dict(as_list(result["permission_denials"])[0]).get("tool_name")
            return Cause.PERMISSION, f"a permission was denied: {denied}", ""
        if result.get("stop_reason") in {"length", "max_tokens"}:
            return Cause.WRONG_OUTPUT, "the answer was cut off by the model's output limit", ""
        if not str(result.get("result", self._text) or "").strip():
            return Cause.NOOP, "the answer was empty", ""
        return None, "", ""

    def _usage(self) -> Usage:
        if not self._result:
            return self._ledger.usage("counted from the stream")
        models = self._models or [*map(as_dict, as_dict(self._result.get("modelUsage")).values())]
        tokens: dict[str, int] = {}
        names = (
            ("input", "inputTokens"),
            ("output", "outputTokens"),
            ("cache_read", "cacheReadInputTokens"),
            ("cache_write", "cacheCreationInputTokens"),
        )
        for facts in models:
            for kind, name in names:
                tokens[kind] = tokens.get(kind, 0) + count(facts.get(name))
        if not models:
            tokens = tokens_of(as_dict(self._result.get("usage")))
        cost = self._cost()
        return Usage(usd=cost, tokens={k: v for k, v in tokens.items() if v}, source="claude")

    def _cost(self) -> Decimal | None:
        """Return the cost of this run in dollars; in a resumed conversation the total covers all of it."""
        costs = [money(facts.get("costUSD")) for facts in self._models]
        known = [cost for cost in costs if cost is not None]
        return (
            sum(known, Decimal(0)) if known and len(known) == len(costs) else money(self._result.get("total_cost_usd"))
        )

    def _reset(self) -> str:
        at = count(self._limit.get("resetsAt"))
        known = 0 < at < LATEST.timestamp() and self._limit.get("status") == "rejected"
        return stamp(datetime.fromtimestamp(at, UTC)) if known else ""

    def _partial(self, event: dict[str, Any]) -> None:
        self._ledger.open |= event.get("type") == "message_start"
        if event.get("type") == "message_delta":
            self._ledger.step(tokens_of(as_dict(event.get("usage"))), None)

    def _assistant(self, event: dict[str, Any]) -> None:
        blocks = blocks_of(event)
        self._text = text_of(blocks) or self._text
        for block in blocks:
            self._ledger.action = action_of(block) or self._ledger.action
        if event.get("parent_tool_use_id"):
            self._ledger.step(tokens_of(as_dict(as_dict(event.get("message")).get("usage"))), None)


def tokens_of(usage: dict[str, Any]) -> dict[str, int]:
    """Return tokens by kind."""
    return {
        "input": count(usage.get("input_tokens")),
        "output": count(usage.get("output_tokens")),
        "cache_read": count(usage.get("cache_read_input_tokens")),
        "cache_write": count(usage.get("cache_creation_input_tokens")),
    }
