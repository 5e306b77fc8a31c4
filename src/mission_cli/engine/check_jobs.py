"""The jobs of checks and hooks: the tries of each one, and the verdict that follows from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import digest
from mission_cli.domain.hooks.rules import HookState
from mission_cli.domain.runs.jobs import CheckState
from mission_cli.domain.status import SERVED_KINDS, CriterionKind, EndReason, JobKind, JobState, Verdict
from mission_cli.ports.executor import Caps, JobSpec, Program, SandboxAccess, Tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.judging.test_results import SuiteSummary
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.jobs import Exit, Job
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.effects import RunCheck, RunHook
    from mission_cli.planner.core.policy import Policy


def check_states(ctx: Context, policy: Policy, mission: Mission, wanted: Iterable[RunCheck]) -> dict[str, CheckState]:
    """Poll every try of the wanted checks; keys without a try are left out."""
    most = policy.check_tries + policy.killed_check_tries
    criteria = {act.key: act.criterion for act in wanted}
    jobs = {(key, n): check_key(mission, key, n) for key in criteria for n in range(1, most + 1)}
    answers = ctx.executor.poll(list(jobs.values()))
    found: dict[str, CheckState] = {}
    for key, criterion in criteria.items():
        tries = [n for n in range(1, most + 1) if answers[jobs[key, n]].state is not JobState.UNKNOWN]
        if tries:
            found[key] = _check_state(ctx, policy, criterion, {n: answers[jobs[key, n]] for n in tries})
    return found


def check_key(mission: Mission, key: str, attempt: int) -> str:
    """Return the executor's key for one try of a check."""
    return f"{mission.id}/checks/{key}.{attempt}"


def _check_state(ctx: Context, policy: Policy, criterion: Criterion, jobs: Mapping[int, Job]) -> CheckState:
    """Return the state of a check from its tries; `jobs` holds them by number."""
    tries = max(jobs)
    ends = {n: _check_end(ctx, criterion, job, job.exit) for n, job in jobs.items() if job.exit is not None}
    first = next((n for n, (verdict, _) in sorted(ends.items()) if verdict is Verdict.FAILED and n < tries), None)
    failed, tests_failed = (None, None) if first is None else (ends[first][1], _tests(jobs[first]))
    if tries not in ends:
        return CheckState(tries, jobs[tries], failed=failed)
    verdict, detail = ends[tries]
    alike = sum(other is verdict for other, _ in ends.values())
    if verdict is None and alike >= policy.killed_check_tries:
        return CheckState(tries, jobs[tries], Verdict.COULD_NOT_RUN, f"it was killed {alike} times", failed=failed)
    again = verdict is None or (verdict is Verdict.COULD_NOT_RUN and alike < policy.check_tries)
    return CheckState(
        tries,
        jobs[tries],
        None if again else verdict,
        detail,
        again=again,
        failed=failed,
        tests=_tests(jobs[tries]),
        tests_failed=tests_failed,
    )


def _tests(job: Job) -> SuiteSummary | None:
    return job.exit.tests if job.exit is not None else None


def _check_end(ctx: Context, criterion: Criterion, job: Job, end: Exit) -> tuple[Verdict | None, str]:
    """Return verdict and detail of one try; the verdict is None if it was killed or lost, which proves nothing."""
    killed = end.reason in {EndReason.LOST, EndReason.CANCELLED} or (end.code or 0) < 0
    if killed and end.reason is not EndReason.DEADLINE:
        return None, ""
    return ctx.checks.verdict(criterion, end, job.tail)


def hook_states(ctx: Context, mission: Mission, wanted: Mapping[str, int]) -> dict[str, HookState]:
    """Poll every try of the wanted hooks, and return the last one of each; keys without a try are left out."""
    jobs = {(key, n): hook_key(mission, key, n) for key, most in wanted.items() for n in range(1, most + 1)}
    answers = ctx.executor.poll(list(jobs.values())) if jobs else {}
    found: dict[str, HookState] = {}
    for (key, n), name in jobs.items():
        if answers[name].state is not JobState.UNKNOWN:
            found[key] = HookState(n, answers[name])
    return found


def hook_key(mission: Mission, key: str, attempt: int) -> str:
    """Return the executor's key for one try of a hook."""
    return f"{mission.id}/hooks/{key}.{attempt}"


def hook_job(ctx: Context, mission: Mission, act: RunHook) -> JobSpec:
    """Return the job of a hook: a shell command in a tree of its own, with facts in its environment."""
    return JobSpec(
        key=hook_key(mission, act.key, act.attempt),
        kind=JobKind.HOOK,
        tree=Tree(commit=act.commit, base_name=mission.base, copy=ctx.settings.tree.copy),
        program=Program(
            argv=("/bin/sh", "-c", act.command),
            env={**ctx.settings.tree.env, "MISSION_ID": mission.id, **dict(act.facts)},
        ),
        caps=Caps(deadline_s=max(1, act.timeout_s)),
        sandbox=SandboxAccess(on=ctx.machine.sandbox().on),
    )


def check_job(ctx: Context, mission: Mission, act: RunCheck, stdin: str = "") -> JobSpec:
    """Return the job of a check; `stdin` is what its judge reads."""
    limit, told = act.criterion.timeout or ctx.settings.check_timeout, act.criterion.conditions
    return JobSpec(
        key=check_key(mission, act.key, act.attempt),
        kind=JobKind.CHECK,
        tree=Tree(
            commit=act.commit,
            base_name=mission.base,
            setup=ctx.settings.tree.setup,
            copy=ctx.settings.tree.copy,
            setup_deadline_s=max(1, int(max(limit, ctx.settings.check_timeout).total_seconds())),
        ),
        program=Program(
            argv=ctx.checks.argv(act.criterion),
            stdin=stdin,
            env={**ctx.settings.tree.env, "MISSION_ID": mission.id},
            own=dict((*(() if act.criterion.kind in SERVED_KINDS else told.env), *told.secrets)),
            tests=digest(act.criterion.command) if act.criterion.kind is CriterionKind.RUN else "",
        ),
        caps=Caps(deadline_s=max(1, int(limit.total_seconds()))),
        sandbox=SandboxAccess(on=ctx.machine.sandbox().on, network=told.network),
    )
