"""Observe one mission and decide. Only what the state of the mission requires is observed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli.document.criteria.item import asked_criterion
from mission_cli.document.reading.placed import where_it_failed
from mission_cli.document.runs.record import read_run
from mission_cli.domain.budget.amounts import seconds_as_hours
from mission_cli.domain.errors import MissionError
from mission_cli.domain.forge.rows import TODO
from mission_cli.domain.host import is_elsewhere
from mission_cli.domain.ids import RunId, Sha
from mission_cli.domain.notice import do
from mission_cli.domain.runs.usage import Usage
from mission_cli.domain.status import (
    Cause,
    EndReason,
    FeatureStatus,
    HoldKind,
    JobKind,
    MilestoneStatus,
    MissionStatus,
    RecordState,
)
from mission_cli.domain.timing.hours import opens_at, read_windows
from mission_cli.domain.timing.schedule import end_of
from mission_cli.domain.timing.timeline import follow
from mission_cli.engine.case import Case
from mission_cli.engine.check_jobs import check_states, hook_states
from mission_cli.engine.deploys.jobs import deploy_jobs, deploying_elsewhere
from mission_cli.engine.drafts.look import draft_look
from mission_cli.engine.findings import digest
from mission_cli.engine.mails.look import look_at_mail
from mission_cli.engine.money.purse import with_purse
from mission_cli.engine.observing.code_look import CodeLook, landing_target
from mission_cli.engine.observing.elsewhere import pull_rows, statuses
from mission_cli.engine.observing.engaged import engaged_at
from mission_cli.engine.observing.judge_files import base_movers_of, movers_of
from mission_cli.engine.observing.patterns_look import patterns_of
from mission_cli.engine.observing.phase_look import phase_look
from mission_cli.engine.observing.touch_look import touch_of
from mission_cli.engine.outside.look import look_outside
from mission_cli.engine.preview.jobs import preview_jobs
from mission_cli.engine.pulls.look import heads_at_forge, look_at_forge, pull_looks
from mission_cli.engine.pulls.todo import todo_commit
from mission_cli.engine.purchases.look import look_at_payments
from mission_cli.engine.remote_sync import is_silent, remote_problem, waits_for_person
from mission_cli.engine.resources.look import look_at_resources
from mission_cli.planner.core.decisions import Decisions, Hold
from mission_cli.planner.core.moves.features import Dispatch
from mission_cli.planner.core.observation import Observation
from mission_cli.planner.decide import decide
from mission_cli.planner.mission.bounds import with_known_runner
from mission_cli.planner.mission.executions import due_at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.mission import Limits, Mission
    from mission_cli.domain.runs.jobs import Exit, Job
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.domain.timing.timeline import Timeline
    from mission_cli.engine.context import Context
    from mission_cli.engine.outside.look import World
    from mission_cli.planner.core.policy import Policy
    from mission_cli.ports.git.state import Snapshot, Stored


@dataclass(slots=True)
class Slots:
    """The slots of this machine that a pulse may still use: a job takes its slot only a moment later."""

    workers: int = 0
    checks: int = 0


def consider(
    ctx: Context,
    policy: Policy,
    snapshot: Snapshot,
    stored: Stored,
    loaded: Loaded,
    *,
    look_only: bool = False,
    slots: Slots | None = None,
) -> Case:
    """Observe one mission and decide. With `look_only` nothing is fetched, and no object is written for attempts.

    A mission whose file is refused is not observed. A bug becomes a hold in a view; the loop reports it and serves the
    other missions.
    `slots`: the slots of the machine that may still be used; None: all that are free now.
    """
    if snapshot.head is None:
        raise ValueError("a mission was found without a commit")
    if loaded.refused:
        return Case(
            stored, loaded, snapshot.head, Observation(ctx.clock.now(), ctx.machine.me()), _unreadable(loaded), {}
        )
    try:
        return _consider(ctx, policy, snapshot, stored, loaded, look_only=look_only, slots=slots)
    except MissionError:
        raise
    except Exception as error:
        if not look_only:
            raise
        words = f"it cannot be observed: {where_it_failed(error)}"
        plan = Decisions(holds=(Hold("", HoldKind.BUG, words, unblock=do("pulse", "--debug"), person=True),))
        return Case(stored, loaded, snapshot.head, Observation(ctx.clock.now(), ctx.machine.me()), plan, {})


def _consider(
    ctx: Context,
    policy: Policy,
    snapshot: Snapshot,
    stored: Stored,
    loaded: Loaded,
    *,
    look_only: bool,
    slots: Slots | None,
) -> Case:
    """Observe one mission and decide.

    Reading the evidence of ended attempts takes dozens of git commands. If all of them report success, only what may
    start beside them is decided first.
    """
    head = Sha(str(snapshot.head))
    loaded = replace(loaded, mission=with_known_runner(loaded.mission, policy))
    driven = loaded.mission.managed and loaded.mission.status not in _NOT_DRIVEN
    texts = ctx.state.runs(stored, head) if driven or look_only else {}
    observation, look = _observe(ctx, snapshot, loaded, texts, ask=not look_only)
    if slots is not None:
        workers, checks = min(slots.workers, observation.free_slots), min(slots.checks, observation.free_checks)
        observation = replace(observation, free_slots=max(0, workers), free_checks=max(0, checks))
    if look is not None and not look_only and observation.put_back is None and observation.base_back is None:
        look.own_heads()
        first = starts_before_evidence(loaded.mission, observation, policy)
        if first is not None:
            return Case(stored, loaded, head, observation, first, texts)
        observation = look.with_evidence(observation)
    plan = decide(loaded.mission, observation, policy)
    asked: set[str] = set()
    while True:
        wanted = [act for act in plan.judgments if act.key not in asked]
        hooks = {key: most for key, most in plan.hooks.items() if key not in asked}
        if not (wanted or hooks):
            break
        asked |= {act.key for act in wanted} | set(hooks)
        observation = replace(
            observation,
            checks={**observation.checks, **check_states(ctx, policy, loaded.mission, wanted)},
            hooks={**observation.hooks, **hook_states(ctx, loaded.mission, hooks)},
        )
        plan = decide(loaded.mission, observation, policy)
    return Case(stored, loaded, head, observation, plan, texts)


def _unreadable(loaded: Loaded) -> Decisions:
    """Return a hold for a file that cannot be read: a person has to repair it."""
    first = next(iter(loaded.errors()), None)
    words = f"line {first.line}: {first.message}" if first else "it cannot be read"
    return Decisions(holds=(Hold("", HoldKind.FILE, words, unblock=do("edit", loaded.mission.id), person=True),))


def starts_before_evidence(mission: Mission, observation: Observation, policy: Policy) -> Decisions | None:
    """Return what may start before the evidence of ended attempts is read; None if nothing may.

    Their costs are within their reserves, so settling them later takes nothing from the remaining budget.
    """
    ended = [
        (record, job.exit) for record in observation.records if (job := observation.jobs.get(record.run)) and job.exit
    ]
    if not ended or mission.poc or not all(_went_well(mission.limits, record, end) for record, end in ended):
        return None
    plan = decide(mission, observation, policy)
    transitions = tuple(move for move in plan.transitions if isinstance(move, Dispatch))
    return replace(plan, transitions=transitions, effects=()) if transitions else None


def _went_well(limits: Limits, record: RunRecord, end: Exit) -> bool:
    """Whether a run ended without a problem that concerns other runs, and within its reserve."""
    used, held = end.report.usage or Usage(), record.reserve
    paid = limits.usd is None or used.usd is None or used.usd <= held.usd
    within = paid and (limits.tokens is None or used.total_tokens <= held.tokens)
    in_time = limits.hours is None or seconds_as_hours(end.seconds) <= held.hours
    return within and in_time and (end.reason, end.code, end.report.cause) == (EndReason.EXIT, 0, None)


def _observe(
    ctx: Context, snapshot: Snapshot, loaded: Loaded, run_texts: Mapping[str, str], *, ask: bool
) -> tuple[Observation, CodeLook | None]:
    """Observe clock, code, jobs and machine for one mission, but not yet the evidence of attempts."""
    mission = loaded.mission
    timeline = follow(ctx.runtime.timeline(), ctx.clock.moment(), least=ctx.settings.agree_after)
    now, me, zone = timeline.last.wall, ctx.machine.me(), ctx.clock.zone
    records = records_of(run_texts)
    if not mission.managed or mission.status in _NOT_DRIVEN:
        engaged = engaged_at(ctx, snapshot.missions[mission.id], mission, now) if mission.managed else None
        return Observation(now, me, records=records, timeline=timeline, zone=zone, engaged=engaged), None
    if is_elsewhere(mission.host, me):
        return _observe_elsewhere(ctx, mission, now, me, records), None
    observation, look = _driven_here(ctx, snapshot, mission, records, timeline, ask=ask)
    world = look_outside(ctx, snapshot, mission, now, observation.base, ask=ask)
    looks, again = look_at_resources(ctx, mission, now, observation.base, ask=ask)
    again = min((moment for moment in (again, world.again) if moment is not None), default=None)
    world, observation = replace(world, again=again), replace(observation, resources=looks)
    observation = with_purse(ctx, snapshot, mission.id, _with_world(observation, world), note=ask)
    return _with_others(ctx, snapshot, mission, observation), look


def _driven_here(
    ctx: Context, snapshot: Snapshot, mission: Mission, records: tuple[RunRecord, ...], timeline: Timeline, *, ask: bool
) -> tuple[Observation, CodeLook]:
    """Observe code, forge, jobs, mail and machine for a mission that this clone drives."""
    now, me, zone = timeline.last.wall, ctx.machine.me(), ctx.clock.zone
    forge = look_at_forge(ctx, mission, now, ask=ask)
    heads = heads_at_forge(ctx, mission, ctx.code.heads(mission.id, mission.base))
    jobs = _jobs(ctx, records, me)
    movers, base_movers = movers_of(ctx, heads, records, me), base_movers_of(ctx, heads, records, me)
    look, target = CodeLook(ctx, mission, heads, records, jobs), landing_target(ctx, mission, heads)
    looks, landing = pull_looks(ctx, mission, forge, records), look.landing(target)
    observation = Observation(
        now=now,
        me=me,
        shared=bool(ctx.share.remote),
        remote_problem=remote_problem(ctx),
        undecided=waits_for_person(ctx),
        base=heads.base,
        renamed=heads.renamed,
        work=heads.work,
        put_back=heads.ours if movers and heads.ours != heads.work else None,
        movers=movers,
        base_back=heads.known_base if base_movers else None,
        base_movers=base_movers,
        work_tree=look.work_tree,
        work_against=look.work_against(),
        start_trees=look.start_trees(),
        since_start=look.since_start(),
        base_merge=look.base_merge(),
        target=target,
        landing=landing,
        phase=phase_look(ctx, snapshot.missions[mission.id], snapshot.head, mission, heads, target),
        forge=forge,
        pulls=looks,
        todo=todo_commit(ctx, mission, forge, looks.get(TODO), records, landing.state) if ask else None,
        records=records,
        highest=heads.highest,
        jobs=jobs,
        looked=False,
        detected=look.detected({}),
        held_out=held_out_of(ctx, mission),
        previews={**preview_jobs(ctx, mission), **deploy_jobs(ctx, mission)},
        drafts=draft_look(ctx, snapshot.missions[mission.id], snapshot.head, mission, records, ask=ask),
        findings=_findings(ctx, snapshot, mission),
        free_slots=ctx.machine.free_slots(JobKind.WORKER),
        free_checks=ctx.machine.free_slots(JobKind.CHECK),
        shortage=ctx.machine.shortage(),
        hosts=tuple(ctx.hosts.looks()),
        opens_at=opens_at(read_windows(ctx.settings.hours), now.astimezone(zone)),
        timeline=timeline,
        settings_at=ctx.runtime.changed_at(ctx.settings_files),
        zone=zone,
        mail=look_at_mail(ctx, mission, now, ask=ask),
        payments=look_at_payments(ctx, snapshot, mission, now, ask=ask),
    )
    return observation, look


def _with_world(observation: Observation, world: World) -> Observation:
    """Add what is known of calendars and of pull requests by number."""
    return replace(observation, occasions=world.occasions, numbered=world.numbered, outside_again=world.again)


def _with_others(ctx: Context, snapshot: Snapshot, mission: Mission, observation: Observation) -> Observation:
    """Add what is known elsewhere, if it matters: the state of other missions, and the last editor of the file."""
    edited = _is_edited(mission, observation.records)
    return replace(
        observation,
        missions=statuses(snapshot, mission),
        deploying=deploying_elsewhere(snapshot, mission),
        patterns=patterns_of(ctx, snapshot, mission),
        touch=touch_of(ctx, mission, observation),
        awaited=pull_rows(ctx, snapshot, mission),
        editor=ctx.state.last_editor(snapshot.missions[mission.id]) if edited else "",
        starts_at=due_at(mission, observation.now, ctx.clock.zone) if mission.schedule else None,
        last_due=end_of(mission.end_date, ctx.clock.zone),
        deadline=end_of(mission.deadline, ctx.clock.zone),
        pause_at=end_of(mission.pause_at, ctx.clock.zone),
        engaged=engaged_at(ctx, snapshot.missions[mission.id], mission, observation.now),
    )


def _observe_elsewhere(
    ctx: Context, mission: Mission, now: datetime, me: str, records: tuple[RunRecord, ...]
) -> Observation:
    """Observe a mission that another clone drives: whether its driver is silent, and what still runs here for it."""
    shared, silent, orphans = bool(ctx.share.remote), is_silent(ctx, mission.host), _orphan_runs(ctx, mission)
    return Observation(now, me, shared, records=records, host_silent=silent, orphan_runs=orphans)


def held_out_of(ctx: Context, mission: Mission) -> dict[int, Criterion | None]:
    """Open the held-out criteria of the milestones that are being validated."""
    due = {m.number for m in mission.milestones if m.status is MilestoneStatus.VALIDATING}
    found: dict[int, Criterion | None] = {}
    for one in mission.held_out:
        if one.milestone in due:
            text = ctx.seals.unseal(one.sealed)
            found[one.number] = None if text is None else asked_criterion(text)
    return found


def _findings(ctx: Context, snapshot: Snapshot, mission: Mission) -> str:
    """Return a hash of the findings so far."""
    stored = snapshot.missions.get(mission.id)
    return digest(ctx.state.found(stored, snapshot.head)) if stored and snapshot.head else ""


def _orphan_runs(ctx: Context, mission: Mission) -> tuple[RunId, ...]:
    """Return the jobs that run here for a mission that another host drives now."""
    return tuple(RunId(key) for key in ctx.executor.running() if key.startswith(f"{mission.id}/"))


def _is_edited(mission: Mission, records: Sequence[RunRecord]) -> bool:
    """Whether a person changed a value that limits the mission, or set a feature to done without a done attempt."""
    if any(old for _, old, _ in mission.in_force.changed()):
        return True
    proven = {r.feature for r in records if r.cause is Cause.DONE}
    return any(f.status is FeatureStatus.DONE and f.number not in proven for f in mission.features())


_NOT_DRIVEN = frozenset({MissionStatus.DRAFT, MissionStatus.PLANNING, None})


def records_of(texts: Mapping[str, str]) -> tuple[RunRecord, ...]:
    """Return the run records of these texts by feature and attempt."""
    found = [read_run(text) for text in texts.values()]
    return tuple(sorted((r for r in found if r is not None), key=lambda r: (r.feature, r.attempt)))


def _jobs(ctx: Context, records: Sequence[RunRecord], me: str) -> dict[RunId, Job]:
    """Return the jobs of this host's open attempts; those of other hosts are not polled."""
    open_runs = [r for r in records if r.state is RecordState.INTENDED and not is_elsewhere(r.host, me)]
    answers = ctx.executor.poll([r.run for r in open_runs]) if open_runs else {}
    return {record.run: answers[record.run] for record in open_runs}
