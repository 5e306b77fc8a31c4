"""Settle ended attempts: find cause, verdict and cost from the exit file and from git."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import counted, parse_stamp, span_of, stamp
from mission_cli.domain.host import is_elsewhere
from mission_cli.domain.ids import attempt_name
from mission_cli.domain.notice import do
from mission_cli.domain.research.topics import topic_in
from mission_cli.domain.routing import is_research
from mission_cli.domain.runs.evidence import Evidence
from mission_cli.domain.runs.jobs import AgentReport, Exit, Job
from mission_cli.domain.runs.usage import Usage
from mission_cli.domain.status import (
    EXECUTABLE_KINDS,
    FINISHED_MISSION,
    Cause,
    EndReason,
    FeatureStatus,
    HoldKind,
    JobState,
    RecordState,
)
from mission_cli.planner.attempts.batches import judge_queue
from mission_cli.planner.attempts.endings import Ending, ending, unproven
from mission_cli.planner.attempts.facts import Facts
from mission_cli.planner.attempts.manual import hold_for_person, taken_over, without_blame, worker_before
from mission_cli.planner.attempts.research import sent_back
from mission_cli.planner.attempts.review import declines, integrated, without_diff
from mission_cli.planner.attempts.settle_review import settle_review
from mission_cli.planner.core.effects import Cancel, Recover, Submit
from mission_cli.planner.core.moves.features import MoveFeature, Settle
from mission_cli.planner.core.requests import answer_to
from mission_cli.planner.core.transitions import move_feature
from mission_cli.planner.mails.written import add_letters, written
from mission_cli.planner.mission.guard import caught
from mission_cli.planner.mission.money import misfits
from mission_cli.planner.purchases.asked import add_order, ordered, wrong_order

if TYPE_CHECKING:
    from mission_cli.domain.mission import Feature
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.planner.core.draft import Draft


def settle(draft: Draft) -> None:
    """Submit, wait for, recover, stop, judge or settle each open attempt."""
    waiting: list[Facts] = []
    for record in draft.open_records():
        if record.answering:
            settle_review(draft, record, draft.observation.jobs.get(record.run, Job(JobState.UNKNOWN)))
            continue
        feature = draft.mission.feature(record.feature)
        if is_elsewhere(record.host, draft.observation.me):
            _left_behind(draft, record, feature)
            continue
        job = draft.observation.jobs.get(record.run, Job(JobState.UNKNOWN))
        if job.state is JobState.ENDED and job.exit is not None:
            _ended(draft, record, feature, job, job.exit, waiting)
        elif job.state is JobState.UNREACHABLE:
            _unreachable(draft, record, feature)
        else:
            _not_ended(draft, record, feature, job)
    judge_queue(draft, waiting)


def _unreachable(draft: Draft, record: RunRecord, feature: Feature | None) -> None:
    """Hold an attempt whose state is not known: nothing is concluded. It goes on, unless it is no longer wanted."""
    if not record.ran_on:
        draft.hold(record.feature, HoldKind.EXECUTOR, f"{record.run}: the executor does not answer")
        return
    draft.running += 1
    unwanted = _wanted(draft, record, feature)
    if unwanted:
        draft.effects.append(Cancel(record.run, unwanted))
        words = f"attempt {record.attempt} on `{record.ran_on}` is told to stop when the host can be reached again"
        draft.hold(record.feature, HoldKind.EXECUTOR, words, unblock=do("hosts", "test", record.ran_on))
        return
    words = f"attempt {record.attempt} is on `{record.ran_on}`, which cannot be reached: its result is awaited"
    draft.hold(record.feature, HoldKind.EXECUTOR, words, unblock=do("hosts", "test", record.ran_on))


def _wanted(draft: Draft, record: RunRecord, feature: Feature | None) -> str:
    """Return why an attempt is no longer wanted, or the empty string."""
    if draft.mission.status in FINISHED_MISSION:
        return f"the mission is {draft.mission.status}"
    if feature is None:
        return "its row is no longer in the file"
    if feature.status not in {FeatureStatus.DISPATCHED, FeatureStatus.REVIEW}:
        return f"a person set the feature to {feature.raw_status or feature.status}"
    return taken_over(draft, record) or _misfit(draft, record) or caught(draft, record)


def _misfit(draft: Draft, record: RunRecord) -> str:
    """Return why a lowered cap stops an attempt, or the empty string."""
    words = misfits(draft).get(record.run, "")
    return f"it was stopped for the budget: {words}" if words else ""


def _left_behind(draft: Draft, record: RunRecord, feature: Feature | None) -> None:
    """Settle an attempt of the previous driver as lost: its result does not count, and its cost is unknown."""
    end = Exit(EndReason.LOST, report=AgentReport(usage=Usage(usd=None)))
    facts = Facts(draft, record, feature, Job(JobState.UNKNOWN), end, Evidence(tip=None))
    facts.close(Cause.LOST, f"it ran on {record.host}, from which the mission was taken over")


def _not_ended(draft: Draft, record: RunRecord, feature: Feature | None, job: Job) -> None:
    unwanted = _wanted(draft, record, feature)
    now, policy = draft.observation.now, draft.policy
    if record.by and not unwanted and (job.state is not JobState.UNKNOWN or worker_before(draft, record)):
        hold_for_person(draft, record)
        return
    if job.state is JobState.UNKNOWN:
        if unwanted:
            stopped = replace(record, state=RecordState.SETTLED, cause=Cause.STOPPED, detail=unwanted, ended=stamp(now))
            draft.transitions.append(Settle(stopped, None, f"{record.run} was never started: {unwanted}"))
        else:
            draft.effects.append(Submit(record.run, f"start {record.run}"))
        return
    if job.state is JobState.GONE:
        again = draft.not_yet(policy.lost_grace - draft.observation.since(job.quiet_since or now))
        if unwanted or again is None:
            draft.effects.append(Recover(record.run, f"the supervisor of {record.run} is gone"))
        else:
            draft.hold(record.feature, HoldKind.LOST, f"the supervisor of {record.run} does not answer", until=again)
        return
    draft.running += 1
    if unwanted:
        draft.effects.append(Cancel(record.run, unwanted))
        return
    started = parse_stamp(job.started)
    if started and record.deadline_s:
        left = span_of(record.deadline_s) + policy.overdue_grace - draft.observation.awake_since(started)
        if draft.has_come(record.feature, f"{record.run} is overdue", left):
            draft.effects.append(Cancel(record.run, f"{record.run} is overdue, and its supervisor did not stop it"))
    where = f" on `{record.ran_on}`" if record.ran_on else ""
    words = (
        f"attempt {record.attempt} is running{where}"
        if job.state is JobState.RUNNING
        else f"attempt {record.attempt} is being started{where}"
    )
    draft.hold(record.feature, HoldKind.RUNNING, words, unblock=do("logs", record.run.rsplit("-", 1)[0]))


def _hold_unlooked(draft: Draft, record: RunRecord) -> None:
    """Hold an ended attempt in a view, which does not read its commits: name its open request, or the review."""
    about = f"{record.feature} attempt {record.attempt}: "
    asked = next((r for r in draft.mission.requests if r.open and r.prompt.startswith(about)), None)
    if asked is None:
        draft.hold(record.feature, HoldKind.REVIEW, f"attempt {record.attempt} has ended and is being judged")
        return
    help_by = answer_to(draft.mission, asked)
    draft.hold(
        record.feature, HoldKind.REQUEST, f"a person has to answer: {asked.prompt}", unblock=help_by, person=True
    )


def _ended(draft: Draft, record: RunRecord, feature: Feature | None, job: Job, end: Exit, waiting: list[Facts]) -> None:
    """Settle an ended attempt, or add it to those whose work has to be judged."""
    evidence = draft.observation.evidence.get(record.run)
    if evidence is None:
        if draft.observation.looked:
            draft.hold(record.feature, HoldKind.EVIDENCE, f"the work of {record.run} cannot be read")
        else:
            _hold_unlooked(draft, record)
        return
    facts = Facts(draft, record, feature, job, end, evidence)
    guilty = caught(draft, record)
    if guilty and feature is not None:
        facts.close(Cause.TAMPERED, guilty)
        return
    if evidence.integrated and feature is not None:
        integrated(facts, feature)
        return
    unwanted = _wanted(draft, record, feature)
    if unwanted or feature is None:
        facts.close(Cause.STOPPED, unwanted)
        return
    if (
        _waits_for_purchase(facts, feature)
        or _waits_for_mail(facts, feature)
        or (unproven(end, evidence) and declines(facts, feature))
    ):
        return
    if unproven(end, evidence) and _needs_no_diff(draft, feature) and without_diff(facts, feature):
        return
    early = _unjudged(facts, feature)
    if early:
        facts.close(early.cause, early.detail)
        return
    if feature.status is FeatureStatus.DISPATCHED:
        move_feature(feature.status, FeatureStatus.REVIEW)
        found = f", {counted(len(evidence.findings), 'file')} with findings" if evidence.findings else ""
        changed = f"{counted(evidence.commits, 'commit')} in {counted(len(evidence.changed), 'file')}{found}"
        draft.transitions.append(
            MoveFeature(feature.number, FeatureStatus.REVIEW, f"{attempt_name(record.run)} left {changed}")
        )
    waiting.append(facts)


def _unjudged(facts: Facts, feature: Feature) -> Ending | None:
    """Return the ending of an attempt that does not depend on criteria; None if they decide."""
    draft, record, evidence = facts.draft, facts.record, facts.evidence
    clean = (facts.end.reason, facts.end.code, facts.end.report.cause) == (EndReason.EXIT, 0, None)
    if record.starts and evidence.tip == record.starts and not clean:
        evidence = replace(evidence, commits=0)  # all its commits are those of the attempt that was cut off before
    provable = any(c.kind in EXECUTABLE_KINDS for c in feature.criteria)
    research = is_research(draft.mission, feature)
    if record.ran_on and facts.end.reason is EndReason.NOT_STARTED:
        return Ending(Cause.HOST, facts.end.detail or f"`{record.ran_on}` did not start it")
    early = without_blame(record, ending(facts.end, evidence, record.run, provable=provable, research=research))
    wrong = sent_back(draft, record, feature, evidence) if early is None else ""
    return Ending(Cause.WRONG_OUTPUT, wrong) if wrong else early


def _needs_no_diff(draft: Draft, feature: Feature) -> bool:
    """Whether a feature may be done already, without a commit, as far as its criteria pass on finished work."""
    return bool(feature.criteria) and not draft.mission.poc and not topic_in(draft.mission, feature)


def _waits_for_purchase(facts: Facts, feature: Feature) -> bool:
    """Settle an attempt that asks for a purchase, or for one that cannot be read."""
    asked = facts.end.report.asked
    if facts.end.reason is not EndReason.EXIT or not asked or not facts.draft.observation.payments.on:
        return False
    if wrong := wrong_order(asked):
        facts.close(Cause.WRONG_OUTPUT, wrong)
        return True
    order = ordered(asked)
    if order is None:
        return False
    name = add_order(facts.draft, order, feature.number)
    facts.close(Cause.WAITING, f"it waits for {name}: {order.amount} at {order.merchant}")
    return True


def _waits_for_mail(facts: Facts, feature: Feature) -> bool:
    """Settle an attempt that asks for a mail whose reply it waits for, or for one that cannot be sent."""
    draft, record = facts.draft, facts.record
    asked = written(draft, record.run, feature.number)
    if facts.end.reason is not EndReason.EXIT or not (asked.wrong or asked.waits):
        return False
    if asked.wrong:
        facts.close(Cause.WRONG_OUTPUT, asked.wrong)
        return True
    names = add_letters(draft, asked.letters, feature.number)
    facts.close(Cause.WAITING, f"it waits for replies to {', '.join(names)}")
    return True
