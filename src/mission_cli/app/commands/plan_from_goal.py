"""Ask a model for a plan, and once more if its answer has errors; the cost is capped.

Each planning round is a job like a worker's, with a record like an attempt's. Its tree is thrown away: only the answer
counts, and that is untrusted text (`document.plans.answer`).
"""

from __future__ import annotations

import secrets
from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import (
    replace,
)
from mission_cli._support.shown import quantity_of
from mission_cli._support.text import (
    counted,
    first_error,
    one_line,
    show_duration,
    stamp,
)
from mission_cli.app.optional import missing_package
from mission_cli.app.planning import Planned, PlanningRound, PlanningSetup, PlanRequest
from mission_cli.document.plans.answer import (
    FEATURES,
    MILESTONES,
    read_answer,
)
from mission_cli.document.plans.model import PlanModels
from mission_cli.domain.budget.amounts import seconds_as_hours
from mission_cli.domain.budget.ledger import (
    Refusal,
    account,
    reserve_for_attempt,
)
from mission_cli.domain.budget.spends import spends_of
from mission_cli.domain.criteria.extras import EXTRAS
from mission_cli.domain.errors import BlockedError, ToolError
from mission_cli.domain.ids import PLANNING, MissionId, run_id
from mission_cli.domain.mission import Limits
from mission_cli.domain.runs import Exit, RunRecord, Usage
from mission_cli.domain.status import Cause, EndReason, JobKind, JobState, RecordState
from mission_cli.engine.context import agent_of, policy_of, unknown_runner
from mission_cli.engine.effects import agent_job
from mission_cli.engine.halt import refuse_stopped
from mission_cli.planner.attempts.endings import cause_of_end

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import timedelta

    from mission_cli.document.plans.model import Plan
    from mission_cli.domain.ids import Sha
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.policy import RunnerPolicy
    from mission_cli.ports.executor import JobSpec

_MOST_SUBMITS = 3
_MOST_FILES = 60
_MOST_PROBLEMS = 30
_NEW = MissionId("new")
"""The mission id in run ids until the mission has its own."""


def prepare(ctx: Context, wish: PlanRequest) -> PlanningSetup:
    """Choose runner and model, look at the code, write the prompt. Raises BlockedError if no model can be asked."""
    runner = choose_runner(ctx, wish.runner)
    policy = policy_of(ctx).runners[runner]
    commit = ctx.code.heads(_NEW, wish.base).base
    if commit is None:
        raise BlockedError(f"the base branch `{wish.base}` does not exist", hint="create it, with a first commit")
    tier = wish.tier or PlanModels().orchestrator
    model = policy.models.get(tier, tier)
    _refuse_unbounded(policy, model, wish)
    limits = Limits(
        usd=min(filter(None, (ctx.settings.plan_max_usd, wish.max_usd))),
        hours=wish.max_hours or None,
        tokens=Decimal(wish.max_tokens) if wish.max_tokens else None,
    )
    name = f"{ctx.clock.now():%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    return PlanningSetup(wish, runner, model, commit, _prompt(ctx, wish, commit, policy.deadline), limits, name)


def make_plan(ctx: Context, desk: PlanningSetup, *, rest: Callable[[], None]) -> Planned:
    """Ask for a plan, and once more with the errors of the answer. `rest` is called between two polls of the job.

    Ctrl-C ends the job; the last round then holds its cost.
    """
    planned = Planned(desk)
    _ask_with_repair(ctx, planned, _first(ctx, desk), "", rest)
    return planned


def change_plan(ctx: Context, planned: Planned, text: str, wish: str, *, rest: Callable[[], None]) -> Plan | None:
    """Have the model change a plan as a person wishes; None if it did not, then the last round or `refused` tells why.

    The rounds are added to `planned`; all of them together cost at most what the planning may cost.
    """
    desk, last = planned.desk, planned.rounds[-1]
    session = _session(ctx, desk, last)
    values = {"first": "" if session else desk.prompt, "plan": text, "wish": wish}
    prompt = ctx.templates.render("prompts/plan-change.md.j2", values)
    planned.refused = ""
    _ask_with_repair(ctx, planned, _intent(ctx, desk, _records(planned), prompt), session, rest)
    return None if planned.refused else planned.plan


def _ask_with_repair(
    ctx: Context, planned: Planned, record: RunRecord | Refusal, session: str, rest: Callable[[], None]
) -> None:
    """Ask once, and once more with the errors of the answer; add the rounds to `planned`."""
    desk = planned.desk
    for repaired in (False, True):
        if isinstance(record, Refusal):
            planned.refused = record.detail
            return
        planned.rounds.append(_ask(ctx, desk, record, session, len(planned.rounds) + 1, rest))
        last = planned.rounds[-1]
        if repaired or not _wants_repair(last):
            return
        session = _session(ctx, desk, last)
        record = _repair(ctx, planned, resumed=bool(session))


