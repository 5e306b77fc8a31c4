"""Claude Code: `claude -p --output-format stream-json`, one JSON event per line.

Observed with version 2.1: only the `result` line has the cost, and its `subtype` may be `success` although `is_error`
is true. Messages in the stream count one output token; the partial `message_delta` has the real count. An unknown model
and a cut-off stream exit with 0. In a resumed conversation, `modelUsage` and the total cost cover the whole
conversation; `model_usage_since_last_result` covers the run.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mission_cli._support.text import (
    LATEST,
    one_line,
    stamp,
)
from mission_cli.adapters.agents.resets import reset_time
from mission_cli.adapters.agents.stream import (
    Ledger,
    action,
    as_dict,
    as_list,
    cause_of_error,
    count,
    money,
    noted,
    parse_line,
    report,
)
from mission_cli.domain.runs import Usage
from mission_cli.domain.status import Cause
from mission_cli.ports.agents import Access, Bill, Invocation

if TYPE_CHECKING:
    from mission_cli.domain.runs import AgentReport
    from mission_cli.ports.agents import Prices, Request, StreamTally

_NEVER = "AskUserQuestion,EnterPlanMode,ScheduleWakeup,CronCreate"
_TOOLS = "Bash,Edit,Write,Read,Glob,Grep,NotebookEdit,Task,WebFetch,WebSearch,TodoWrite,Skill"


_NO_PROJECT = ("--setting-sources", "user", "--strict-mcp-config")


class ClaudeAgent:
    """The adapter for Claude Code."""

    bill = Bill.OWN
    access = Access(
        scratch=(".claude", ".claude.json"),
        write=(".claude/projects/", ".claude/.credentials.json"),
        env=("ANTHROPIC_", "CLAUDE_", "DISABLE_", "AWS_BEDROCK_", "IS_SANDBOX"),
    )
    retry_window_s = 300
    resumes = False
    """Claude Code could resume, but the cost in its result line is then that of the whole conversation."""

    def invocation(self, request: Request) -> Invocation:
        """Pass the prompt on stdin, with permissions that never ask and only the person's own settings."""
        argv = [*request.command, "-p", "--output-format", "stream-json", "--verbose", "--include-partial-messages"]
        argv += ["--disallowedTools", _NEVER]
        if request.sandboxed:
            argv += ["--permission-mode", "bypassPermissions"]
        else:
            argv += ["--permission-mode", "acceptEdits", "--allowedTools", _TOOLS]
        if not request.project_settings:
            argv += _NO_PROJECT
        argv += ["--model", request.model] if request.model else []
        argv += ["--resume", request.session] if request.session else []
        argv += ["--max-budget-usd", f"{request.max_usd:f}"] if request.max_usd else []
        env = {"DISABLE_AUTOUPDATER": "1", "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1"}
        if request.sandboxed:
            env["IS_SANDBOX"] = "1"
        prompt = f"/{request.slash_command} {request.prompt}" if request.slash_command else request.prompt
        return Invocation(tuple(argv), prompt, {**env, **request.env})

    def reader(self, *, prompt_size: int, prices: Prices) -> ClaudeReader:
        """Return a reader for the events of one run."""
        return ClaudeReader(Ledger(prompt_size=prompt_size, prices=prices))

    def describe(self, line: str) -> str:
        """Return what the model said and which tools it used."""
        event = parse_line(line)
        if not event:
            return line
        if event.get("type") == "assistant":
            blocks = as_list(as_dict(event.get("message")).get("content"))
            return "\n".join(filter(None, (_block(as_dict(b)) for b in blocks)))
        if event.get("type") == "result" and event.get("is_error"):
            return f"error: {event.get('result')}"
        return ""

    def open_command(
        self, command: tuple[str, ...], session: str, tree: str, *, project_settings: bool = False
    ) -> tuple[str, ...]:
        """Return the command of the interactive program in the attempt's conversation, to be started in the tree."""
        del tree
        words = [] if project_settings else list(_NO_PROJECT)
        return (*command, *words, *(["--resume", session] if session else []))


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

    def line(self, text: str) -> None:
        """Process one event."""
        event = parse_line(text)
        if not event:
            return
        self._session = str(event.get("session_id") or self._session)
        kind = event.get("type")
        if kind == "stream_event":
            self._partial(as_dict(event.get("event")))
        elif kind == "assistant":
            self._assistant(event)
        elif kind == "rate_limit_event":
            self._limit = as_dict(event.get("rate_limit_info"))
        elif kind == "result":
            self._result = event
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
        if result.get("is_error") or result.get("subtype") != "success":
            status = result.get("api_error_status")
            cause = cause_of_error(words, status if isinstance(status, int) else None)
            return cause, words, self._reset() or reset_time(words)
        if as_list(result.get("permission_denials")):
            denied = as_dict(as_list(result["permission_denials"])[0]).get("tool_name")
            return Cause.PERMISSION, f"a permission was denied: {denied}", ""
        if result.get("stop_reason") in {"length", "max_tokens"}:
            return Cause.WRONG_OUTPUT, "the answer was cut off by the model's output limit", ""
        if not str(result.get("result") or "").strip():
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
            tokens = _tokens(as_dict(self._result.get("usage")))
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
            self._ledger.step(_tokens(as_dict(event.get("usage"))), None)

    def _assistant(self, event: dict[str, Any]) -> None:
        message = as_dict(event.get("message"))
        blocks = [*map(as_dict, as_list(message.get("content")))]
        texts = [str(b.get("text")) for b in blocks if b.get("type") == "text"]
        self._text = "\n".join(texts) or self._text
        for block in blocks:
            if block.get("type") == "tool_use":
                self._ledger.action = action(str(block.get("name", "")).lower(), _object_of(block))
        if event.get("parent_tool_use_id"):
            self._ledger.step(_tokens(as_dict(message.get("usage"))), None)


def _tokens(usage: dict[str, Any]) -> dict[str, int]:
    return {
        "input": count(usage.get("input_tokens")),
        "output": count(usage.get("output_tokens")),
        "cache_read": count(usage.get("cache_read_input_tokens")),
        "cache_write": count(usage.get("cache_creation_input_tokens")),
    }


def _block(block: dict[str, Any]) -> str:
    if block.get("type") == "text":
        return str(block.get("text", ""))
    if block.get("type") == "tool_use":
        return f"[{block.get('name')}] {one_line(_object_of(block), 160)}"
    return ""


def _object_of(tool_use: dict[str, Any]) -> str:
    wanted = as_dict(tool_use.get("input"))
    return str(wanted.get("command") or wanted.get("file_path") or wanted.get("description") or "")
