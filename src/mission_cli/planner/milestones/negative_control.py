"""The negative control: the verdicts of criteria before any work, and whether they can be run at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import first_error, one_line, stamp
from mission_cli.domain.criteria.criterion import Result
from mission_cli.domain.evidence.verdicts import START
from mission_cli.domain.notice import do
from mission_cli.domain.status import EXECUTABLE_KINDS, FeatureStatus, HoldKind, Verdict
from mission_cli.planner.core.moves.milestones import Mark, MarkCriteria
from mission_cli.planner.milestones.judging import judge, start_checks
from mission_cli.planner.milestones.judgment import for_file

if TYPE_CHECKING:
    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.mission import Milestone
    from mission_cli.planner.core.draft import Draft


def control(draft: Draft, milestone: Milestone) -> bool:
    """Run criteria once on `work` as it was when the milestone started; True when all baselines are known.

    The results of the milestone's criteria are recorded as baselines. Those of features without an attempt run only to
    find out whether they can: one that cannot pauses the mission at once, not when an attempt is judged. Each is
    stopped after `trial_timeout`. While an ended attempt waits to be judged, no more of them start. See ADR 37.
    """
    start = draft.observation.start_trees.get(milestone.started_at)
    own = [c for c in milestone.criteria if c.kind in EXECUTABLE_KINDS and c.baseline is None and c.index >= 0]
    first = [] if _work_waits(draft) else _of_untouched_features(draft, milestone)
    if start is None or not (own or first):
        return True
    commit, tree = start
    judgment = judge(draft, [*own, *first], owner=str(milestone.number), commit=commit, tree=tree, confirm=False)
    stuck = judgment.having(Verdict.COULD_NOT_RUN)
    if stuck:
        words = f"`{stuck[0].criterion.text}` cannot be run: {one_line(first_error(stuck[0].detail))}"
        unblock = do("resume", draft.mission.id)
        draft.hold(str(milestone.number), HoldKind.CHECK, words, unblock=unblock, person=True)
        draft.pause(words)
        return False
    start_checks(draft, judgment, most=max(1, draft.policy.checks_at_once // 2))  # others judge finished work
    known = [j for j in judgment.known if j.criterion in own]
    if len(known) < len(own):
        return False
    at = stamp(draft.observation.now)
    marks = tuple(
        Mark(j.criterion, j.criterion.ticked, j.criterion.result, Result(j.verdict, at, commit[:7])) for j in known
    )
    if marks:
        vacuous = sum(m.baseline is not None and m.baseline.verdict is Verdict.PASSED for m in marks)
        why = f"negative control of milestone {milestone.number}: {vacuous} of {len(marks)} pass before any work"
        draft.transitions.append(
            MarkCriteria(str(milestone.number), marks, why, START, for_file(known, draft.observation.now))
        )
    return not marks


def _work_waits(draft: Draft) -> bool:
    """Whether an attempt has ended and is not settled yet."""
    return any(job.exit is not None for r in draft.open_records() if (job := draft.observation.jobs.get(r.run)))


def _of_untouched_features(draft: Draft, milestone: Milestone) -> list[Criterion]:
    """Return the criteria that can be run of features without an attempt, with the timeout of a trial.

    The timeout is part of a check's key, so the verdict of a trial that was stopped judges no work.
    """
    limit, usual = draft.policy.trial_timeout, draft.policy.check_timeout
    return [
        replace(criterion, timeout=min(criterion.timeout or usual, limit))
        for feature in milestone.features
        if feature.status is FeatureStatus.PENDING and not feature.fixes and not draft.records_of(feature.number)
        for criterion in feature.criteria
        if criterion.kind in EXECUTABLE_KINDS
    ]
