"""Carries out the acts of a plan. Each can be repeated without harm; what came of it is seen in the next round."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli.document.runs.record import read_run, write_run
from mission_cli.domain.errors import MissionError
from mission_cli.engine import findings
from mission_cli.engine.check_jobs import check_job
from mission_cli.engine.context import agent_of
from mission_cli.engine.prompt import prompt_for
from mission_cli.planner.core.decisions import (
    Act,
    Cancel,
    Dispatch,
    Integrate,
    Land,
    MakeWork,
    Move,
    MoveWork,
    PutBaseBack,
    Recover,
    RunCheck,
    Submit,
)
from mission_cli.planner.milestones.judging import names_findings
from mission_cli.ports.agents import Bill, Request
from mission_cli.ports.executor import JobSpec

if TYPE_CHECKING:
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs import RunRecord
    from mission_cli.engine.case import Case
    from mission_cli.engine.context import World


def with_prompts(world: World, case: Case) -> list[Move]:
    """Return the moves with the prompt in each new record: what is submitted is what was written down."""
    moves: list[Move] = []
    for move in case.plan.moves:
        if isinstance(move, Dispatch):
            found = world.state.found(case.stored, case.head)
            prompt = world.secrets.scrub(prompt_for(world, case.mission, move.record, case.seen.records, found))
            moves.append(replace(move, record=_as_written(replace(move.record, prompt=prompt))))
        else:
            moves.append(move)
    return moves


def dispatched(moves: list[Move]) -> list[RunRecord]:
    """The attempts that were intended in this round and are to be submitted."""
    return [move.record for move in moves if isinstance(move, Dispatch)]


def carry_out(world: World, case: Case, act: Act) -> str:
    """Do it. Returns why it could not be done, or the empty string."""
    try:
        return _carry_out(world, case, act)
    except MissionError as error:
        return str(error)


def submit(world: World, mission: Mission, record: RunRecord) -> None:
    """Hand an intended attempt to the executor. Raises MissionError."""
    job = hand_job if record.by else worker_job
    world.executor.submit(job(world, mission, record))


def hand_job(world: World, mission: Mission, record: RunRecord) -> JobSpec:
    """The job of an attempt by hand: a tree, and nothing that runs."""
    return JobSpec(
        key=record.run,
        kind="hand",
        argv=(),
        commit=record.base,
        branch=f"mission/{record.run}",
        base_name=mission.base,
        copy=world.settings.tree.copy,
        continues=f"{mission.id}/{record.continues}" if record.continues else "",
    )


def worker_job(world: World, mission: Mission, record: RunRecord) -> JobSpec:
    """The job of an attempt, made from its record alone: submitting it again is submitting the same."""
    env = {
        "MISSION_ID": mission.id,
        "MISSION_FEATURE": record.feature,
        "MISSION_ATTEMPT": str(record.attempt),
        "MISSION_MODE": mission.mode,
        "MISSION_BASE": mission.base,
        "MISSION_BRANCH": f"mission/{record.run}",
        "MISSION_MODEL": record.model,
    }
    job = agent_job(world, record, title=f"Mission {record.run}", slash_command=mission.preferences.worker_command)
    return replace(
        job,
        branch=f"mission/{record.run}",
        base_name=mission.base,
        env={**job.env, **env},
        setup=world.settings.tree.setup,
        copy=world.settings.tree.copy,
    )


def agent_job(world: World, record: RunRecord, *, title: str, slash_command: str = "", session: str = "") -> JobSpec:
    """One run of an agent: command, limits and sandbox. Branch, setup and mission are the caller's to add."""
    runner = world.settings.runners[record.runner]
    agent = agent_of(world, record.runner, runner)
    if agent is None:
        raise MissionError(f"the runner `{record.runner}` has no adapter")
    sandboxed = world.machine.sandbox().on
    cap = record.reserve.cap_usd
    request = Request(
        prompt=record.prompt,
        title=title,
        model=record.model if runner.models or (runner.kind or record.runner) == "command" else "",
        command=runner.command,
        env=runner.given,
        sandboxed=sandboxed,
        session=session,
        slash_command=slash_command,
        project_settings=runner.project_settings,
        max_usd=cap or None,
    )
    invocation = agent.invocation(request)
    unpriced = agent.bill is Bill.FILE and not runner.models  # a program that says itself what it costs
    prices = {} if unpriced else world.prices.prices(record.model).per_token
    usual = world.settings.stall_after if agent.retry_window_s else world.settings.stuck_after
    silent = runner.stall_after or usual
    return JobSpec(
        key=record.run,
        kind="worker",
        argv=invocation.argv,
        commit=record.base,
        stdin=invocation.stdin,
        env=invocation.env,
        deadline_s=record.deadline_s,
        agent=runner.kind or record.runner,
        probe=invocation.probe,
        prices={kind: str(price) for kind, price in prices.items()},
        max_usd=f"{cap:f}" if cap else "",
        max_tokens=record.reserve.cap_tokens or record.reserve.tokens,
        max_steps=runner.max_steps or world.settings.max_steps,
        stall_s=max(int(silent.total_seconds()), agent.retry_window_s),
        sandbox=sandboxed,
        read=agent.access.read,
        write=agent.access.write,
        scratch=agent.access.scratch,
        pass_env=agent.access.env,
    )


def _as_written(record: RunRecord) -> RunRecord:
    """The record as the next process reads it: what that one would submit again is what is submitted now."""
    return read_run(write_run(record)) or record


def _carry_out(world: World, case: Case, act: Act) -> str:  # noqa: C901 - a flat table, one case per act
    mission = case.mission
    match act:
        case Submit() | Recover():
            record = case.seen.record_of(act.run)
            if record is None:
                return f"{act.run} has no record"
            submit(world, mission, record)
        case Cancel():
            world.executor.cancel(act.run)
        case RunCheck():
            world.executor.submit(_check_job(world, mission, _with_findings(world, case, act)))
        case Integrate():
            if not world.code.move_work(mission.id, act.candidate, act.expect):
                return ""
        case MakeWork():
            world.code.make_work(mission.id, act.base)
        case MoveWork():
            world.code.move_work(mission.id, act.to, act.expect)
        case PutBaseBack():
            world.code.put_base_back(mission.base, act.to, act.expect)
        case Land():
            return world.code.land(mission.base, act.commit, act.expect)
    return ""


def _with_findings(world: World, case: Case, act: RunCheck) -> RunCheck:
    """The same on a commit that has the mission's findings, where its criterion names them."""
    if not names_findings(act.criterion, case.mission.id):
        return act
    found = findings.in_tree(case.mission.id, world.state.found(case.stored, case.head))
    there = world.code.read(act.commit, found)
    lacking = {path: text for path, text in found.items() if path not in there}
    return replace(act, commit=world.code.overlay(act.commit, lacking)) if lacking else act


def _check_job(world: World, mission: Mission, act: RunCheck) -> JobSpec:
    limit = act.criterion.timeout or world.settings.check_timeout
    return JobSpec(
        key=check_job(mission, act.key, act.attempt),
        kind="check",
        argv=world.checks.argv(act.criterion),
        commit=act.commit,
        base_name=mission.base,
        env={**world.settings.tree.env, "MISSION_ID": mission.id},
        setup=world.settings.tree.setup,
        copy=world.settings.tree.copy,
        deadline_s=max(1, int(limit.total_seconds())),
        sandbox=world.machine.sandbox().on,
    )
