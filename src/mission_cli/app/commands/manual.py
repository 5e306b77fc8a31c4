"""Manual attempts: a person takes over a feature, works in its tree, and hands it back.

Taking over is one commit, the intent. The loop does everything after it: it stops the worker, settles its attempt and
prepares the tree. If a process dies meanwhile, the next `open` or pulse continues.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field
from mission_cli._support.text import counted, name_of, parse_stamp, stamp
from mission_cli.app.addressing import Address, resolve
from mission_cli.app.commands.features import records_of
from mission_cli.app.commands.steer.pulls import take_back
from mission_cli.app.transaction import Done
from mission_cli.document.changes import SetFeature
from mission_cli.document.runs.record import write_run
from mission_cli.domain.branches.refs import run_branch
from mission_cli.domain.errors import BlockedError, ConflictError, NotFoundError, ToolError
from mission_cli.domain.events import EventKind
from mission_cli.domain.host import is_elsewhere
from mission_cli.domain.ids import attempt_name, run_id
from mission_cli.domain.notice import advise, do
from mission_cli.domain.runs.record import RunRecord
from mission_cli.domain.status import (
    FINISHED_FEATURE,
    FINISHED_MISSION,
    FeatureStatus,
    JobState,
    MilestoneStatus,
    MissionStatus,
    RecordState,
)
from mission_cli.engine.context import agent_of
from mission_cli.engine.halt import refuse_stopped
from mission_cli.engine.loop import pulse
from mission_cli.engine.recording.entry import Entry
from mission_cli.engine.recording.record import log_rows, message, mission_write
from mission_cli.planner.core.effects import Submit
from mission_cli.planner.core.transitions import move_feature
from mission_cli.ports.git.state import Write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.domain.ids import RunId
    from mission_cli.domain.mission import Feature
    from mission_cli.engine.context import Context
    from mission_cli.engine.report import Report

_TRIES = 20
_LOOK_SECONDS = 0.1
_PATIENCE_SECONDS = 30.0
_NAMED_FILES = 5


@dataclass(frozen=True, slots=True)
class Desk:
    """What a person needs for a manual attempt: tree, branch, session and command."""

    mission: str
    feature: str
    run: RunId
    branch: str
    tree: str
    fresh: bool
    """No earlier attempt used this tree."""
    session: str
    """The agent's session, or empty."""
    command: tuple[str, ...]
    """The command that opens the agent's own program; empty if the runner has none."""
    env: Mapping[str, str] = field(default_factory=dict)


def worker_at(ctx: Context, text: str) -> RunRecord | None:
    """Return the worker's attempt that taking over would stop, or None."""
    address = resolve(ctx.state.snapshot(), text)
    number = address.need_feature().number
    found = [r for r in records_of(ctx, address) if r.feature == number and r.open]
    return None if any(r.by for r in found) else next(iter(found), None)


def step_in(ctx: Context, text: str) -> RunRecord:
    """Commit the intent of a manual attempt, or return the one that this person has already. Raises BlockedError.

    From this commit on no worker is started for the feature, and a running one is stopped.
    """
    refuse_stopped(ctx)
    person = ctx.person()
    for _ in range(_TRIES):
        snapshot = ctx.state.snapshot()
        address = resolve(snapshot, text)
        records = _attempts(ctx, address)
        mine = next((r for r in records if r.open and r.by), None)
        if mine is not None:
            _refuse_taken(ctx, mine, str(person), address)
            return mine
        _refuse(ctx, address)
        record = _intent(ctx, address, records)
        why = f"{person.name} takes over {record.feature} as {attempt_name(record.run)}"
        what = f"Manual attempt at {record.feature}"
        entry = Entry(EventKind.FEATURE_TAKEN, why, record.run, decisions=(what,), reason=f"by {person.name}")
        changes = [
            SetFeature(record.feature, "Status", _dispatched(address.need_feature())),
            SetFeature(record.feature, "Worker", f"{person.name} a{record.attempt}"),
            *log_rows(address.loaded, [entry], ctx.clock.now()),
        ]
        place = f"{address.stored.runs}/{attempt_name(record.run)}.md"
        writes = [mission_write(address.stored, changes), Write(place, write_run(record), None)]
        words = message(address.mission.id, [entry])
        try:
            ctx.state.commit(writes, message=words, expect=snapshot.head, author=person)
        except ConflictError:
            continue
        ctx.runtime.request_pulse()
        return record
    raise ConflictError("the mission files keep changing", hint="try again")


