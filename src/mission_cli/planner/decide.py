"""Decide one round for one mission: small functions fill one draft, in a fixed order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.budget.ledger import alert
from mission_cli.domain.events import EventKind
from mission_cli.domain.host import is_elsewhere
from mission_cli.domain.noted import PAUSED_BY
from mission_cli.domain.notice import NO_ADVICE, do
from mission_cli.domain.status import FINISHED_MISSION, WAITING_MISSION, FeatureStatus, HoldKind, MissionStatus
from mission_cli.planner.attempts.help_requests import withdraw
from mission_cli.planner.attempts.settle import settle
from mission_cli.planner.core.draft import Draft
from mission_cli.planner.core.effects import Cancel
from mission_cli.planner.core.requests import renumber
from mission_cli.planner.core.waits import approval, is_open
from mission_cli.planner.deploys.follow import deploys
from mission_cli.planner.deploys.plan import plan_deploys
from mission_cli.planner.drafts.deciding import ask_at_end, drafts_of_finished, drafts_to_carry_out
from mission_cli.planner.drafts.making import drafts
from mission_cli.planner.judgments.outcomes import decide_judgments
from mission_cli.planner.judgments.triggers import judge_failures, judge_the_rest
from mission_cli.planner.mails.incoming import replies
from mission_cli.planner.mails.outgoing import mails
from mission_cli.planner.milestones.landing import (
    by_hand,
    finish,
    recoveries,
)
from mission_cli.planner.milestones.milestones import milestones, without_base
from mission_cli.planner.mission.bounds import bounds
from mission_cli.planner.mission.budget_watch import budget, threshold, waits_for_a_person
from mission_cli.planner.mission.executions import deadline, schedule, until
from mission_cli.planner.mission.guard import put_back
from mission_cli.planner.mission.hooks import hooks
from mission_cli.planner.mission.lifetime import archived, cadence, lifetime
from mission_cli.planner.mission.money import stand, way_on
from mission_cli.planner.mission.watchers import watch
from mission_cli.planner.phases.phases import phases
from mission_cli.planner.placement.ask import ask_hosts
from mission_cli.planner.preview.follow import previews
from mission_cli.planner.pulls.follow import pulls
from mission_cli.planner.pulls.issues import issues
from mission_cli.planner.purchases.follow import purchases
from mission_cli.planner.release.external import waits
from mission_cli.planner.release.gates import gates, gates_that_wait, requests
from mission_cli.planner.release.holds import NOT_STARTED
from mission_cli.planner.release.order import dispatch
from mission_cli.planner.resources.follow import resources
from mission_cli.planner.scope.carry_out import carry_out
from mission_cli.planner.scope.propose import scope, scope_at_threshold

if TYPE_CHECKING:
    from mission_cli.domain.mission import Mission
    from mission_cli.planner.core.decisions import Decisions
    from mission_cli.planner.core.observation import Observation
    from mission_cli.planner.core.policy import Policy

_STEPS = (
    settle,
    withdraw,
    requests,
    replies,
    mails,
    waits,
    deadline,
    until,
    lifetime,
    cadence,
    gates,
    budget,
    scope,
    phases,
    milestones,
    pulls,
    issues,
    by_hand,
    recoveries,
    decide_judgments,
    judge_failures,
    drafts,
    dispatch,
    ask_hosts,
    resources,
    judge_the_rest,
    plan_deploys,
    finish,
    ask_at_end,
    drafts_to_carry_out,
    scope_at_threshold,
    threshold,
    waits_for_a_person,
)
_GOING = frozenset({MissionStatus.ACTIVE, MissionStatus.PAUSED}) | WAITING_MISSION


def decide(mission: Mission, observation: Observation, policy: Policy) -> Decisions:
    """Return the decisions for one mission, and a hold with its reason for everything that waits. Never raises."""
    draft = Draft(mission, observation, policy)
    if not mission.managed:
        draft.hold(
            "",
            HoldKind.MISSION,
            "it is not managed by this program",
            unblock=do("start", mission.id),
            person=True,
        )
        return draft.plan()
    if is_elsewhere(mission.host, observation.me):
        _elsewhere(draft)
        return draft.plan()
    if observation.shared and not mission.host and mission.status in _GOING:
        unblock = do("takeover", mission.id)
        draft.hold("", HoldKind.HOST, "no clone is set to drive it", unblock=unblock, person=True)
        return draft.plan()
    if put_back(draft):
        return draft.plan()
    bounds(draft)
    if observation.remote_problem:
        words = f"nothing starts while the remote cannot be used: {observation.remote_problem}"
        draft.hold(
            "",
            HoldKind.REMOTE,
            words,
            unblock=do("doctor") if observation.undecided else NO_ADVICE,
            person=observation.undecided,
        )
    purchases(draft)
    gone = archived(draft)
    if not gone:
        _take_steps(draft)
    previews(draft)
    deploys(draft)
    if not gone:
        _mission_hold(draft)
    watch(draft)
    hooks(draft)
    return draft.plan()


def _take_steps(draft: Draft) -> None:
    """Decide what the status of the mission asks for."""
    status = draft.mission.status
    if status in {MissionStatus.ACTIVE, MissionStatus.PAUSED} or draft.open_records():
        for step in () if renumber(draft) or carry_out(draft) else _STEPS:
            step(draft)
    elif status in FINISHED_MISSION:
        drafts_of_finished(draft)
    elif status in WAITING_MISSION:
        schedule(draft)
    elif status in {MissionStatus.DRAFT, MissionStatus.PLANNING}:
        lifetime(draft)


def _elsewhere(draft: Draft) -> None:
    """Cancel what still runs here for a mission that another machine drives, and hold the mission."""
    mission, host = draft.mission, draft.mission.host
    draft.effects += [
        Cancel(run, f"{run} is stopped: {host} drives {mission.id} now") for run in draft.observation.orphan_runs
    ]
    unblock = do("takeover", mission.id)
    if draft.observation.host_silent:
        words = f"it is run by {host}, whose heartbeat has not been renewed recently"
        draft.hold("", HoldKind.HOST, words, unblock=unblock, person=True)
    else:
        # Without a remote no other clone can take part: another host means a copied repository or a mistake.
        draft.hold("", HoldKind.HOST, f"it is run by {host}", unblock=unblock, person=not draft.observation.shared)


def _has_to_pay(mission: Mission) -> bool:
    """Whether a pending feature still needs an attempt."""
    return any(f.status is FeatureStatus.PENDING for m in mission.milestones if not m.finished for f in m.features)


def _mission_hold(draft: Draft) -> None:
    mission = draft.mission
    lacks_base = mission.status is MissionStatus.ACTIVE and draft.observation.base is None and not mission.poc
    if lacks_base and not any(hold.kind == HoldKind.BASE for hold in draft.holds):
        without_base(draft)
    if mission.status in {MissionStatus.DRAFT, MissionStatus.PLANNING}:
        draft.hold("", HoldKind.MISSION, NOT_STARTED, unblock=do("start", mission.id), person=True)
    elif mission.status is MissionStatus.PAUSED:
        reason = next(
            (r.details for r in reversed(mission.progress) if r.event == EventKind.MISSION_PAUSED), "it is paused"
        )
        reached = alert(stand(draft))
        gate = next(
            (g for g in mission.gates if mission.noted.get(PAUSED_BY, "") == g.name and not is_open(g.status)), None
        )
        unblock = way_on(draft, reached) if reached and _has_to_pay(mission) else do("resume", mission.id)
        unblock = approval(mission, gate) if gate is not None else unblock
        draft.hold("", HoldKind.PAUSED, reason, unblock=unblock, person=True)
        gates_that_wait(draft, besides="" if gate is None else gate.name)
    elif mission.status is None:
        words, unblock = f"its status `{mission.raw_status}` is not known", do("edit", mission.id)
        draft.hold("", HoldKind.MISSION, words, unblock=unblock, person=True)
