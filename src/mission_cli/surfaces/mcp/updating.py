"""The tools that change a mission or a task: what an agent may do itself, and what is a decision of its person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.errors import UsageError
from mission_cli.domain.notice import do
from mission_cli.surfaces.mcp import deciding

if TYPE_CHECKING:
    from mission_cli.surfaces.mcp.desk import Answer, Desk
    from mission_cli.surfaces.mcp.given import Logging, Reporting, Updating, UpdatingTask


def update(desk: Desk, given: Updating) -> Answer:
    """Pause, continue or cancel a mission, or set one value (`mission pause`, `resume`, `cancel`, `set`)."""
    from mission_cli.app.commands import features

    if (given.status is None) == (not given.key):
        raise UsageError("give either a status or a key with its value", hint="for example status paused")
    if given.status == "paused":
        opened = desk.open(at_any_rate=True)
        done = features.pause(opened.context, given.mission, reason=given.reason)
        return desk.finish(opened, done, only=True)
    if given.status == "active":
        return deciding.unpause(desk, given.mission, given.reason)
    if given.status == "cancelled":
        return deciding.cancel(desk, given)
    return deciding.set_value(desk, given)


def log_event(desk: Desk, given: Logging) -> Answer:
    """Record an event in the log of a mission (`mission note`)."""
    from mission_cli.app.commands.steer.tell import note

    opened = desk.open()
    return desk.finish(opened, note(opened.context, given.about, given.text, kind=given.kind))


def report_progress(desk: Desk, given: Reporting) -> Answer:
    """Record how far a task is (`mission note --kind progress`); its status depends on evidence alone."""
    from mission_cli.app.commands.steer.tell import note

    share = f"{given.percent} %: " if given.percent is not None else ""
    opened = desk.open()
    return desk.finish(opened, note(opened.context, given.task, f"{share}{given.text}", kind="progress"))


def update_task(desk: Desk, given: UpdatingTask) -> Answer:
    """Tell the worker of a task something, or try it again or skip it (`mission tell`, `retry`, `skip`)."""
    from mission_cli.app.commands.steer.tell import tell

    if (given.status is None) == (not given.message):
        raise UsageError("give either a status or a message", hint=do("tell", given.task, "MESSAGE"))
    if given.status is not None:
        return deciding.retry_or_skip(desk, given)
    opened = desk.open()
    return desk.finish(opened, tell(opened.context, given.task, given.message))
