"""The client of the Agent Client Protocol: what it tells an agent, what it allows, and what it prints."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from mission_cli.adapters.acp.policy import answer
from mission_cli.adapters.agents import AGENTS
from mission_cli.domain.status import Cause
from mission_cli.ports.agents.agent import Request
from mission_cli.ports.agents.usage import Prices

if TYPE_CHECKING:
    from pathlib import Path

    from mission_cli.domain.runs.jobs import AgentReport

AGENT = """
import json, sys
asked = []
def send(**message):
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)
def receive():
    message = json.loads(sys.stdin.readline())
    asked.append(message)
    return message
def result(message, **value):
    send(id=message["id"], result=value)
def update(name, **facts):
    send(method="session/update", params={"sessionId": "s1", "update": {"sessionUpdate": name, **facts}})
def say(text):
    update("agent_message_chunk", content={"type": "text", "text": text})
OPTIONS = [{"optionId": "always", "name": "", "kind": "allow_always"}, {"optionId": "yes", "name": "", "kind": "allow_once"},
           {"optionId": "no", "name": "", "kind": "reject_once"}]
def ask(title, path):
    call = {"toolCallId": "t", "title": title, "rawInput": {"filePath": path}}
    send(id="p1", method="session/request_permission", params={"sessionId": "s1", "toolCall": call, "options": OPTIONS})
    return receive()["result"]["outcome"]
def begin():
    result(receive(), protocolVersion=1, agentInfo={"name": "stub", "version": "1"})
    message = receive()
    result(message, sessionId="s1")
    return receive()
"""


def run(folder: Path, body: str, *words: str, prompt: str = "Do it.") -> tuple[list[dict[str, Any]], str, int]:
    """The events, the error output and the exit status of the client with this agent."""
    script = folder / "agent.py"
    script.write_text(AGENT + body)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "mission_cli", "_acp", *words, "--", sys.executable, str(script)],
        cwd=folder,
        input=prompt,
        capture_output=True,
        text=True,
        check=False,
    )
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr, done.returncode


def read(events: list[dict[str, Any]], code: int | None) -> AgentReport:
    reader = AGENTS["acp"].reader(prompt_size=10, prices=Prices())
    for event in events:
        reader.line(json.dumps(event))
    return reader.report(code)


def test_a_turn_is_printed_as_events_and_what_leaves_the_tree_is_denied(tmp_path: Path) -> None:
    events, notes, code = run(
        tmp_path,
        """
prompt = begin()
print("a note of the agent", flush=True)
say("I will "); say("write.")
update("tool_call", toolCallId="t", title="write", kind="edit", status="pending")
inside = ask("write a.txt", "a.txt")
outside = ask("write elsewhere", "/etc/passwd")
send(id=7, method="fs/read_text_file", params={"path": "a.txt"})
refused = receive()["error"]["code"]
update("tool_call_update", toolCallId="t", status="completed", rawInput={"filePath": "a.txt"},
       content=[{"type": "content", "content": {"type": "text", "text": "written"}}])
say(json.dumps([prompt["params"]["prompt"], inside, outside, refused, asked[0]["params"]["clientCapabilities"]]))
result(prompt, stopReason="end_turn")
""",
        prompt="Do it: ü\n",
    )
    told = [
        [{"type": "text", "text": "Do it: ü\n"}],
        {"outcome": "selected", "optionId": "yes"},
        {"outcome": "selected", "optionId": "no"},
        -32601,
        {"fs": {"readTextFile": False, "writeTextFile": False}, "terminal": False},
    ]
    assert events == [
        {"type": "acp.start", "agent": {"name": "stub", "version": "1"}, "protocol": 1},
        {"type": "acp.session", "id": "s1"},
        {"type": "acp.text", "text": "I will write."},
        {"type": "acp.tool", "id": "t", "title": "write", "kind": "edit", "status": "pending"},
        {"type": "acp.denied", "title": "write elsewhere", "why": "/etc/passwd is outside of the tree"},
        {"type": "acp.tool", "id": "t", "status": "completed", "input": {"filePath": "a.txt"}, "output": "written"},
        {"type": "acp.text", "text": json.dumps(told)},
        {"type": "acp.end", "reason": "end_turn"},
    ]
    assert (notes, code) == ("a note of the agent\n", 0)
    report = read(events, 0)
    assert (report.cause, report.session) == (Cause.PERMISSION, "s1")
    assert report.usage is not None
    assert report.usage.usd is None, "the cost is unknown, so the reserve stays held"
    entries = [str(entry) for event in events for entry in AGENTS["acp"].log_reader().line(json.dumps(event))]
    assert entries[:3] == [
        "I will write.",
        "error: denied: write elsewhere: /etc/passwd is outside of the tree",
        "● tool a.txt",
    ]


@pytest.mark.parametrize(
    ("body", "cause", "detail"),
    [
        ("prompt = begin(); say('Hi.'); result(prompt, stopReason='end_turn')", None, ""),
        ("prompt = begin(); result(prompt, stopReason='end_turn')", Cause.NOOP, "the answer was empty"),
        ("prompt = begin(); say('I'); result(prompt, stopReason='max_tokens')", Cause.WRONG_OUTPUT, "it ended early: max_tokens"),
        ("prompt = begin(); result(prompt, stopReason='refusal')", Cause.PERMISSION, "the model refused to answer"),
        (
            "prompt = begin(); send(id=prompt['id'], error={'code': -32603, 'message': 'Internal error', 'data': {'details': '401 Unauthorized'}})",
            Cause.AUTH,
            "Internal error: 401 Unauthorized",
        ),
        ("begin(); sys.exit(3)", Cause.PROVIDER_ERROR, "the agent ended with 3 before it answered"),
        ("result(receive(), protocolVersion=9)", Cause.PROVIDER_ERROR, "it speaks version 9 of the protocol, not 1"),
    ],
)  # fmt: skip
def test_how_a_turn_ends(tmp_path: Path, body: str, cause: Cause | None, detail: str) -> None:
    events, _, code = run(tmp_path, body)
    report = read(events, code)
    assert (report.cause, report.detail) == (cause, detail)
    assert code == int(cause not in {None, Cause.NOOP})


def test_model_conversation_and_tools_are_passed_on(tmp_path: Path) -> None:
    servers = '[{"name": "mission", "command": "m", "args": ["mcp"]}]'
    body = """
