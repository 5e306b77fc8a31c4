"""All moves of missions, milestones and features; nobody else decides that a status may follow another.

A mission is planned (draft, planning), waits for its hour (scheduled, recurring), is active until it is
completed, cancelled or failed, and may be paused in between. A finished mission can be started again, at once or
by its schedule: a new execution. A milestone is active, is validated when its features are finished, passes or fails; a
failed one becomes active again with fix features. A feature is pending until an attempt is dispatched,
in review while what the attempt left is judged, and then done (at once where its work is found on the
branch of finished features already), pending again, or failed when its
attempts are used up. A person may skip whatever is not done, retry whatever has ended, and
step into whatever is neither done nor skipped: that is an attempt of their own. What a person
writes into the file by hand is not checked here: it is their move.
"""

from __future__ import annotations

from mission_cli.domain.errors import IllegalMoveError
from mission_cli.domain.status import FINISHED_MISSION, WAITING_MISSION, FeatureStatus, MilestoneStatus, MissionStatus

_M = MissionStatus
_S = MilestoneStatus
_F = FeatureStatus

MISSION_MOVES: frozenset[tuple[MissionStatus, MissionStatus]] = frozenset(
    {
        (_M.DRAFT, _M.PLANNING),
        (_M.DRAFT, _M.CANCELLED),
        (_M.PLANNING, _M.ACTIVE),
        (_M.PLANNING, _M.CANCELLED),
        (_M.SCHEDULED, _M.ACTIVE),
        (_M.SCHEDULED, _M.CANCELLED),
        (_M.RECURRING, _M.ACTIVE),
        (_M.RECURRING, _M.COMPLETED),
        (_M.RECURRING, _M.CANCELLED),
        (_M.ACTIVE, _M.PAUSED),
        (_M.ACTIVE, _M.COMPLETED),
        (_M.ACTIVE, _M.RECURRING),
        (_M.ACTIVE, _M.CANCELLED),
        (_M.ACTIVE, _M.FAILED),
        (_M.PAUSED, _M.ACTIVE),
        (_M.PAUSED, _M.CANCELLED),
        (_M.FAILED, _M.ACTIVE),
        (_M.CANCELLED, _M.ACTIVE),
        (_M.COMPLETED, _M.ACTIVE),
        *((now, to) for now in (_M.DRAFT, _M.PLANNING, *FINISHED_MISSION) for to in WAITING_MISSION),
    }
)
MILESTONE_MOVES: frozenset[tuple[MilestoneStatus, MilestoneStatus]] = frozenset(
    {
        (_S.PENDING, _S.ACTIVE),
        (_S.PENDING, _S.SKIPPED),
        (_S.ACTIVE, _S.VALIDATING),
        (_S.ACTIVE, _S.BLOCKED),
        (_S.ACTIVE, _S.SKIPPED),
        (_S.VALIDATING, _S.PASSED),
        (_S.VALIDATING, _S.FAILED),
        (_S.VALIDATING, _S.ACTIVE),
        (_S.VALIDATING, _S.SKIPPED),
        (_S.FAILED, _S.ACTIVE),
        (_S.FAILED, _S.SKIPPED),
        (_S.BLOCKED, _S.ACTIVE),
        (_S.BLOCKED, _S.SKIPPED),
        (_S.PASSED, _S.ACTIVE),
    }
)
FEATURE_MOVES: frozenset[tuple[FeatureStatus, FeatureStatus]] = frozenset(
    {
        (_F.PENDING, _F.DISPATCHED),
        (_F.PENDING, _F.SKIPPED),
        (_F.DISPATCHED, _F.REVIEW),
        (_F.DISPATCHED, _F.DONE),
        (_F.DISPATCHED, _F.PENDING),
        (_F.DISPATCHED, _F.FAILED),
        (_F.DISPATCHED, _F.SKIPPED),
        (_F.REVIEW, _F.DISPATCHED),
        (_F.REVIEW, _F.DONE),
        (_F.REVIEW, _F.PENDING),
        (_F.REVIEW, _F.FAILED),
        (_F.REVIEW, _F.SKIPPED),
        (_F.FAILED, _F.DISPATCHED),
        (_F.FAILED, _F.PENDING),
        (_F.FAILED, _F.SKIPPED),
        (_F.DONE, _F.PENDING),
        (_F.SKIPPED, _F.PENDING),
    }
)


def move_mission(now: MissionStatus, to: MissionStatus) -> MissionStatus:
    """Return `to` if a mission may go there. Raises IllegalMoveError, and nothing has changed."""
    if (now, to) not in MISSION_MOVES:
        raise IllegalMoveError(f"a mission does not go from {now} to {to}")
    return to


def move_milestone(now: MilestoneStatus, to: MilestoneStatus) -> MilestoneStatus:
    """Return `to` if a milestone may go there. Raises IllegalMoveError."""
    if (now, to) not in MILESTONE_MOVES:
        raise IllegalMoveError(f"a milestone does not go from {now} to {to}")
    return to


def move_feature(now: FeatureStatus, to: FeatureStatus) -> FeatureStatus:
    """Return `to` if a feature may go there. Raises IllegalMoveError."""
    if (now, to) not in FEATURE_MOVES:
        raise IllegalMoveError(f"a feature does not go from {now} to {to}")
    return to
