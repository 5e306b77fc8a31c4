"""Review attempts: judge their work by its criteria, also with the test files of the base, and integrate it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import counted, first_error, one_line, stamp
from mission_cli.domain.branches.against import LOOK_AT_CHANGES
from mission_cli.domain.criteria.criterion import Result
from mission_cli.domain.events import EventKind
from mission_cli.domain.forge.facts import PullState, Rules
from mission_cli.domain.forge.rows import Proposing
from mission_cli.domain.ids import Sha, attempt_name, feature_order
from mission_cli.domain.judging.packages import touched
from mission_cli.domain.notice import do
from mission_cli.domain.research.topics import topic_in
from mission_cli.domain.runs.jobs import Job
from mission_cli.domain.status import EXECUTABLE_KINDS, Cause, EndReason, FeatureStatus, HoldKind, JobState, Verdict
from mission_cli.planner.core.effects import Integrate
from mission_cli.planner.core.moves.features import MoveFeature
from mission_cli.planner.core.moves.milestones import Mark, MarkCriteria
from mission_cli.planner.core.moves.mission import Note
from mission_cli.planner.core.requests import answer_to
from mission_cli.planner.core.transitions import move_feature
from mission_cli.planner.milestones.judged_before import as_before
from mission_cli.planner.milestones.judging import judge, start_checks
from mission_cli.planner.milestones.regressions import as_green_as_before
from mission_cli.planner.milestones.reviewed import CORRECTED
from mission_cli.planner.pulls.news import failures, refusals, requests
from mission_cli.planner.pulls.rows import propose, proposing, row_of
from mission_cli.planner.reviewing.reviews import Change

if TYPE_CHECKING:
    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.ids import FeatureNumber
    from mission_cli.domain.mission import Feature
    from mission_cli.domain.runs.evidence import Evidence
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.planner.attempts.facts import Facts
    from mission_cli.planner.core.draft import Draft
    from mission_cli.planner.milestones.judgment import Judged, Judgment

_MOST_LOST = 2
"""After so many attempts lost by conflicts, a feature goes first while it is worked on."""
_UNDER_WAY = frozenset({JobState.UNKNOWN, JobState.WAITING, JobState.RUNNING})
_REFUSED = frozenset({Cause.AUTH, Cause.PERMISSION, Cause.RATE_LIMIT, Cause.PROVIDER_ERROR, Cause.QUESTION})
"""Causes that come from the agent's output and do not depend on its work."""


def integrated(facts: Facts, feature: Feature) -> None:
    """Settle an attempt whose commits are already on `work`: it is done if its criteria pass there."""
    draft, evidence = facts.draft, facts.evidence
    if evidence.candidate is not None and not draft.mission.poc:
        judgment = judge_feature(facts, feature, evidence.judged or evidence.candidate)
        if _is_in_a_batch(facts, judgment):
            facts.evidence = _on_work(draft, evidence)
            judgment = judge_feature(facts, feature, facts.evidence.candidate or evidence.candidate)
            evidence = facts.evidence
        if not judgment.over:
            start_checks(draft, judgment)
            if not _hold_for_answer(facts, feature, judgment):
                draft.hold(feature.number, HoldKind.REVIEW, "its verdicts are being looked up")
            return
        if _rejected(facts, feature, judgment, "its commits are already in finished work"):
            return
    _done(facts, feature, evidence.candidate, "its work is on the branch of finished features")


def _is_in_a_batch(facts: Facts, judgment: Judgment) -> bool:
    """Whether an integrated attempt was not judged by itself, but on the tree that finished work has now."""
    evidence = facts.evidence
    return not judgment.over and evidence.judged is None and evidence.candidate != facts.draft.observation.work


def _on_work(draft: Draft, evidence: Evidence) -> Evidence:
    """Return the evidence of an integrated attempt as finished work has it now."""
    return replace(evidence, candidate=draft.observation.work, tree=draft.observation.work_tree)


