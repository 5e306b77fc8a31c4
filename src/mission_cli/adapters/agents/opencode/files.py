"""The files of opencode: its logins, its model, its slash commands, and the usage of subagents in its database."""

from __future__ import annotations

import json
import os
from contextlib import closing
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mission_cli.adapters.agents.home import TIERS, folder_of, json_of, text_of
from mission_cli.adapters.agents.opencode import KEYS, agent_of, server
from mission_cli.adapters.agents.stream import as_dict, money
from mission_cli.adapters.agents.stream import count as as_count
from mission_cli.adapters.agents.tool_settings import JsonSettings
from mission_cli.ports.agents.usage import Unreported

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mission_cli.ports.agents.agent import GivenAgent

_FAMILY = """
with recursive family(id) as (
    select id from session where parent_id = ?
    union select s.id from session s join family f on s.parent_id = f.id
)
select count(*), coalesce(sum(cost), 0), coalesce(sum(tokens_input), 0), coalesce(sum(tokens_output), 0),
       coalesce(sum(tokens_reasoning), 0), coalesce(sum(tokens_cache_read), 0), coalesce(sum(tokens_cache_write), 0)
from session where id in (select id from family)
"""
_STEPS = """
with recursive family(id) as (
    select id from session where parent_id = ?
    union select s.id from session s join family f on s.parent_id = f.id
)
select count(*) from message where session_id in (select id from family) and data like '%"role":"assistant"%'
"""
_KINDS = ("input", "output", "reasoning", "cache_read", "cache_write")
_CONFIGS = ("config.json", "opencode.json", "opencode.jsonc")


class OpencodeFiles:
    """Reads its folders below the folders for data and configuration of the XDG standard."""

    tools = JsonSettings("mcp", server)
    skills, agents = ".opencode/skill", ".opencode/agent"
    instructions = "AGENTS.md"

    def account(self, environment: Mapping[str, str]) -> str:
        """Return the providers it is logged in to: in its login file, in variables, or in its configuration."""
        logins = json_of(environment.get("OPENCODE_AUTH_CONTENT", "") or text_of(_data(environment) / "auth.json"))
        keys = [name for name in sorted(environment) if name.startswith(KEYS) and name.endswith("_API_KEY")]
        found = [*logins, *(name for name in keys if environment[name])]
        providers = as_dict(_config(environment).get("provider"))
        found += [name for name, facts in providers.items() if _is_usable(as_dict(as_dict(facts).get("options")))]
        return ", ".join(dict.fromkeys(found))

    def models(self, environment: Mapping[str, str]) -> Mapping[str, str]:
        """Return the model of its configuration for every tier; without one, it chooses itself."""
        model = _config(environment).get("model")
        return dict.fromkeys(TIERS, model if isinstance(model, str) else "")

    def probe(self, environment: Mapping[str, str]) -> Callable[[str], Unreported]:
        """Return a probe of its database, which has the usage of subagents."""
        return partial(_subagents, environment)

    def commands_folder(self, environment: Mapping[str, str], project: str = "") -> str:
        """Return the folder of slash commands: of a person, or of a project."""
        return os.fspath(_settings(environment) / "commands") if not project else f"{project}/.opencode/commands"

    def agents_folder(self, environment: Mapping[str, str], project: str = "") -> str:
        """Return the folder of agents: of a person, or of a project."""
        return os.fspath(_settings(environment) / "agents") if not project else f"{project}/.opencode/agents"

    def agent_text(self, agent: GivenAgent) -> str:
        """Return the file of an agent. JSON is YAML, so every value is written as JSON."""
        facts = {name: value for name, value in agent_of(agent).items() if name != "prompt"}
        lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in facts.items()]
        return "\n".join(["---", *lines, "---", "", agent.prompt.strip(), ""])

    def tools_file(self, environment: Mapping[str, str], project: str = "") -> str:
        """Return the file that names servers of tools: the one that is there and is read last, or a new one."""
        folder = Path(project) if project else _settings(environment)
        there = [name for name in reversed(_CONFIGS[1:]) if (folder / name).exists()]
        return os.fspath(folder / (there[0] if there else _CONFIGS[1]))


def _data(environment: Mapping[str, str]) -> Path:
    return folder_of(environment, "XDG_DATA_HOME", ".local/share") / "opencode"


def _settings(environment: Mapping[str, str]) -> Path:
    return folder_of(environment, "XDG_CONFIG_HOME", ".config") / "opencode"


def _config(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return its configuration, merged in its own order: later files and variables override single keys."""
    texts = [text_of(_settings(environment) / name) for name in _CONFIGS]
    named = environment.get("OPENCODE_CONFIG", "")
    texts += [text_of(Path(named)) if named else "", environment.get("OPENCODE_CONFIG_CONTENT", "")]
    merged: dict[str, Any] = {}
    for found in map(json_of, texts):
        providers = as_dict(merged.get("provider")) | as_dict(found.get("provider"))
        merged |= found | {"provider": providers}
    return merged


def _is_usable(options: dict[str, Any]) -> bool:
    """Whether a provider has a key, or an address of its own, such as a model server on this machine."""
    return bool(options.get("apiKey") or options.get("baseURL"))


def _subagents(environment: Mapping[str, str], session: str) -> Unreported:
    """Return the usage of a session's subagents at any depth, from opencode's database."""
    import sqlite3

    named = environment.get("OPENCODE_DB", "")
    place = Path(named) if named.startswith("/") else _data(environment) / (named or "opencode.db")
    if not session or not place.is_file():
        return Unreported()
    try:
        with closing(sqlite3.connect(f"{place.as_uri()}?mode=ro", uri=True, timeout=1)) as database:
            count, cost, *tokens = database.execute(_FAMILY, (session,)).fetchone()
            steps = database.execute(_STEPS, (session,)).fetchone()[0]
    except (sqlite3.Error, OverflowError):
        return Unreported()
    kinds = {kind: number for kind, found in zip(_KINDS, tokens, strict=True) if (number := as_count(found))}
    return Unreported(as_count(steps), kinds, money(cost) or Decimal(0), as_count(count))


FILES = OpencodeFiles()
