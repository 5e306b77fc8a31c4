"""What ended: from exit file and git to a cause, a verdict, and the bill."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.host import is_elsewhere
from mission_cli.domain.ids import attempt_name
from mission_cli.domain.mission import Result
from mission_cli.domain.records import replace
from mission_cli.domain.routing import routes
from mission_cli.domain.runs import AgentReport, Evidence, Exit, Job, RunRecord, Usage
from mission_cli.domain.status import (
    FINISHED_MISSION,
    Cause,
    EndReason,
    FeatureStatus,
    JobState,
    RecordState,
    Verdict,
)
from mission_cli.domain.text import counted, first_error, one_line, parse_stamp, signature, span_of, stamp
from mission_cli.planner import causes
from mission_cli.planner.decisions import Cancel, Integrate, Mark, MarkCriteria, MoveFeature, Recover, Settle, Submit
from mission_cli.planner.endings import ending, seconds_as_hours
from mission_cli.planner.help import ask_for_help
from mission_cli.planner.judge import Judged, Judgement, judge, start_checks
from mission_cli.planner.money import misfits
from mission_cli.planner.stepping import hold_for_person, taken_over, without_blame, worker_before
from mission_cli.planner.transitions import move_feature

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.ids import Sha
    from mission_cli.domain.mission import Criterion, Feature
    from mission_cli.planner.draft import Draft

_REFUSED = frozenset({Cause.AUTH, Cause.PERMISSION, Cause.RATE_LIMIT, Cause.PROVIDER_ERROR, Cause.QUESTION})
"""Causes that an agent's own output names and that say nothing about the work."""


def settle(draft: Draft) -> None:
    """Look at every open attempt: submit, wait for, recover, stop, judge or settle it."""
    for record in draft.open_records():
        feature = draft.mission.feature(record.feature)
        if is_elsewhere(record.host, draft.seen.me):
            _left_behind(draft, record, feature)
            continue
        job = draft.seen.jobs.get(record.run, Job(JobState.UNKNOWN))
        if job.state is JobState.ENDED and job.exit is not None:
            _ended(draft, record, feature, job, job.exit)
        elif job.state is JobState.UNREACHABLE:
            draft.hold(record.feature, "executor", f"{record.run}: the executor cannot be asked")
        else:
            _not_ended(draft, record, feature, job)


def _wanted(draft: Draft, record: RunRecord, feature: Feature | None) -> str:
    """Return why an attempt is not wanted any more, or the empty string."""
    if draft.mission.status in FINISHED_MISSION:
        return f"the mission is {draft.mission.status}"
    if feature is None:
        return "its row is not in the file any more"
    if feature.status not in {FeatureStatus.DISPATCHED, FeatureStatus.REVIEW}:
        return f"a person set the feature to {feature.raw_status or feature.status}"
    return taken_over(draft, record) or _misfit(draft, record)


def _misfit(draft: Draft, record: RunRecord) -> str:
    """Return why a cap that was lowered stops an attempt, or the empty string."""
    words = misfits(draft).get(record.run, "")
    return f"it was stopped for the budget: {words}" if words else ""


def _left_behind(draft: Draft, record: RunRecord, feature: Feature | None) -> None:
    """An attempt of the host that drove the mission before: whatever it does now counts no more, and may have cost."""
    end = Exit(EndReason.LOST, report=AgentReport(usage=Usage(usd=None)))
    facts = _Facts(draft, record, feature, Job(JobState.UNKNOWN), end, Evidence(tip=None))
    facts.close(Cause.LOST, f"it ran on {record.host}, from which the mission was taken over")


