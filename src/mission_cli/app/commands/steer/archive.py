"""`mission archive`: hide a mission that is no longer needed, or show it again; nothing is deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import stamp
from mission_cli.app.commands.features import and_end_jobs
from mission_cli.app.transaction import Done, Wanted, commit_change
from mission_cli.document.changes import SetFront
from mission_cli.domain.events import EventKind
from mission_cli.domain.notice import advise, do
from mission_cli.domain.status import STARTED_MISSION, MissionStatus

if TYPE_CHECKING:
    from mission_cli.app.addressing import Address
    from mission_cli.document.changes import Change
    from mission_cli.engine.context import Context

_KEY = ("archived",)


def archive(ctx: Context, text: str, *, reason: str = "") -> Done:
    """Archive a mission; an active one is paused. Its workers finish, and its work is kept."""

    def change(address: Address) -> Wanted:
        mission = address.mission
        if mission.archived:
            return Wanted(f"{mission.id} is archived since {mission.archived}")
        changes: list[Change] = [SetFront(_KEY, stamp(ctx.clock.now()))]
        paused = mission.status is MissionStatus.ACTIVE
        changes += [SetFront(("status",), str(MissionStatus.PAUSED))] if paused else []
        words = f"{mission.id} is archived" + (f": {reason}" if reason else "")
        return Wanted(
            words,
            EventKind.MISSION_ARCHIVED,
            tuple(changes),
            decisions=("Archive the mission",),
            reason=reason,
            said=f"{words}; {do('archive', mission.id, '--restore')} takes it out of the archive",
        )

    return commit_change(ctx, text, change)


def discard(ctx: Context, text: str, *, reason: str = "") -> Done:
    """Archive a mission for good: one that has been started is cancelled, and its workers end. Nothing is deleted."""

    def change(address: Address) -> Wanted:
        mission = address.mission
        ends = mission.status in STARTED_MISSION
        changes: list[Change] = [SetFront(("status",), str(MissionStatus.CANCELLED))] if ends else []
        changes += [] if mission.archived else [SetFront(_KEY, stamp(ctx.clock.now()))]
        why = f": {reason}" if reason else ""
        words = f"{mission.id} is {'cancelled and archived' if ends else 'archived'}{why}; its files and commits stay"
        if not changes:
            return Wanted(f"{mission.id} is archived since {mission.archived}")
        event = EventKind.MISSION_CANCELLED if ends else EventKind.MISSION_ARCHIVED
        decisions = ("Cancel and archive the mission" if ends else "Archive the mission",)
        return Wanted(words, event, tuple(changes), decisions=decisions, reason=reason)

    return and_end_jobs(ctx, text, change, "cancelled")


def restore(ctx: Context, text: str, *, reason: str = "") -> Done:
    """Take a mission out of the archive; one that was active stays paused until `resume`."""

    def change(address: Address) -> Wanted:
        mission = address.mission
        if not mission.archived:
            return Wanted(f"{mission.id} is not archived")
        words = f"{mission.id} is no longer archived" + (f": {reason}" if reason else "")
        goes_on = advise("; to continue it: ", do("resume", mission.id))
        return Wanted(
            words,
            EventKind.MISSION_RESTORED,
            (SetFront(_KEY, ""),),
            decisions=("Take the mission out of the archive",),
            reason=reason,
            said=f"{words}{goes_on}" if mission.status is MissionStatus.PAUSED else words,
        )

    return commit_change(ctx, text, change)
