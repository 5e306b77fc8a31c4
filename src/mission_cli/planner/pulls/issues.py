"""One issue for each feature: opened when its milestone starts, named in the Task ID column, closed when it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import counted
from mission_cli.domain.events import EventKind
from mission_cli.domain.forge.references import number_in
from mission_cli.domain.forge.rows import Proposing
from mission_cli.domain.noted import is_noted
from mission_cli.domain.status import MilestoneStatus, MissionStatus
from mission_cli.planner.core.effects import CloseIssue, OpenIssue
from mission_cli.planner.core.moves.mission import Note
from mission_cli.planner.core.moves.outside import LinkIssue, WritePull
from mission_cli.planner.pulls.rows import covering, is_delivered, is_dropped, proposing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.domain.mission import Feature, Milestone
    from mission_cli.planner.core.draft import Draft

_STARTED = frozenset({MilestoneStatus.ACTIVE, MilestoneStatus.VALIDATING})


def issues(draft: Draft) -> None:
    """Open, link and close issues. Without one the work goes on: only the end of the mission waits for closing them."""
    mission, forge = draft.mission, draft.observation.forge
    if not draft.policy.issues or mission.status is not MissionStatus.ACTIVE or proposing(mission) is Proposing.NONE:
        return
    closing, due = [*_closed(draft)], [*_opened(draft)]
    if forge.no_issues:
        if not is_noted(mission, EventKind.ISSUE_REFUSED):
            words = f"no issues are opened and closed, because the forge refuses it: {forge.no_issues}"
            draft.transitions.append(Note(EventKind.ISSUE_REFUSED, words))
    elif forge.trouble is None:
        draft.effects += [*closing, *due]
    elif (closing or due) and forge.again is not None and forge.again > draft.observation.now:
        draft.wakes.append(forge.again)
    if closing and not forge.no_issues and not forge.person:
        draft.trailing.append(f"{counted(len(closing), 'issue')} of finished features to close")


def _opened(draft: Draft) -> Iterator[OpenIssue]:
    """Yield an issue for each open feature of a milestone that has started; write down those that are open."""
    known = draft.observation.forge.issues
    for milestone in draft.mission.milestones:
        for feature in milestone.features:
            if feature.task:
                continue
            if feature.number in known:
                why = f"the issue of {feature.number} is {known[feature.number]}"
                draft.transitions.append(LinkIssue(feature.number, known[feature.number], why))
            elif milestone.status in _STARTED and not feature.finished:
                yield OpenIssue(feature.number, f"open an issue for {feature.number} {feature.title}")


def _closed(draft: Draft) -> Iterator[CloseIssue]:
    """Yield the closing of each issue whose feature is over, once."""
    forge = draft.observation.forge
    for milestone in draft.mission.milestones:
        for feature in milestone.features:
            number = number_in(forge.issues.get(feature.number, feature.task))
            over = _over(draft, milestone, feature) if number and feature.number not in forge.closed else ""
            if over:
                yield CloseIssue(feature.number, number, over, f"issue #{number} is closed: {over}")


def _over(draft: Draft, milestone: Milestone, feature: Feature) -> str:
    """Return why nothing is left to do for a feature, or the empty string."""
    mission = draft.mission
    if is_dropped(milestone, feature):
        return f"{feature.number} was skipped in the mission `{mission.id}`"
    row = covering(mission, milestone, feature)
    written = {move.row.subject for move in draft.transitions if isinstance(move, WritePull)}
    moves = row is not None and row.subject in written
    if moves or not is_delivered(mission, milestone, feature, draft.observation.landing.state):
        return ""
    merged = f" by {row.name}" if row is not None and row.number else ""
    return f"{feature.number} of the mission `{mission.id}` is done, and its work is in `{mission.base}`{merged}"
