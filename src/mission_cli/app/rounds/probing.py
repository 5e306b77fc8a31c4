"""A probe: a small check of the assumption on which a plan depends, before the plan is approved.

It is a job like a round of the planning, in a tree that is thrown away, with a cap and a record of its own.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import one_line, stamp
from mission_cli.app.planning import Probed, ProbeOutcome
from mission_cli.app.rounds.asking import refuse_unbounded, run
from mission_cli.document.plans.model import PlanModels
from mission_cli.domain.budget.ledger import Refusal, account, reserve_for_attempt
from mission_cli.domain.budget.spends import spends_of
from mission_cli.domain.errors import BlockedError
from mission_cli.domain.ids import PLANNING, MissionId, run_id
from mission_cli.domain.notice import do
from mission_cli.domain.runs.record import RunRecord
from mission_cli.domain.runs.usage import Reserve
from mission_cli.domain.status import Cause, EndReason, JobKind, RecordState
from mission_cli.engine.attempts.jobs import agent_job
from mission_cli.engine.context import policy_of
from mission_cli.engine.halt import refuse_stopped
from mission_cli.engine.money.purse import within_shared
from mission_cli.planner.attempts.endings import cause_of_end, closed
from mission_cli.ports.executor import Caps, JobSpec, Program, SandboxAccess, Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mission_cli.app.planning import PlanningSetup
    from mission_cli.document.plans.model import PlanProbe
    from mission_cli.domain.runs.jobs import Exit
    from mission_cli.engine.context import Context

USUAL_USD = Decimal("0.5")
"""The cap of a probe that names none."""
_NEW = MissionId("new")
_LONGEST = 2000
_TAIL = 4000
_ANSWER = pattern(r"[\s*_`>#-]*(?P<word>HOLDS|FAILS|UNCLEAR)\b[\s*_`:.-]*(?P<why>.*)")
_MISSING = 127


def most_usd(desk: PlanningSetup, probe: PlanProbe) -> Decimal:
    """Return the most that a probe may cost; nothing if it is only a command."""
    if not probe.task:
        return Decimal(0)
    cap = Decimal(str(probe.max_usd)) or USUAL_USD
    return min(cap, desk.limits.usd) if desk.limits.usd is not None else cap


def intent(ctx: Context, desk: PlanningSetup, probe: PlanProbe, before: Sequence[RunRecord]) -> RunRecord:
    """Return the record of a probe with its reserve. Raises BlockedError if it may not start, or nothing is left."""
    refuse_stopped(ctx)
    record = RunRecord(
        run=run_id(_NEW, PLANNING, len(before) + 1),
        state=RecordState.INTENDED,
        host=ctx.machine.me(),
        base=desk.commit,
        intended=stamp(ctx.clock.now()),
    )
    if not probe.task:
        seconds = max(1, int(ctx.settings.plan_deadline.total_seconds()))
        return replace(record, deadline_s=seconds, reserve=Reserve(deadline_s=seconds), prompt=probe.command)
    policy = policy_of(ctx).runners[desk.runner]
    tier = PlanModels().research
    model = policy.models.get(tier, desk.model if policy.models else tier)
    refuse_unbounded(policy, model, desk.wish)
    rows = [row for r in before for row in spends_of(r)]
    state = account(desk.limits, rows, before)
    cap = state.spent.usd + state.held.usd + most_usd(desk, probe)
    limits = replace(desk.limits, usd=min(cap, desk.limits.usd) if desk.limits.usd is not None else cap)
    shared = within_shared(ctx, account(limits, rows, before), desk.runner)
    if isinstance(shared, Refusal):
        raise BlockedError(f"the assumption cannot be checked: {shared.detail}", hint=do("budget", "limits"))
    reserve = reserve_for_attempt(
        shared,
        wall_limit=min(policy.deadline, ctx.settings.plan_deadline),
        worst_step=policy.step_cost(model),
    )
    if isinstance(reserve, Refusal):
        raise BlockedError(f"the assumption cannot be checked: {reserve.detail}", hint="raise plan_max_usd")
    values = {"goal": desk.wish.goal, "base": desk.wish.base, "assumption": probe.assumption, "task": probe.task}
    prompt = ctx.secrets.scrub(ctx.templates.render("prompts/probe.md.j2", values))
    return replace(
        record, runner=desk.runner, model=model, deadline_s=reserve.deadline_s, reserve=reserve, prompt=prompt
    )


def run_probe(
    ctx: Context, desk: PlanningSetup, probe: PlanProbe, record: RunRecord, *, number: int, rest: Callable[[], None]
) -> tuple[RunRecord, Probed]:
    """Run the probe in a job with the number of a round, or wait for that job; return its settled record and outcome.

    Ctrl-C stops it; then the outcome is unclear.
    """
    job = _agent_job(ctx, desk, record, number) if probe.task else _command_job(ctx, desk, record, number)
    end = run(ctx, job, rest)
    outcome, words = (
        _of_answer(end) if probe.task else _of_command(end, ctx.secrets.scrub(ctx.executor.logs(job.key, _TAIL)))
    )
    cause, detail = cause_of_end(end) or (Cause.DONE, "")
    cause = Cause.DONE if outcome is not ProbeOutcome.UNCLEAR or end.reason is EndReason.EXIT else cause
    detail = f"the assumption {outcome.words}: {one_line(words, 300)}" if words else detail or outcome.words
    done = replace(closed(record, end, cause, detail, record.intended), evidence=words)
    done = done if probe.task else replace(done, usage=replace(done.usage, usd=Decimal(0)), last_words=words)
    return done, Probed(probe.assumption, outcome, words)


def _agent_job(ctx: Context, desk: PlanningSetup, record: RunRecord, number: int) -> JobSpec:
    job = agent_job(ctx, record, title=f"Probe: {desk.wish.goal}")
    env = {"MISSION_BASE": desk.wish.base, "MISSION_MODEL": record.model, "MISSION_PROBE": "1"}
    return replace(
        job,
        key=_key(desk, number),
        kind=JobKind.PLAN,
        tree=replace(
            job.tree,
            name=_tree(desk),
            base_name=desk.wish.base,
            setup=ctx.settings.tree.setup,
            copy=ctx.settings.tree.copy,
        ),
        program=replace(job.program, env={**job.program.env, **env}),
    )


def _command_job(ctx: Context, desk: PlanningSetup, record: RunRecord, number: int) -> JobSpec:
    tree = ctx.settings.tree
    return JobSpec(
        key=_key(desk, number),
        kind=JobKind.PLAN,
        tree=Tree(commit=desk.commit, name=_tree(desk), base_name=desk.wish.base, setup=tree.setup, copy=tree.copy),
        program=Program(argv=("/bin/sh", "-c", record.prompt), env={**tree.env, "MISSION_PROBE": "1"}),
        caps=Caps(deadline_s=record.deadline_s),
        sandbox=SandboxAccess(on=ctx.machine.sandbox().on),
    )


def _key(desk: PlanningSetup, number: int) -> str:
    return f"plan/{desk.name}/{number}"


def _tree(desk: PlanningSetup) -> str:
    """Return a tree of its own, so that no conversation of the planning is continued in it."""
    return f"plan/{desk.name}-probe"


def _of_answer(end: Exit) -> tuple[ProbeOutcome, str]:
    """Return what an agent found: its last line with one of the three words counts."""
    ended = cause_of_end(end)
    if ended is not None:
        return ProbeOutcome.UNCLEAR, f"{ended[0]}: {ended[1]}"
    for line in reversed(end.report.answer.splitlines()):
        if found := _ANSWER.match(line):
            return ProbeOutcome(found["word"].lower()), _cut(found["why"].strip() or end.report.answer.strip())
    return ProbeOutcome.UNCLEAR, _cut(end.report.answer.strip()) or "it gave no answer"


def _of_command(end: Exit, output: str) -> tuple[ProbeOutcome, str]:
    """Return what a command says by its exit: 0 is yes; one that did not run to its end says nothing."""
    told = output.strip()[-_LONGEST:]
    if end.reason is not EndReason.EXIT or end.code is None or end.code < 0 or end.code >= _MISSING - 1:
        ended = cause_of_end(end)
        return ProbeOutcome.UNCLEAR, _cut(f"{ended[0]}: {ended[1]}" if ended else told) + (f"\n{told}" if told else "")
    return (ProbeOutcome.HOLDS if end.code == 0 else ProbeOutcome.FAILS), told or f"exit {end.code}"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"
