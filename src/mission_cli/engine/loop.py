"""The loop: take the lock or leave a wake-up request, finish what an interrupted pulse began, then run rounds.

A round is observe, decide, record, act.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from mission_cli._support.text import counted, stamp
from mission_cli.document.reading.placed import load_placed
from mission_cli.domain.errors import ConflictError, MissionError, refusals_said
from mission_cli.domain.ids import MissionId
from mission_cli.domain.notice import advise, do
from mission_cli.domain.status import FINISHED_MISSION, STARTED_MISSION, JobKind
from mission_cli.domain.timing.timeline import follow
from mission_cli.engine import assets, findings, remote_sync
from mission_cli.engine.attempts.intents import dispatched, with_prompts
from mission_cli.engine.attempts.jobs import submit
from mission_cli.engine.board.keep import keep_pages
from mission_cli.engine.case import waits_for_the_world
from mission_cli.engine.context import policy_of
from mission_cli.engine.drafts import kept as drafts
from mission_cli.engine.drafts.given import given_again
from mission_cli.engine.effects import carry_out
from mission_cli.engine.guards.state_guard import secured
from mission_cli.engine.halt import StoppedError, go_on, stop_jobs
from mission_cli.engine.mails import letters
from mission_cli.engine.money.purse import promise
from mission_cli.engine.news.tell import tell_news
from mission_cli.engine.observing.observe import Slots, consider
from mission_cli.engine.observing.repeats import guarded
from mission_cli.engine.observing.tick import note_tick
from mission_cli.engine.recording.record import writes_for
from mission_cli.engine.remote_sync import SyncResult
from mission_cli.engine.report import Report
from mission_cli.engine.turns import Turns, served
from mission_cli.planner.core.effects import Cancel, CleanPreview, Recover, RunCheck, RunDeploy, Submit
from mission_cli.ports.git.state import Settled
from mission_cli.ports.runtime import Trouble

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.ids import Sha
    from mission_cli.engine.case import Case
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.decisions import Transition
    from mission_cli.planner.core.effects import Effect
    from mission_cli.planner.core.policy import Policy
    from mission_cli.ports.git.state import Snapshot
    from mission_cli.ports.runtime import Look

_MOST_ROUNDS = 100
_MOST_CONFLICTS = 20
_MOST_PASSES = 100


def pulse(ctx: Context, only: Sequence[MissionId] = ()) -> Report:
    """Run ticks until no new tick has been requested, or the time of a pulse is over; then start another pulse.

    Never waits for work. Errors of a mission and bugs are reported, not raised.
    """
    report = Report()
    policy, turns = policy_of(ctx), Turns(ctx)
    while True:
        with ctx.runtime.lock() as ours:
            if not ours:
                report.elsewhere = True
                return report
            quiet, said = ctx.runtime.seems_idle(), len(report.lines)
            ctx.runtime.take_pulse_request()
            looks = _tick(ctx, policy, report, only, turns)
            if quiet and len(report.lines) > said:
                report.lines.append("found by a full check: no watched file had changed")
            _tell(ctx, policy, report)
            if report.settled:
                ctx.runtime.note_settled(report.settled)
            if not only:
                _write_idle_signature(
                    ctx, report, looks
                )  # last, so that a pulse that dies before leaves no idle signature
        if report.stopped or not (report.handed_over or ctx.runtime.take_pulse_request()):
            return report  # after STOP no other pulse is started: the command that lifts it starts one
        if report.handed_over or turns.late:
            ctx.runtime.request_pulse()
            ctx.again()
            return report


def _tell(ctx: Context, policy: Policy, report: Report) -> None:
    """Notify people, unless STOP is set. An error is reported and stops nothing."""
    if report.stopped:
        return
    try:
        with refusals_said():
            report.news_at = tell_news(ctx, policy, list(report.cases.values()))
    except MissionError as error:
        _trouble(ctx, report, error)
        ctx.runtime.note_troubles([*dict.fromkeys((*ctx.runtime.troubles(), *report.troubles))])


def look(ctx: Context, only: Sequence[MissionId] = ()) -> Report:
    """Return what a pulse would decide now, without doing it."""
    report, policy = Report(), policy_of(ctx)
    snapshot = ctx.state.snapshot()
    for stored in served(snapshot, only):
        loaded = load_placed(stored.text, stored.id)
        report.cases[stored.id] = consider(ctx, policy, snapshot, stored, loaded, look_only=True)
    return report


def _tick(
    ctx: Context, policy: Policy, report: Report, only: Sequence[MissionId], turns: Turns
) -> dict[str, Look] | None:
    """Serve the missions; return the state of the watched files before they were last read, None after an error."""
    before = ctx.runtime.troubles()
    try:
        with refusals_said():
            looks = _run_until_quiet(ctx, policy, report, only, turns)
    except StoppedError:
        _stop_all(ctx, report)
        return None
    except MissionError as error:
        _trouble(ctx, report, error)
        looks = None
    partly = bool(only) or report.handed_over
    kept = [t for t in before if partly and t.mission and t.mission not in report.cases and t not in report.troubles]
    if (*kept, *report.troubles) != before:
        ctx.runtime.note_troubles([*kept, *report.troubles])
    return looks


def _run_until_quiet(
    ctx: Context, policy: Policy, report: Report, only: Sequence[MissionId], turns: Turns
) -> dict[str, Look]:
    moment = ctx.clock.moment()
    ctx.runtime.note_timeline(follow(ctx.runtime.timeline(), moment, least=policy.agree_after))
    go_on(ctx)
    report.lines += ctx.state.recover()
    settled = ctx.runtime.settled()
    secured(ctx, settled, report.lines)  # before other clones get the changes
    report.remote_unreachable = remote_sync.sync_if_due(ctx) is SyncResult.UNREACHABLE
    report.slots = Slots(ctx.machine.free_slots(JobKind.WORKER), ctx.machine.free_slots(JobKind.CHECK))
    for _ in range(_MOST_PASSES):
        looks = ctx.runtime.looks([*ctx.state.watch(), *ctx.settings_files])
        snapshot = secured(ctx, settled, report.lines)
        if not (_visit_all(ctx, policy, report, snapshot, only, turns) or _show(ctx, report)):
            break
    report.settled = {**snapshot.settled, **_settled(report)}
    go_on(ctx)
    remote_sync.send_heartbeat(ctx, [case.mission for case in report.cases.values()])
    return looks


def _show(ctx: Context, report: Report) -> bool:
    """Bring the files for readers up to date, when nothing else is left to do; True if they were changed.

    An error is reported and stops nothing.
    """
    if report.handed_over:
        return False
    go_on(ctx)
    try:
        with refusals_said():
            if not keep_pages(ctx):
                return False
    except MissionError as error:
        _trouble(ctx, report, error)
        return False
    report.lines.append("the files for readers are up to date")
    if not report.remote_unreachable:
        report.remote_unreachable = remote_sync.sync_if_behind(ctx) is SyncResult.UNREACHABLE
    return True


def _stop_all(ctx: Context, report: Report) -> None:
    stopped = stop_jobs(ctx.executor)
    report.stopped = True
    report.lines.append(f"STOP is set: nothing starts, {counted(len(stopped), 'running job')} told to stop")


def _visit_all(
    ctx: Context, policy: Policy, report: Report, snapshot: Snapshot, only: Sequence[MissionId], turns: Turns
) -> bool:
    """Serve each mission once; True if something was done and this pulse may continue.

    A mission served after a change is read again.
    """
    busy = changed = False
    for mission in turns.order([stored.id for stored in served(snapshot, only)]):
        go_on(ctx)
        if changed:
            snapshot = secured(ctx, snapshot.settled, report.lines)
        changed = _visit(ctx, policy, report, mission, snapshot, turns)
        busy |= changed
        if busy and turns.over:
            turns.hand_over(mission)
            report.handed_over = True
            return False
    return busy


def _visit(ctx: Context, policy: Policy, report: Report, mission: MissionId, snapshot: Snapshot, turns: Turns) -> bool:
    """Serve one mission; True if something was done. An error stops only this mission."""
    try:
        with refusals_said():
            return _run_rounds(ctx, policy, report, mission, snapshot, turns)
    except MissionError as error:
        _trouble(ctx, report, error, mission)
    except StoppedError:
        raise
    except Exception as error:  # noqa: BLE001 - a bug: report it, and serve the other missions
        import traceback

        report.bugs.append(f"{mission}: {traceback.format_exc()}")
        words = f"{mission} cannot be served because of a bug in mission: {type(error).__name__}"
        _trouble(ctx, report, MissionError(words, hint=advise(do("pulse", "--debug"), " shows where")), mission)
    return False


def _run_rounds(
    ctx: Context, policy: Policy, report: Report, mission: MissionId, snapshot: Snapshot, turns: Turns
) -> bool:
    """Run rounds for one mission until nothing is left to decide or other missions have to be served."""
    conflicts, streaks = 0, dict[str, int]()
    for number in range(_MOST_ROUNDS):
        if number and turns.over:
            return True
        if number:
            go_on(ctx)
            snapshot = secured(ctx, snapshot.settled, report.lines)
        stored = snapshot.missions.get(mission)
        if stored is None:
            return number > 0
        loaded = load_placed(stored.text, stored.id)
        report.looks[mission] = ctx.runtime.looks(ctx.code.watch([mission], [loaded.mission.base]))
        case = guarded(consider(ctx, policy, snapshot, stored, loaded, slots=report.slots), streaks)
        report.cases[mission] = case
        effects = [a for a in case.plan.effects if (mission, a) not in report.failed | report.asked]
        if not (case.plan.transitions or effects):
            return number > 0
        try:
            _apply(ctx, policy, case, effects, report)
        except ConflictError:
            conflicts += 1
            if conflicts > _MOST_CONFLICTS:
                raise
    return True


def _apply(ctx: Context, policy: Policy, case: Case, effects: Sequence[Effect], report: Report) -> None:
    """Record the decisions, have a shared remote accept them, then carry out the effects."""
    mission = case.mission.id
    go_on(ctx)
    transitions, head = _record(ctx, policy, case, report)
    records = dispatched(transitions)
    heard = SyncResult.UNREACHABLE if report.remote_unreachable else remote_sync.sync_if_behind(ctx)
    if heard is SyncResult.MOVED:
        return  # decide again, with the changes of other clones
    report.remote_unreachable = heard is SyncResult.UNREACHABLE
    report.slots.workers -= sum(not record.ran_on for record in records)
    for record in records if heard is SyncResult.SAME else ():
        go_on(ctx)
        if ctx.state.head() != head:
            return  # the mission was changed meanwhile: its attempts may no longer be wanted
        submit(ctx, case.mission, record, given_again(ctx, case.stored, head, case.mission, record))
    for act in effects:
        go_on(ctx)
        if report.remote_unreachable and not isinstance(act, Cancel | Recover):
            report.failed.add((mission, act))
            continue
        if isinstance(act, Submit) and ctx.state.head() != head:
            return
        report.slots.checks -= isinstance(act, RunCheck | CleanPreview) or (isinstance(act, RunDeploy) and act.is_check)
        trouble = carry_out(ctx, case, act)
        report.lines.append(f"{mission}: {act.why}" + (f": {trouble}" if trouble else ""))
        (report.failed if trouble else report.asked).add((mission, act))


def _record(ctx: Context, policy: Policy, case: Case, report: Report) -> tuple[list[Transition], Sha]:
    """Commit the transitions, if there are any; return them and the head of the state."""
    transitions = with_prompts(ctx, case)
    transitions += findings.refused(ctx, case, transitions)
    head = case.head
    if transitions:
        writes, message = writes_for(case, transitions, ctx.clock.now())
        writes += findings.kept(ctx, case, transitions)
        writes += assets.kept(ctx, case, transitions)
        writes += letters.kept(ctx, case, transitions)
        writes += drafts.kept(ctx, case, transitions)
        promise(ctx, case, transitions)
        head = ctx.state.commit(writes, message=message, expect=case.head)
        note_tick(ctx, policy, case, head)
        report.lines += [f"{case.mission.id}: {move.why}" for move in transitions]
    return transitions, head


def _settled(report: Report) -> dict[MissionId, Settled]:
    """Return the finished missions without anything left to do, which only a change in their own folder can reopen."""
    return {
        mission: Settled(case.stored.content, case.mission.status)
        for mission, case in report.cases.items()
        if case.mission.status in FINISHED_MISSION
        and case.stored.content
        and case.plan.empty
        and not (case.loaded.refused or case.watched_jobs or case.plan.holds or case.plan.wake_at)
    }


def _write_idle_signature(ctx: Context, report: Report, looks: dict[str, Look] | None) -> None:
    """Write the idle signature; after an error, or if something could not be done or polled, one that never matches."""
    cases = report.cases.values()
    wanted = [act for case in cases for act in case.plan.effects if not isinstance(act, Cancel)]
    results = ctx.runtime.looks(ctx.executor.results([key for case in cases for key in case.ended_jobs]))
    unsure = report.troubles or report.bugs or report.failed or report.unasked or not all(results.values())
    if looks is None or unsure or wanted or report.handed_over:
        ctx.runtime.rest(looks={}, jobs=[], wake_at=ctx.clock.now())
        return
    wakes = [c.plan.wake_at for c in cases if c.plan.wake_at is not None]
    wakes += [report.news_at] if report.news_at is not None else []
    jobs = [key for case in cases for key in case.watched_jobs]
    look = remote_sync.next_look(ctx, [case.mission for case in cases])
    wakes += [look] if look is not None else []
    for more in (results, *report.looks.values()):
        looks = looks | more
    again = any(waits_for_the_world(case) for case in cases)
    unfinished = any(case.mission.managed and case.mission.status in STARTED_MISSION for case in cases)
    ctx.runtime.rest(
        looks=looks,
        jobs=ctx.executor.watch(jobs),
        wake_at=min(wakes, default=None),
        again=again,
        unfinished=unfinished,
    )


def _trouble(ctx: Context, report: Report, error: MissionError, mission: str = "") -> None:
    content = ""
    if mission:
        with suppress(MissionError):  # the error may come from this repository
            stored = ctx.state.snapshot().missions.get(MissionId(mission))
            content = stored.content if stored is not None else ""
    report.troubles.append(Trouble(stamp(ctx.clock.now()), error.message, str(error.hint), mission, content))
