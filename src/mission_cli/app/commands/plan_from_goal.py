"""Ask a model for a plan, and once more if its answer has errors; the cost is capped.

Each planning round is a job like a worker's, with a record like an attempt's. Its tree is thrown away: only the answer
counts, and that is untrusted text (`document.plans.answer`).
"""

from __future__ import annotations

import secrets
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from mission_cli._support.shown import quantity_of
from mission_cli._support.text import command_line, counted, one_line, show_duration, stamp
from mission_cli.app.commands.start_checks import no_base
from mission_cli.app.optional import missing_package
from mission_cli.app.planning import Planned, PlanningRound, PlanningSetup, PlanRequest
from mission_cli.app.rounds.asking import ask, refuse_unbounded, session_of, wants_repair
from mission_cli.app.rounds.checking import facts_at
from mission_cli.app.skills.capabilities import capabilities
from mission_cli.document.plans.advice import SMALL
from mission_cli.document.plans.answer import FEATURES, MILESTONES, read_answer
from mission_cli.document.plans.model import PlanModels
from mission_cli.domain.budget.ledger import Refusal, account, reserve_for_attempt
from mission_cli.domain.budget.spends import spends_of
from mission_cli.domain.criteria.extras import EXTRAS
from mission_cli.domain.errors import BlockedError
from mission_cli.domain.ids import PLANNING, MissionId, run_id
from mission_cli.domain.mission import Limits
from mission_cli.domain.notice import advise
from mission_cli.domain.runs.record import RunRecord
from mission_cli.domain.skills.capabilities import told
from mission_cli.domain.status import RecordState
from mission_cli.engine.context import policy_of, unknown_runner
from mission_cli.engine.halt import refuse_stopped
from mission_cli.engine.money.purse import within_shared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import timedelta

    from mission_cli.app.rounds.asking import Read
    from mission_cli.document.plans.model import Plan
    from mission_cli.domain.ids import Sha
    from mission_cli.engine.context import Context

_MOST_SUBMITS = 3
_MOST_FILES = 60
_MOST_PROBLEMS = 30
_NEW = MissionId("new")
"""The mission id in run ids until the mission has its own."""


def prepare(ctx: Context, wish: PlanRequest) -> PlanningSetup:
    """Choose runner and model, look at the code, write the prompt. Raises BlockedError if no model can be asked."""
    runner = choose_runner(ctx, wish.runner)
    policy = policy_of(ctx).runners[runner]
    commit = _base_of(ctx, wish)
    tier = wish.tier or PlanModels().orchestrator
    model = policy.models.get(tier, tier)
    refuse_unbounded(policy, model, wish)
    limits = Limits(
        usd=min(filter(None, (ctx.settings.plan_max_usd, wish.max_usd))),
        hours=wish.max_hours or None,
        tokens=Decimal(wish.max_tokens) if wish.max_tokens else None,
    )
    return PlanningSetup(wish, runner, model, commit, _prompt(ctx, wish, commit, policy.deadline), limits, _name(ctx))


def bare_setup(ctx: Context, wish: PlanRequest) -> PlanningSetup:
    """Return what a probe without a model needs. Raises BlockedError if the base does not exist."""
    return PlanningSetup(wish, "", "", _base_of(ctx, wish), "", Limits(), _name(ctx))


def _base_of(ctx: Context, wish: PlanRequest) -> Sha:
    heads = ctx.code.heads(_NEW, wish.base)
    if heads.base is None:
        raise no_base(wish.base, heads, renamed=advise("use its new name: ", command_line("--base", heads.renamed)))
    return heads.base


def _name(ctx: Context) -> str:
    return f"{ctx.clock.now():%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def make_plan(ctx: Context, desk: PlanningSetup, *, rest: Callable[[], None]) -> Planned:
    """Ask for a plan, and once more with the errors of the answer. `rest` is called between two polls of the job.

    Ctrl-C ends the job; the last round then holds its cost.
    """
    planned = Planned(desk)
    read = partial(read_answer, facts=facts_at(ctx, desk.commit))
    _ask_with_repair(ctx, planned, _first(ctx, desk), "", read, rest)
    return planned


def change_plan(
    ctx: Context, planned: Planned, text: str, wish: str, *, session: str, rest: Callable[[], None]
) -> Plan | None:
    """Have the model change a plan as a person wishes; None if it did not, then the last round or `refused` tells why.

    The rounds are added to `planned`; all of them together cost at most what the planning may cost. `session`: the
    conversation that is continued; empty: a new one. The person decides how large the plan is.
    """
    desk = planned.desk
    values = {"first": "" if session else desk.prompt, "plan": text, "wish": wish}
    prompt = ctx.templates.render("prompts/plan-change.md.j2", values)
    planned.refused = ""
    read = partial(read_answer, facts=facts_at(ctx, desk.commit), bounded=False)
    before = len(planned.rounds)
    _ask_with_repair(ctx, planned, _intent(ctx, desk, _records(planned), prompt), session, read, rest)
    return planned.plan if len(planned.rounds) > before and not planned.stopped else None


def _ask_with_repair(
    ctx: Context, planned: Planned, record: RunRecord | Refusal, session: str, read: Read, rest: Callable[[], None]
) -> None:
    """Ask once, and once more with the problems of the answer; add the rounds to `planned`."""
    desk = planned.desk
    planned.spare = None
    for repaired in (False, True):
        if isinstance(record, Refusal):
            planned.refused = "" if planned.spare is not None else record.detail
            return
        number = len(planned.rounds) + 1
        planned.rounds.append(ask(ctx, desk, record, session=session, number=number, read=read, rest=rest))
        last = planned.rounds[-1]
        if repaired or not wants_repair(last):
            return
        planned.spare = last.read if last.plan is not None else None
        session = session_of(ctx, desk, last)
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


def _prompt(ctx: Context, wish: PlanRequest, commit: Sha, sitting: timedelta) -> str:
    seen = ctx.code.glance(commit, ctx.checks.manifest_names)
    names = sorted({path.partition("/")[0] + ("/" if "/" in path else "") for path in seen})
    values = {
        "goal": wish.goal,
        "said": wish.said,
        "asks": wish.asks,
        "mode": wish.mode,
        "base": wish.base,
        "files": names[:_MOST_FILES],
        "more_files": max(0, len(names) - _MOST_FILES),
        "commands": [c.text for c in ctx.checks.detect(seen)],
        "there": told(capabilities(ctx, commit, wish.runner)),
        "milestones": MILESTONES,
        "features": FEATURES,
        "sitting": show_duration(sitting),
        "small": show_duration(SMALL),
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
    alone = account(desk.limits, [row for r in before for row in spends_of(r)], before)
    state = within_shared(ctx, alone, desk.runner)
    if isinstance(state, Refusal):
        return state
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
    for problem in (last.read.errors or last.read.doubts)[:_MOST_PROBLEMS]:
        text = lines[problem.line - 1].strip() if problem.line <= len(lines) else ""
        hint = f" ({problem.hint})" if problem.hint else ""
        found.append(f"line {problem.line}, `{one_line(text, 80)}`: {problem.message}{hint}")
    return found
