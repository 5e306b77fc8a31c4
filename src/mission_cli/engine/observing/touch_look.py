"""What features are expected to change, for missions that want it predicted and could run two at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.status import FeatureStatus, MissionStatus
from mission_cli.domain.touch.predict import predicted
from mission_cli.domain.touch.score import factors, predicts
from mission_cli.planner.milestones.milestones import current_milestones

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.touch.facts import Hint
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.observation import Observation

_AT_WORK = frozenset({FeatureStatus.DISPATCHED, FeatureStatus.REVIEW})


def touch_of(ctx: Context, mission: Mission, observation: Observation) -> Mapping[str, tuple[Hint, ...]]:
    """Return the files that each feature that runs or could start is expected to change; mostly nothing is asked."""
    wanted = predicts(mission) and mission.status is MissionStatus.ACTIVE
    if not wanted or observation.work is None or mission.poc:
        return {}
    features = [f for m in current_milestones(mission) for f in m.features if not f.finished]
    start = [f for f in features if f.status not in _AT_WORK]
    if not start or len(features) < 2 or mission.preferences.max_parallel_workers == 1:  # noqa: PLR2004 - two share files
        return {}
    facts, worth = ctx.code.touched(observation.work), factors(observation.records)
    own = {r.feature: r.changed for r in observation.records if r.changed}
    return {f.number: predicted(f, facts, worth, own.get(f.number, ())) for f in features}
