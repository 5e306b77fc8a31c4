"""What readers make of lines that real agents rarely print; `tests/conformance` has the usual ones."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from mission_cli.adapters.agents import AGENTS
from mission_cli.adapters.agents.stream import Ledger
from mission_cli.domain.status import Cause
from mission_cli.ports.agents import Prices, Reader

LIMITED = (
    'timestamp=2026-11-23T16:00:00.000Z level=ERROR run=1 message="stream error" providerID=p modelID=m '
    'session.id=ses_1 error.error="AI_APICallError: Rate limit reached, said \\"p\\""'
)
DENIED = "The user has specified a rule which prevents you from using this specific tool call."
DONE = {"type": "step_finish", "part": {"reason": "stop", "tokens": {"input": 1, "output": 1}, "cost": 0}}


def opencode(*events: dict[str, Any]) -> Reader:
    reader = AGENTS["opencode"].reader(prompt_size=400, prices=Prices())
    for event in events:
        reader.line(json.dumps({"sessionID": "ses_1", **event}))
    return reader


def tool(name: str, error: str = "") -> dict[str, Any]:
    return {"type": "tool_use", "part": {"tool": name, "state": {"error": error} if error else {}}}


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "part": {"text": words}}


def test_opencode_waits_for_a_limit_until_its_next_event() -> None:
    reader = opencode()
    reader.note(LIMITED)
    assert reader.tally().limited == 'Rate limit reached, said \\"p\\"'
    assert reader.report(None).cause is Cause.RATE_LIMIT
    reader.line(json.dumps({"type": "step_start"}))
    assert reader.tally().limited == ""
    assert reader.report(None).cause is None


ACTIONS: dict[str, tuple[list[dict[str, Any]], str]] = {
    "opencode": (
        [
            {"type": "step_start"},
            {"type": "tool_use", "part": {"tool": "edit", "state": {"title": "src/app.py", "status": "completed"}}},
            {"type": "text", "part": {"text": "Done."}},
        ],
        "edit src/app.py",
    ),
    "claude": (
        [
            {
                "type": "assistant",
                "message": {
                    "content": [
                        {"type": "text", "text": "I run the tests."},
                        {"type": "tool_use", "name": "Bash", "input": {"command": "pytest -q", "description": "test"}},
                    ]
                },
            },
            {"type": "user", "message": {"content": [{"type": "tool_result", "content": "ok"}]}},
        ],
        "bash pytest -q",
    ),
    "codex": (
        [
            {"type": "item.completed", "item": {"type": "file_change", "changes": [{"path": "a.py"}, {"path": "b"}]}},
            {"type": "item.started", "item": {"type": "command_execution", "command": "/bin/bash -lc 'pytest -q'"}},
            {"type": "item.completed", "item": {"type": "reasoning", "text": "hm"}},
        ],
        "run pytest -q",
    ),
}


@pytest.mark.parametrize("name", ACTIONS)
def test_a_reader_knows_the_tool_that_its_agent_uses(name: str) -> None:
    events, action = ACTIONS[name]
    reader = AGENTS[name].reader(prompt_size=400, prices=Prices())
    assert reader.tally().action == ""
    for event in events:
        reader.line(json.dumps(event))
    assert reader.tally().action == action


def test_what_a_program_does_is_its_last_line() -> None:
    reader = AGENTS["command"].reader(prompt_size=400, prices=Prices())
    for line in ("building", "step 2 of 3", "  "):
        reader.line(line)
    reader.note("a warning")
    assert reader.tally().action == "step 2 of 3"


def test_a_denied_tool_that_works_later_is_no_refusal() -> None:
    gave_up = opencode(tool("write", DENIED), tool("read"), text("I cannot."), DONE)
    assert gave_up.report(0).cause is Cause.PERMISSION
    found_a_way = opencode(tool("write", DENIED), tool("write"), text("Done."), DONE)
    assert found_a_way.report(0).cause is None


def test_a_broken_step_costs_its_price_else_the_rate_of_those_before_it_else_nobody_knows() -> None:
    priced = Ledger(prompt_size=400, prices=Prices({"input": Decimal("0.01"), "output": Decimal("0.02")}))
    priced.cut_off("word")
    assert priced.usage("x").usd == Decimal("1.02")

    rated = Ledger(prompt_size=400, prices=Prices())
    rated.step({"input": 90, "output": 10}, Decimal("0.5"))
    rated.cut_off("word" * 10)
    assert rated.usage("x").usd == Decimal("1.0")
    assert rated.usage("x").source == "x, 1 broken steps estimated"

    unknown = Ledger(prompt_size=400, prices=Prices())
    unknown.cut_off("word")
    assert unknown.usage("x").usd is None
    assert unknown.usage("x").tokens == {"input": 100, "output": 1}