def _done(facts: Facts, feature: Feature, commit: Sha | None, why: str) -> None:
    """Settle an attempt as done with the verdicts on it, and name the tests and checks that it changed."""
    found = facts.evidence.against.findings
    if found:
        why += f"; {LOOK_AT_CHANGES}{'; '.join(found[:5])}"
    facts.close(Cause.DONE, why)
    for judged in facts.judged:
        if judged.detail.startswith(CORRECTED):
            words = f"{feature.number}: {judged.criterion.first_line} is {judged.detail.splitlines()[0]}"
            facts.draft.transitions.append(Note(EventKind.CRITERIA_CORRECTED, words))
    if feature.criteria and facts.judged:
        at = stamp(facts.draft.observation.now)
        marks = tuple(
            Mark(j.criterion, j.passes, Result(j.verdict, at, (commit or "")[:7]), j.criterion.baseline, j.check)
            for j in facts.judged
            if j.criterion.index >= 0
        )
        facts.draft.transitions.append(MarkCriteria(feature.number, marks, f"the verdicts of {feature.number}"))


def without_diff(facts: Facts, feature: Feature) -> bool:
    """Judge an attempt without a commit by its criteria on finished work; False if they do not pass there.

    A person who retries a finished feature asks for a diff, so criteria that pass already are not enough then.
    """
    draft, work = facts.draft, facts.draft.observation.work
    asked = feature.tries_after and not feature.fixes
    provable = [c for c in feature.criteria if c.kind in EXECUTABLE_KINDS]
    if asked or not provable or work is None:
        return False
    judgment = judge(
        draft, provable, owner=feature.number, commit=work, tree=draft.observation.work_tree, confirm=False
    )
    if judgment.over and len(provable) < len(feature.criteria) and all(j.passes for j in judgment.known):
        about = f"{feature.number} attempt {facts.record.attempt}: "
        tree = draft.observation.work_tree
        judgment = judge(draft, feature.criteria, owner=feature.number, commit=work, tree=tree, about=about)
    start_checks(draft, judgment)
    facts.judged = judgment.known
    if not all(j.passes for j in judgment.known):
        return False
    if judgment.over:
        words = "it left no commit, and its criteria pass on finished work as it is"
        _done(facts, feature, work, words)
    else:
        draft.hold(
            feature.number, HoldKind.REVIEW, f"attempt {facts.record.attempt} left no commit, and is being judged"
        )
        _hold_for_answer(facts, feature, judgment)
    return True


def _hold_for_answer(facts: Facts, feature: Feature, judgment: Judgment) -> bool:
    """Hold the feature if a person has to judge a criterion; return whether that is so."""
    if not judgment.asked:
        return False
    help_by = answer_to(facts.draft.mission, judgment.asked[0])
    facts.draft.hold(feature.number, HoldKind.REQUEST, "a person has to judge it", unblock=help_by, person=True)
    return True


def review(facts: Facts, feature: Feature) -> None:
    """Judge an attempt's merge with finished work, and integrate it if it passes."""
    draft, evidence, record = facts.draft, facts.evidence, facts.record
    if evidence.candidate is None or evidence.work is None:
        draft.hold(feature.number, HoldKind.EVIDENCE, f"the work of {record.run} cannot be merged yet")
        return
    if draft.mission.poc:
        _take_at_its_trailer(facts, feature, evidence.candidate, evidence.work)
        return
    if not _waits_behind(facts, feature):
        _judge(facts, feature, evidence.candidate, evidence.work)


def _waits_behind(facts: Facts, feature: Feature) -> bool:
    """Hold an attempt that conflicts with earlier candidates of the queue, or gives way; True if it does."""
    paths, way = facts.evidence.behind, gives_way(facts)
    if paths:
        words = f"attempt {facts.record.attempt} conflicts with earlier ones in {', '.join(paths[:3])}"
        facts.draft.hold(feature.number, HoldKind.REVIEW, f"{words}, and waits until they are judged")
    elif way:
        facts.draft.hold(feature.number, HoldKind.REVIEW, f"attempt {facts.record.attempt} waits: {way}")
    return bool(paths or way)


