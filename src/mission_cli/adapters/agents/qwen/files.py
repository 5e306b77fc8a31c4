"""The files of Qwen Code: its login, its slash commands, and its debug log, which tells that it waits for a limit."""

from __future__ import annotations

import os
import re
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import replace
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import parse_stamp, stamp
from mission_cli.adapters.agents.home import TIERS, folder_of, json_of, text_of
from mission_cli.adapters.agents.qwen import server
from mission_cli.adapters.agents.stream import as_dict, count, parse_line
from mission_cli.adapters.agents.tool_settings import JsonSettings
from mission_cli.adapters.fs.atomic import read_foreign
from mission_cli.ports.agents.usage import Unreported

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from mission_cli.ports.agents.agent import GivenAgent

_VARIABLES = ("OPENAI_API_KEY", "DASHSCOPE_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY")
_SESSION = pattern(r"[A-Za-z0-9_-]{1,100}")
_TAIL = 20_000
_LARGEST_LOOK = 4_000_000
_MARKS = ('"real_user"', "qwen-code.api_response")
_LINE = pattern(r"^(?P<at>\d{4}-\d\d-\d\dT[\d:.]+Z) \[\w+\] \[(?P<what>\w+)\] (?P<words>.*)$", re.MULTILINE)
_WAIT = pattern(r"failed with status 429\. Retrying after (?:explicit )?delay of (\d{1,12})ms")


class QwenFiles:
    """Reads the folder that QWEN_HOME names, usually `~/.qwen`."""

    tools = JsonSettings("mcpServers", server)
    skills, agents = ".qwen/skills", ".qwen/agents"
    instructions = "QWEN.md"

    def account(self, environment: Mapping[str, str]) -> str:
        """Return what it is logged in with: the kind in its settings, if there is a key for it, or its own account."""
        settings = _settings(environment)
        auth = as_dict(as_dict(settings.get("security")).get("auth"))
        kept = {name for name, value in as_dict(settings.get("env")).items() if value}
        named = next((name for name in _VARIABLES if environment.get(name) or name in kept), "")
        if auth.get("apiKey"):
            return "API key in settings.json"
        if auth.get("selectedType") == "qwen-oauth":
            return "account" if json_of(text_of(_home(environment) / "oauth_creds.json")).get("access_token") else ""
        return named if named and (auth.get("selectedType") or named == _VARIABLES[0]) else ""

    def models(self, environment: Mapping[str, str]) -> Mapping[str, str]:
        """Return the model of its settings for every tier; without one, it chooses itself."""
        model = environment.get("OPENAI_MODEL") or as_dict(_settings(environment).get("model")).get("name")
        return dict.fromkeys(TIERS, model if isinstance(model, str) else "")

    def probe(self, environment: Mapping[str, str]) -> Callable[[str], Unreported]:
        """Return a probe of its record of the conversation and of its debug log, which tell more than its output."""
        return _Chat(_home(environment)).look

    def commands_folder(self, environment: Mapping[str, str], project: str = "") -> str:
        """Return the folder of slash commands: of a person, or of a project."""
        return os.fspath(_home(environment) / "commands") if not project else f"{project}/.qwen/commands"

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
        return os.fspath(_home(environment) / "settings.json") if not project else f"{project}/.qwen/settings.json"


class _Chat:
    """Follows the record of a conversation: tokens of all answers of the model, and of those before the last prompt."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._file: Path | None = None
        self._offset = self._steps = 0
        self._total: Counter[str] = Counter()
        self._before: Counter[str] = Counter()

    def look(self, session: str) -> Unreported:
        """Read new lines, and return the usage of this run, and the limit that it waits for."""
        if not _SESSION.fullmatch(session):
            return Unreported()
        if self._file is None:
            files = sorted(self._home.glob(f"projects/*/chats/{session}.jsonl"))
            self._file = files[-1] if files else None
        if self._file is not None:
            self._read(self._file)
        waits = waits_in(_end_of(self._home / "debug" / f"{session}.txt"))
        tokens, before = dict(+self._total), dict(+self._before)
        return replace(waits, steps=self._steps, tokens=tokens, before=before, whole=self._file is not None)

    def _read(self, place: Path) -> None:
        new = read_foreign(place, _LARGEST_LOOK, start=self._offset) or b""
        whole, newline, rest = new.rpartition(b"\n")
        self._offset += len(whole) + len(newline) if newline or len(rest) < _LARGEST_LOOK else len(rest)
        for line in whole.decode("utf-8", "replace").splitlines():
            self._line(line)

    def _line(self, text: str) -> None:
        if not any(mark in text for mark in _MARKS):
            return
        entry = parse_line(text)
        if entry.get("type") == "user" and entry.get("provenance") == "real_user":
            self._before, self._steps = Counter(self._total), 0
        told = as_dict(as_dict(entry.get("systemPayload")).get("uiEvent"))
        if told.get("event.name") == "qwen-code.api_response":
            cached = count(told.get("cached_content_token_count"))
            self._steps += 1
            self._total.update(
                input=max(0, count(told.get("input_token_count")) - cached),
                output=count(told.get("output_token_count")),
                cache_read=cached,
            )


def waits_in(log: str) -> Unreported:
    """Return what the last entry about a request says: that it waits for a limit, and until when."""
    entries = [found for found in _LINE.finditer(log) if found["what"] in {"RETRY", "OPENAI_ERROR", "OPENAI"}]
    found = _WAIT.search(entries[-1]["words"]) if entries else None
    began = parse_stamp(entries[-1]["at"]) if found is not None else None
    if found is None or began is None:
        return Unreported()
    return Unreported(limited=entries[-1]["words"], reset_at=stamp(began + timedelta(milliseconds=int(found[1]))))


def _end_of(place: Path) -> str:
    try:
        start = max(0, place.stat().st_size - _TAIL)
    except OSError:
        return ""
    return (read_foreign(place, _TAIL, start=start) or b"").decode("utf-8", "replace")


def _home(environment: Mapping[str, str]) -> Path:
    return folder_of(environment, "QWEN_HOME", ".qwen")


def _settings(environment: Mapping[str, str]) -> dict[str, Any]:
    return json_of(text_of(_home(environment) / "settings.json"))


FILES = QwenFiles()
