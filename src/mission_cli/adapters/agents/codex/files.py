"""The files of Codex: its login, its models, and the usage of the turn under way."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.agents.codex.reader import tokens_of
from mission_cli.adapters.agents.home import TIERS, folder_of, json_of, text_of, toml_of
from mission_cli.adapters.agents.stream import as_dict, as_list, count, parse_line
from mission_cli.adapters.agents.tool_settings import TomlSettings
from mission_cli.adapters.fs.atomic import read_foreign
from mission_cli.ports.agents.usage import Unreported

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from mission_cli.ports.agents.agent import GivenAgent

_SESSION = pattern(r"[A-Za-z0-9_-]{1,100}")
_LARGEST_LOOK = 4_000_000
_ROLLOUT_MARKS = ('"task_started"', '"task_complete"', '"token_count"')


class CodexFiles:
    """Reads the folder that CODEX_HOME names, usually `~/.codex`."""

    tools = TomlSettings("mcp_servers")
    skills, agents = "", ""
    instructions = "AGENTS.md"

    def account(self, environment: Mapping[str, str]) -> str:
        """Return what it is logged in with: a variable, its login file, or a provider in its configuration."""
        if environment.get("CODEX_API_KEY"):
            return "CODEX_API_KEY"
        login = json_of(text_of(_home(environment) / "auth.json"))
        if login.get("OPENAI_API_KEY"):
            return "API key"
        if login.get("tokens") or login.get("personal_access_token"):
            return "account"
        return _provider(_config(environment), environment)

    def models(self, environment: Mapping[str, str]) -> Mapping[str, str]:
        """Return the model of its configuration for every tier; without one, the first in the list that it keeps."""
        model = _config(environment).get("model") or _first_model(_home(environment) / "models_cache.json")
        return dict.fromkeys(TIERS, model if isinstance(model, str) else "")

    def probe(self, environment: Mapping[str, str]) -> Callable[[str], Unreported]:
        """Return a probe of the rollout file, which is ahead of the output until a turn is over."""
        return _Rollout(_home(environment)).look

    def commands_folder(self, environment: Mapping[str, str], project: str = "") -> str:
        """Return nothing: it has no slash commands of its own."""
        del environment, project
        return ""

    def agents_folder(self, environment: Mapping[str, str], project: str = "") -> str:
        """Return nothing: it has no files of agents that are known here."""
        del environment, project
        return ""

    def agent_text(self, agent: GivenAgent) -> str:
        """Return nothing."""
        del agent
        return ""

    def tools_file(self, environment: Mapping[str, str], project: str = "") -> str:
        """Return the file that names servers of tools; empty for a project, which it does not trust by itself."""
        return os.fspath(_home(environment) / "config.toml") if not project else ""


def _home(environment: Mapping[str, str]) -> Path:
    return folder_of(environment, "CODEX_HOME", ".codex")


def _config(environment: Mapping[str, str]) -> dict[str, Any]:
    return toml_of(text_of(_home(environment) / "config.toml"))


def _first_model(place: Path) -> str:
    """Return the model that Codex offers first; its file has those of the account, each with a priority."""
    models = [as_dict(model) for model in as_list(json_of(text_of(place)).get("models"))]
    shown = [(count(m.get("priority")), str(m.get("slug"))) for m in models if m.get("visibility") == "list"]
    return min(shown, default=(0, ""))[1]


def _provider(config: dict[str, Any], environment: Mapping[str, str]) -> str:
    """Return the provider in a configuration if it needs no login, or its key is in the environment."""
    name = str(config.get("model_provider") or "")
    provider = as_dict(as_dict(config.get("model_providers")).get(name))
    if not provider or provider.get("requires_openai_auth"):
        return ""
    key = str(provider.get("env_key") or "")
    return f"provider {name}" if not key or environment.get(key) else ""


class _Rollout:
    """Follows the rollout file of a Codex thread: its total so far, and the total when this run began.

    The stream reports tokens only at the end of a turn, and then those of the whole thread.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._file: Path | None = None
        self._offset = 0
        self._total: dict[str, int] = {}
        self._before: dict[str, int] = {}
        self._steps = 0
        self._working = self._ours = False

    def look(self, session: str) -> Unreported:
        """Read new lines, and return the usage of this run."""
        if self._file is None and _SESSION.fullmatch(session):
            files = sorted((self._home / "sessions").rglob(f"rollout-*{session}.jsonl"))
            self._file = files[-1] if files else None
        if self._file is None:
            return Unreported()
        new = read_foreign(self._file, _LARGEST_LOOK, start=self._offset) or b""
        whole, newline, rest = new.rpartition(b"\n")
        self._offset += len(whole) + len(newline) if newline or len(rest) < _LARGEST_LOOK else len(rest)
        for line in whole.decode("utf-8", "replace").splitlines():
            self._line(line)
        self._ours = self._ours or self._working
        if not self._ours:
            return Unreported()
        return Unreported(steps=self._steps, tokens=self._total, before=self._before, whole=True)

    def _line(self, text: str) -> None:
        if not any(mark in text for mark in _ROLLOUT_MARKS):
            return
        payload = as_dict(parse_line(text).get("payload"))
        kind = payload.get("type")
        if kind == "task_started":
            if not self._ours:
                self._before, self._steps = self._total, 0
            self._working = True
        elif kind == "task_complete":
            self._working = False
        elif kind == "token_count":
            total = tokens_of(as_dict(as_dict(payload.get("info")).get("total_token_usage")))
            if sum(total.values()) > sum(self._total.values()):
                self._steps += 1
                self._total = total


FILES = CodexFiles()