def _not_ended(draft: Draft, record: RunRecord, feature: Feature | None, job: Job) -> None:
    unwanted = _wanted(draft, record, feature)
    now, policy = draft.seen.now, draft.policy
    if record.by and not unwanted and (job.state is not JobState.UNKNOWN or worker_before(draft, record)):
        hold_for_person(draft, record)
        return
    if job.state is JobState.UNKNOWN:
        if unwanted:
            stopped = replace(record, state=RecordState.SETTLED, cause=Cause.STOPPED, detail=unwanted, ended=stamp(now))
            draft.moves.append(Settle(stopped, None, f"{record.run} was never started: {unwanted}"))
        else:
            draft.acts.append(Submit(record.run, f"{record.run} is intended, and the executor does not know it"))
        return
    if job.state is JobState.GONE:
        again = draft.not_yet(policy.lost_grace - draft.seen.since(job.quiet_since or now))
        if unwanted or again is None:
            draft.acts.append(Recover(record.run, f"the supervisor of {record.run} is gone"))
        else:
            draft.hold(record.feature, "lost", f"the supervisor of {record.run} does not answer", until=again)
        return
    draft.running += 1
    if unwanted:
        draft.acts.append(Cancel(record.run, unwanted))
        return
    started = parse_stamp(job.started)
    if started and record.deadline_s:
        left = span_of(record.deadline_s) + policy.overdue_grace - draft.seen.awake_since(started)
        if draft.has_come(record.feature, f"{record.run} is overdue", left):
            draft.acts.append(Cancel(record.run, f"{record.run} is overdue, and its supervisor did not stop it"))
    words = (
        f"attempt {record.attempt} is running"
        if job.state is JobState.RUNNING
        else f"attempt {record.attempt} is being started"
    )
    draft.hold(record.feature, "running", words, unblock=f"mission logs {record.run.rsplit('-', 1)[0]}")


def _ended(draft: Draft, record: RunRecord, feature: Feature | None, job: Job, end: Exit) -> None:
    evidence = draft.seen.evidence.get(record.run)
    if evidence is None:
        draft.hold(record.feature, "evidence", f"what {record.run} left cannot be looked at")
        return
    facts = _Facts(draft, record, feature, job, end, evidence)
    if evidence.integrated and feature is not None:
        _integrated(facts, feature)
        return
    unwanted = _wanted(draft, record, feature)
    if unwanted or feature is None:
        facts.close(Cause.STOPPED, unwanted)
        return
    early = without_blame(record, ending(end, evidence, record.run))
    if early:
        facts.close(early.cause, early.detail)
        return
    if feature.status is FeatureStatus.DISPATCHED:
        move_feature(feature.status, FeatureStatus.REVIEW)
        changed = f"{counted(evidence.commits, 'commit')} in {counted(len(evidence.changed), 'file')}"
        draft.moves.append(
            MoveFeature(feature.number, FeatureStatus.REVIEW, f"{attempt_name(record.run)} left {changed}")
        )
    _review(facts, feature)


def _integrated(facts: _Facts, feature: Feature) -> None:
    """Its work is on `work`: write down what it was judged by, and settle."""
    if facts.evidence.candidate is not None and not facts.draft.mission.poc:
        judgement = _judge_feature(facts, feature, facts.evidence.candidate)
        start_checks(facts.draft, judgement)
        facts.judged = judgement.known
        if judgement.starts or judgement.running:
            facts.draft.hold(feature.number, "review", "what it was judged by is looked up")
            return
    facts.close(Cause.DONE, "its work is on the branch of finished features")
    if feature.criteria and facts.judged:
        at, commit = stamp(facts.draft.seen.now), (facts.evidence.candidate or "")[:7]
        marks = tuple(
            Mark(j.criterion, j.verdict is Verdict.PASSED, Result(j.verdict, at, commit), j.criterion.baseline)
            for j in facts.judged
            if j.criterion.index >= 0
        )
        facts.draft.moves.append(MarkCriteria(feature.number, marks, f"the verdicts of {feature.number}"))


