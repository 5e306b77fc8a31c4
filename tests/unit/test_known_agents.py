"""Agents that are known by name need no settings: the runners, commands and models that are in force without them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mission_cli.adapters.installed_agents import LocalAgents, with_known_agents
from mission_cli.domain.routing import default_runner
from mission_cli.settings import RunnerSettings, Settings, parse

if TYPE_CHECKING:
    from pathlib import Path

TIERS = ("opus", "sonnet", "haiku")
ALIASES = {tier: tier for tier in TIERS}


def machine(folder: Path, *programs: str) -> dict[str, str]:
    """The environment of a machine that has these programs and nothing else."""
    for name in programs:
        place = folder / "bin" / name
        place.parent.mkdir(exist_ok=True)
        place.write_text("#!/bin/sh\n")
        place.chmod(0o755)
    return {"HOME": os.fspath(folder), "PATH": os.fspath(folder / "bin")}


def in_force(text: str, environment: dict[str, str]) -> dict[str, RunnerSettings]:
    return dict(with_known_agents(parse(text, "x"), environment).runners)


def test_an_agent_on_path_is_a_runner_without_a_table(tmp_path: Path) -> None:
    found = in_force("", machine(tmp_path, "claude", "opencode", "vim"))
    assert found == {
        "opencode": RunnerSettings(command=("opencode",), models=dict.fromkeys(TIERS, "")),
        "claude": RunnerSettings(command=("claude",), models=ALIASES),
    }
    assert in_force("", machine(tmp_path / "none")) == {}


def test_a_table_needs_no_command_and_no_models_and_what_it_says_counts(tmp_path: Path) -> None:
    around = machine(tmp_path)
    config = tmp_path / "own.json"
    config.write_text('{"model": "own/big"}')
    text = f"""
        [runners.claude]
        max_steps = 9
        [runners.fast]
        kind = "claude"
        command = ["nice", "claude"]
        models = {{sonnet = "claude-haiku-4-5"}}
        [runners.opencode]
        env = {{OPENCODE_CONFIG = "{config}"}}
        [runners.script]
        kind = "command"
        command = ["sh", "worker.sh"]
    """
    found = in_force(text, around)
    assert found["claude"] == RunnerSettings(command=("claude",), models=ALIASES, max_steps=9)
    assert found["fast"].command == ("nice", "claude")
    assert found["fast"].models == {"sonnet": "claude-haiku-4-5"}
    assert found["opencode"].models == dict.fromkeys(TIERS, "own/big")
    assert (found["script"].command, found["script"].models) == (("sh", "worker.sh"), {})


@pytest.mark.parametrize(
    ("configured", "usable", "installed", "chosen"),
    [
        ((), (), (), ""),
        ((), (), ("opencode", "claude"), "opencode"),
        ((), ("claude",), ("opencode", "claude"), "claude"),
        (("script",), ("claude",), ("claude",), "script"),
        (("claude", "opencode"), ("opencode", "claude"), ("opencode", "claude"), "opencode"),
        (("claude", "opencode"), ("claude",), ("opencode", "claude"), "claude"),
        (("one", "two"), ("claude",), ("claude",), ""),
    ],
)
def test_the_default_runner(
    configured: tuple[str, ...], usable: tuple[str, ...], installed: tuple[str, ...], chosen: str
) -> None:
    assert default_runner(configured, usable, installed) == chosen


def test_what_is_found_is_in_the_order_of_preference_and_no_secret_is_told(tmp_path: Path) -> None:
    around = {**machine(tmp_path, "claude"), "ANTHROPIC_API_KEY": "sk-secret"}
    found = LocalAgents(around).find(versions=False)
    assert [(a.name, bool(a.program), a.usable) for a in found] == [
        ("opencode", False, False),
        ("claude", True, True),
        ("codex", False, False),
        ("gemini", False, False),
        ("qwen", False, False),
    ]
    assert "sk-secret" not in repr(found)
    assert all(a.log_in.startswith(a.name) and a.install.startswith("npm ") for a in found)
    assert LocalAgents(around).account("claude", {"ANTHROPIC_API_KEY": ""}) == ""
    assert Settings().runners == {}