def _records(planned: Planned) -> list[RunRecord]:
    return [one.record for one in planned.rounds]


def choose_runner(ctx: Context, wanted: str = "") -> str:
    """Return the runner to ask for a plan. Raises BlockedError if there is none."""
    refuse_stopped(ctx)
    shortage = ctx.machine.shortage()
    if shortage:
        raise BlockedError(shortage, hint="try again later, or set min_free_memory_mib, min_free_disk_mib")
    runners = policy_of(ctx).runners
    name = wanted or ctx.default_runner()
    policy = runners.get(name)
    if policy is None:
        missing = unknown_runner(ctx, name)
        raise BlockedError(missing.words, hint=missing.remedy)
    if policy.obstacle:
        raise BlockedError(policy.obstacle.text, hint=policy.obstacle.remedy)
    return name


# Before asking


def _refuse_unbounded(policy: RunnerPolicy, model: str, wish: PlanRequest) -> None:
    unpriced = not policy.self_priced and policy.step_cost(model) is None
    if unpriced and not policy.bounded and not wish.max_tokens:
        named = f"`{model}`" if model else "its own model"
        words = f"the price of {named} is unknown, and only dollars limit the planning"
        raise BlockedError(words, hint="add --max-tokens N, or set max_steps of the runner")


def _prompt(ctx: Context, wish: PlanRequest, commit: Sha, sitting: timedelta) -> str:
    seen = ctx.code.glance(commit, ctx.checks.manifest_names)
    names = sorted({path.partition("/")[0] + ("/" if "/" in path else "") for path in seen})
    values = {
        "goal": wish.goal,
        "mode": wish.mode,
        "base": wish.base,
        "files": names[:_MOST_FILES],
        "more_files": max(0, len(names) - _MOST_FILES),
        "commands": [c.text for c in ctx.checks.detect(seen)],
        "milestones": MILESTONES,
        "features": FEATURES,
        "sitting": show_duration(sitting),
        "kinds": [str(kind) for kind in EXTRAS if not missing_package(kind)],
        "limits": list(_limits(ctx, wish)),
    }
    return ctx.templates.render("prompts/plan.md.j2", values)


def _limits(ctx: Context, wish: PlanRequest) -> Iterator[str]:
    """Yield the limits of the plan, one sentence each."""
    caps = (("usd", wish.max_usd), ("hours", wish.max_hours), ("tokens", wish.max_tokens or None))
    amounts = [quantity_of(name, Decimal(cap)) for name, cap in caps if cap]
    if amounts:
        yield f"The whole mission may cost at most {' and '.join(amounts)}, including failed attempts."
    if wish.deadline:
        yield f"It must be finished by {wish.deadline}."
    if wish.kind:
        yield f"The type of the mission is {wish.kind}."
    yield f"At most {counted(1 if wish.mode == 'poc' else ctx.settings.max_parallel_workers, 'worker')} at a time."
    if ctx.settings.protect:
        yield f"No worker may change {', '.join(ctx.settings.protect)}."


def _first(ctx: Context, desk: PlanningSetup) -> RunRecord | Refusal:
    return _intent(ctx, desk, [], desk.prompt)


def _repair(ctx: Context, planned: Planned, *, resumed: bool) -> RunRecord | Refusal:
    """Return the record of the round that lists the errors; a new conversation gets the first prompt, too."""
    last = planned.rounds[-1]
    values = {
        "first": "" if resumed else planned.desk.prompt,
        "answer": last.answer,
        "problems": _problems_for_model(last),
    }
    return _intent(ctx, planned.desk, _records(planned), ctx.templates.render("prompts/plan-repair.md.j2", values))


def _intent(ctx: Context, desk: PlanningSetup, before: Sequence[RunRecord], prompt: str) -> RunRecord | Refusal:
    """Return the record of the next round with its reserve, or a refusal if the budget does not suffice."""
    policy = policy_of(ctx).runners[desk.runner]
    state = account(desk.limits, [row for r in before for row in spends_of(r)], before)
    reserve = reserve_for_attempt(
        state,
        wall_limit=min(policy.deadline, ctx.settings.plan_deadline),
        worst_step=policy.step_cost(desk.model),
    )
    if isinstance(reserve, Refusal):
        return reserve
    return RunRecord(
        run=run_id(_NEW, PLANNING, len(before) + 1),
        state=RecordState.INTENDED,
        runner=desk.runner,
        model=desk.model,
        host=ctx.machine.me(),
        base=desk.commit,
        intended=stamp(ctx.clock.now()),
        deadline_s=reserve.deadline_s,
        reserve=reserve,
        prompt=ctx.secrets.scrub(prompt),
    )


