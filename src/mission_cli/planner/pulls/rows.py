"""Which row counts for a part of a mission, and new rows for judged work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import stamp
from mission_cli.domain.branches.landing import LandState
from mission_cli.domain.branches.refs import pull_branch
from mission_cli.domain.events import EventKind
from mission_cli.domain.forge.rows import MISSION, Handled, Proposing, PullRow, RowStatus
from mission_cli.domain.status import FeatureStatus, MilestoneStatus
from mission_cli.planner.core.moves.outside import WritePull

if TYPE_CHECKING:
    from mission_cli.domain.ids import Sha
    from mission_cli.domain.mission import Feature, Milestone, Mission
    from mission_cli.planner.core.draft import Draft

_AGAIN = frozenset({RowStatus.CLOSED, RowStatus.DONE, RowStatus.MERGED})


def proposing(mission: Mission) -> Proposing:
    """Return which parts of a mission get a pull request; a POC has none.

    With phases the whole mission has one, which is merged in the phase in which work lands.
    """
    wanted = Proposing.NONE if mission.poc else mission.preferences.pull_requests or Proposing.NONE
    return Proposing.MISSION if mission.phases and wanted is not Proposing.NONE else wanted


def row_of(mission: Mission, subject: str) -> PullRow | None:
    """Return the row of a subject, or None."""
    return next((row for row in mission.pulls if row.subject == subject), None)


def covering(mission: Mission, milestone: Milestone, feature: Feature) -> PullRow | None:
    """Return the row of the pull request that brings a feature to the base, or None."""
    subjects = {Proposing.FEATURE: feature.number, Proposing.MILESTONE: str(milestone.number)}
    return row_of(mission, subjects.get(proposing(mission), MISSION))


def is_delivered(mission: Mission, milestone: Milestone, feature: Feature, landing: LandState) -> bool:
    """Whether a feature is done and its work is in the base, as far as it has any."""
    row = covering(mission, milestone, feature)
    if feature.status is not FeatureStatus.DONE:
        return False
    if proposing(mission) is Proposing.FEATURE:
        return row is None or not row.going
    if row is not None and (row.going or row.status is RowStatus.DONE):
        return milestone.finished and not row.going
    return milestone.finished and landing in {LandState.LANDED, LandState.NOTHING}


def is_dropped(milestone: Milestone, feature: Feature) -> bool:
    """Whether nobody works on a feature any more although it is not done."""
    skipped = milestone.status is MilestoneStatus.SKIPPED and not feature.finished
    return skipped or feature.status is FeatureStatus.SKIPPED


def followed(mission: Mission) -> tuple[PullRow, ...]:
    """Return the rows that still matter: something is left, or a closed one may be opened again by a person."""
    return tuple(row for row in mission.pulls if row.going or (row.status is RowStatus.CLOSED and _waits(mission, row)))


def _waits(mission: Mission, row: PullRow) -> bool:
    feature = next((f for f in mission.features() if f.number == row.subject), None)
    milestone = next((m for m in mission.milestones if str(m.number) == row.subject), None)
    return (feature is not None and not feature.finished) or milestone is not None or row.subject == MISSION


def propose(draft: Draft, subject: str, head: Sha, why: str) -> None:
    """Record that judged work is to be merged by a pull request: a new one, or the one that is open."""
    mission, now = draft.mission, stamp(draft.observation.now)
    row = row_of(mission, subject)
    if row is None:
        row = PullRow(subject, pull_branch(mission.id, subject), mission.base, head)
    elif row.head == head and row.going:
        return
    elif row.status in _AGAIN:
        row = replace(row, number=0, url="", handled=(), status=RowStatus.PLANNED, base=mission.base)
    else:
        row = row.noting(Handled.HEAD, row.head[:12])
    event = EventKind.PULL_UPDATED if row.number else EventKind.PULL_PLANNED
    draft.transitions.append(WritePull(replace(row, head=head, since=now), event, why))
