"""The loop: lock or kick, finish what a dead tick began, then rounds of observe, decide, record, act."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field
from mission_cli._support.text import counted, stamp
from mission_cli.document.reading.placed import load_placed
from mission_cli.document.syntax.front import priority_of
from mission_cli.domain.errors import ConflictError, MissionError, refusals_said
from mission_cli.domain.ids import MissionId
from mission_cli.domain.status import FINISHED_MISSION, PRIORITIES, MissionStatus
from mission_cli.domain.timing.timeline import follow
from mission_cli.engine import effects as acting
from mission_cli.engine import findings, remote_sync
from mission_cli.engine.context import policy_of
from mission_cli.engine.guards.repeats import guarded
from mission_cli.engine.guards.state_guard import secured
from mission_cli.engine.halt import StoppedError, go_on, stop_jobs
from mission_cli.engine.news import tell_news
from mission_cli.engine.observing.observe import Slots, consider
from mission_cli.engine.recording.record import writes_for
from mission_cli.engine.remote_sync import Heard
from mission_cli.engine.turns import Turns
from mission_cli.planner.core.decisions import (
    Cancel,
    Recover,
    RunCheck,
    Submit,
)
from mission_cli.ports.git.state import Settled
from mission_cli.ports.runtime import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from mission_cli.domain.ids import Sha
    from mission_cli.engine.case import Case
    from mission_cli.engine.context import World
    from mission_cli.planner.core.decisions import Act, Move
    from mission_cli.planner.core.policy import Policy
    from mission_cli.ports.git.state import Snapshot, Stored
    from mission_cli.ports.runtime import Look

_MOST_ROUNDS = 100
_MOST_CONFLICTS = 20
_MOST_PASSES = 100
_UNWATCHED = frozenset({"runner", "machine", "base", "work", "evidence"})
"""Kinds of holds that may end without a change of a watched file: a program, a key, room on the disk, an object."""


@dataclass(slots=True)
class Report:
    """What a pulse did: lines for people, the last look at each mission, and what went wrong."""

    lines: list[str] = field(default_factory=list)
    cases: dict[MissionId, Case] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    bugs: list[str] = field(default_factory=list)
    elsewhere: bool = False
    """Another pulse is at work and was kicked."""
    looks: dict[MissionId, dict[str, Look]] = field(default_factory=dict)
    """How the branches of each mission looked right before they were read."""
    failed: set[tuple[MissionId, Act]] = field(default_factory=set)
    """Acts that could not be done; they are not tried again in this pulse."""
    asked: set[tuple[MissionId, Act]] = field(default_factory=set)
    """Acts that were done. One that changed nothing is done again by the next pulse, not in a circle by this one."""
    stopped: bool = False
    """STOP is set; whatever was found before that may not have been done."""
    unheard: bool = False
    """The remote could not be asked in this pulse; it is not tried again, and nothing is started."""
    slots: Slots = field(default_factory=Slots)
    settled: dict[MissionId, Settled] = field(default_factory=dict)
    """The missions that are over; of those that were so before and stayed as they were there is no case."""
    handed_over: bool = False
    """Some missions were not served: the next pulse goes on with them."""

    def status(self, mission: MissionId) -> MissionStatus | None:
        """How a mission stood at the end; None when it was not looked at."""
        case = self.cases.get(mission)
        if case is not None:
            return case.mission.status
        return self.settled[mission].status if mission in self.settled else None

    @property
    def unasked(self) -> bool:
        """Whether the executor could not say how a job is: nothing tells when it can again."""
        return any(case.unasked for case in self.cases.values())

    @property
    def waits_for_person(self) -> bool:
        """Whether a served mission can only go on when a person helps."""
        return any(
            case.mission.status in {MissionStatus.ACTIVE, MissionStatus.PAUSED}
            and any(h.person for h in case.plan.holds)
            for case in self.cases.values()
        )


def pulse(world: World, only: Sequence[MissionId] = ()) -> Report:
    """Run ticks until nobody kicks any more, or for as long as a pulse may last; then another one is started.

    Never waits for work. Raises nothing but our bugs' reports.
    """
    report = Report()
    policy, turns = policy_of(world), Turns(world)
    while True:
        with world.runtime.lock() as ours:
            if not ours:
                report.elsewhere = True
                return report
            quiet, said = world.runtime.seems_idle(), len(report.lines)
            world.runtime.take_kick()
            looks = _tick(world, policy, report, only, turns)
            if quiet and len(report.lines) > said:
                report.lines.append("this was found although nothing that pulses watch had changed")
            tell_news(world, policy, list(report.cases.values()))
            if report.settled:
                world.runtime.note_settled(report.settled)
            if not only:
                _rest(world, report, looks)  # the last thing: a pulse that dies before it leaves no rest behind
        if report.stopped or not (report.handed_over or world.runtime.take_kick()):
            return report  # after STOP no other pulse is started: the command that lifts it starts one
        if report.handed_over or turns.late:
            world.runtime.kick()
            world.again()
            return report


def look(world: World, only: Sequence[MissionId] = ()) -> Report:
    """What a pulse would decide now, without doing it."""
    report = Report()
    policy = policy_of(world)
    snapshot = world.state.snapshot()
    for stored in _served(snapshot, only):
        loaded = load_placed(stored.text, stored.id)
        report.cases[stored.id] = consider(world, policy, snapshot, stored, loaded, look_only=True)
    return report


def _tick(
    world: World, policy: Policy, report: Report, only: Sequence[MissionId], turns: Turns
) -> dict[str, Look] | None:
    """Do all that there is to do; return how the state looked before it was read last, None where that failed."""
    before = world.runtime.troubles()
    try:
        with refusals_said():
            looks = _passes(world, policy, report, only, turns)
    except StoppedError:
        _stop_all(world, report)
        return None
    except MissionError as error:
        _trouble(world, report, error)
        looks = None
    partly = bool(only) or report.handed_over
    kept = [t for t in before if partly and t.mission and t.mission not in report.cases and t not in report.troubles]
    if (*kept, *report.troubles) != before:
        world.runtime.note_troubles([*kept, *report.troubles])
    return looks


def _passes(world: World, policy: Policy, report: Report, only: Sequence[MissionId], turns: Turns) -> dict[str, Look]:
    moment = world.clock.moment()
    world.runtime.note_timeline(follow(world.runtime.timeline(), moment, least=policy.agree_after))
    go_on(world)
    report.lines += world.state.recover()
    settled = world.runtime.settled()
    secured(world, settled, report.lines)  # before anybody else is told of it
    report.unheard = remote_sync.catch_up(world) is Heard.NOTHING
    report.slots = Slots(world.machine.free_slots("worker"), world.machine.free_slots("check"))
    for _ in range(_MOST_PASSES):
        looks = world.runtime.looks([*world.state.watch(), *world.settings_files])
        snapshot = secured(world, settled, report.lines)
        if not _pass(world, policy, report, snapshot, only, turns):
            break
    report.settled = {**snapshot.settled, **_settled(report)}
    go_on(world)
    remote_sync.leave_sign(world, [case.mission for case in report.cases.values()])
    return looks


def _stop_all(world: World, report: Report) -> None:
    stopped = stop_jobs(world.executor)
    report.stopped = True
    report.lines.append(f"STOP is set: nothing is started, {counted(len(stopped), 'job')} running were told to end")


def _pass(
    world: World, policy: Policy, report: Report, snapshot: Snapshot, only: Sequence[MissionId], turns: Turns
) -> bool:
    """Serve each mission once; True when something was done and it is not time for the next pulse.

    Whoever comes behind a change looks anew.
    """
    busy = changed = False
    for mission in turns.order([stored.id for stored in _served(snapshot, only)]):
        go_on(world)
        if changed:
            snapshot = secured(world, snapshot.settled, report.lines)
        changed = _serve(world, policy, report, mission, snapshot, turns)
        busy |= changed
        if busy and turns.over:
            turns.hand_over(mission)
            report.handed_over = True
            return False
    return busy


def _serve(world: World, policy: Policy, report: Report, mission: MissionId, snapshot: Snapshot, turns: Turns) -> bool:
    """Serve one mission; True when something was done. An error stops this mission, no other."""
    try:
        with refusals_said():
            return _rounds(world, policy, report, mission, snapshot, turns)
    except MissionError as error:
        _trouble(world, report, error, mission)
    except StoppedError:
        raise
    except Exception as error:  # noqa: BLE001 - our bug: reported loudly, and the other missions go on
        import traceback

        report.bugs.append(f"{mission}: {traceback.format_exc()}")
        words = f"{mission} cannot be served: this is a bug of ours: {type(error).__name__}"
        _trouble(world, report, MissionError(words, hint="mission pulse --debug shows where"), mission)
    return False


def _rounds(world: World, policy: Policy, report: Report, mission: MissionId, snapshot: Snapshot, turns: Turns) -> bool:
    """Rounds for one mission until there is nothing more to decide, or it is the turn of others."""
    conflicts, streaks = 0, dict[str, int]()
    for number in range(_MOST_ROUNDS):
        if number and turns.over:
            return True
        if number:
            go_on(world)
            snapshot = secured(world, snapshot.settled, report.lines)
        stored = snapshot.missions.get(mission)
        if stored is None:
            return number > 0
        loaded = load_placed(stored.text, stored.id)
        report.looks[mission] = world.runtime.looks(world.code.watch([mission], [loaded.mission.base]))
        case = guarded(consider(world, policy, snapshot, stored, loaded, slots=report.slots), streaks)
        report.cases[mission] = case
        acts = [a for a in case.plan.acts if (mission, a) not in report.failed | report.asked]
        if not (case.plan.moves or acts):
            return number > 0
        try:
            _do(world, case, acts, report)
        except ConflictError:
            conflicts += 1
            if conflicts > _MOST_CONFLICTS:
                raise
    return True


def _do(world: World, case: Case, acts: Sequence[Act], report: Report) -> None:
    """Write what is decided, have it accepted where it is shared, then carry it out."""
    mission = case.mission.id
    go_on(world)
    moves, head = _record(world, case, report)
    records = acting.dispatched(moves)
    heard = Heard.NOTHING if report.unheard else remote_sync.confirm(world)
    if heard is Heard.MOVED:
        return  # what was written down is looked at again, beside what came from elsewhere
    report.unheard = heard is Heard.NOTHING
    report.slots.workers -= len(records)
    for record in records if heard is Heard.SAME else ():
        go_on(world)
        if world.state.head() != head:
            return  # a person decided something meanwhile: who is not wanted any more is never started
        acting.submit(world, case.mission, record)
    for act in acts:
        go_on(world)
        if report.unheard and not isinstance(act, Cancel | Recover):
            report.failed.add((mission, act))
            continue
        if isinstance(act, Submit) and world.state.head() != head:
            return
        report.slots.checks -= isinstance(act, RunCheck)
        trouble = acting.carry_out(world, case, act)
        report.lines.append(f"{mission}: {act.why}" + (f": {trouble}" if trouble else ""))
        (report.failed if trouble else report.asked).add((mission, act))


def _record(world: World, case: Case, report: Report) -> tuple[list[Move], Sha]:
    """Write the moves of a plan as one commit, none where there are none; return them and the head of the state."""
    moves = acting.with_prompts(world, case)
    head = case.head
    if moves:
        writes, message = writes_for(case, moves, world.clock.now())
        writes += findings.kept(world, case, moves)
        head = world.state.commit(writes, message=message, expect=case.head)
        report.lines += [f"{case.mission.id}: {move.why}" for move in moves]
    return moves, head


def _served(snapshot: Snapshot, only: Sequence[MissionId]) -> Iterable[Stored]:
    """The missions to serve: the urgent ones first, so that a free slot of the machine is theirs; else by place."""
    served = [s for s in snapshot.missions.values() if not only or s.id in only]
    return sorted(served, key=lambda stored: _rank(priority_of(stored.text)))


def _rank(priority: str) -> int:
    return PRIORITIES.index(priority) if priority in PRIORITIES else PRIORITIES.index("normal")


def _settled(report: Report) -> dict[MissionId, Settled]:
    """The missions that are over and done with: only a change in their own folder makes anything of them again."""
    return {
        mission: Settled(case.stored.content, case.mission.status)
        for mission, case in report.cases.items()
        if case.mission.status in FINISHED_MISSION
        and case.stored.content
        and case.plan.empty
        and not (case.loaded.refused or case.watched_jobs or case.plan.holds or case.plan.wake_at)
    }


def _rest(world: World, report: Report, looks: dict[str, Look] | None) -> None:
    """Write the idle signature; after trouble, or where something could not be done or asked, one that never holds."""
    cases = report.cases.values()
    wanted = [act for case in cases for act in case.plan.acts if not isinstance(act, Cancel)]
    results = world.runtime.looks(world.executor.results([key for case in cases for key in case.ended_jobs]))
    unsure = report.troubles or report.bugs or report.failed or report.unasked or not all(results.values())
    if looks is None or unsure or wanted or report.handed_over:
        world.runtime.rest(looks={}, jobs=[], wake_at=world.clock.now())
        return
    wakes: list[datetime] = [c.plan.wake_at for c in cases if c.plan.wake_at is not None]
    jobs = [key for case in cases for key in case.watched_jobs]
    look = remote_sync.next_look(world, [case.mission for case in cases])
    wakes += [look] if look is not None else []
    for more in (results, *report.looks.values()):
        looks = looks | more
    again = any(_waits_for_the_world(case) for case in cases)
    world.runtime.rest(looks=looks, jobs=world.executor.watch(jobs), wake_at=min(wakes, default=None), again=again)


def _waits_for_the_world(case: Case) -> bool:
    """Whether an unfinished mission waits for something that no watched file tells of."""
    if case.mission.status in FINISHED_MISSION:
        return False
    unseen = any(hold.kind in _UNWATCHED or (hold.kind == "slot" and hold.until) for hold in case.plan.holds)
    return unseen or bool(case.seen.landing.obstacle or case.seen.unheard)


def _trouble(world: World, report: Report, error: MissionError, mission: str = "") -> None:
    content = ""
    if mission:
        with suppress(MissionError):  # it may be about this very repository
            stored = world.state.snapshot().missions.get(MissionId(mission))
            content = stored.content if stored is not None else ""
    report.troubles.append(Trouble(stamp(world.clock.now()), error.message, error.hint, mission, content))
