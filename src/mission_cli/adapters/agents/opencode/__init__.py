"""opencode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAM = "opencode"
"""The program that is looked for on PATH; empty: the settings must name one."""
KEYS = ("ANTHROPIC_", "OPENAI_", "GOOGLE_", "GEMINI_", "OPENROUTER_", "GROQ_", "XAI_", "MISTRAL_")
"""Prefixes of the variables of model providers."""


def server(command: Sequence[str]) -> dict[str, Any]:
    """Return a server of tools that this command starts, as its settings describe one."""
    return {"type": "local", "command": [*command], "enabled": True}
