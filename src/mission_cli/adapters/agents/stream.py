"""Common parts of the readers of agents' JSON lines."""

from __future__ import annotations

import json
import re
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import one_line
from mission_cli.adapters.agents import figures
from mission_cli.domain.runs.jobs import AgentReport
from mission_cli.domain.runs.usage import Usage
from mission_cli.domain.status import Cause
from mission_cli.ports.agents.usage import StreamTally

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.ports.agents.usage import Prices

LAST_WORDS = 4000
LONGEST_ANSWER = 200_000
LONGEST_NOTE = 4000
_NOTES = 20
_LONGEST_NAME = 200
_MOST_CHILDREN = 1000
_CHARS_PER_TOKEN = 4
_STATUS = pattern(r"(?<![:./-])\b([45]\d\d)\b(?![/-])")
"""A number in a URL or a path is not a status."""
_AUTH = pattern(r"api key|unauthori[sz]ed|authenticat|forbidden|credit|billing|log ?in|permission_error", re.IGNORECASE)
_RATE = pattern(r"rate.?limit|usage limit|too many requests|quota|overloaded_error.*429", re.IGNORECASE)
_TOO_LONG = pattern(
    r"context.{0,20}length|prompt is too long|maximum context|ContextOverflow|max_output_tokens|output token maximum",
    re.IGNORECASE,
)
_NOT_THERE = pattern(
    r"not found|no such|(?:does|may) not exist|unknown (?:model|agent|command)"
    r"|No conversation|no rollout found|No (?:previous|saved) session|Invalid session",
    re.IGNORECASE,
)
_BY_STATUS = {401: Cause.AUTH, 402: Cause.AUTH, 403: Cause.AUTH, 429: Cause.RATE_LIMIT}
_SERVER_ERROR = 500


class Ledger:
    """Adds up steps, tokens and dollars of one run; the cost of a broken-off step is estimated."""

    def __init__(self, *, prompt_size: int, prices: Prices) -> None:
        self.tokens: Counter[str] = Counter()
        self.usd: Decimal | None = Decimal(0)
        self.steps = 0
        self.cut = 0
        self.cut_in_a_row = 0
        self.estimated: Counter[str] = Counter()
        self.open = False
        """True while a step has begun and is not over."""
        self.action = ""
        """The tool that the agent uses or used last."""
        self._prices = prices
        self._context = max(1, prompt_size // _CHARS_PER_TOKEN)

    def step(self, tokens: Mapping[str, int], usd: Decimal | None) -> None:
        """Add a completed step. If it has no cost, the cost is computed from prices, or becomes unknown."""
        self.steps += 1
        self.open = False
        self.cut_in_a_row = 0
        self.tokens.update({k: v for k, v in tokens.items() if v})
        self._context = sum(tokens.get(k, 0) for k in ("input", "cache_read", "cache_write")) or self._context
        cost = usd if usd is not None else self._prices.cost(tokens) if any(tokens.values()) else Decimal(0)
        self.usd = None if self.usd is None or cost is None else self.usd + cost

    def unknown(self, tokens: Mapping[str, int]) -> None:
        """Add a completed step whose report is not readable: its cost is unknown."""
        self.step(tokens, Decimal(0))
        self.usd = None

    def cut_off(self, text: str = "") -> None:
        """Add a step whose stream broke off: all of its input and the received output are charged.

        Without prices, the average cost per token in this run applies; if there is none, the cost becomes unknown.
        """
        self.steps += 1
        self.open = False
        self.cut += 1
        self.cut_in_a_row += 1
        tokens = {"input": self._context, "output": max(1, len(text) // _CHARS_PER_TOKEN)}
        cost = self._prices.cost(tokens)
        if cost is None and self.usd:
            cost = self.usd / self.tokens.total() * sum(tokens.values())
        self.tokens.update(tokens)
        self.estimated.update(tokens)
        self.usd = None if self.usd is None or cost is None else self.usd + cost

    def tally(self, limited: str = "", reset_at: str = "") -> StreamTally:
        """Return steps, usage and action so far, and the rate limit that the agent waits for."""
        return StreamTally(
            self.steps,
            dict(self.tokens),
            self.usd,
            self.cut_in_a_row,
            dict(self.estimated),
            limited,
            reset_at,
            self.open,
            self.action,
        )

    def usage(self, source: str) -> Usage:
        """Return the usage, marked if it contains estimates."""
        words = f"{source}, {self.cut} broken steps estimated" if self.cut else source
        return Usage(usd=self.usd, tokens=dict(self.tokens), source=words)


def parse_line(text: str) -> dict[str, Any]:
    """Return the JSON object in a line; empty for anything else."""
    if not text.startswith("{"):
        return {}
    try:
        value = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def as_dict(value: object) -> dict[str, Any]:
    """Return the value if it is an object, otherwise an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """Return the value if it is a list, otherwise an empty one."""
    return value if isinstance(value, list) else []


def count(value: object) -> int:
    """Return a number of tokens; 0 for anything implausible."""
    return figures.tokens(value) or 0


def action(tool: object, what: object = "") -> str:
    """Return a tool and what it is used on, such as `edit src/app.py`; long parts are cut."""
    return " ".join(str(part)[:LONGEST_NOTE] for part in (tool, what) if part)


def money(value: object) -> Decimal | None:
    """Return an amount of dollars; None for anything implausible."""
    return figures.dollars(value)


def noted(notes: list[str], text: str) -> list[str]:
    """Return the last lines of standard error, each cut to a readable length."""
    return [*notes[-_NOTES:], text[:LONGEST_NOTE]]


def cause_of_error(message: str, status: int | None = None) -> Cause:
    """Return the cause that an agent's error message indicates."""
    if status is None:
        found = _STATUS.search(message)
        status = int(found[1]) if found else None
    if _TOO_LONG.search(message):
        return Cause.WRONG_OUTPUT
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if _RATE.search(message):
        return Cause.RATE_LIMIT
    if status is not None and status >= _SERVER_ERROR:
        return Cause.PROVIDER_ERROR
    if _AUTH.search(message):
        return Cause.AUTH
    return Cause.INFRASTRUCTURE if _NOT_THERE.search(message) else Cause.PROVIDER_ERROR


def report(
    *,
    words: str,
    usage: Usage | None,
    session: str,
    steps: int,
    cause: Cause | None,
    detail: str,
    reset_at: str = "",
    children: tuple[str, ...] = (),
) -> AgentReport:
    """Make a report; its words are also the answer."""
    return AgentReport(
        last_words=words[-LAST_WORDS:],
        answer=words[-LONGEST_ANSWER:],
        usage=usage,
        session=session[:_LONGEST_NAME],
        steps=steps,
        cause=cause,
        detail=one_line(detail, 400),
        reset_at=reset_at,
        children=tuple(child[:_LONGEST_NAME] for child in children[:_MOST_CHILDREN]),
    )
