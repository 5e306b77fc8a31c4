"""Coding agents: one folder each, with everything that is known of one agent; `_NAMES` registers them.

A folder has `adapter.py`, a pure translator; `reader.py`, which reads the agent's output; and `files.py`, which knows
where the agent keeps its login, its usage and its slash commands. All are imported on first use.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.ports.agents.agent import Agent
    from mission_cli.ports.agents.files import AgentFiles

_Part = TypeVar("_Part")
_NAMES = ("opencode", "claude", "codex", "gemini", "qwen", "acp", "command")
"""The folders, in the order in which `mission` prefers an agent that is installed and logged in."""


class _Registry(Mapping[str, _Part]):
    """One part of each agent, by the name of its folder."""

    def __init__(self, module: str, name: str) -> None:
        self._module, self._name = module, name
        self._made: dict[str, _Part] = {}

    def __getitem__(self, name: str) -> _Part:
        if name not in self._made:
            if name not in _NAMES:
                raise KeyError(name)
            module = import_module(f"mission_cli.adapters.agents.{name}.{self._module}")
            self._made[name] = getattr(module, self._name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_NAMES)

    def __len__(self) -> int:
        return len(_NAMES)


def programs() -> dict[str, str]:
    """Return the program of each agent that is known by name, in the order of preference. Imports no adapter."""
    found = {name: import_module(f"mission_cli.adapters.agents.{name}").PROGRAM for name in _NAMES}
    return {name: program for name, program in found.items() if program}


AGENTS: Mapping[str, Agent] = _Registry("adapter", "AGENT")
FILES: Mapping[str, AgentFiles] = _Registry("files", "FILES")
