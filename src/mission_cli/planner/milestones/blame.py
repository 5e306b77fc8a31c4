"""Find the feature that caused a regression: bisect the commits since the milestone started with the criterion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli.domain.status import EXECUTABLE_KINDS, HoldKind, Verdict
from mission_cli.planner.milestones.judging import start_checks
from mission_cli.planner.milestones.judgment import Judgment, check_key, look_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.ids import Sha
    from mission_cli.domain.mission import Milestone
    from mission_cli.planner.core.draft import Draft
    from mission_cli.planner.milestones.judgment import Judged


def blame(draft: Draft, milestone: Milestone, failed: Sequence[Judged]) -> list[Judged] | None:
    """Return the failures, each regression with the commit that caused it; None while the search continues.

    The search is a bisection of the commits of finished work since the milestone started.
    """
    commits = tuple(reversed(draft.observation.since_start.get(milestone.started_at, ())))
    found: list[Judged] = []
    waiting = False
    for judged in failed:
        regressed = judged.criterion.baseline is not None and judged.criterion.baseline.verdict is Verdict.PASSED
        if not (regressed and len(commits) > 1 and judged.criterion.kind in EXECUTABLE_KINDS):
            found.append(judged)
            continue
        words = _first_bad(draft, judged, commits)
        waiting |= words is None
        found.append(replace(judged, detail=f"{judged.detail}\n{words}") if words else judged)
    if waiting:
        words = "it is being found out which feature broke what passed before"
        draft.hold(str(milestone.number), HoldKind.VALIDATING, words)
    return None if waiting else found


def _first_bad(draft: Draft, judged: Judged, commits: Sequence[tuple[Sha, str]]) -> str | None:
    """Return a sentence on the commit that broke a criterion; empty if it cannot be found, None while a check runs."""
    good, bad = -1, len(commits) - 1
    while bad - good > 1:
        middle = (good + bad) // 2
        commit, _ = commits[middle]
        key = check_key(judged.criterion, commit, draft.policy, draft.mission, "blame")
        state = Judgment()
        look_up(draft, judged.criterion, commit, key, state, confirm=False)
        if not state.known:
            start_checks(draft, state)
            return None
        if state.known[0].verdict in {Verdict.COULD_NOT_RUN, Verdict.SKIPPED}:
            return ""
        good, bad = (middle, bad) if state.known[0].passes else (good, middle)
    commit, subject = commits[bad]
    return f"it passed before `{subject}` ({commit[:7]}) and fails since"
