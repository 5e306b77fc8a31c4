"""Act once on each event that a watcher of the settings waits for, in the commit of that event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import one_line
from mission_cli.domain.events import EventKind
from mission_cli.domain.hooks.rules import NOTIFY, PAUSE, RETRY, RUN, WATCH, Due, as_fact
from mission_cli.domain.noted import is_noted
from mission_cli.planner.core.moves.features import MoveFeature, Settle
from mission_cli.planner.core.moves.milestones import MoveMilestone
from mission_cli.planner.core.moves.mission import Finish, MoveMission, Note
from mission_cli.planner.core.moves.outside import WritePull
from mission_cli.planner.core.moves.waiting import Ask, MoveGate, MoveRequest, MoveResource, MoveWait
from mission_cli.planner.mission.hooks import make_due

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.domain.hooks.rules import Watcher
    from mission_cli.planner.core.decisions import Transition
    from mission_cli.planner.core.draft import Draft


def watch(draft: Draft) -> None:
    """Let the watchers act on what this round decides."""
    watchers = draft.policy.hook_rules.watchers
    if not watchers:
        return
    seen = [one for move in draft.transitions for one in _seen(move)]
    for event, subject, why in seen:
        for watcher in watchers:
            if watcher.sees(event, draft.mission.id):
                _act(draft, watcher, event, subject, why)


def _act(draft: Draft, watcher: Watcher, event: str, subject: str, why: str) -> None:
    words = f"watcher {watcher.name}, on {event}{' of ' if subject else ''}{subject}"
    facts = {"MISSION_WATCHER": watcher.name, "MISSION_EVENT": event}
    facts |= {"MISSION_FEATURE" if "." in subject else "MISSION_SUBJECT": as_fact(subject)} if subject else {}
    facts |= {"MISSION_AT": f"{draft.observation.now:%Y-%m-%dT%H:%M:%SZ}"}
    if watcher.kind == PAUSE:
        draft.pause(f"{words}: {one_line(why, 200)}")
    elif watcher.kind == NOTIFY:
        told = tuple(name.strip() for name in watcher.what.split(","))
        draft.transitions.append(Note(EventKind.WATCHER_ACTED, f"{words}: {why}", notify=told))
    elif watcher.kind == RUN:
        make_due(draft, Due(WATCH, facts))
    elif not is_noted(draft.mission, EventKind.WATCHER_ACTED, once := f"{watcher.name} {subject}"):
        make_due(draft, Due(RETRY, facts))
        draft.transitions.append(Note(EventKind.WATCHER_ACTED, f"{words}: it is tried again", about=(once,)))


def _seen(move: Transition) -> Iterator[tuple[str, str, str]]:  # noqa: C901 - a flat table, one case per decision
    """Yield event, subject and reason of a decision, for those that watchers see."""
    match move:
        case Settle() if move.to is not None and not move.record.answering:
            yield f"feature.{move.to}", move.record.feature, move.why
        case MoveFeature():
            yield f"feature.{move.to}", move.number, move.why
        case MoveMilestone():
            yield f"milestone.{move.to}", str(move.number), move.why
        case MoveGate():
            yield f"gate.{move.to.partition(' ')[0]}", move.name, move.why
        case MoveWait():
            yield f"wait.{move.to}", move.feature, move.why
        case MoveResource():
            yield f"resource.{move.to}", move.name, move.why
        case MoveMission() | Finish():
            yield f"mission.{move.to}", "", move.why
        case Ask():
            yield EventKind.REQUEST_ASKED, move.request.feature, move.why
        case MoveRequest():
            yield f"request.{move.to}", "", move.why
        case WritePull():
            yield move.event, move.row.subject, move.why
        case Note() if move.event not in {EventKind.HOOK_DUE, EventKind.WATCHER_ACTED}:
            yield move.event, "", move.details
