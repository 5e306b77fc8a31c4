"""Judge by the commands that were found in the repository: what passed before the work must still pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli.domain.criteria.criterion import Result
from mission_cli.domain.status import Verdict
from mission_cli.planner.milestones.judging import judge
from mission_cli.planner.milestones.judgment import Judgment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.ids import Sha
    from mission_cli.domain.mission import Milestone
    from mission_cli.planner.core.draft import Draft

Place = tuple["Sha", str]
"""A commit and its tree without mission folders."""


def as_green_as_before(
    draft: Draft, criteria: Sequence[Criterion], now: Place, before: Place | None, turn: str = ""
) -> Judgment:
    """Judge by commands, of which only those that passed before can fail; none fails if `before` is None."""
    after = judge(draft, criteria, owner="", commit=now[0], tree=now[1], turn=turn)
    red = [j for j in after.known if not j.passes]
    result = Judgment([j for j in after.known if j.passes], after.starts, after.running, after.unsure)
    if red and before is not None:
        commands = [j.criterion for j in red]
        earlier = judge(draft, commands, owner="", commit=before[0], tree=before[1], confirm=False)
        result.starts += earlier.starts
        result.running += earlier.running
        green = {(j.criterion.command, j.criterion.fields) for j in earlier.known if j.passes}
        broken = [j for j in red if (j.criterion.command, j.criterion.fields) in green]
        result.known += [replace(j, verdict=Verdict.FAILED) for j in broken]
    return result


def regressions(draft: Draft, milestone: Milestone, criteria: Sequence[Criterion], turn: str) -> Judgment:
    """Judge a milestone with criteria of its own also by the detected commands that are not among them."""
    observation = draft.observation
    start = observation.start_trees.get(milestone.started_at)
    own = {(c.command, c.conditions.cwd) for c in criteria}
    found = observation.detected.get(observation.work_tree, ())
    guards = [c for c in found if (c.command, c.conditions.cwd) not in own]
    if draft.mission.poc or start is None or observation.work is None or not guards:
        return Judgment()
    result = as_green_as_before(draft, guards, (observation.work, observation.work_tree), start, turn)
    passed = Result(Verdict.PASSED, "", start[0])
    result.known = [replace(j, criterion=replace(j.criterion, baseline=passed)) for j in result.known]
    return result
