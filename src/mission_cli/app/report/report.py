"""Make the report of a mission. This only reads and works in every clone; what a clone lacks is left out."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from typing import TYPE_CHECKING

from mission_cli._support.text import parse_stamp
from mission_cli.app.decisions import logged_decisions
from mission_cli.app.drafts.listing import drafts_shown, workspace_of
from mission_cli.app.forecasting.spending import prices_apart
from mission_cli.app.report.held_out import held_out_figures
from mission_cli.app.report.spending import points_of
from mission_cli.app.report.tasks import average, outcomes_of, results_of, review_of, task_of, topics_of, verdict_shown
from mission_cli.app.results.mission_report import (
    MissionReport,
    ReportedAsset,
    ReportedDecision,
    ReportedMilestone,
    ReportedPull,
    ReportedSection,
    ReportedSpend,
)
from mission_cli.app.verify.files import files_at
from mission_cli.domain.budget.amounts import CATEGORIES
from mission_cli.domain.budget.ledger import account
from mission_cli.domain.errors import NotFoundError
from mission_cli.domain.events import EventKind
from mission_cli.domain.evidence.verdicts import CONTRACT, VALIDATION, contract_hash
from mission_cli.domain.retrospective.facts import facts_of
from mission_cli.domain.retrospective.told import FAILED, LESSONS, sections_of
from mission_cli.domain.status import FINISHED_MISSION, MissionStatus
from mission_cli.planner.judgments.telling import narrative_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mission_cli.app.addressing import Address
    from mission_cli.app.results.mission_report import ReportedTask
    from mission_cli.document.runs.evidence import EvidenceFile
    from mission_cli.domain.budget.ledger import Account
    from mission_cli.domain.mission import Milestone, Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.context import Context

_MS = timedelta(milliseconds=1)


def mission_report(ctx: Context, address: Address) -> MissionReport:
    """Return the report of a mission. Raises NotFoundError before its first commit."""
    head, stored, mission = ctx.state.head(), address.stored, address.mission
    if head is None:
        raise NotFoundError(f"{mission.id} is not committed yet")
    files = files_at(ctx, stored, head)
    records, evidence = files.read_records(), list(files.read_evidence().values())
    tasks = [task_of(ctx.code, mission, feature, records) for feature in mission.features()]
    reviews = [review_of(mission, record) for record in records if record.reviewing and not record.open]
    state = account(mission.limits, mission.spends, records, purchases=mission.purchases)
    narrative = narrative_of(mission, records)
    told = sections_of(facts_of(mission, records, _until(mission)))
    return MissionReport(
        missionId=mission.id,
        group=mission.id,
        allPassed=bool(mission.milestones)
        and all(m.finished and all(f.finished for f in m.features) for m in mission.milestones),
        totalDuration=_duration(mission, records),
        tasks=tasks,
        filesCreated=_all(task.filesCreated for task in tasks),
        filesEdited=_edited(tasks),
        outcomes=outcomes_of(mission),
        avgScore=average(reviews),
        title=mission.title,
        goal=mission.goal,
        status=str(mission.status or mission.raw_status),
        finished=mission.status in FINISHED_MISSION,
        successCriteria=mission.success_criteria,
        created=mission.created,
        started=mission.started,
        completed=mission.completed,
        base=mission.base,
        state=head,
        milestones=[_milestone(m, mission, evidence) for m in mission.milestones],
        heldOut=held_out_figures(mission, records),
        spend=[*_spend(state, mission)],
        unknown=state.spent.unknown,
        listPrices=prices_apart(records),
        decisions=[*_decisions(mission)],
        lessons=[line for one in told if one.title in {FAILED, LESSONS} for line in one.lines],
        retrospective=[ReportedSection(one.title.capitalize(), one.lines) for one in told],
        narrative=[*narrative.lines()] if narrative is not None else [],
        points=[*points_of(mission, records)],
        assets=[
            ReportedAsset(path, len(content), sha256(content).hexdigest())
            for path, content in sorted(assets_of(ctx, address).items())
        ],
        research=topics_of(mission),
        workspace=workspace_of(ctx, address, head),
        drafts=drafts_shown(ctx, address, head, records),
        pulls=[ReportedPull(p.subject, p.number, p.url, p.head, str(p.status), p.since) for p in mission.pulls],
    )


def assets_of(ctx: Context, address: Address) -> Mapping[str, bytes]:
    """Return the committed files in the folder `assets/` of a mission, by path below that folder."""
    head = ctx.state.head()
    found = ctx.state.assets(address.stored, head) if head is not None else {}
    return {path: text.encode("utf-8", "surrogateescape") for path, text in found.items()}


def _all(lists: Iterator[Sequence[str]]) -> list[str]:
    return sorted({path for paths in lists for path in paths})


def _edited(tasks: Sequence[ReportedTask]) -> list[str]:
    """Return the files that features changed and none of them created."""
    created = {path for task in tasks for path in task.filesCreated}
    return sorted({path for task in tasks for path in task.filesEdited} - created)


def _duration(mission: Mission, records: Sequence[RunRecord]) -> int:
    begin = parse_stamp(mission.started)
    ends = [end for record in records if (end := parse_stamp(record.ended)) is not None]
    end = parse_stamp(mission.completed) or max(ends, default=None)
    return max(0, (end - begin) // _MS) if begin is not None and end is not None else 0


def _milestone(milestone: Milestone, mission: Mission, evidence: Sequence[EvidenceFile]) -> ReportedMilestone:
    mine = sorted((f for f in evidence if f.subject == f"milestone {milestone.number}"), key=lambda f: f.at)
    contract = next((f for f in reversed(mine) if f.stage == CONTRACT), None)
    judged = next((f for f in reversed(mine) if f.stage == VALIDATION), None)
    spent = [s.amount for s in mission.spends if s.category == "usd" and s.milestone.strip() == str(milestone.number)]
    rules = [(owner, rule) for owner, rule, _ in contract.contract] if contract is not None else []
    return ReportedMilestone(
        number=milestone.number,
        name=milestone.name,
        status=str(milestone.status or milestone.raw_status),
        startedAt=milestone.started_at,
        passedAt=milestone.passed_at,
        rounds=milestone.rounds,
        contract=contract_hash(rules) if contract is not None else "",
        verdicts=[*map(verdict_shown, judged.verdicts)] if judged is not None else results_of(milestone.criteria),
        usd=sum((amount for amount in spent if amount is not None), Decimal(0)),
    )


def _spend(state: Account, mission: Mission) -> Iterator[ReportedSpend]:
    for category in CATEGORIES:
        by_milestone: dict[str, Decimal] = {}
        for row in mission.spends:
            if row.category == category and row.amount is not None:
                key = row.milestone.strip()
                by_milestone[key] = by_milestone.get(key, Decimal(0)) + row.amount
        yield ReportedSpend(category, state.cap(category), state.spent.of(category), by_milestone)


def _decisions(mission: Mission) -> Iterator[ReportedDecision]:
    """Yield decisions at gates, answers, and the rows of the Decision Log that name a person."""
    for approval in mission.approvals:
        words = f"{approval.gate}: {approval.decision}" if approval.gate else approval.decision
        yield ReportedDecision(approval.at, words, approval.comment, approval.by)
    for request in mission.requests:
        if request.response:
            yield ReportedDecision(request.asked, f"{request.prompt}: {request.response}", "", "")
    yield from (decision for decision in logged_decisions(mission) if decision.by)


def _until(mission: Mission) -> str:
    """Return when the last execution of a recurring mission ended; empty if that is not needed or not known."""
    at = mission.noted.get(EventKind.MISSION_RECURRING, "")
    return at if mission.status is MissionStatus.RECURRING and mission.executions else ""