def make_ready(ctx: Context, text: str, record: RunRecord) -> list[Report]:
    """Let the loop stop and settle the worker and prepare the tree; return when the person may begin.

    Blocks while the worker ends. Raises BlockedError or ToolError if the tree cannot be prepared.
    """
    reports: list[Report] = []
    ends = time.monotonic() + _PATIENCE_SECONDS
    while True:
        reports.append(pulse(ctx))
        job = ctx.executor.poll([record.run])[record.run]
        if job.state is JobState.RUNNING:
            return reports
        _refuse_stuck(ctx, record, job.state, reports[-1], late=time.monotonic() > ends)
        before = [r for r in _attempts(ctx, resolve(ctx.state.snapshot(), text)) if r.open and not r.by]
        began = time.monotonic()
        for worker in before:
            ctx.executor.wait(worker.run)
        ends += time.monotonic() - began
        time.sleep(_LOOK_SECONDS)  # polled: another process ends the job


def desk_of(ctx: Context, text: str, record: RunRecord) -> Desk:
    """Return tree, session and command; the session is the newest one that ran in this tree."""
    address = resolve(ctx.state.snapshot(), text)
    tree = ctx.executor.tree(record.run)
    if not tree:
        raise ToolError(f"the tree of {record.run} is gone", hint=advise("release the feature: ", do("handback", text)))
    shared = [r for r in _attempts(ctx, address) if ctx.executor.tree(r.run) == tree]
    last = next((r for r in reversed(shared) if r.session), record)
    runner = ctx.settings.runners.get(last.runner)
    agent = agent_of(ctx, last.runner, runner) if runner else None
    command: tuple[str, ...] = ()
    if agent and runner:
        trusted = runner.project_settings
        command = agent.open_command(runner.command, last.session, tree, project_settings=trusted)
    env = {
        "MISSION_ID": address.mission.id,
        "MISSION_FEATURE": record.feature,
        "MISSION_RUN": record.run,
        "MISSION_BRANCH": run_branch(record.run),
    }
    return Desk(
        mission=address.mission.id,
        feature=record.feature,
        run=record.run,
        branch=run_branch(record.run),
        tree=tree,
        fresh=len(shared) == 1,
        session=last.session,
        command=command,
        env={**(runner.env if runner else {}), **env},
    )


def hand_back(ctx: Context, text: str, *, as_is: bool = False) -> Done:
    """End the manual attempt, so that it is checked like any other. Raises BlockedError if something is not committed.

    Without one, the commit that a person pushed to the branch of its pull request is taken over.

    With `as_is` uncommitted work is saved under `refs/mission/wip` and does not count.
    """
    address = resolve(ctx.state.snapshot(), text)
    if address.feature is None:
        take_back(ctx, text)
    number = address.need_feature().number
    record = next((r for r in _attempts(ctx, address) if r.open and r.by), None)
    if record is None and (taken := take_back(ctx, text)) is not None:
        return taken
    if record is None:
        hint = do("open", f"{address.mission.id}/{number}")
        raise NotFoundError(f"{number} has no open manual attempt", hint=hint)
    if is_elsewhere(record.host, ctx.machine.me()):
        words = f"{name_of(record.by)} has taken over {number} on {record.host}"
        raise BlockedError(words, hint="hand it back there")
    if ctx.executor.poll([record.run])[record.run].state is not JobState.ENDED:
        make_ready(ctx, text, record)
        _refuse_unfinished(ctx, record, as_is=as_is)
        ctx.runtime.request_pulse()
        ctx.executor.hand_back(record.run)
    return Done(f"{attempt_name(record.run)} is handed back; it is checked like any other attempt", address)


def _attempts(ctx: Context, address: Address) -> list[RunRecord]:
    """Return the attempts at the feature, in the order of their numbers."""
    number = address.need_feature().number
    return sorted((r for r in records_of(ctx, address) if r.feature == number), key=lambda r: r.attempt)


