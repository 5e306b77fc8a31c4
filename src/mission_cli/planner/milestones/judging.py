"""Verdicts on criteria: look up those known for a tree, run checks for others, ask a person for the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli.domain.paths import findings_folders
from mission_cli.domain.status import EXECUTABLE_KINDS, JobState, Verdict
from mission_cli.planner.core.draft import LOOK_AGAIN
from mission_cli.planner.core.effects import RunCheck
from mission_cli.planner.core.requests import ask
from mission_cli.planner.milestones.flaky import list_flaky
from mission_cli.planner.milestones.judgment import Judged, Judgment, ask_person, check_key, is_own_tick, look_up
from mission_cli.planner.milestones.reviewed import disputed, judge_by_reviews
from mission_cli.planner.reviewing.reviews import is_reviewed, start_reviews

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.ids import Sha
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.jobs import CheckState
    from mission_cli.planner.core.draft import Draft
    from mission_cli.planner.reviewing.reviews import Change


def names_findings(criterion: Criterion, mission: str) -> bool:
    """Whether a criterion refers to findings, not only to code."""
    texts = (criterion.from_top, *criterion.paths)
    return any(folder.rstrip("/") in text for folder in findings_folders(mission) for text in texts)


def judge(  # noqa: PLR0913 - what is judged, each by its name
    draft: Draft,
    criteria: Sequence[Criterion],
    *,
    owner: str,
    commit: Sha,
    tree: str,
    about: str = "",
    turn: str = "",
    confirm: bool = True,
    secret: bool = False,
    change: Change | None = None,
) -> Judgment:
    """Look up the verdict of each criterion on one tree, or arrange a check, a review or a question.

    With `confirm` a failure counts only after it has failed again, alone, when everything else is known. `change` is
    what reviewers look at; without it a person judges what only they could. What is `secret` is not quarantined:
    that would name it in the mission file.
    """
    result = Judgment()
    reviewed = [c for c in criteria if change is not None and is_reviewed(draft.mission, c) and not is_own_tick(c)]
    for criterion in criteria:
        if criterion.wrong:
            result.known.append(Judged(criterion, Verdict.COULD_NOT_RUN, criterion.wrong))
        elif criterion.kind in EXECUTABLE_KINDS:
            look_up(draft, criterion, commit, key_on(draft, criterion, tree, turn), result, confirm=confirm)
        elif criterion not in reviewed:
            ask_person(draft, criterion, owner, about, result)
    if change is not None and change.is_feature and draft.mission.reviews.reviewers:
        reviewed += disputed(result)
    if change is not None and reviewed:
        judge_by_reviews(draft, reviewed, change, commit, tree, about, result)
    result.known = [replace(judged, commit=commit, tree=tree) for judged in result.known]
    if result.unsure and not (result.starts or result.running):
        result.starts.append(result.unsure[0])
    if not secret:
        list_flaky(draft, result.known, owner)
    return result


def key_on(draft: Draft, criterion: Criterion, tree: str, turn: str = "") -> str:
    """Return the key of the check of a criterion on a tree; findings count if it refers to them."""
    place = f"{tree}.{draft.observation.findings}" if names_findings(criterion, draft.mission.id) else tree
    return check_key(criterion, place, draft.policy, draft.mission, turn)


def turn_of(mission: Mission) -> str:
    """Return a name for the current round of validation; verdicts are not kept beyond it."""
    return f"validation {sum(m.rounds for m in mission.milestones)}"


def start_checks(draft: Draft, judgment: Judgment, *, most: int = 0) -> None:
    """Add to the draft what a judgment needs: checks to start, questions to ask, checks to wait for.

    `most` is how many checks of the mission may run when one of these is started; 0: as many as the policy allows.
    """
    start_within_bounds(draft, judgment, most=most)
    if judgment.reviews is not None:
        start_reviews(draft, judgment.reviews)
    judgment.asked += [ask(draft, question) for question in judgment.asks]
    judgment.asks.clear()
    draft.running += len(judgment.running)
    draft.checking += len(judgment.running)


def start_within_bounds(draft: Draft, judgment: Judgment, *, most: int = 0) -> None:
    """Start the checks of a judgment, as many as the mission and this machine may run now."""
    for start in judgment.starts:
        draft.judgments.setdefault(start.key, start)
        started = {a.key for a in draft.effects if isinstance(a, RunCheck)}
        under_way = len(started) + sum(_runs(state) for state in draft.observation.checks.values())
        alone = any(start is other for other in judgment.unsure)
        if start.key in started or draft.alone:
            continue
        if not alone and under_way >= (most or draft.policy.checks_at_once):
            continue
        draft.alone = alone
        if alone and under_way:
            continue
        if len(started) < draft.observation.free_checks:
            draft.effects.append(start)
        else:
            draft.checking += 1
            draft.wakes.append(draft.observation.now + LOOK_AGAIN)


def _runs(state: CheckState) -> bool:
    """Whether a check runs or waits for its start."""
    return state.job.state in {JobState.WAITING, JobState.RUNNING}