def _review(facts: _Facts, feature: Feature) -> None:
    draft, evidence, record = facts.draft, facts.evidence, facts.record
    if evidence.candidate is None or evidence.work is None:
        draft.hold(feature.number, "evidence", f"what {record.run} left cannot be merged yet")
        return
    if draft.mission.poc:
        _take_at_its_trailer(facts, feature, evidence.candidate, evidence.work)
        return
    end_cause = facts.end.report.cause
    if end_cause is not None and not feature.criteria:
        facts.close(end_cause, facts.end.report.detail or str(end_cause))
        return
    judgement = _judge_feature(facts, feature, evidence.candidate)
    failed = judgement.having(Verdict.FAILED, Verdict.SKIPPED)
    if failed:
        facts.judged = judgement.known
        if end_cause in _REFUSED:
            facts.close(end_cause, facts.end.report.detail)
            return
        words = "; ".join(f"{j.criterion.text}: {_why(j)}" for j in failed[:3])
        facts.close(Cause.CRITERIA_FAILED, words, error=first_error(failed[0].detail))
        return
    stuck = judgement.having(Verdict.COULD_NOT_RUN)
    if stuck:
        _cannot_run(draft, stuck[0], feature.number)
        return
    start_checks(draft, judgement)
    if judgement.asked:
        number = judgement.asked[0].number
        help_by = f"mission answer {draft.mission.id} {number} pass"
        draft.hold(feature.number, "request", "a person has to judge it", unblock=help_by, person=True)
    elif not judgement.over:
        draft.hold(feature.number, "review", f"attempt {record.attempt} is being judged")
    else:
        passed = counted(len(judgement.known), "criterion", "criteria")
        why = f"{attempt_name(record.run)}: {passed} passed on its merge with finished work"
        draft.acts.append(Integrate(record.run, evidence.candidate, evidence.work, why))


def _take_at_its_trailer(facts: _Facts, feature: Feature, candidate: Sha, work: Sha) -> None:
    """A POC: nobody reviews a feature; what counts is a commit that says so, and the check of the milestone."""
    if feature.number not in facts.evidence.completes and not facts.record.by:
        said = facts.end.report.cause
        words = f"no commit says `Completes-feature: {feature.number}`"
        facts.close(said or Cause.WRONG_OUTPUT, facts.end.report.detail if said else words)
        return
    why = f"{attempt_name(facts.record.run)}: a commit completes {feature.number}"
    facts.draft.acts.append(Integrate(facts.record.run, candidate, work, why))


def _cannot_run(draft: Draft, stuck: Judged, subject: str) -> None:
    words = f"`{stuck.criterion.text}` cannot be run: {one_line(first_error(stuck.detail))}"
    draft.hold(subject, "check", words, unblock=f"mission resume {draft.mission.id}", person=True)
    draft.pause(words)


def _judge_feature(facts: _Facts, feature: Feature, candidate: Sha) -> Judgement:
    draft, evidence = facts.draft, facts.evidence
    if feature.criteria:
        about = f"{feature.number} attempt {facts.record.attempt}: "
        return judge(draft, feature.criteria, owner=feature.number, commit=candidate, tree=evidence.tree, about=about)
    return _as_green_as_before(draft, draft.seen.detected.get(evidence.tree, ()), candidate, evidence)


def _as_green_as_before(draft: Draft, criteria: Sequence[Criterion], candidate: Sha, evidence: Evidence) -> Judgement:
    """Without criteria of its own: what was green on `work` before must be green with the feature merged."""
    after = judge(draft, criteria, owner="", commit=candidate, tree=evidence.tree)
    red = [j for j in after.known if j.verdict is not Verdict.PASSED]
    result = Judgement([j for j in after.known if j.verdict is Verdict.PASSED], after.starts, after.running)
    if red and evidence.work is not None:
        before = judge(draft, [j.criterion for j in red], owner="", commit=evidence.work, tree=draft.seen.work_tree)
        result.starts += before.starts
        result.running += before.running
        green = {j.criterion.command for j in before.known if j.verdict is Verdict.PASSED}
        result.known += [replace(j, verdict=Verdict.FAILED) for j in red if j.criterion.command in green]
    return result


def _why(judged: Judged) -> str:
    if judged.verdict is Verdict.SKIPPED:
        return "every test was skipped"
    return one_line(first_error(judged.detail)) or "failed"


