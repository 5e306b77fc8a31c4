"""Start a mission, and take one over; the clone that does this drives it from then on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.addressing import Address, resolve
from mission_cli.app.commands.features import records_of
from mission_cli.app.commands.start_checks import on_base, pause_at, refuse_start, restored
from mission_cli.app.forecasting.at_start import forecast_changes
from mission_cli.app.pull_requests import KEY, is_chosen_at_start, pulls_words
from mission_cli.app.transaction import (
    Done,
    Wanted,
    commit_change,
)
from mission_cli.document.changes import Change, SetFront
from mission_cli.document.reading.metadata import good_values
from mission_cli.document.reading.values_in_force import (
    SECTION,
    as_scalar,
    is_recordable,
)
from mission_cli.domain.branches.refs import poc_branch, work_branch
from mission_cli.domain.errors import BlockedError, ConflictError, ToolError, UsageError
from mission_cli.domain.events import EventKind
from mission_cli.domain.forge.rows import Proposing
from mission_cli.domain.host import is_elsewhere
from mission_cli.domain.notice import advise, do
from mission_cli.domain.status import FINISHED_MISSION, FeatureStatus, MissionStatus
from mission_cli.domain.timing.schedule import end_of, next_due
from mission_cli.engine import remote_sync
from mission_cli.engine.executions import begin
from mission_cli.planner.core.transitions import MISSION_MOVES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.domain.mission import Mission
    from mission_cli.engine.context import Context


def start(ctx: Context, text: str, *, scheduled: bool = False, base: str = "", until: str = "") -> Done:
    """Make a mission active, or let it wait for its schedule. `base` is used if the file names no base branch.

    `until`: when it pauses by itself, as a person writes it.

    Raises BlockedError if cap, base or runner is missing or the file has errors; UsageError if it is never due.
    If missions are shared, raises ToolError if the remote, which knows whether another clone drives it, is unreachable.
    """
    pauses = pause_at(ctx, until)
    remote_sync.require_sync(ctx)
    before = resolve(ctx.state.snapshot(), text).need_whole()
    if not remote_sync.drives(ctx, before):
        remote_sync.adopt(ctx, before)
        _refuse_without_work(ctx, before)

    def change(address: Address) -> Wanted:
        named = bool(address.mission.base)
        address = on_base(address, base)
        mission = address.mission
        refuse_start(ctx, address)
        if mission.status is MissionStatus.PAUSED and is_elsewhere(mission.host, ctx.machine.me()):
            words = f"{mission.id} is run by {mission.host}, where it is paused"
            raise BlockedError(words, hint=advise(do("resume", mission.id), ", or ", do("takeover", mission.id)))
        if mission.base == poc_branch(mission.id):
            ctx.code.make_branch(mission.base)
        if mission.status is MissionStatus.ACTIVE and mission.managed:
            words = f"{mission.id} is active already"
            return Wanted(words, EventKind.MISSION_SET, pauses) if pauses else Wanted(words)
        changes: list[Change] = [SetFront(("managed",), "mission"), SetFront(("host",), ctx.machine.me())]
        changes += _values_in_force(address, _waiting(ctx, mission)[0] if scheduled else MissionStatus.ACTIVE)
        changes += pauses
        changes += [] if named else [SetFront(("base",), mission.base)]
        pulls = is_chosen_at_start(ctx, address.loaded)
        changes += [SetFront(KEY, str(Proposing.FEATURE))] if pulls else []
        proposes = f"; it {pulls_words(ctx, mission, Proposing.FEATURE)}" if pulls else ""
        if scheduled:
            to, words = _waiting(ctx, mission)
            if mission.status is to and mission.managed and remote_sync.drives(ctx, mission):
                return Wanted(f"{words}, it waits already")
            then = (*changes, *forecast_changes(ctx, address), SetFront(("status",), str(to)))
            decision = "Wait for the schedule"
            return Wanted(words, EventKind.of("mission", to), then, decisions=(decision,), said=f"{words}{proposes}")
        changes += forecast_changes(ctx, address)
        if mission.status is MissionStatus.PAUSED:
            changes.append(SetFront(("status",), str(MissionStatus.ACTIVE)))
        else:
            changes += begin(address.loaded, records_of(ctx, address), ctx.clock.now())
        words = f"{mission.id} is started"
        wanted = Wanted(
            words,
            EventKind.MISSION_STARTED,
            tuple(changes),
            decisions=("Start the mission",),
            said=f"{words}{_continues(mission)}{proposes}",
        )
        return restored(address, wanted)

    return commit_change(ctx, text, change)


def _continues(mission: Mission) -> str:
    """Return what the start of a mission that has ended before means, as the rest of a sentence; else nothing."""
    if mission.status not in FINISHED_MISSION or mission.recurs:
        return ""
    features = list(mission.features())
    finished = sum(f.finished for f in features)
    words = f": it continues where it ended, with {finished} of {len(features)} features finished"
    failed = [f.number for f in features if f.status is FeatureStatus.FAILED]
    if failed:
        again = do("retry", f"{mission.id}/{failed[0]}")
        words += f"; {', '.join(failed)} stay{'s' if len(failed) == 1 else ''} failed until a retry ({again})"
    return words


def _values_in_force(address: Address, status: MissionStatus) -> Iterator[Change]:
    """Record the values in force, in the commit that starts the mission."""
    layout = address.loaded.layout
    if layout.front.node(SECTION) is None and is_recordable(layout.front):
        for name, text in {**good_values(layout), "status": str(status)}.items():
            yield SetFront((SECTION, name), as_scalar(text))


def _waiting(ctx: Context, mission: Mission) -> tuple[MissionStatus, str]:
    """Return the status in which a mission waits for its schedule, and when it starts, in words.

    Raises UsageError if it cannot wait.
    """
    to = MissionStatus.RECURRING if mission.recurs else MissionStatus.SCHEDULED
    now, zone = ctx.clock.now(), ctx.clock.zone
    due, last = next_due(mission.schedule, now, zone), end_of(mission.end_date, zone)
    if due is None or due <= now or (mission.recurs and last is not None and due > last):
        words = f"`{mission.schedule}` has no future run" if mission.schedule else "it has no schedule"
        hint = advise("set `schedule` in its front matter to a time or five cron fields: ", do("edit", mission.id))
        raise UsageError(f"{mission.id} cannot wait: {words}", hint=hint)
    if mission.status is None or (mission.status is not to and (mission.status, to) not in MISSION_MOVES):
        hint = advise("end the current execution: ", do("cancel", mission.id))
        raise UsageError(f"{mission.id} is {mission.raw_status} and cannot become {to}", hint=hint)
    return to, f"{mission.id} starts {due.astimezone(zone):%a %Y-%m-%d %H:%M}"


def takeover(ctx: Context, text: str) -> Done:
    """Make this clone the driver of a mission. Raises ConflictError if a third clone was faster."""
    remote_sync.require_sync(ctx)
    before = resolve(ctx.state.snapshot(), text).need_whole()
    remote_sync.adopt(ctx, before)
    _refuse_without_work(ctx, before)

    def change(address: Address) -> Wanted:
        mission = address.mission
        if not mission.managed or mission.status in FINISHED_MISSION:
            words = f"{mission.id} is {mission.raw_status}, so no clone drives it"
            raise UsageError(words, hint=do("start", mission.id))
        if remote_sync.drives(ctx, mission):
            return Wanted(f"{mission.id} is driven here already")
        words = f"{mission.id} is driven here from now on" + (f", no longer by {mission.host}" if mission.host else "")
        changes = (SetFront(("host",), ctx.machine.me()),)
        return Wanted(words, EventKind.MISSION_TAKEN_OVER, changes, decisions=("Drive the mission from another host",))

    done = commit_change(ctx, text, change)
    try:
        remote_sync.require_sync(ctx)
    except ToolError:
        _give_back(ctx, before)
        raise
    now = resolve(ctx.state.snapshot(), text).mission
    if not remote_sync.drives(ctx, now):
        raise ConflictError(f"{now.host} was faster, and drives {now.id}", hint=do("takeover", now.id))
    remote_sync.adopt(ctx, before)  # again: the other clone may have finished something before this one was accepted
    ctx.code.fence(now.id, f"Drive {now.id} from {ctx.machine.me()}\n\nMission-Id: {now.id}\n")
    remote_sync.require_sync(ctx)
    return done


def _refuse_without_work(ctx: Context, mission: Mission) -> None:
    """Raise BlockedError if features are done, but no reachable branch contains them."""
    begun = any(f.status is FeatureStatus.DONE for f in mission.features())
    branch = work_branch(mission.id)
    if ctx.share.remote and begun and ctx.code.heads(mission.id, mission.base).work is None:
        words = (
            f"features of {mission.id} are done, but {branch}, which contains them, is neither here nor at the remote"
        )
        hint = f"push it from the clone that has it: git push {ctx.share.remote} {branch}"
        raise BlockedError(words, hint=hint)


def _give_back(ctx: Context, before: Mission) -> None:
    """Undo a takeover that could not be pushed; otherwise a sync hours later would make this clone the driver."""

    def change(address: Address) -> Wanted:
        if not remote_sync.drives(ctx, address.mission):
            return Wanted("")
        words = f"the takeover of {address.mission.id} could not be pushed and was undone"
        return Wanted(words, EventKind.MISSION_GIVEN_BACK, (SetFront(("host",), before.host),))

    if not remote_sync.drives(ctx, before):
        commit_change(ctx, before.id, change)
