"""The coding agents of this machine, and the runner that is used where nothing names one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.results.machine import InstalledAgents

if TYPE_CHECKING:
    from mission_cli.engine.context import Context


def installed_agents(ctx: Context) -> InstalledAgents:
    """Return every agent that is known by name, installed or not, and the default runner. Takes less than a second."""
    return InstalledAgents(ctx.agent_finder.find(), ctx.default_runner())