def gives_way(facts: Facts) -> str:
    """Return which unfinished attempt goes first, because its feature lost at least two by conflicts in the same files.

    Of features that lost as many, the one with the lower number goes first, so one of them always can.
    """
    draft, feature, changed = facts.draft, facts.record.feature, {*facts.evidence.changed}
    lost = {f.number: _lost(draft, f.number) for f in draft.mission.features()}
    mine = (-len(lost.get(feature, ())), feature_order(feature))
    for record in draft.open_records():
        number, job = record.feature, draft.observation.jobs.get(record.run, Job(JobState.UNKNOWN))
        times = len(lost.get(number, ()))
        runs = not record.answering and not record.by and job.state in _UNDER_WAY
        if not runs or times < _MOST_LOST or (-times, feature_order(number)) >= mine:
            continue
        both = sorted(changed & {path for one in lost[number] for path in one.conflicts})
        if both:
            times_lost = counted(times, "attempt")
            return f"{number} is being worked on and goes first, it lost {times_lost} by conflicts in {both[0]}"
    return ""


def _lost(draft: Draft, number: FeatureNumber) -> list[RunRecord]:
    return [record for record in draft.records_of(number) if record.cause is Cause.CONFLICT]


def _judge(facts: Facts, feature: Feature, candidate: Sha, work: Sha) -> None:
    """Judge an attempt by what its feature is judged by; `candidate` is its merge with `work`."""
    draft, evidence, record = facts.draft, facts.evidence, facts.record
    end_cause = facts.end.report.cause
    if end_cause is not None and not feature.criteria:
        facts.close(end_cause, facts.end.report.detail or str(end_cause))
        return
    if topic_in(draft.mission, feature) and not feature.criteria:
        _found_out(facts, feature)
        return
    judgment = judge_feature(facts, feature, evidence.judged or candidate)
    if work != draft.observation.work:
        start_checks(draft, judgment)
        words = f"attempt {record.attempt} is judged on top of earlier ones and waits for them"
        draft.hold(feature.number, HoldKind.REVIEW, words)
        return
    if _rejected(facts, feature, judgment):
        return
    start_checks(draft, judgment)
    if _hold_for_answer(facts, feature, judgment):
        return
    if not judgment.over:
        draft.hold(feature.number, HoldKind.REVIEW, f"attempt {record.attempt} is being judged")
    elif _judged_as_before(facts, feature):
        _accept(facts, feature, candidate, work, judgment)


def _accept(facts: Facts, feature: Feature, candidate: Sha, work: Sha, judgment: Judgment) -> None:
    """Have work that passed merged: into the finished work, or by a pull request."""
    draft, name = facts.draft, attempt_name(facts.record.run)
    passed = counted(len(judgment.known), "criterion", "criteria")
    facts.judged = judgment.known
    if not facts.evidence.commits:
        _found_out(facts, feature)
    elif proposing(draft.mission) is Proposing.FEATURE:
        facts.proposed = True
        words = f"{passed} passed on its merge with the base, and it waits for its pull request"
        _done(facts, feature, candidate, words)
        propose(draft, feature.number, candidate, f"{name} is to be merged by a pull request")
    else:
        why = f"{name}: {passed} passed on its merge with finished work"
        draft.effects.append(Integrate(facts.record.run, candidate, work, why))


def declines(facts: Facts, feature: Feature) -> bool:
    """Settle an attempt that was to answer reviewers of an open pull request, and found nothing to change.

    What the pull request has is judged already, and the reviewers decide: they are told what the worker said.
    """
    draft, record, end = facts.draft, facts.record, facts.end
    row, look = row_of(draft.mission, feature.number), draft.observation.pulls.get(feature.number)
    if row is None or row.head != record.base or look is None or look.facts is None:
        return False
    rules = draft.observation.forge.rules or Rules()
    asked = look.facts.pull.state is PullState.OPEN and bool(requests(look.facts) or refusals(look.facts))
    failing = bool(failures(look.facts, rules)) or look.update is not None
    if not asked or failing or (end.reason, end.code, end.report.cause) != (EndReason.EXIT, 0, None):
        return False
    if feature.status is FeatureStatus.DISPATCHED:
        to = move_feature(feature.status, FeatureStatus.REVIEW)
        why = f"{attempt_name(record.run)} found nothing to change"
        draft.transitions.append(MoveFeature(feature.number, to, why))
    facts.proposed = True
    facts.close(Cause.DONE, "it left no commit: its reviewers are told why nothing was changed")
    return True


def _found_out(facts: Facts, feature: Feature) -> None:
    """Settle an attempt that has only findings: nothing has to be merged."""
    words = f"{counted(len(facts.evidence.findings), 'file')} with findings and no change of code"
    _done(facts, feature, facts.evidence.judged, words)