class _Facts:
    """One ended attempt with all that is known of it; turns it into a `Settle`."""

    def __init__(
        self, draft: Draft, record: RunRecord, feature: Feature | None, job: Job, end: Exit, evidence: Evidence
    ) -> None:
        self.draft, self.record, self.feature = draft, record, feature
        self.job, self.end, self.evidence = job, end, evidence
        self.judged: list[Judged] = []

    def close(self, cause: Cause, detail: str, *, error: str = "") -> None:
        """Put the settlement into the plan."""
        settled = self._record(cause, detail, error)
        to = self._feature_to(cause, settled)
        rule = causes.RULES[cause]
        self.draft.moves.append(
            Settle(
                settled,
                to,
                self._words(cause, to, detail),
                opens_recovery=rule.safety,
                next_route="the smallest rest that can be finished, told so in the prompt" if rule.safety else "",
            )
        )
        if rule.person and to is FeatureStatus.PENDING and self.draft.mission.status not in FINISHED_MISSION:
            ask_for_help(self.draft, settled)

    def _words(self, cause: Cause, to: FeatureStatus | None, detail: str) -> str:
        name = attempt_name(self.record.run)
        if cause is Cause.DONE:
            return f"{name} is done"
        then = f"; {self.record.feature} is {to}" if to is not None else ""
        return f"{name} ended with {cause}{then}: {one_line(detail)}"

    def _feature_to(self, cause: Cause, settled: RunRecord) -> FeatureStatus | None:
        feature = self.feature
        if feature is None or feature.status not in {FeatureStatus.DISPATCHED, FeatureStatus.REVIEW}:
            return None
        if self.draft.mission.status in FINISHED_MISSION:
            return FeatureStatus.PENDING
        if cause is Cause.DONE:
            return FeatureStatus.DONE
        if taken_over(self.draft, self.record):
            return None
        history = [r for r in self.draft.records_of(feature.number) if r.run != settled.run]
        weighed = causes.tries(
            [*history, settled], self.draft.policy, feature.tries_after, len(routes(self.draft.mission, feature))
        )
        over = bool(weighed.over) and not causes.RULES[cause].person
        return move_feature(feature.status, FeatureStatus.FAILED if over else FeatureStatus.PENDING)

    def _record(self, cause: Cause, detail: str, error: str) -> RunRecord:
        end, evidence = self.end, self.evidence
        usage = replace(end.report.usage or Usage(), hours=seconds_as_hours(end.seconds))
        code = "" if end.code is None else str(end.code)
        return replace(
            self.record,
            state=RecordState.SETTLED,
            cause=cause,
            detail=one_line(detail, 500),
            head=evidence.tip or "",
            tree=evidence.tree,
            started=end.started,
            ended=end.ended or stamp(self.draft.seen.now),
            exit=" ".join(p for p in (str(end.reason), code) if p),
            usage=usage,
            saved=end.saved,
            signature="" if cause is Cause.DONE else signature(cause, error or detail),
            verdict="passed" if cause is Cause.DONE else str(cause),
            session=end.report.session,
            steps=end.report.steps,
            reset_at=end.report.reset_at,
            last_words=end.report.last_words or self.job.tail,
            transcript=end.report.transcript,
            evidence=self._evidence_words(detail),
        )

    def _evidence_words(self, detail: str) -> str:
        evidence = self.evidence
        lines = [detail, ""]
        lines.append(f"commits: {evidence.commits}, head: {evidence.tip or 'none'}")
        lines += [f"changed: {path}" for path in evidence.changed[:50]]
        if evidence.tests_changed:
            lines.append(f"test files changed: {evidence.tests_changed}")
        lines += [f"protected, dropped: {path}" for path in evidence.protected]
        lines += [f"commits on another branch: {name}" for name in evidence.elsewhere]
        lines += [f"conflict: {path}" for path in evidence.conflicts]
        lines += [f"not copied into its tree, it is not in your checkout: {name}" for name in self.end.missing]
        if self.end.saved:
            lines.append(f"uncommitted work saved: {self.end.saved}")
        if self.end.leftovers:
            lines.append(f"processes that it left behind and that were stopped: {self.end.leftovers}")
        for judged in self.judged:
            lines += ["", f"{judged.criterion.text}: {judged.verdict}", judged.detail]
        return "\n".join(lines).rstrip()
