"""Look at the forge when that is due, remember its answers, and compare them with what git says."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import EARLIEST, parse_stamp, stamp
from mission_cli.domain.errors import ForgeError, ForgeTrouble, MissionError
from mission_cli.domain.forge.facts import CheckOutcome, Mergeable, PullFacts, PullState
from mission_cli.domain.forge.look import ForgeState, PullLook
from mission_cli.domain.forge.memory import ForgeMemory, seen_as
from mission_cli.domain.forge.rows import Proposing
from mission_cli.domain.ids import Sha
from mission_cli.domain.notice import NO_ADVICE, Notice, advise, do
from mission_cli.domain.status import MissionStatus
from mission_cli.engine.pulls.text import Texts
from mission_cli.planner.pulls.rows import followed, proposing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from mission_cli.domain.forge.facts import Check, Pull, Rules
    from mission_cli.domain.forge.rows import PullRow
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.code import Heads
    from mission_cli.ports.git.forge import Forge

_RULES_LAST = timedelta(minutes=10)
_SLOWEST = 20
"""How many times the shortest wait the longest one is."""
_LONGEST = timedelta(days=1)
"""A next look that is later than this comes from a clock that was wrong."""
_SLOWING = 4
"""The next look is due after this part of the time since the last news."""
_WORKFLOWS = (".github/workflows", ".gitlab-ci.yml", ".forgejo/workflows", ".gitea/workflows", ".woodpecker.yml")
_PERSON = frozenset(
    {
        ForgeTrouble.MISSING,
        ForgeTrouble.UNAUTHORIZED,
        ForgeTrouble.FORBIDDEN,
        ForgeTrouble.NOT_FOUND,
        ForgeTrouble.ARCHIVED,
    }
)
_FAILED = frozenset({CheckOutcome.FAILED, CheckOutcome.INFRASTRUCTURE})


def look_at_forge(ctx: Context, mission: Mission, now: datetime, *, ask: bool) -> ForgeState:
    """Return what is known of the forge; with `ask` it is asked if that is due."""
    if proposing(mission) is Proposing.NONE and not mission.pulls:
        return ForgeState()
    if not ctx.forge.remote:
        words = "there is no forge: the repository has no remote that is on a known one"
        remedy = advise("add one with `git remote add`, or set `kind` and `url` in [forge] of .mission.toml")
        return ForgeState(Notice(words, remedy), person=True)
    rows, memory = followed(mission), memory_of(ctx, mission)
    if ask and mission.status is MissionStatus.ACTIVE and _is_due(ctx, mission, rows, memory, now):
        memory = _asked(ctx, mission, rows, memory, now)
        ctx.forge.keep(mission.id, memory)
    return _state(ctx, mission, memory)


def memory_of(ctx: Context, mission: Mission) -> ForgeMemory:
    """Return what is remembered, unless it is of another forge or token."""
    memory = ctx.forge.recall(mission.id)
    return memory if memory.settings == ctx.forge.settings else ForgeMemory(settings=ctx.forge.settings)


def heads_at_forge(ctx: Context, mission: Mission, heads: Heads) -> Heads:
    """Return the heads with the base as the forge has it, if that is where work is merged; none before it is known."""
    if proposing(mission) is Proposing.NONE or not ctx.forge.remote:
        return heads
    base = ctx.forge.upstream.base(mission.id)
    return replace(heads, base=base, known_base=base)


def pull_looks(ctx: Context, mission: Mission, state: ForgeState, records: Sequence[RunRecord]) -> dict[str, PullLook]:
    """Return each followed pull request, as it was last seen."""
    if not ctx.forge.remote:
        return {}
    rows, memory = followed(mission), memory_of(ctx, mission)
    texts = Texts.of(ctx, mission, records) if rows else None
    return {row.subject: _look(ctx, mission, row, memory, state, texts) for row in rows} if texts else {}


def after_trouble(memory: ForgeMemory, error: MissionError, every: timedelta, now: datetime) -> ForgeMemory:
    """Return the memory after the forge could not be used: why, and when it is asked next."""
    trouble = error.trouble if isinstance(error, ForgeError) else ForgeTrouble.UNREACHABLE
    person, failures = trouble in _PERSON, memory.failures + 1
    told = error.again if isinstance(error, ForgeError) and error.again is not None else 0.0
    wait = every * _SLOWEST if person else min(every * 2 ** min(failures, 10), every * _SLOWEST)
    again = now + max(wait, timedelta(seconds=told))
    return replace(
        memory, trouble=error.message, hint=str(error.hint), person=person, failures=failures, again=stamp(again)
    )


def _is_due(ctx: Context, mission: Mission, rows: Sequence[PullRow], memory: ForgeMemory, now: datetime) -> bool:
    again = _next(ctx, memory)
    if again is not None and now < again <= now + max(_LONGEST, _SLOWEST * ctx.settings.forge.poll):
        return bool({row.branch for row in rows} - {*memory.looked}) and not memory.trouble
    return bool(rows or memory.trouble) or ctx.forge.upstream.base(mission.id) is None


def _next(ctx: Context, memory: ForgeMemory) -> datetime | None:
    """Return when the forge is asked next: more often while somebody waits for it."""
    again, asked = parse_stamp(memory.again), parse_stamp(memory.asked)
    if again is None or asked is None or memory.trouble or not ctx.forge.attended():
        return again
    return min(again, asked + ctx.settings.forge.poll)


def _asked(ctx: Context, mission: Mission, rows: Sequence[PullRow], memory: ForgeMemory, now: datetime) -> ForgeMemory:
    every = ctx.settings.forge.poll
    try:
        fresh = _ask(ctx, mission, rows, memory, now)
    except MissionError as error:
        return after_trouble(memory, error, every, now)
    news = (fresh.pulls, fresh.rules, fresh.looked) != (memory.pulls, memory.rules, memory.looked)
    changed = now if news else parse_stamp(memory.changed) or now
    wait = min(max((now - changed) / _SLOWING, every), every * _SLOWEST)
    return replace(fresh, changed=stamp(changed), asked=stamp(now), again=stamp(now + wait))


def _ask(ctx: Context, mission: Mission, rows: Sequence[PullRow], memory: ForgeMemory, now: datetime) -> ForgeMemory:
    """Ask about everything; what the forge cannot tell raises, so that nothing is taken for closed."""
    forge, branches = ctx.forge.connect(), [row.branch for row in rows]
    ctx.forge.upstream.fetch(mission.id, mission.base, branches)
    memory = replace(memory, trouble="", hint="", person=False, failures=0, looked=tuple(branches))
    ruled = parse_stamp(memory.ruled)
    if memory.rules is None or ruled is None or not now - _RULES_LAST < ruled <= now:
        memory = replace(memory, repository=forge.repository(), rules=forge.rules(mission.base), ruled=stamp(now))
    found = forge.pulls(branches) if branches else ()
    pulls: dict[str, PullFacts] = {}
    for row in rows:
        pull = _of_row(row, found)
        if pull is not None:
            before = memory.pulls.get(row.branch)
            going = pull.state is PullState.OPEN
            pulls[row.branch] = forge.look(pull, before) if going else PullFacts(pull)
    return replace(memory, pulls=pulls, logs=_logs(forge, pulls, memory))


def _of_row(row: PullRow, found: Sequence[Pull]) -> Pull | None:
    """Return the pull request of a row: by its number, or else the open one from its branch."""
    mine = [pull for pull in found if pull.branch == row.branch]
    if row.number:
        return next((pull for pull in mine if pull.number == row.number), None)
    return next((pull for pull in mine if pull.state is PullState.OPEN), None)


def _logs(forge: Forge, pulls: dict[str, PullFacts], memory: ForgeMemory) -> dict[str, str]:
    """Return what failed checks printed, each asked for once."""
    logs: dict[str, str] = {}
    for facts in pulls.values():
        for check in facts.checks:
            if check.outcome in _FAILED and check.id:
                logs[check.id] = memory.logs[check.id] if check.id in memory.logs else _log(forge, check)
    return logs


def _log(forge: Forge, check: Check) -> str:
    try:
        return forge.log(check)
    except ForgeError as error:
        if error.trouble is ForgeTrouble.NOT_FOUND or error.trouble is ForgeTrouble.FORBIDDEN:
            return ""  # old logs are deleted, and some tokens may not read them
        raise


def _state(ctx: Context, mission: Mission, memory: ForgeMemory) -> ForgeState:
    again = _next(ctx, memory)
    base = ctx.forge.upstream.base(mission.id)
    helps = advise(memory.hint) or (do("doctor") if memory.person else NO_ADVICE)
    trouble = Notice(memory.trouble, helps) if memory.trouble else None
    repository, person = memory.repository, memory.person
    if trouble is None and repository is not None and repository.archived:
        trouble, person = Notice(f"{repository.name} is archived", advise("unarchive it at the forge")), True
    elif trouble is None and repository is not None and not repository.may_push and not ctx.settings.forge.fork:
        words = f"the token may not push to {repository.name}"
        trouble, person = Notice(words, advise("give it that right, or set `fork = true` in [forge]")), True
    return ForgeState(
        trouble=trouble,
        person=person,
        again=again,
        rules=_with_ours(memory.rules, ctx.settings.forge.required),
        repository=repository,
        issues=memory.issues,
        closed=memory.closed,
        no_issues=memory.no_issues if ctx.clock.now() < (parse_stamp(memory.no_issues_until) or EARLIEST) else "",
        has_workflows=base is not None and ctx.forge.upstream.present(base, _WORKFLOWS),
    )


def _with_ours(rules: Rules | None, required: Sequence[str]) -> Rules | None:
    if rules is None or not required:
        return rules
    return replace(rules, required=tuple(dict.fromkeys([*rules.required, *required])))


def _look(
    ctx: Context, mission: Mission, row: PullRow, memory: ForgeMemory, state: ForgeState, texts: Texts
) -> PullLook:
    upstream, base = ctx.forge.upstream, ctx.forge.upstream.base(mission.id)
    head = ctx.code.find_commit(row.head)
    if row.branch not in memory.looked or head is None or base is None:
        return PullLook()
    facts, tip = memory.pulls.get(row.branch), upstream.tip(row.branch)
    if facts is not None and row.number and facts.pull.number != row.number:
        return PullLook()  # remembered of another one from that branch
    if facts is not None and not row.number and facts.pull.state is not PullState.OPEN:
        facts = None
    look = PullLook(
        facts=facts,
        known=True,
        tip=tip or "",
        pushed=upstream.has(row.branch, head),
        foreign=not upstream.is_ours(row.branch),
        gone=tip is None,
        arrived=upstream.arrived(base, head),
        tree=ctx.code.code_tree(head),
        tidied=row.number in memory.tidied,
    )
    if facts is None or facts.pull.state is not PullState.OPEN:
        return look
    strict = state.rules is not None and state.rules.strict
    merge = None
    if facts.mergeable is Mergeable.CONFLICTS or (facts.behind and strict):
        merge = ctx.code.base_merge(base, head)
    tree = ctx.code.code_tree(Sha(merge.commit)) if merge is not None and merge.commit is not None else ""
    return replace(
        look,
        update=merge,
        update_tree=tree,
        logs={check.name: memory.logs.get(check.id, "") for check in facts.checks if check.outcome in _FAILED},
        refused=memory.refused.get(seen_as(facts), ""),
        described=memory.described.get(row.subject, "") == texts.digest(row),
    )
