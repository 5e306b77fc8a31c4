"""Agent adapters: one module each, which only translate; registered in `AGENTS` and imported on first use."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.ports.agents import Agent


class _Registry(Mapping[str, "Agent"]):
    """Agents by the name of their module."""

    def __init__(self, classes: Mapping[str, str]) -> None:
        self._classes = classes
        self._made: dict[str, Agent] = {}

    def __getitem__(self, name: str) -> Agent:
        if name not in self._made:
            module = import_module(f"mission_cli.adapters.agents.{name}") if name in self._classes else None
            self._made[name] = getattr(module, self._classes[name])()
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._classes)

    def __len__(self) -> int:
        return len(self._classes)


AGENTS: Mapping[str, Agent] = _Registry(
    {"command": "CommandAgent", "opencode": "OpencodeAgent", "claude": "ClaudeAgent", "codex": "CodexAgent"}
)