def _intent(ctx: Context, address: Address, records: Sequence[RunRecord]) -> RunRecord:
    """Return the next attempt, in the newest tree that still exists, else in a new one at the work branch."""
    mission, number = address.mission, address.need_feature().number
    heads = ctx.code.heads(mission.id, mission.base)
    attempt = 1 + max([heads.highest.get(number, 0), *(r.attempt for r in records)])
    before = next((r for r in reversed(records) if r.base and ctx.executor.tree(r.run)), None)
    return RunRecord(
        run=run_id(mission.id, number, attempt),
        state=RecordState.INTENDED,
        runner=mission.preferences.runner or ctx.default_runner(),
        host=ctx.machine.me(),
        base=before.base if before else heads.work or "",
        intended=stamp(ctx.clock.now()),
        by=str(ctx.person()),
        continues=_place_of(before) if before else "",
    )


def _place_of(record: RunRecord) -> str:
    """Return the attempt under whose name the tree of an attempt stands."""
    return record.continues if record.conversation else attempt_name(record.run)


def _dispatched(feature: Feature) -> FeatureStatus:
    """Return the status `dispatched`; raises if the feature's status may not change to it."""
    to = FeatureStatus.DISPATCHED
    return to if feature.status in {None, to} else move_feature(feature.status, to)


def _refuse(ctx: Context, address: Address) -> None:
    """Raise BlockedError with the first reason why the feature cannot be taken over now."""
    mission, feature = address.mission, address.need_feature()
    name = f"{mission.id}/{feature.number}"
    if not mission.managed or mission.status in FINISHED_MISSION or mission.status not in _OPEN:
        raise BlockedError(f"{mission.id} is {mission.raw_status}", hint=do("start", mission.id))
    if is_elsewhere(mission.host, ctx.machine.me()):
        raise BlockedError(f"{mission.id} is run by {mission.host}", hint=advise("run ", do("open"), " there"))
    if feature.broken or address.loaded.errors():
        raise BlockedError(f"the file of {mission.id} has errors", hint=do("lint", mission.id))
    if feature.status in FINISHED_FEATURE:
        raise BlockedError(f"{feature.number} is {feature.status}", hint=advise(do("retry", name), " opens it again"))
    milestone = mission.milestone_holding(feature.number)
    if milestone is None or milestone.status is not MilestoneStatus.ACTIVE:
        words = f"{feature.number} is in no milestone"
        if milestone is not None:
            words = f"milestone {milestone.number} is {milestone.raw_status or 'pending'}"
        raise BlockedError(words, hint=do("why", name))
    if ctx.code.heads(mission.id, mission.base).work is None:
        raise BlockedError(f"{mission.id} has no work branch yet", hint=advise("create it: ", do("pulse")))


_OPEN = frozenset({MissionStatus.ACTIVE, MissionStatus.PAUSED})


def _refuse_taken(ctx: Context, record: RunRecord, person: str, address: Address) -> None:
    if record.by != person:
        since = parse_stamp(record.intended)
        at = f"{since.astimezone(ctx.clock.zone):%a %Y-%m-%d %H:%M}" if since else record.intended
        words = f"{name_of(record.by)} took over {record.feature} at {at}"
        raise BlockedError(words, hint=do("handback", f"{address.mission.id}/{record.feature}"))


def _refuse_stuck(ctx: Context, record: RunRecord, state: JobState, report: Report, *, late: bool) -> None:
    refuse_stopped(ctx)
    if state is JobState.ENDED:
        raise BlockedError(f"{record.run} has ended meanwhile", hint="try again")
    if late or any(isinstance(act, Submit) and act.run == record.run for _, act in report.failed):
        said = [*report.lines, *(t.message for t in report.troubles)]
        words = said[-1] if said else f"the tree of {record.run} could not be prepared"
        raise ToolError(words, hint=do("why", record.run.rpartition("-")[0]))


def _refuse_unfinished(ctx: Context, record: RunRecord, *, as_is: bool) -> None:
    standing = ctx.executor.standing(record.run)
    if standing is None:
        return
    wanted = run_branch(record.run)
    if standing.branch != wanted:
        there = f"on `{standing.branch}`" if standing.branch else "on no branch"
        hint = f"move your commits there: git -C {standing.tree} switch {wanted}"
        raise BlockedError(f"the tree is {there}, not on `{wanted}`", hint=hint)
    files = standing.uncommitted
    if files and not as_is:
        more = f" and {len(files) - _NAMED_FILES} more" if len(files) > _NAMED_FILES else ""
        words = f"{counted(len(files), 'file')} not committed: {', '.join(files[:_NAMED_FILES])}{more}"
        raise BlockedError(words, hint=f"commit them in {standing.tree}, or ignore them with --as-is")
