"""Notifications: what differs between the current state of missions and what was last reported.

They depend on the state, not on what this pulse did, so that the next pulse sends what an interrupted one could not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import one_line
from mission_cli.domain.branches.landing import LandState
from mission_cli.domain.events import EventKind
from mission_cli.domain.status import FeatureStatus, GateStatus, HoldKind, MissionStatus
from mission_cli.engine.guards import standstill
from mission_cli.ports.notifier import News

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs import RunRecord
    from mission_cli.engine.case import Case
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.policy import Policy

_TOLD_STATES = (
    MissionStatus.PAUSED,
    MissionStatus.COMPLETED,
    MissionStatus.FAILED,
    MissionStatus.CANCELLED,
)


def tell_news(ctx: Context, policy: Policy, cases: Sequence[Case]) -> None:
    """Send what is new, and record what was sent."""
    if not ctx.settings.notify:
        return
    before = ctx.runtime.told()
    looks = policy.still_looks
    now = {c.mission.id: {**standing(c), **standstill.watch(c, before.get(c.mission.id, {}), looks)} for c in cases}
    for case in cases:
        told = before.get(case.mission.id, {})
        for event, words in now[case.mission.id].items():
            if event not in standstill.MEMORY and words != told.get(event):
                ctx.notifier.tell(News(case.mission.id, case.mission.title, event, words, _to(case.mission)))
    if any(before.get(mission) != facts for mission, facts in now.items()):
        ctx.runtime.note_told(dict(before) | {str(mission): facts for mission, facts in now.items()})


def standing(case: Case) -> Mapping[str, str]:
    """Return the facts of a mission that people want to know: text by event."""
    mission, facts = case.mission, {}
    landed = case.observation.landing.state is LandState.LANDED or mission.status is MissionStatus.COMPLETED
    if landed and case.observation.target:
        facts["landed"] = f"{case.observation.target[:7]} is on {mission.base}"
    failed = [f for f in mission.features() if f.status is FeatureStatus.FAILED]
    if failed:
        last = {r.feature: r for r in case.observation.records}
        facts["failed"] = "; ".join(f"{f.number} {f.title}: {_why(last.get(f.number))}" for f in failed)
    if mission.status in _TOLD_STATES:
        rows = [r for r in mission.progress if r.event == EventKind.of("mission", str(mission.status))]
        facts[str(mission.status)] = rows[-1].details if rows else f"{mission.id} is {mission.status}"
    waits = (
        [h for h in case.plan.holds if h.person and h.kind != HoldKind.BY_HAND]
        if mission.status is MissionStatus.ACTIVE
        else []
    )
    if waits:
        facts["waiting"] = "; ".join(one_line(f"{h.subject} {h.detail}: {h.unblock}".strip(), 300) for h in waits)
    return facts


def _to(mission: Mission) -> tuple[str, ...]:
    """Return who is notified: the names of the mission, and those of the gates at which it waits."""
    waiting = (g.notify for g in mission.gates if g.notify and g.state is GateStatus.WAITING)
    return tuple(dict.fromkeys((*mission.notify, *waiting)))


def _why(record: RunRecord | None) -> str:
    return one_line(record.finding, 300) if record and record.cause else "set by a person"
