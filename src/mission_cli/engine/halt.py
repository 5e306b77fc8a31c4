"""Stop what runs, for commands that must work even if nothing else does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.errors import BlockedError
from mission_cli.domain.notice import do

if TYPE_CHECKING:
    from mission_cli.engine.context import Context
    from mission_cli.ports.executor import Executor

LIFT = do("resume", "--all")


class StoppedError(Exception):
    """STOP was found between two effects: nothing more is done for any mission."""


def go_on(ctx: Context) -> None:
    """Raise StoppedError if STOP is set. Called between effects, because a pass over many missions takes long."""
    if ctx.runtime.stopped():
        raise StoppedError


def stop_jobs(executor: Executor, mission: str = "") -> list[str]:
    """Stop all jobs, or those of one mission; return their keys. Their work is kept."""
    keys = [key for key in executor.running() if not mission or key.startswith(f"{mission}/")]
    for key in keys:
        executor.cancel(key)
    return keys


def refuse_stopped(ctx: Context) -> None:
    """Raise BlockedError if STOP is set: nothing may start."""
    stopped = ctx.runtime.stopped()
    if stopped is not None:
        by = f" by {stopped.by}" if stopped.by else ""
        raise BlockedError(f"everything has been stopped since {stopped.since}{by}", hint=LIFT)
