"""The real agents, pinned in tests/agents and installed by `make test`; configured to talk to a server on loopback."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.kit.model_server import ModelServer, Turn

if TYPE_CHECKING:
    from tests.kit.people import Person

TESTS = Path(__file__).resolve().parents[1]
PACKAGES = {
    "opencode": ("agents", "opencode-ai"),
    "claude": ("agents", "@anthropic-ai/claude-code"),
    "codex": ("agents", "@openai/codex"),
    "qwen": ("newer_agents", "@qwen-code/qwen-code"),
    "gemini": ("newer_agents", "@google/gemini-cli"),
}
"""The folder in which the package of each agent is pinned, and its name."""
OPENCODE_PRICES = {"input": 3.0, "output": 15.0, "reasoning": 15.0, "cache_read": 0.3, "cache_write": 3.75}


def program_of(name: str) -> str:
    """Path of an agent's program; empty where it is not installed.

    Codex's own entry point is a script that wants node on PATH; beside it lies the program itself.
    """
    modules = TESTS / PACKAGES[name][0] / "node_modules"
    native = sorted((modules / "@openai").glob("codex-*/vendor/*/bin/codex")) if name == "codex" else []
    program = native[0] if native else modules / ".bin" / name
    return os.fspath(program) if program.exists() else ""


def pinned_version(name: str) -> str:
    """The version of an agent that the tests install."""
    folder, package = PACKAGES[name]
    pinned = json.loads((TESTS / folder / "package.json").read_text(encoding="utf-8"))["dependencies"]
    return str(pinned[package])


def needs(name: str) -> str:
    """Path of an agent's program; the test is skipped with what to do where it is missing."""
    program = program_of(name)
    if not program:
        pytest.skip(
            f"{name} is not installed: run `make nightly`, or `npm install --no-save` in tests/{PACKAGES[name][0]}"
        )
    return program


def needs_bubblewrap() -> None:
    """Skip where there is no sandbox program."""
    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed: apt install bubblewrap")


def configure_opencode(server: ModelServer) -> None:
    """Give the person's opencode a model that the server plays, as its only one."""
    cost = {k: v for k, v in OPENCODE_PRICES.items() if k != "reasoning"}
    model = {"name": "Model", "tool_call": True, "limit": {"context": 128000, "output": 8192}, "cost": cost}
    config = {
        "autoupdate": False,
        "share": "disabled",
        "enabled_providers": ["fake"],
        "model": "fake/model",
        "small_model": "fake/model",
        "provider": {
            "fake": {
                "npm": "@ai-sdk/openai-compatible",
                "options": {"baseURL": f"{server.url}/v1", "apiKey": "fake"},
                "models": {"model": model},
            }
        },
    }
    folder = Path(os.environ["HOME"]) / ".config/opencode"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "opencode.json").write_text(json.dumps(config))


def use_opencode(person: Person, server: ModelServer, *, deadline: str = "120s", more: str = "") -> None:
    """A runner `script` that is opencode, with a model that the server plays."""
    configure_opencode(server)
    env = '{OPENCODE_DISABLE_MODELS_FETCH = "1", OPENCODE_DISABLE_DEFAULT_PLUGINS = "1"}'
    _runner(person, "opencode", needs("opencode"), env, '{sonnet = "fake/model", opus = "fake/model"}', deadline, more)


def use_acp(person: Person, server: ModelServer) -> None:
    """A runner `script` that is opencode over ACP; its steps are limited, because its cost is not known."""
    configure_opencode(server)
    env = '{OPENCODE_DISABLE_MODELS_FETCH = "1", OPENCODE_DISABLE_DEFAULT_PLUGINS = "1"}'
    head = f'[runners.script]\nkind = "acp"\ncommand = ["{needs("opencode")}", "acp"]\nenv = {env}\n'
    person.tables = [f'{head}deadline = "120s"\nmax_steps = 50\n']
    person.save_settings()


def use_claude(person: Person, server: ModelServer, *, deadline: str = "120s", more: str = "") -> None:
    """A runner `script` that is Claude Code."""
    settings = {
        "ANTHROPIC_BASE_URL": server.url,
        "ANTHROPIC_API_KEY": "fake",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "CLAUDE_CODE_MAX_RETRIES": "2",
        "IS_SANDBOX": "1",
    }
    env = "{" + ", ".join(f'{k} = "{v}"' for k, v in settings.items()) + "}"
    _runner(person, "claude", needs("claude"), env, '{sonnet = "claude-sonnet-5"}', deadline, more)


def use_codex(person: Person, server: ModelServer, *, deadline: str = "120s", more: str = "") -> None:
    """A runner `script` that is Codex."""
    folder = Path(os.environ["HOME"]) / ".codex"
    folder.mkdir(exist_ok=True)
    (folder / "config.toml").write_text(
        'model_provider = "fake"\n[model_providers.fake]\nname = "Fake"\n'
        f'base_url = "{server.url}/v1"\nwire_api = "responses"\nenv_key = "OPENAI_FAKE_KEY"\n'
        "request_max_retries = 1\nstream_max_retries = 1\n"
    )
    _runner(person, "codex", needs("codex"), '{OPENAI_FAKE_KEY = "x"}', '{sonnet = "gpt-5"}', deadline, more)


def writes_and_commits(prompt: str, step: int, **usage: Any) -> Turn:
    """The turns of a model that does what an honest worker does: a file named after the feature, committed."""
    feature = feature_of(prompt)
    if step == 0:
        return Turn(
            "I will write the file.", (("write", {"path": f"{feature}.txt", "content": f"{feature}\n"}),), **usage
        )
    if step == 1:
        command = f"git add -A && git commit -q -m 'Do {feature}' -m 'Completes-feature: {feature}'"
        return Turn("", (("bash", {"command": command}),), **usage)
    return Turn(f"{feature} is done and committed.", **usage)


def feature_of(prompt: str) -> str:
    """The number of the feature that a prompt is about."""
    return prompt.split("## Your feature: ", 1)[1].split(" ", 1)[0] if "## Your feature: " in prompt else ""


def _runner(person: Person, kind: str, program: str, env: str, models: str, deadline: str, more: str) -> None:
    head = f'[runners.script]\nkind = "{kind}"\ncommand = ["{program}"]\nenv = {env}\nmodels = {models}\n'
    person.tables = [f'{head}deadline = "{deadline}"\n{more}\n']
    person.save_settings()
