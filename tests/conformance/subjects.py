"""The agents under test: where each one's program is, and how it is told to talk to a model on loopback."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.kit.agents import OPENCODE_PRICES, program_of

from mission_cli.adapters.money.table import PACKAGED, TablePrices
from mission_cli.ports.agents.usage import Prices

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_UNKNOWN = "nothing-like-it"


@dataclass(frozen=True)
class Subject:
    """One agent. `configure` writes its settings into a home; `env` is what its runner's table would say."""

    name: str
    model: str
    configure: Callable[[Path, str, Mapping[str, Any]], None]
    env: Callable[[str], dict[str, str]]
    prices: Prices
    """What the server's tokens cost, by who the agent believes to talk to."""
    unknown_session: str
    unknown_model: str = "nothing-like-it"
    subagent: tuple[str, dict[str, str]] | None = None
    """The tool that starts a subagent, with its arguments; None where it has none."""
    unknown_agent: tuple[str, ...] | None = None
    """Words behind its command that name an agent that is not there; None where it has no agents."""
    told: str = ""
    """What it writes once a step and its bill are told, where it asks the model for the next one before that."""

    @property
    def program(self) -> str:
        """Where it is; empty where it is not installed."""
        return program_of(self.name)

    def version(self) -> str:
        """The first word that begins with a digit in what `--version` says."""
        done = subprocess.run([self.program, "--version"], capture_output=True, text=True, check=True)
        return next(word for word in done.stdout.split() if word[0].isdigit())


def _prices(per_million: Mapping[str, float]) -> Prices:
    return Prices({kind: Decimal(str(price)) / 1_000_000 for kind, price in per_million.items()})


def _opencode(home: Path, url: str, more: Mapping[str, Any]) -> None:
    cost = {k: v for k, v in OPENCODE_PRICES.items() if k != "reasoning"}
    model = {"name": "Model", "tool_call": True, "limit": {"context": 1_000_000, "output": 8192}, "cost": cost}
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "options": {"baseURL": f"{url}/v1", "apiKey": "fake"},
        "models": {"model": model},
    }
    config = {
        "autoupdate": False,
        "share": "disabled",
        "snapshot": False,
        "lsp": False,
        "enabled_providers": ["fake"],
        "model": "fake/model",
        "small_model": "fake/model",
        "provider": {"fake": provider},
        **more,
    }
    folder = home / ".config/opencode"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "opencode.json").write_text(json.dumps(config))


def _claude(home: Path, url: str, more: Mapping[str, Any]) -> None:
    del url
    (home / ".claude").mkdir(exist_ok=True)
    (home / ".claude/settings.json").write_text(json.dumps(dict(more)))


def _codex(home: Path, url: str, more: Mapping[str, Any]) -> None:
    (home / ".codex").mkdir(exist_ok=True)
    lines = [f"{name} = {json.dumps(value)}" for name, value in more.items()]
    lines += ['model_provider = "fake"', "[model_providers.fake]", 'name = "Fake"', f'base_url = "{url}/v1"']
    lines += ['wire_api = "responses"', 'env_key = "OPENAI_FAKE_KEY"', "request_max_retries = 1"]
    (home / ".codex/config.toml").write_text("\n".join([*lines, "stream_max_retries = 1"]) + "\n")


def _qwen(home: Path, url: str, more: Mapping[str, Any]) -> None:
    del url
    (home / ".qwen").mkdir(exist_ok=True)
    settings = {"security": {"auth": {"selectedType": "openai"}}, "privacy": {"usageStatisticsEnabled": False}, **more}
    settings |= {"model": {"generationConfig": {"contextWindowSize": 2_000_000}}}
    (home / ".qwen/settings.json").write_text(json.dumps(settings))


def _gemini(home: Path, url: str, more: Mapping[str, Any]) -> None:
    del url
    (home / ".gemini").mkdir(exist_ok=True)
    settings = {"security": {"auth": {"selectedType": "gemini-api-key"}}, "privacy": {"usageStatisticsEnabled": False}}
    (home / ".gemini/settings.json").write_text(json.dumps({**settings, **more}))


def _claude_env(url: str) -> dict[str, str]:
    return {
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": "fake",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "CLAUDE_CODE_MAX_RETRIES": "1",
        "IS_SANDBOX": "1",
    }


SUBJECTS: Mapping[str, Subject] = {
    "opencode": Subject(
        name="opencode",
        model="fake/model",
        configure=_opencode,
        env=lambda _: {"OPENCODE_DISABLE_MODELS_FETCH": "1", "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1"},
        prices=_prices(OPENCODE_PRICES),
        unknown_session="ses_0000000000000000000000000",
        unknown_model=f"fake/{_UNKNOWN}",
        subagent=("task", {"description": "look", "prompt": "look around", "subagent_type": "general"}),
        unknown_agent=("--agent", _UNKNOWN),
        told='"step_finish"',
    ),
    "claude": Subject(
        name="claude",
        model="claude-sonnet-5",
        configure=_claude,
        env=_claude_env,
        prices=TablePrices(PACKAGED, {}).prices("anthropic/claude-sonnet-5"),
        unknown_session="00000000-0000-4000-8000-000000000000",
        subagent=("Task", {"description": "look", "prompt": "look around", "subagent_type": "general-purpose"}),
        unknown_agent=("--agent", _UNKNOWN),
    ),
    "codex": Subject(
        name="codex",
        model="gpt-5",
        configure=_codex,
        env=lambda _: {"OPENAI_FAKE_KEY": "x"},
        prices=TablePrices(PACKAGED, {}).prices("openai/gpt-5"),
        unknown_session="00000000-0000-4000-8000-000000000000",
    ),
    "qwen": Subject(
        name="qwen",
        model="gpt-5",
        configure=_qwen,
        env=lambda url: {"OPENAI_API_KEY": "fake", "OPENAI_BASE_URL": f"{url}/v1"},
        prices=TablePrices(PACKAGED, {}).prices("openai/gpt-5"),
        unknown_session="00000000-0000-4000-8000-000000000000",
        subagent=("agent", {"description": "look", "prompt": "look around", "subagent_type": "general-purpose"}),
    ),
    "gemini": Subject(
        name="gemini",
        model="gemini-2.5-pro",
        configure=_gemini,
        env=lambda url: {"GEMINI_API_KEY": "fake", "GOOGLE_GEMINI_BASE_URL": url},
        prices=TablePrices(PACKAGED, {}).prices("google/gemini-2.5-pro"),
        unknown_session="00000000-0000-4000-8000-000000000000",
    ),
}
