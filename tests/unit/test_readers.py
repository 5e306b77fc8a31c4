"""What readers make of lines that real agents rarely print; `tests/conformance` has the usual ones."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from mission_cli.adapters.agents import AGENTS, FILES
from mission_cli.adapters.agents.stream import Ledger
from mission_cli.domain.runs.usage import Usage
from mission_cli.domain.status import Cause
from mission_cli.ports.agents.usage import Prices, Unreported

if TYPE_CHECKING:
    from pathlib import Path

    from mission_cli.domain.runs.jobs import AgentReport
    from mission_cli.ports.agents.agent import Reader

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


CHAT = '{"type":"user","provenance":"real_user"}\n'
PAID = (
    '{"type":"system","systemPayload":{"uiEvent":{"event.name":"qwen-code.api_response","input_token_count":%d,'
    '"output_token_count":40,"cached_content_token_count":500}}}\n'
)
WAITS = """\
2026-11-29T14:44:49.685Z [ERROR] [OPENAI_ERROR] OpenAI API Error: 429 Rate limit reached {
  statusCode: 429
2026-11-29T14:44:49.687Z [WARN] [RETRY] Attempt 1 failed with status 429. Retrying after explicit delay of 7200000ms... {
"""


def test_qwen_codes_files_tell_what_a_run_used_since_its_prompt_and_what_it_waits_for(tmp_path: Path) -> None:
    chat, log = tmp_path / ".qwen/projects/p/chats/s-1.jsonl", tmp_path / ".qwen/debug/s-1.txt"
    chat.parent.mkdir(parents=True)
    log.parent.mkdir()
    look = FILES["qwen"].probe({"HOME": str(tmp_path)})
    assert look("s-1") == look("../../x") == Unreported()
    chat.write_text(CHAT + PAID % 2000)
    first = {"input": 1500, "output": 40, "cache_read": 500}
    assert look("s-1") == Unreported(steps=1, tokens=first, whole=True)
    chat.write_text(chat.read_text() + CHAT + PAID % 900 + PAID[:20])
    log.write_text(WAITS)
    both = {"input": 1900, "output": 80, "cache_read": 1000}
    assert look("s-1") == Unreported(
        steps=1,
        tokens=both,
        before=first,
        whole=True,
        limited="Attempt 1 failed with status 429. Retrying after explicit delay of 7200000ms... {",
        reset_at="2026-11-29T16:44:49Z",
    )
    log.write_text(f"{WAITS}2026-11-29T16:44:50.000Z [DEBUG] [OPENAI] streaming\n")
    assert look("s-1").limited == ""


def test_qwen_code_charges_broken_streams_and_sees_the_output_limit() -> None:
    prices = Prices({"input": Decimal(1), "output": Decimal(1)})

    def read(*events: dict[str, Any]) -> AgentReport:
        reader = AGENTS["qwen"].reader(prompt_size=400, prices=prices)
        for event in events:
            reader.line(json.dumps(event))
        return reader.report(0)

    def said(text: str, tokens: int = 0) -> dict[str, Any]:
        usage = {"input_tokens": tokens, "output_tokens": 0}
        return {"type": "assistant", "message": {"content": [{"type": "text", "text": text}], "usage": usage}}

    def retry(*, keeps: bool = False) -> dict[str, Any]:
        return {"type": "system", "subtype": "retry", "data": {"preserveText": keeps}}

    done = {
        "type": "result",
        "result": "Done.",
        "usage": {"input_tokens": 10, "output_tokens": 2, "cache_read_input_tokens": 0},
    }
    cut = read(said("I began to write"), retry(), retry(), said("Done.", 10), done)
    assert cut.usage == Usage(
        usd=Decimal(116),
        tokens={"input": 110, "output": 6},
        source="qwen tokens, list prices, 1 broken steps estimated",
    )
    assert cut.cause is None
    assert read(*[retry(keeps=True)] * 3, done).cause is Cause.WRONG_OUTPUT
    assert read({**done, "permission_denials": [{"tool_name": "edit"}]}).detail == "a permission was denied: edit"
    failed = {"type": "result", "is_error": True, "error": {"message": "[API Error: 401 invalid api key]"}}
    refused = read(said("[API Error: 401 invalid api key]"), failed)
    assert (refused.cause, refused.usage) == (Cause.AUTH, Usage(source="qwen tokens, list prices"))


def test_gemini_clis_record_tells_the_tokens_since_the_last_prompt(tmp_path: Path) -> None:
    chat = tmp_path / ".gemini/tmp/p/chats/session-2026-11-29T14-58-6128527d.jsonl"
    chat.parent.mkdir(parents=True)
    look = FILES["gemini"].probe({"HOME": str(tmp_path)})
    session = "6128527d-4787-44fe-a76a-afdca8e79cf5"
    assert look(session) == Unreported()
    tokens = {"input": 2000, "output": 40, "cached": 500, "thoughts": 8}
    prompt, result = ({"type": "user", "content": [{kind: "x"}]} for kind in ("text", "functionResponse"))
    messages = [prompt, {"type": "gemini", "id": "a", "tokens": tokens}, prompt, {"type": "gemini", "id": "b"}]
    messages += [{"type": "gemini", "id": "b", "tokens": tokens}] * 2 + [result]
    chat.write_text("".join(f"{json.dumps(one)}\n" for one in messages))
    used = {"input": 1500, "output": 40, "reasoning": 8, "cache_read": 500}
    assert look(session) == Unreported(steps=1, tokens=used, whole=True)


@pytest.mark.parametrize(
    ("events", "code", "cause"),
    [
        ([{"type": "message", "role": "assistant", "content": "Hi"}, {"type": "result", "status": "success"}], 0, None),
        ([{"type": "result", "status": "success"}], 0, Cause.NOOP),
        ([{"type": "error", "message": "The model returned an empty response"}, {"type": "result"}], 0, Cause.NOOP),
        ([], 42, Cause.WRONG_OUTPUT),
        ([], 53, Cause.TOO_MANY_STEPS),
        ([], 0, Cause.PROVIDER_ERROR),
        ([{"type": "result", "status": "error", "error": {"message": "429 quota"}}], 1, Cause.RATE_LIMIT),
        (
            [
                {"type": "tool_use", "tool_name": "write_file", "tool_id": "t"},
                {"type": "tool_result", "tool_id": "t", "error": {"type": "policy_violation"}},
                {"type": "message", "role": "assistant", "content": "No"},
                {"type": "result", "status": "success"},
            ],
            0,
            Cause.PERMISSION,
        ),
    ],
)
def test_how_a_run_of_gemini_cli_ended(events: list[dict[str, Any]], code: int, cause: Cause | None) -> None:
    reader = AGENTS["gemini"].reader(prompt_size=4, prices=Prices())
    for event in events:
        reader.line(json.dumps(event))
    assert reader.report(code).cause is cause
