"""The values that limit a mission: record valid ones, report those that do not count."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli.domain.notice import NO_ADVICE, do
from mission_cli.domain.status import FINISHED_MISSION, HoldKind, MissionStatus
from mission_cli.domain.values_in_force import Overruled
from mission_cli.planner.core.moves.mission import RecordValues
from mission_cli.planner.mission.base import base_gone

if TYPE_CHECKING:
    from mission_cli.domain.mission import Mission
    from mission_cli.planner.core.draft import Draft
    from mission_cli.planner.core.policy import Policy

_NOT_BEGUN = frozenset({MissionStatus.DRAFT, MissionStatus.PLANNING})
_STOPPING = ("paused", "pause", "cancelled", "cancel", "stopped", "stop", "failed", "draft")


def with_known_runner(mission: Mission, policy: Policy) -> Mission:
    """Return the mission with its last configured runner if the file names one that is not configured.

    A mission that names none, and never did, gets the default runner.
    """
    wanted, known = mission.preferences.runner, mission.in_force.written.get("runner", "")
    if not wanted and known not in policy.runners:
        return replace(mission, preferences=replace(mission.preferences, runner=policy.default_runner))
    if not mission.managed or wanted in policy.runners or known not in policy.runners:
        return mission
    found = Overruled("preferences.runner", wanted, known, f"is `{wanted}`, which is not configured")
    bounds = replace(
        mission.in_force,
        values={**mission.in_force.values, "runner": known},
        overruled=(*mission.in_force.overruled, found),
    )
    return replace(mission, preferences=replace(mission.preferences, runner=known), in_force=bounds)


def bounds(draft: Draft) -> None:
    """Record valid values, report those that do not count, and start nothing while no cap is known."""
    mission = draft.mission
    known = bool(mission.in_force.written)
    begun = mission.status not in _NOT_BEGUN and (known or mission.status not in FINISHED_MISSION)
    if begun and (changes := tuple(mission.in_force.changed())):
        draft.transitions.append(RecordValues(changes, draft.observation.editor or "a person"))
    for found in mission.in_force.overruled:
        _overruled(draft, found)
    if mission.status is MissionStatus.ACTIVE and not any(mission.features()):
        draft.hold("", HoldKind.FILE, "it has no features", unblock=do("edit", mission.id), person=True)
    if mission.status is MissionStatus.ACTIVE and not mission.limits.any_cap:
        words = "it has no budget cap"
        draft.hold("", HoldKind.BUDGET, words, unblock=do("set", mission.id, "budget.money_usd", "USD"), person=True)
        draft.halt(words)


def _overruled(draft: Draft, found: Overruled) -> None:
    counts = do("set", draft.mission.id, found.key, found.counts) if found.counts else NO_ADVICE
    if found.key == "preferences.runner" and found.counts not in draft.policy.runners:
        counts = NO_ADVICE  # `set` would refuse it
    if found.key == "base" and draft.observation.base is None:
        counts = base_gone(draft.mission, draft.observation.renamed).remedy  # the last valid one is gone
    unblock = counts or do("edit", draft.mission.id)
    draft.hold("", HoldKind.VALUE, found.words, unblock=unblock, person=True)
    if not found.counts and found.key.startswith("budget."):
        draft.halt(found.words)
    if found.key == "status" and difflib.get_close_matches(found.found.casefold(), _STOPPING, n=1):
        draft.halt(f"the status `{found.found}` looks like an end or a pause: nothing starts until it is corrected")
