"""All transitions of missions, milestones and features; the only place that decides which status may follow another.

A mission is planned (draft, planning), waits for its start (scheduled, recurring), and is active until it is
completed, cancelled or failed; meanwhile it may be paused. A finished mission can be started again, at once or by its
schedule: that is a new execution. A milestone is active until its features are finished, is then validated, and passes
or fails; a failed one becomes active again with fix features. A feature is pending until an attempt is dispatched,
and in review while the work of the attempt is judged. Then it is done, pending again, or failed when its attempts are
used up; it is done without review if its work is already on `work`. A person may skip a feature that is not done,
retry one that has ended, and begin a manual attempt at one that is neither done nor skipped. A status that a person
writes into the file is not checked here.
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
    """Return `to` if a mission may change from `now` to it. Raises IllegalMoveError."""
    if (now, to) not in MISSION_MOVES:
        raise IllegalMoveError(f"a mission cannot change from {now} to {to}")
    return to


def move_milestone(now: MilestoneStatus, to: MilestoneStatus) -> MilestoneStatus:
    """Return `to` if a milestone may change from `now` to it. Raises IllegalMoveError."""
    if (now, to) not in MILESTONE_MOVES:
        raise IllegalMoveError(f"a milestone cannot change from {now} to {to}")
    return to


def move_feature(now: FeatureStatus, to: FeatureStatus) -> FeatureStatus:
    """Return `to` if a feature may change from `now` to it. Raises IllegalMoveError."""
    if (now, to) not in FEATURE_MOVES:
        raise IllegalMoveError(f"a feature cannot change from {now} to {to}")
    return to
