"""Gemini CLI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAM = "gemini"
"""The program that is looked for on PATH; empty: the settings must name one."""

ATTEMPTS = 4
"""How often it may repeat a request; ten times, its default, would take minutes without an event."""


def server(command: Sequence[str]) -> dict[str, Any]:
    """Return a server of tools that this command starts, as its settings describe one."""
    return {"command": command[0], "args": [*command[1:]]}
