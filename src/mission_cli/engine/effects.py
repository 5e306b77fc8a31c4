"""Carry out effects. Each can be repeated without harm; the next round observes its result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli.domain.errors import MissionError
from mission_cli.engine import assets, findings
from mission_cli.engine.attempts.jobs import submit
from mission_cli.engine.check_jobs import check_job, hook_job
from mission_cli.engine.deploys.jobs import run_deploy
from mission_cli.engine.drafts.given import given_again
from mission_cli.engine.drafts.promote import promote
from mission_cli.engine.mails.effects import by_mail
from mission_cli.engine.preview.jobs import run_preview
from mission_cli.engine.pulls.effects import at_forge
from mission_cli.engine.purchases.effects import by_provider
from mission_cli.planner.core.effects import (
    AskHost,
    Cancel,
    CleanPreview,
    Effect,
    Integrate,
    Land,
    MakeWork,
    MoveWork,
    PutBaseBack,
    Recover,
    RunCheck,
    RunDeploy,
    RunHook,
    StartPreview,
    Submit,
)
from mission_cli.planner.core.moves.drafts import PromoteDraft
from mission_cli.planner.core.moves.mails import PrepareMail, SendMail
from mission_cli.planner.core.moves.purchases import CancelCard, CreateCard
from mission_cli.planner.milestones.judging import names_findings

if TYPE_CHECKING:
    from mission_cli.engine.case import Case
    from mission_cli.engine.context import Context


def carry_out(ctx: Context, case: Case, act: Effect) -> str:
    """Carry out an effect. Returns why it failed, or the empty string."""
    try:
        return _carry_out(ctx, case, act)
    except MissionError as error:
        return str(error)


def _carry_out(ctx: Context, case: Case, act: Effect) -> str:  # noqa: C901, PLR0912 - a flat table, one case per effect
    mission = case.mission
    match act:
        case Submit() | Recover():
            record = case.observation.record_of(act.run)
            if record is None:
                return f"{act.run} has no record"
            submit(ctx, mission, record, given_again(ctx, case.stored, case.head, mission, record))
        case Cancel():
            ctx.executor.cancel(act.run)
        case AskHost():
            ctx.hosts.ask(act.host)
        case RunCheck():
            told = assets.accepted(ctx, case, act.criterion)
            ctx.executor.submit(check_job(ctx, mission, _with_findings(ctx, case, act), told))
        case RunHook():
            ctx.executor.submit(hook_job(ctx, mission, act))
        case Integrate():
            if not ctx.code.move_work(mission.id, act.candidate, act.expect):
                return ""
        case MakeWork():
            ctx.code.make_work(mission.id, act.base)
        case MoveWork():
            ctx.code.move_work(mission.id, act.to, act.expect)
        case PutBaseBack():
            ctx.code.put_base_back(mission.base, act.to, act.expect)
        case StartPreview() | CleanPreview():
            run_preview(ctx, mission, act)
        case RunDeploy():
            run_deploy(ctx, mission, act)
        case PromoteDraft():
            return promote(ctx, case, act)
        case Land():
            return ctx.code.land(mission.base, act.commit, act.expect)
        case PrepareMail() | SendMail():
            return by_mail(ctx, case, act)
        case CreateCard() | CancelCard():
            return by_provider(ctx, case, act)
        case _:
            return at_forge(ctx, case, act)
    return ""


def _with_findings(ctx: Context, case: Case, act: RunCheck) -> RunCheck:
    """Return the check on a commit that contains the mission's findings, if its criterion names them."""
    if not names_findings(act.criterion, case.mission.id):
        return act
    found = findings.in_tree(case.mission.id, ctx.state.found(case.stored, case.head))
    there = ctx.code.read(act.commit, found)
    lacking = {path: text for path, text in found.items() if path not in there}
    return replace(act, commit=ctx.code.overlay(act.commit, lacking)) if lacking else act