def _problems_for_model(last: PlanningRound) -> list[str]:
    """Return one line for each problem, with the line of the block in which it is."""
    if last.read is None:
        return [last.record.detail]
    lines = last.read.block.text.splitlines()
    found = []
    for problem in last.read.errors[:_MOST_PROBLEMS]:
        text = lines[problem.line - 1].strip() if problem.line <= len(lines) else ""
        hint = f" ({problem.hint})" if problem.hint else ""
        found.append(f"line {problem.line}, `{one_line(text, 80)}`: {problem.message}{hint}")
    return found


# Asking


def _ask(
    ctx: Context, desk: PlanningSetup, record: RunRecord, session: str, number: int, rest: Callable[[], None]
) -> PlanningRound:
    job = _job(ctx, desk, record, session, number)
    end = _run(ctx, job, rest)
    answer = end.report.answer
    kept = ctx.runtime.keep(f"plans/{desk.name}/answer-{number}.md", answer) if answer.strip() else ""
    return _judged(record, end, answer, kept)


def _job(ctx: Context, desk: PlanningSetup, record: RunRecord, session: str, number: int) -> JobSpec:
    """Return the job of a round. Both rounds use the same tree: some agents find a conversation by its folder."""
    job = agent_job(ctx, record, title=f"Plan: {desk.wish.goal}", session=session)
    env = {"MISSION_MODE": desk.wish.mode, "MISSION_BASE": desk.wish.base, "MISSION_MODEL": desk.model}
    return replace(
        job,
        key=f"plan/{desk.name}/{number}",
        kind=JobKind.PLAN,
        tree=replace(job.tree, name=f"plan/{desk.name}", base_name=desk.wish.base),
        program=replace(job.program, env={**job.program.env, **env}),
    )


def _run(ctx: Context, job: JobSpec, rest: Callable[[], None]) -> Exit:
    """Run the job until it ends; the first Ctrl-C stops it, a second one leaves it to its supervisor."""
    try:
        return _until_ended(ctx, job, rest)
    except KeyboardInterrupt:
        ctx.executor.cancel(job.key)
        end = _until_ended(ctx, job, rest, wanted=False)
        return replace(end, reason=EndReason.CANCELLED)


def _until_ended(ctx: Context, job: JobSpec, rest: Callable[[], None], *, wanted: bool = True) -> Exit:
    """Wait for the exit file; submit the job again if its supervisor died, so that its cost is not lost."""
    submits = 0
    while True:
        seen = ctx.executor.poll([job.key])[job.key]
        if seen.exit is not None:
            return seen.exit
        if seen.state is JobState.UNKNOWN and not wanted:
            return Exit(EndReason.CANCELLED)
        if seen.state in {JobState.UNKNOWN, JobState.GONE}:
            if submits == _MOST_SUBMITS:
                raise ToolError(f"the job {job.key} cannot be kept running", hint="see .git/mission/jobs")
            submits += 1
            ctx.executor.submit(job)
        else:
            rest()


# Afterwards


def _judged(record: RunRecord, end: Exit, answer: str, kept: str) -> PlanningRound:
    """Return the round with its settled record: cause, cost, and what is wrong with the answer."""
    read = None
    ended = cause_of_end(end)
    if ended is None:
        read = read_answer(answer)
        errors = read.found
        words = f"{counted(len(errors), 'problem')}: {errors[0].message}" if errors else "it is a plan"
        ended = (Cause.WRONG_OUTPUT, words) if errors else (Cause.DONE, words)
    cause, detail = ended
    settled = replace(
        record,
        state=RecordState.SETTLED,
        cause=cause,
        detail=one_line(detail, 500),
        started=end.started,
        ended=end.ended or record.intended,
        exit=end.told,
        usage=replace(end.report.usage or Usage(), hours=seconds_as_hours(end.seconds)),
        verdict="passed" if cause is Cause.DONE else str(cause),
        session=end.report.session,
        steps=end.report.steps,
        reset_at=end.report.reset_at,
        last_words=answer or end.report.last_words,
        transcript=end.report.transcript,
        evidence="\n".join(p.at("answer") for p in read.found) if read is not None else first_error(detail),
    )
    answered = end.reason is EndReason.EXIT and end.code == 0
    return PlanningRound(settled, answer, read, kept, answered=answered, subagents=bool(end.report.children))


def _wants_repair(last: PlanningRound) -> bool:
    """Whether to ask once more: only after an answer with errors, not after an outage, a limit or a stop."""
    return last.answered and last.record.cause in {Cause.WRONG_OUTPUT, Cause.NOOP}


def _session(ctx: Context, desk: PlanningSetup, last: PlanningRound) -> str:
    """Return the conversation to continue; empty if the second cost report would include parts of the first."""
    agent = agent_of(ctx, desk.runner, ctx.settings.runners[desk.runner])
    return last.record.session if agent is not None and agent.resumes and not last.subagents else ""
