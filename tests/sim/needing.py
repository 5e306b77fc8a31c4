"""The law about what needs a person: every open question and every hold that only a person ends, each exactly once.

What is expected is found here from the file and from the planner's holds, not by the query that is looked at.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mission_cli._support.text import command_line
from mission_cli.app.addressing import resolve
from mission_cli.app.queries.inbox import everything_waiting
from mission_cli.domain.host import is_elsewhere
from mission_cli.domain.phases.table import PhaseStatus, current
from mission_cli.domain.status import FINISHED_MISSION, FeatureStatus, GateStatus, HoldKind, MissionStatus
from mission_cli.engine.context import policy_of
from mission_cli.engine.observing.observe import consider
from mission_cli.planner.core.draft import Draft
from mission_cli.planner.milestones.milestones import current_milestones
from mission_cli.planner.release.order import holds_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.app.results.waiting import Waiting
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.notice import Advice
    from mission_cli.engine.case import Case
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.decisions import Hold
    from mission_cli.planner.core.policy import Policy

_ABOUT_MANY = {"edit", "lint", "doctor", "why", "pulse", "cron install"}
"""Commands for many things: two needs with the same one are not the same need."""


def wrong_needs(ctx: Context) -> tuple[str, int]:
    """Say what is missing in, or too much in, what needs a person in a repository with the mission `m`; and how much is."""
    found = [one for _, one in everything_waiting(ctx)]
    snapshot = ctx.state.snapshot()
    address = resolve(snapshot, "m")
    policy = policy_of(ctx)
    case = consider(ctx, policy, snapshot, address.stored, address.loaded, look_only=True)
    expected = set(_expected(ctx, case))
    told = Counter(map(_names, (one for one in found if one.kind not in {"pulse", HoldKind.ERROR})))
    problems = [f"missing: {one}" for one in expected - told.keys()]
    problems += [f"not for a person: {one}" for one in told.keys() - expected]
    problems += [f"{times} times: {one}" for one, times in told.items() if times > 1]
    problems += [f"no way on: {one.kind} {one.name}" for one in found if not one.name or not one.unblock]
    problems += _not_explained(case, policy, found)
    return "; ".join(map(str, problems)), len(expected)


def _expected(ctx: Context, case: Case) -> Iterator[object]:
    mission = case.mission
    drafts = any(request.open and request.prompt.startswith("Draft `") for request in mission.requests)
    if not mission.managed or (mission.status in FINISHED_MISSION and not drafts):
        return
    if mission.archived and mission.status is not MissionStatus.ACTIVE:
        return
    if ctx.runtime.stopped() is not None:
        yield "STOP"
    yield from (("request", request.number) for request in mission.requests if request.open)
    yield from (_of_hold(hold) for hold in case.plan.holds if hold.person and not _says_what_another_says(case, hold))
    if is_elsewhere(mission.host, case.observation.me):
        yield from _of_the_file(mission)


def _of_the_file(mission: Mission) -> Iterator[object]:
    if mission.status is MissionStatus.PAUSED:
        yield f"mission resume {mission.id}"
    yield from (
        command_line("mission", "approve", mission.id, gate.name)
        for gate in mission.gates
        if gate.state is GateStatus.WAITING
    )
    phase = current(mission.phases)
    if phase is not None and phase.status is PhaseStatus.WAITING:
        yield command_line("mission", "approve", mission.id, phase.gate)
    if mission.status is MissionStatus.ACTIVE:
        failed = (f.number for f in mission.features() if f.status == "failed")
        yield from (f"mission retry {mission.id}/{number}" for number in failed)
        late = (wait.feature for wait in mission.waits if wait.status == "failed")
        yield from (f"mission signal {mission.id}/{number}" for number in late)
        lost = (row.number for row in mission.mails if row.status in {"unsure", "failed"})
        yield from (f"mission mail {mission.id} {number} --again" for number in lost)


def _says_what_another_says(case: Case, hold: Hold) -> bool:
    """Whether a hold only points to a request, to what halts the mission, or to a feature that is held itself."""
    first = next(iter(hold.unblock.remedies), None)
    if first is not None and first.command == "answer":
        return first.args[1] in {str(request.number) for request in case.mission.requests if request.open}
    if hold.kind is HoldKind.REQUEST or (hold.kind is HoldKind.FILE and case.loaded.refused):
        return True
    if hold.kind is HoldKind.MISSION:
        return bool(hold.subject) or case.mission.status in {MissionStatus.DRAFT, MissionStatus.PLANNING}
    return False


def _names(waiting: Waiting) -> object:
    if waiting.kind == "stopped":
        return "STOP"
    if waiting.kind == "request":
        return "request", waiting.number
    return _named(waiting.unblock, waiting.kind, waiting.name.removeprefix(f"{waiting.subject}: "), waiting.subject)


def _of_hold(hold: Hold) -> object:
    return _named(hold.unblock, hold.kind, hold.detail.removesuffix(f": {hold.unblock}"), hold.subject)


def _named(advice: Advice, kind: str, words: str, subject: str) -> object:
    """Return what a need is recognized by: the command that ends it, or its words."""
    first = next(iter(advice.remedies), None)
    if first is not None and first.command not in _ABOUT_MANY:
        return str(first)
    if kind == HoldKind.FORGE:
        return kind
    return kind, words, subject if kind in {HoldKind.ROW, HoldKind.PULL, HoldKind.MILESTONE, HoldKind.CHECK} else ""


def _not_explained(case: Case, policy: Policy, found: list[Waiting]) -> Iterator[str]:
    """Yield the features that a person holds up, and of which no need says that they wait for it."""
    mission = case.mission
    if not mission.managed or mission.status is not MissionStatus.ACTIVE or mission.archived:
        return
    if is_elsewhere(mission.host, case.observation.me) or case.loaded.refused or not case.plan.empty:
        return  # another clone, or the next round, says it
    named = {number for one in found for number in one.waits} | {one.subject for one in found}
    draft = Draft(mission, case.observation, policy, running=case.plan.running)
    draft.holds += [hold for hold in case.plan.holds if hold.kind is HoldKind.PURCHASE]  # what the round says of it
    for milestone in current_milestones(mission):
        for feature in milestone.features:
            idle = feature.status not in {FeatureStatus.DISPATCHED, FeatureStatus.REVIEW} and not feature.finished
            first = next(holds_of(draft, milestone, feature), None) if idle else None
            if first is not None and first.person and feature.number not in named:
                yield f"nothing says that {feature.number} waits: {first}"
