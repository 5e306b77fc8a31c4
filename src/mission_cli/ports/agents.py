"""Coding agents as pure translators: request to command, output to what it said and cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.domain.runs import Usage


@dataclass(frozen=True, slots=True)
class Request:
    """One attempt for an agent."""

    prompt: str
    title: str
    model: str
    command: tuple[str, ...]
    env: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Invocation:
    """What to start."""

    argv: tuple[str, ...]
    stdin: str
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """What an agent's output says about itself: its last words, its bill. Never evidence of anything."""

    last_words: str = ""
    usage: Usage | None = None


class Agent(Protocol):
    """One agent adapter. No input or output."""

    def invocation(self, request: Request) -> Invocation:
        """The command for a request."""
        ...

    def report(self, output: str, usage_file: str) -> Report:
        """Read an agent's output and the content of the file that MISSION_USAGE named (empty when absent)."""
        ...
