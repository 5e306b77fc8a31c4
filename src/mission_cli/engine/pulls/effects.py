"""Carry out what was decided about pull requests, and remember what the forge answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import stamp
from mission_cli.domain.errors import MissionError
from mission_cli.domain.forge.facts import MergeMethod, MergeOutcome, PullFacts, PullState
from mission_cli.domain.forge.memory import seen_as
from mission_cli.engine.pulls.issues import about_issue
from mission_cli.engine.pulls.look import after_trouble, memory_of
from mission_cli.engine.pulls.text import Texts
from mission_cli.planner.core.effects import (
    CloseIssue,
    MergePull,
    OpenIssue,
    OpenPull,
    PushPull,
    ReplyPull,
    RerunCheck,
    TidyPull,
    Turn,
    TurnPull,
)
from mission_cli.planner.pulls.rows import row_of
from mission_cli.ports.git.forge import NewPull, PullChange

if TYPE_CHECKING:
    from mission_cli.domain.forge.facts import Pull
    from mission_cli.domain.forge.memory import ForgeMemory
    from mission_cli.engine.case import Case
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.effects import ForgeEffect


def at_forge(ctx: Context, case: Case, act: ForgeEffect) -> str:
    """Carry out one effect at the forge. Trouble is remembered, so that nothing is tried before it is due."""
    mission = case.mission
    memory = memory_of(ctx, mission)
    try:
        fresh = _done(ctx, case, act, memory)
    except MissionError as error:
        ctx.forge.keep(mission.id, after_trouble(memory, error, ctx.settings.forge.poll, ctx.clock.now()))
        return str(error)
    ctx.forge.keep(mission.id, fresh)
    return ""


def _done(ctx: Context, case: Case, act: ForgeEffect, memory: ForgeMemory) -> ForgeMemory:
    """Carry out one effect; return the memory with which the forge is looked at next, at once unless nothing is new."""
    now = replace(memory, again="", changed=stamp(ctx.clock.now()))
    match act:
        case PushPull():
            refused = ctx.forge.upstream.push(act.branch, act.commit)
            if refused:
                ctx.forge.keep(case.mission.id, now)  # the branch has moved: look again
                raise MissionError(refused)
            return now
        case OpenPull():
            return _opened(ctx, case, act, now)
        case TurnPull():
            return _turned(ctx, case, act, now)
        case MergePull():
            return _merged(ctx, act, now)
        case ReplyPull():
            ctx.forge.connect().reply(act.number, act.thread, act.text, act.key)
        case RerunCheck():
            ctx.forge.connect().rerun(act.check)
        case OpenIssue() | CloseIssue():
            return about_issue(ctx, case.mission, act, memory)
        case TidyPull():
            return _tidied(ctx, act, memory)
    return now


def _opened(ctx: Context, case: Case, act: OpenPull, memory: ForgeMemory) -> ForgeMemory:
    mission = case.mission
    row, told, forge = row_of(mission, act.subject), ctx.settings.forge, ctx.forge.connect()
    if row is None:
        return memory
    texts = Texts.of(ctx, mission, case.observation.records)
    pull = forge.open(
        NewPull(
            branch=row.branch,
            base=row.base,
            title=texts.title(row),
            body=texts.body(row),
            draft=act.draft or told.draft,
            labels=told.labels,
            reviewers=told.reviewers,
            assignees=told.assignees,
            milestone=told.milestone,
            fork=forge.fork() if told.fork else "",
        )
    )
    described = {**memory.described, act.subject: texts.digest(row)}
    return replace(memory, pulls={**memory.pulls, row.branch: PullFacts(pull)}, described=described)


def _turned(ctx: Context, case: Case, act: TurnPull, memory: ForgeMemory) -> ForgeMemory:
    forge, row = ctx.forge.connect(), row_of(case.mission, act.subject)
    match act.turn:
        case Turn.READY:
            forge.change(act.number, PullChange(draft=False))
        case Turn.RESTART:
            forge.change(act.number, PullChange(state=PullState.CLOSED))
            forge.change(act.number, PullChange(state=PullState.OPEN))
        case Turn.CLOSE:
            forge.change(act.number, PullChange(state=PullState.CLOSED))
        case Turn.DESCRIBE if row is not None:
            texts, there = Texts.of(ctx, case.mission, case.observation.records), memory.pulls.get(row.branch)
            body = texts.refreshed(row, there.pull.body) if there is not None else None
            if body is not None:
                forge.change(act.number, PullChange(body=body))
            described = {**memory.described, act.subject: texts.digest(row)}
            return replace(memory, described=described)
    return memory


def _merged(ctx: Context, act: MergePull, memory: ForgeMemory) -> ForgeMemory:
    forge = ctx.forge.connect()
    method = _method(ctx, memory)
    answer = forge.merge(act.number, act.head, method, queue=act.queue)
    may_wait = memory.repository is not None and memory.repository.auto_merge and not act.queue
    if answer.outcome is MergeOutcome.REFUSED and may_wait:
        answer = forge.merge(act.number, act.head, method, auto=True)
    if answer.outcome is MergeOutcome.REFUSED:
        words = answer.detail or "it gives no reason"
        looks = [seen_as(facts) for facts in memory.pulls.values()]
        mine = [seen_as(facts) for facts in memory.pulls.values() if facts.pull.number == act.number]
        known = {look: said for look, said in memory.refused.items() if look in looks}
        return replace(memory, refused={**known, **dict.fromkeys(mine, words)})
    return memory


def _method(ctx: Context, memory: ForgeMemory) -> MergeMethod:
    """Return how to merge: as the settings say, or the first way that the repository allows."""
    allowed = memory.repository.methods if memory.repository is not None else ()
    return MergeMethod(ctx.settings.forge.merge) if ctx.settings.forge.merge else (*allowed, MergeMethod.MERGE)[0]


def _tidied(ctx: Context, act: TidyPull, memory: ForgeMemory) -> ForgeMemory:
    """Retarget what is based on the branch, then delete it; a branch that somebody else uses stays."""
    forge = ctx.forge.connect()
    children: tuple[Pull, ...] = tuple(forge.children(act.branch))
    for child in children:
        forge.change(child.number, PullChange(base=act.base))
    ctx.forge.upstream.delete(act.branch)
    return replace(memory, tidied=tuple(dict.fromkeys([*memory.tidied, act.number])))
