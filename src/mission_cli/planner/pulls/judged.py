"""Judge the commit of a pull request by the criteria of its feature, before anything is merged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.events import EventKind
from mission_cli.domain.notice import do
from mission_cli.domain.status import EXECUTABLE_KINDS, FeatureStatus, MilestoneStatus, Verdict
from mission_cli.planner.core.moves.features import MoveFeature
from mission_cli.planner.core.moves.milestones import MoveMilestone
from mission_cli.planner.core.requests import FINAL
from mission_cli.planner.core.transitions import move_feature, move_milestone
from mission_cli.planner.milestones.fixes import fix_features
from mission_cli.planner.milestones.judging import judge, start_checks, turn_of
from mission_cli.planner.milestones.milestones import passed_criteria

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.ids import Sha
    from mission_cli.planner.milestones.judgment import Judged
    from mission_cli.planner.pulls.subject import Subject


def is_judged(subject: Subject, commit: Sha, tree: str, about: str) -> bool:
    """Whether a commit passes what can be run: the criteria of its feature, or those of the passed milestones.

    A failure goes back to a worker; what is not known yet is started.
    """
    feature, draft = subject.feature, subject.draft
    criteria = (
        [c for c in feature.criteria if c.kind in EXECUTABLE_KINDS] if feature else list(passed_criteria(draft, tree))
    )
    if not criteria:
        return True
    owner = feature.number if feature else subject.about or FINAL
    turn = "" if feature else turn_of(draft.mission)
    judgment = judge(draft, criteria, owner=owner, commit=commit, tree=tree, about=about, turn=turn)
    start_checks(draft, judgment)
    failed = judgment.having(Verdict.FAILED, Verdict.SKIPPED)
    stuck = judgment.having(Verdict.COULD_NOT_RUN)
    if stuck:
        words = f"{about}`{stuck[0].criterion.text}` cannot be run"
        subject.hold(words, unblock=do("why", subject.address), person=True)
    elif not judgment.over:
        subject.hold(f"{about}its criteria are being judged")
    elif failed:
        _send_back(subject, failed, f"{about}{failed[0].criterion.text} fails")
    return judgment.over and not failed and not stuck


def _send_back(subject: Subject, failed: Sequence[Judged], why: str) -> None:
    draft, feature, milestone = subject.draft, subject.feature, subject.milestone
    if feature is not None:
        to = move_feature(FeatureStatus.REVIEW, FeatureStatus.PENDING)
        draft.transitions.append(MoveFeature(feature.number, to, why))
    elif milestone is not None:
        draft.transitions += fix_features(draft, milestone, failed)
        to_active = move_milestone(MilestoneStatus.PASSED, MilestoneStatus.ACTIVE)
        draft.transitions.append(MoveMilestone(milestone.number, to_active, why))
    subject.write(EventKind.PULL_RETURNED, f"{subject.row.name} goes back to a worker: {why}", subject.row)
