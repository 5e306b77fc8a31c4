"""The files of Gemini CLI: its login, and the tokens of a running turn in its record of the conversation."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.agents.gemini import server
from mission_cli.adapters.agents.home import TIERS, home_of, json_of, text_of
from mission_cli.adapters.agents.stream import as_dict, as_list, count, parse_line
from mission_cli.adapters.agents.tool_settings import JsonSettings
from mission_cli.adapters.fs.atomic import read_foreign
from mission_cli.ports.agents.usage import Unreported

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from mission_cli.ports.agents.agent import GivenAgent

_BY_PROJECT = frozenset({"vertex-ai", "compute-default-credentials"})
_SESSION = pattern(r"[A-Za-z0-9-]{8,100}")
_LARGEST_LOOK = 4_000_000
_VARIABLES = ("GEMINI_API_KEY", "GOOGLE_API_KEY")


class GeminiFiles:
    """Reads `~/.gemini`."""

    tools = JsonSettings("mcpServers", server)
    skills, agents = ".gemini/skills", ".gemini/agents"
    instructions = "GEMINI.md"

    def account(self, environment: Mapping[str, str]) -> str:
        """Return what it is logged in with: a variable, its account, or a project of Google Cloud."""
        named = next((name for name in _VARIABLES if environment.get(name)), "")
        if named:
            return named
        auth = as_dict(as_dict(_settings(environment).get("security")).get("auth"))
        if json_of(text_of(_folder(environment) / "oauth_creds.json")).get("refresh_token"):
            return "account"
        cloud = environment.get("GOOGLE_CLOUD_PROJECT") and auth.get("selectedType") in {
            "vertex-ai",
            "compute-default-credentials",
        }
        return "Vertex AI" if cloud else ""

    def models(self, environment: Mapping[str, str]) -> Mapping[str, str]:
        """Return the model of a variable or of its settings for every tier; without one, it chooses itself."""
        model = environment.get("GEMINI_MODEL") or as_dict(_settings(environment).get("model")).get("name")
        return dict.fromkeys(TIERS, model if isinstance(model, str) else "")

    def probe(self, environment: Mapping[str, str]) -> Callable[[str], Unreported]:
        """Return a probe of the record of its conversation, which is ahead of the output until a turn is over."""
        return _Chat(_folder(environment) / "tmp").look

    def commands_folder(self, environment: Mapping[str, str], project: str = "") -> str:
        """Return nothing: its commands are TOML, not Markdown."""
        del environment, project
        return ""

    def agents_folder(self, environment: Mapping[str, str], project: str = "") -> str:
        """Return nothing: runs do not get agents of their own."""
        del environment, project
        return ""

    def agent_text(self, agent: GivenAgent) -> str:
        """Return nothing."""
        del agent
        return ""

    def tools_file(self, environment: Mapping[str, str], project: str = "") -> str:
        """Return the file that names servers of tools: of a person, or of a project."""
        return os.fspath(_folder(environment) / "settings.json") if not project else f"{project}/.gemini/settings.json"


def _folder(environment: Mapping[str, str]) -> Path:
    return home_of(environment) / ".gemini"


def _settings(environment: Mapping[str, str]) -> dict[str, Any]:
    return json_of(text_of(_folder(environment) / "settings.json"))


class _Chat:
    """Follows the record of a conversation: tokens by message since the last prompt.

    The file has the first eight characters of the session in its name. A message is written again when it grows.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: Path | None = None
        self._offset = 0
        self._before: set[str] = set()
        self._tokens: dict[str, dict[str, int]] = {}

    def look(self, session: str) -> Unreported:
        """Read new lines, and return the usage of this run."""
        if self._file is None and _SESSION.fullmatch(session):
            files = sorted(self._folder.glob(f"*/chats/session-*-{session[:8]}.jsonl"))
            self._file = files[-1] if files else None
        if self._file is None:
            return Unreported()
        new = read_foreign(self._file, _LARGEST_LOOK, start=self._offset) or b""
        whole, newline, rest = new.rpartition(b"\n")
        self._offset += len(whole) + len(newline) if newline or len(rest) < _LARGEST_LOOK else len(rest)
        for line in whole.decode("utf-8", "replace").splitlines():
            self._line(line)
        mine = [tokens for name, tokens in self._tokens.items() if name not in self._before]
        total = {kind: sum(tokens[kind] for tokens in mine) for kind in mine[0]} if mine else {}
        return Unreported(steps=len(mine), tokens=total, whole=True)

    def _line(self, text: str) -> None:
        message = parse_line(text)
        if message.get("type") == "user" and any("text" in as_dict(part) for part in as_list(message.get("content"))):
            self._before = set(self._tokens)  # a prompt, and not the result of a tool
        told = as_dict(message.get("tokens"))
        if message.get("type") != "gemini" or not told:
            return
        cached = count(told.get("cached"))
        self._tokens[str(message.get("id"))] = {
            "input": max(0, count(told.get("input")) - cached),
            "output": count(told.get("output")),
            "reasoning": count(told.get("thoughts")),
            "cache_read": cached,
        }


FILES = GeminiFiles()
