"""One round of a planning: the job in which a model answers, and what its answer is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import counted, first_error
from mission_cli.app.planning import PlanningRound, PlanningSetup
from mission_cli.domain.errors import BlockedError, ToolError
from mission_cli.domain.runs.jobs import Exit
from mission_cli.domain.status import Cause, EndReason, JobKind, JobState
from mission_cli.engine.attempts.jobs import agent_job
from mission_cli.engine.context import agent_of
from mission_cli.engine.money.prices import priced
from mission_cli.planner.attempts.endings import cause_of_end, closed

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.app.planning import PlanRequest
    from mission_cli.document.plans.answer import ReadAnswer
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.policy import RunnerPolicy
    from mission_cli.ports.executor import JobSpec

    Read = Callable[[str], ReadAnswer]
    """Reads an answer."""

_MOST_SUBMITS = 3


def ask(
    ctx: Context,
    desk: PlanningSetup,
    record: RunRecord,
    *,
    session: str,
    number: int,
    read: Read,
    rest: Callable[[], None],
) -> PlanningRound:
    """Have the model answer once, in a job with the number of the round; return the settled round."""
    job = _job(ctx, desk, record, session, number)
    end = run(ctx, job, rest)
    answer = end.report.answer
    kept = ctx.runtime.keep(f"plans/{desk.name}/answer-{number}.md", answer) if answer.strip() else ""
    judged = _judged(record, end, answer, kept, read)
    return replace(judged, record=priced(ctx, judged.record))


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


def run(ctx: Context, job: JobSpec, rest: Callable[[], None]) -> Exit:
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


def _judged(record: RunRecord, end: Exit, answer: str, kept: str, reads: Read) -> PlanningRound:
    """Return the round with its settled record: cause, cost, and what is wrong with the answer."""
    read = None
    ended = cause_of_end(end)
    if ended is None:
        read = reads(answer)
        errors = read.found
        words = f"{counted(len(errors), 'problem')}: {errors[0].message}" if errors else "it is a plan"
        ended = (Cause.WRONG_OUTPUT, words) if errors else (Cause.DONE, words)
    cause, detail = ended
    evidence = "\n".join(p.at("answer") for p in read.found) if read is not None else first_error(detail)
    done = replace(closed(record, end, cause, detail, record.intended), evidence=evidence)
    answered = end.reason is EndReason.EXIT and end.code == 0
    return PlanningRound(done, answer, read, kept, answered=answered, subagents=bool(end.report.children))


def refuse_unbounded(policy: RunnerPolicy, model: str, wish: PlanRequest) -> None:
    """Raise BlockedError if nothing but dollars would limit a model whose price is unknown."""
    unpriced = not policy.self_priced and policy.step_cost(model) is None
    if unpriced and not policy.bounded and not wish.max_tokens:
        named = f"`{model}`" if model else "its own model"
        words = f"the price of {named} is unknown, and only dollars limit the planning"
        raise BlockedError(words, hint="add --max-tokens N, or set max_steps of the runner")


def wants_repair(last: PlanningRound) -> bool:
    """Whether to ask once more: after an answer with errors or doubts, not after an outage, a limit or a stop."""
    doubtful = last.read is not None and bool(last.read.doubts)
    return last.answered and (doubtful or last.record.cause in {Cause.WRONG_OUTPUT, Cause.NOOP})


def way_in(ctx: Context, runner: str, cause: Cause | None) -> str:
    """Return the command that logs in to a runner that refused the account; empty for other causes."""
    if cause is not Cause.AUTH or runner not in ctx.settings.runners:
        return ""
    agent = agent_of(ctx, runner, ctx.settings.runners[runner])
    return f"log in: {agent.log_in}" if agent is not None and agent.log_in else ""


def session_of(ctx: Context, desk: PlanningSetup, last: PlanningRound) -> str:
    """Return the conversation to continue; empty if the second cost report would include parts of the first."""
    agent = agent_of(ctx, desk.runner, ctx.settings.runners[desk.runner])
    return last.record.session if agent is not None and agent.resumes and not last.subagents else ""