result(receive(), protocolVersion=1)
load = receive()
say("an old answer")
result(load)
model = receive()
result(model)
prompt = receive()
del load["params"]["mcpServers"][0]["env"]
say(json.dumps([load["method"], load["params"]["mcpServers"], model["method"], model["params"]]))
result(prompt, stopReason="end_turn")
"""
    events, _, code = run(tmp_path, body, "--model", "big", "--session", "s1", "--servers", servers)
    assert code == 0
    (told,) = (event["text"] for event in events if event["type"] == "acp.text")
    assert json.loads(told) == [
        "session/load",
        json.loads(servers),
        "session/set_model",
        {"sessionId": "s1", "modelId": "big"},
    ]
    request = Request(prompt="x", title="x", model="big", command=("agent", "acp"), session="s1", tools=("m", "mcp"))
    assert AGENTS["acp"].invocation(request).argv == (
        "@mission", "_acp", "--model", "big", "--session", "s1", "--servers", servers, "--", "agent", "acp",
    )  # fmt: skip


def test_a_turn_is_cancelled_when_the_client_is_ended(tmp_path: Path) -> None:
    script = tmp_path / "agent.py"
    script.write_text(
        AGENT + "prompt = begin(); say('I begin'); update('tool_call', toolCallId='t', title='x')\n"
        "assert receive()['method'] == 'session/cancel'; result(prompt, stopReason='cancelled')\n"
    )
    command = [sys.executable, "-P", "-m", "mission_cli", "_acp", "--", sys.executable, str(script)]
    with subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdin is not None
        assert client.stdout is not None
        client.stdin.close()
        for line in client.stdout:
            if "acp.tool" in line:
                client.send_signal(signal.SIGTERM)
                break
        assert json.loads(client.stdout.read()) == {"type": "acp.end", "reason": "cancelled"}
    assert client.returncode == 1


@pytest.mark.parametrize(
    ("call", "why"),
    [
        ({"rawInput": {"command": "rm -rf /"}}, ""),
        ({"rawInput": {"path": "src/../a.py"}}, ""),
        ({"locations": [{"path": "/usr/share/x"}]}, ""),
        ({"rawInput": {"path": "../other/a.py"}}, "../other/a.py is outside of the tree"),
        ({"locations": [{"path": "out/x"}]}, "out/x is outside of the tree"),
        ({"rawInput": {"file_path": ["x"]}, "locations": "no"}, ""),
        (None, ""),
    ],
)
def test_what_an_agent_is_allowed(tmp_path: Path, call: dict[str, Any] | None, why: str) -> None:
    (tmp_path / "out").symlink_to("/etc")
    options = [{"optionId": kind, "kind": kind} for kind in ("allow_always", "reject_once", "allow_once")]
    outcome, told = answer({"toolCall": call, "options": options}, str(tmp_path), ("/usr/share",))
    assert told == why
    assert outcome == {"outcome": "selected", "optionId": "reject_once" if why else "allow_once"}
    assert answer({"toolCall": call, "options": []}, str(tmp_path), ("/usr/share",))[0] == {"outcome": "cancelled"}
