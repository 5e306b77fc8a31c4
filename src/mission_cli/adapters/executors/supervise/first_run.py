"""An agent creates its database on its first run in a home; two first runs at the same time would collide."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli.adapters.fs.locks import is_locked, try_lock, unlock

if TYPE_CHECKING:
    from mission_cli.adapters.executors.jobs.folder import Surroundings
    from mission_cli.ports.agents.agent import Agent


class FirstRun:
    """Lets one supervisor start an agent that has never run in a home; others wait until it has printed something.

    The lock is a kernel lock: it is released when its holder dies.
    """

    def __init__(self, agent: Agent | None, around: Surroundings) -> None:
        made = agent.access.first_makes if agent else ""
        self._made = Path(around.environment.get("HOME") or "/root", made) if made else None
        self._lock = Path(around.slots, f"first-{Path(made).name}")
        self._handle: int | None = None

    def may_start(self) -> bool:
        """Whether the agent may start now. The first caller in a new home may; the others must wait for it."""
        if self._made is None or (self._made.exists() and not is_locked(self._lock)):
            return True
        self._handle = try_lock(self._lock)
        return self._handle is not None

    def is_under_way(self) -> None:
        """Let the other supervisors start their agents."""
        if self._handle is not None:
            unlock(self._handle)
            self._handle = None
