"""Our server in the settings of agents: nothing that a person wrote there changes, and what was there comes back."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mission_cli.adapters.agents import AGENTS, FILES
from mission_cli.adapters.agents.home import json_of, merged, toml_of
from mission_cli.adapters.agents.json_text import with_member, without_member
from mission_cli.ports.agents.agent import TOOL_VARIABLES, Request

SERVER = ("/usr/bin/python", "-P", "-m", "mission_cli", "mcp")
NAMES = ("opencode", "claude", "codex", "gemini", "qwen")
KEYS = {"opencode": "mcp", "claude": "mcpServers", "codex": "mcp_servers", "gemini": "mcpServers", "qwen": "mcpServers"}
JSON = {
    "one line": '{"a": 1, "%s": {"x": {"b": 2}}}',
    "lines": '{\n  "a": 1\n}\n',
    "comments": '{\n    // first\n    "a": 1, // one\n    /* "mission": {} */\n}\n',
    "tabs": '{\n\t"%s": {\n\t\t"x": {\n\t\t\t"y": [1, {"z": "}"}]\n\t\t}\n\t},\n\t"b": "//"\n}\n',
    "last comma": '{\n  "%s": {\n    "x": 1, // keep\n    // last\n  }\n}',
    "windows": '{\r\n  "a": 1\r\n}\r\n',
    "first of two": '{"%s": {"x": {}, "y": [",", "}"]}, "b": null}',
}
TOML = {
    "nothing": "",
    "keys": 'model = "x"\n\n# a comment\n[profiles.a]\nmodel = "y"\n',
    "no end": 'model = "x"',
    "others": '[mcp_servers.docs]\ncommand = "docs"\n\n[mcp_servers.docs.env]\nA = "[mcp_servers.mission]"\n',
}


def texts(name: str) -> dict[str, str]:
    if name == "codex":
        return TOML
    return {what: text.replace("%s", KEYS[name]) for what, text in JSON.items()}


@pytest.mark.parametrize(("name", "what"), [(name, what) for name in NAMES for what in texts(name)])
def test_what_was_written_stays_byte_by_byte(name: str, what: str) -> None:
    tools, text = FILES[name].tools, texts(name)[what]
    assert tools is not None
    new = tools.with_server(text, SERVER)
    read = toml_of if name == "codex" else json_of
    servers = read(text).get(KEYS[name], {})
    assert read(new) == {**read(text), KEYS[name]: {**servers, "mission": tools.wanted(SERVER)}}
    assert tools.entry(new) == tools.wanted(SERVER)
    assert tools.with_server(new, SERVER) == new
    assert tools.without_server(new).rstrip("\n") == text.rstrip("\n")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "text", ["[1, 2]", '{"a": }', '{"a": 1} x', '{"mcp": 3, "mcpServers": 3', "mcp_servers = 3\nx", '{"a": "\\q}']
)
def test_what_cannot_be_read_is_refused(name: str, text: str) -> None:
    tools = FILES[name].tools
    assert tools is not None
    with pytest.raises(ValueError, match=r"."):
        tools.with_server(text, SERVER)


def test_a_table_that_is_written_inline_is_refused_rather_than_broken() -> None:
    tools = FILES["codex"].tools
    assert tools is not None
    with pytest.raises(ValueError, match="cannot be changed safely"):
        tools.with_server('mcp_servers = {docs = {command = "docs"}}\n', SERVER)
    with pytest.raises(ValueError, match="cannot be changed safely"):
        tools.without_server('[mcp_servers]\nmission = {command = "x"}\n')


@pytest.mark.parametrize("name", NAMES)
def test_a_worker_gets_the_server_that_its_program_would_find_in_settings(name: str) -> None:
    """Under the same name, so that the server in a person's settings does not start beside it."""
    request = Request(prompt="p", title="t", model="", command=("agent",), tools=SERVER)
    plain = AGENTS[name].invocation(replace(request, tools=()))
    found = AGENTS[name].invocation(request)
    assert (plain.merged, "mission_cli" in " ".join(plain.argv)) == ({}, False)
    files = FILES[name].tools
    assert files is not None
    if name == "codex":
        settings = [one for flag, one in pairwise(found.argv) if flag == "-c" and one.startswith("mcp_servers")]
        entry = toml_of("\n".join(settings))["mcp_servers"]["mission"]
        assert entry.pop("env_vars") == [*TOOL_VARIABLES]
    else:
        (text,) = (*found.merged.values(), *found.files.values()) or [found.argv[found.argv.index("--mcp-config") + 1]]
        entry = json.loads(text)[KEYS[name]]["mission"]
        written = {"claude": "${%s}", "gemini": "$%s"}.get(name, "")
        assert entry.pop("env", {}) == ({one: written % one for one in TOOL_VARIABLES} if written else {})
        entry.pop("trust", None)
    assert entry == files.wanted(SERVER)


def test_settings_in_a_variable_are_merged_with_those_of_the_worker() -> None:
    theirs = '{"model": "a/b", /* mine */ "mcp": {"docs": {"type": "remote"}, "mission": {"type": "x"}}}'
    ours = '{"mcp": {"mission": {"type": "local", "command": ["m"]}}}'
    assert json.loads(merged(theirs, ours)) == {
        "model": "a/b",
        "mcp": {"docs": {"type": "remote"}, "mission": {"type": "local", "command": ["m"]}},
    }
    assert json.loads(merged("", ours)) == json.loads(ours)
    assert json.loads(merged("nonsense", ours)) == json.loads(ours)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(
    facts=st.dictionaries(st.sampled_from(["a", "mcp", "x y", 'q"', "é"]), VALUES, max_size=4),
    indent=st.sampled_from([None, 0, 1, 2, 4, "\t"]),
    escape=st.booleans(),
)
def test_any_object_keeps_everything_else(facts: dict[str, Any], indent: int | str | None, escape: bool) -> None:  # noqa: FBT001 - drawn
    if not isinstance(facts.get("mcp", {}), dict):
        del facts["mcp"]
    facts.get("mcp", {}).pop("mission", None)
    text = json.dumps(facts, indent=indent, ensure_ascii=escape)
    new = with_member(text, ("mcp", "mission"), {"command": list(SERVER)})
    assert json.loads(new) == {**facts, "mcp": {**facts.get("mcp", {}), "mission": {"command": list(SERVER)}}}
    back = without_member(new, ("mcp", "mission"))
    if not facts.get("mcp"):
        facts.pop("mcp", None)
    assert json.loads(back) == facts
