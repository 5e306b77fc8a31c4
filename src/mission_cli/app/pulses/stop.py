"""Stop everything in a repository, and lift STOP. Needs no settings, no mission file and no space on the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import counted
from mission_cli.app.results.changes import AllStopped
from mission_cli.domain.errors import MissionError, NotWrittenError, refusals_said
from mission_cli.domain.notice import advise, do
from mission_cli.engine.halt import stop_jobs

if TYPE_CHECKING:
    from mission_cli.ports.executor import Executor
    from mission_cli.ports.runtime import Runtime


def stop_all(runtime: Runtime, executor: Executor, person: str) -> AllStopped:
    """Set STOP and end all jobs.

    Raises NotWrittenError if STOP cannot be written; the jobs have been told to end then, too.
    """
    refused = None
    try:
        with refusals_said():
            runtime.press_stop(on=True, by=person)
    except MissionError as error:
        refused = error
    ended = stop_jobs(executor)
    if refused is not None:
        words = f"STOP cannot be written: {refused.message}; {counted(len(ended), 'running job')} told to end"
        raise NotWrittenError(words, hint=advise(refused.hint, "; then run again: ", do("stop", "--all")))
    return AllStopped(runtime.stopped(), ended)


def lift_stop(runtime: Runtime) -> bool:
    """Lift STOP; return whether it was set."""
    was = runtime.stopped()
    with refusals_said():
        runtime.press_stop(on=False)
    return was is not None
