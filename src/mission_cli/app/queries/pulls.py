"""The pull requests of missions, from what is recorded and what the forge last said; the forge is not contacted."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mission_cli._support.text import stamp
from mission_cli.app.addressing import resolve
from mission_cli.app.results.pulls import ForgeView, MissionPulls, PullBlock, PullChecks, PullReviews, PullView
from mission_cli.domain.forge.facts import CheckOutcome, PullState, Rules
from mission_cli.domain.forge.gate import approvals_wanted, approves, blocks, gating, requested_by
from mission_cli.domain.forge.rows import IN_BASE, MISSION, TODO, Proposing, RowStatus
from mission_cli.domain.ids import feature_number
from mission_cli.domain.notice import NO_ADVICE
from mission_cli.domain.status import HoldKind
from mission_cli.engine.context import policy_of
from mission_cli.engine.observing.observe import consider
from mission_cli.engine.pulls.look import memory_of
from mission_cli.planner.core.decisions import Hold
from mission_cli.planner.pulls.rows import proposing

if TYPE_CHECKING:
    from mission_cli.app.addressing import Address
    from mission_cli.domain.forge.facts import PullFacts
    from mission_cli.domain.forge.rows import PullRow
    from mission_cli.domain.mission import Mission
    from mission_cli.engine.case import Case
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Snapshot

_FAILED = frozenset({CheckOutcome.FAILED, CheckOutcome.INFRASTRUCTURE})
_HOLDS = frozenset({HoldKind.PULL, HoldKind.FORGE})


def pull_requests(ctx: Context, text: str = "") -> list[MissionPulls]:
    """Return the pull requests of a mission; without a name, of each mission that has some or is to have some."""
    snapshot = ctx.state.snapshot()
    if text:
        return [_of_mission(ctx, snapshot, resolve(snapshot, text))]
    found = (resolve(snapshot, stored.id) for stored in snapshot.missions.values())
    wanted = (a for a in found if a.mission.pulls or (a.mission.managed and proposing(a.mission) is not Proposing.NONE))
    return [_of_mission(ctx, snapshot, address) for address in wanted]


def _of_mission(ctx: Context, snapshot: Snapshot, address: Address) -> MissionPulls:
    case = consider(ctx, policy_of(ctx), snapshot, address.stored, address.loaded, look_only=True)
    found = pulls_of(ctx, case)
    if address.feature is not None:
        found = {address.feature: found[address.feature]} if address.feature in found else {}
    elif address.milestone is not None:
        number = str(address.milestone)
        found = {subject: one for subject, one in found.items() if subject.partition(".")[0] == number}
    mission = case.mission
    return MissionPulls(mission.id, mission.title, str(proposing(mission)), _forge(ctx, case), [*found.values()])


def pulls_of(ctx: Context, case: Case) -> dict[str, PullView]:
    """Return the pull requests of a mission by subject, in the order of its parts."""
    mission = case.mission
    if not mission.pulls:
        return {}
    remembered = memory_of(ctx, mission).pulls if ctx.forge.remote else {}
    rows: dict[str, PullRow] = {}
    for row in mission.pulls:
        rows.setdefault(row.subject, row)
    return {name: _view(case, rows[name], remembered.get(rows[name].branch)) for name in sorted(rows, key=_place)}


def _place(subject: str) -> tuple[int, ...]:
    parts = subject.split(".")
    if all(part.isdecimal() for part in parts):
        return tuple(int(part) for part in parts)
    return (0,) if subject == MISSION else (sys.maxsize,)


def _view(case: Case, row: PullRow, facts: PullFacts | None) -> PullView:
    over = row.status in IN_BASE
    if facts is not None and (over or not row.number or facts.pull.number != row.number):
        facts = None
    forge = case.observation.forge
    rules = forge.rules or Rules()
    held = None if over else _hold(case, row)
    if held is not None and facts is not None and facts.pull.draft and _goes_on(case.mission, row):
        held = Hold("", HoldKind.PULL, "it stays a draft until every milestone has passed")
    found = blocks(facts, rules, expects_checks=forge.has_workflows) if facts is not None and not over else ()
    return PullView(
        subject=row.subject,
        title=_title(case.mission, row.subject),
        number=row.number,
        url=row.url,
        state=_state(row, facts),
        branch=row.branch,
        base=row.base,
        head=row.head,
        since=row.since,
        checks=_checks(facts, rules) if facts is not None else None,
        reviews=_reviews(facts, rules) if facts is not None else None,
        blocked_by=tuple(PullBlock(str(one.kind), one.text, one.who) for one in found),
        who_can=found[0].who if found else "",
        reason=_reason(row, held) or (f"{found[0].text} ({found[0].who})" if found else ""),
        unblock=held.unblock if held is not None else NO_ADVICE,
        person=held.person if held is not None else False,
    )


def _title(mission: Mission, subject: str) -> str:
    if subject == TODO:
        return "TODO.md"
    feature = next((f.title for f in mission.features() if f.number == subject), "")
    return feature or next((m.name for m in mission.milestones if str(m.number) == subject), mission.title)


def _state(row: PullRow, facts: PullFacts | None) -> str:
    if row.status is not RowStatus.OPEN or facts is None or facts.pull.state is not PullState.OPEN:
        return str(row.status)
    return "queued" if facts.queued else "draft" if facts.pull.draft else str(row.status)


def _hold(case: Case, row: PullRow) -> Hold | None:
    """Return what holds a pull request; else what holds its feature, such as an attempt that is under way."""
    about = "" if row.subject == MISSION else row.subject
    mine = [hold for hold in case.plan.holds if hold.subject == about]
    own = next((hold for hold in mine if hold.kind in _HOLDS), None)
    return own if own is not None or not feature_number(about) else next(iter(mine), None)


def _goes_on(mission: Mission, row: PullRow) -> bool:
    """Whether a pull request for the whole mission waits for later milestones."""
    return row.subject == MISSION and not all(m.finished for m in mission.milestones)


def _reason(row: PullRow, hold: Hold | None) -> str:
    """Return what holds it without its own name, which stands beside it."""
    return hold.detail.removeprefix(f"{row.name}: ") if hold is not None else ""


def _checks(facts: PullFacts, rules: Rules) -> PullChecks:
    counted = gating(facts, rules)
    missing = tuple(name for name in rules.required if name not in {check.name for check in counted})

    def having(*outcomes: CheckOutcome) -> tuple[str, ...]:
        return tuple(check.name for check in counted if check.outcome in outcomes)

    return PullChecks(
        passed=len(having(CheckOutcome.PASSED)),
        total=len(counted) + len(missing),
        failed=having(*_FAILED),
        running=having(CheckOutcome.PENDING),
        waiting=having(CheckOutcome.ACTION),
        missing=missing,
    )


def _reviews(facts: PullFacts, rules: Rules) -> PullReviews:
    against = requested_by(facts)
    opened = sum(bool(thread.path) and not thread.resolved for thread in facts.threads)
    approved = sum(approves(review, facts) for review in facts.reviews)
    return PullReviews(approved, approvals_wanted(rules), against, opened)


def _forge(ctx: Context, case: Case) -> ForgeView:
    forge = case.observation.forge
    memory = memory_of(ctx, case.mission)
    return ForgeView(
        remote=ctx.forge.remote,
        repository=forge.repository.name if forge.repository is not None else "",
        asked=memory.asked,
        again=stamp(forge.again) if forge.again is not None else "",
        trouble=forge.trouble.text if forge.trouble is not None else "",
        unblock=forge.trouble.remedy if forge.trouble is not None else NO_ADVICE,
        person=forge.person,
    )