def _rejected(facts: Facts, feature: Feature, judgment: Judgment, where: str = "") -> bool:
    """Settle the attempt if a criterion failed, or pause if one cannot be run; True in both cases."""
    failed, end_cause = judgment.having(Verdict.FAILED, Verdict.SKIPPED), facts.end.report.cause
    if failed:
        facts.judged = judgment.known
        if end_cause in _REFUSED:
            facts.close(end_cause, facts.end.report.detail)
        else:
            words = "; ".join(f"{j.criterion.text}: {_why(j)}" for j in failed[:3])
            words = f"{where}: {words}" if where else words
            facts.close(Cause.CRITERIA_FAILED, words, error=first_error(failed[0].detail))
        return True
    stuck = judgment.having(Verdict.COULD_NOT_RUN)
    if stuck:
        _cannot_run(facts.draft, stuck[0], feature.number)
        return True
    facts.judged = judgment.known
    return False


def _judged_as_before(facts: Facts, feature: Feature) -> bool:
    """Whether the work also passes with the test files of the base; otherwise settle or hold the attempt."""
    draft, evidence, record = facts.draft, facts.evidence, facts.record
    criteria = feature.criteria or of_touched_packages(draft, evidence)
    about = f"{feature.number} attempt {record.attempt}: "
    before = as_before(draft, evidence.against, criteria, owner=feature.number, about=about)
    facts.before = before.known
    if before.against:
        facts.close(Cause.CRITERIA_FAILED, before.against, error=before.against)
    elif before.open:
        words = f"attempt {record.attempt} is also being judged with the test files of the base"
        draft.hold(feature.number, HoldKind.REVIEW, words)
    return before.good


def _take_at_its_trailer(facts: Facts, feature: Feature, candidate: Sha, work: Sha) -> None:
    """In a POC, integrate a feature if a commit's trailer completes it; only its milestone is judged."""
    if feature.number not in facts.evidence.completes and not facts.record.by:
        said = facts.end.report.cause
        words = f"no commit has the trailer `Completes-feature: {feature.number}`"
        facts.close(said or Cause.WRONG_OUTPUT, facts.end.report.detail if said else words)
        return
    why = f"{attempt_name(facts.record.run)}: a commit completes {feature.number}"
    if facts.evidence.commits:
        facts.draft.effects.append(Integrate(facts.record.run, candidate, work, why))
    else:
        _found_out(facts, feature)


def _cannot_run(draft: Draft, stuck: Judged, subject: str) -> None:
    words = f"`{stuck.criterion.text}` cannot be run: {one_line(first_error(stuck.detail))}"
    draft.hold(subject, HoldKind.CHECK, words, unblock=do("resume", draft.mission.id), person=True)
    draft.pause(words)


def judge_feature(facts: Facts, feature: Feature, candidate: Sha) -> Judgment:
    """Look up the verdicts on an attempt's work at a commit, or arrange the checks that are needed for them."""
    draft, evidence = facts.draft, facts.evidence
    if feature.criteria:
        about = f"{feature.number} attempt {facts.record.attempt}: "
        return judge(
            draft,
            feature.criteria,
            owner=feature.number,
            commit=candidate,
            tree=evidence.tree,
            about=about,
            change=_change(facts, feature),
        )
    onto = evidence.work_tree or draft.observation.work_tree
    before = (evidence.work, onto) if evidence.work is not None else None
    return as_green_as_before(draft, of_touched_packages(draft, evidence), (candidate, evidence.tree), before)


def of_touched_packages(draft: Draft, evidence: Evidence) -> tuple[Criterion, ...]:
    """Return the commands found in the repository that concern what an attempt changed."""
    return touched(evidence.changed, draft.observation.detected.get(evidence.tree, ()))


def _change(facts: Facts, feature: Feature) -> Change | None:
    """Return what reviewers look at: the attempt, however often it is merged again; None without a commit."""
    evidence, record = facts.evidence, facts.record
    since = record.base if evidence.integrated else evidence.work
    if not since or evidence.tip is None:
        return None
    return Change(feature.number, f"{record.run} {evidence.tip}", Sha(since), (record,))


def _why(judged: Judged) -> str:
    if judged.verdict is Verdict.SKIPPED:
        return "every test was skipped"
    return one_line(first_error(judged.detail)) or "failed"
