"""Make the links by which the reader of a notification decides: tokens, kept as hashes, for one person each."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from mission_cli._support.text import stamp
from mission_cli.document.reading.placed import load_placed
from mission_cli.domain.deciding.grants import (
    LANDING,
    TOKEN_BYTES,
    Choice,
    Grant,
    Seen,
    Subject,
    allowed,
    hash_of,
    issued,
    landing_of,
    subjects,
)
from mission_cli.domain.errors import BusyError
from mission_cli.domain.ids import MissionId
from mission_cli.engine.observing.decision_look import decision_look
from mission_cli.ports.notifier import Offer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mission_cli.engine.context import Context

_MOST_SUBJECTS = 10
"""What else waits is decided from the list of the mission."""
_MOST_CHOICES = 12
CHATS = ("slack", "telegram")


def offers_to(ctx: Context, person: str, missions: Iterable[str]) -> tuple[Offer, ...]:
    """Return links for everything in some missions that waits for a decision which a person may take.

    Each call makes new tokens; earlier ones stay valid. Nothing is offered without `serve.url`, to somebody who is no
    decider, or while another process holds the ledger.
    """
    decider = ctx.settings.deciders.get(person)
    if decider is None or not ctx.settings.serve.url:
        return ()
    grants: list[Grant] = []
    offers: list[Offer] = []
    snapshot = ctx.state.snapshot()
    for name in dict.fromkeys(missions):
        stored = snapshot.missions.get(MissionId(name))
        if stored is None:
            continue
        mission = load_placed(stored.text, stored.id).mission
        landing = landing_of(mission)
        open_ones = (*subjects(mission), *([landing] if landing is not None else []))
        mine = [one for one in open_ones if allowed(decider.may, name, one.name)]
        for subject in mine[:_MOST_SUBJECTS]:
            look = decision_look(ctx, stored, subject)
            if subject.is_decided(person, look.shows) or (subject.name == LANDING and not look.shown):
                continue
            for choice, answer in subject.choices[:_MOST_CHOICES]:
                token = secrets.token_urlsafe(TOKEN_BYTES)
                grants.append(_grant(ctx, subject, choice, answer, person, token, look.shown))
                url = f"{ctx.settings.serve.url}/decide/{token}"
                at_once = answer or (choice is not Choice.ANSWER and not (look.name and choice is Choice.APPROVE))
                offers.append(Offer(question_of(subject), answer or str(choice), url, token if at_once else ""))
    if not grants:
        return ()
    try:
        with ctx.runtime.deciding() as book:
            book.note(issued(book.ledger, grants, ctx.clock.now()))
    except BusyError:
        return ()
    return tuple(offers)


def buttons_for(ctx: Context, person: str) -> frozenset[str]:
    """Return the chats in which a person can decide with a button: those with a secret in which they are known."""
    serve, decider = ctx.settings.serve, ctx.settings.deciders.get(person)
    if decider is None:
        return frozenset()
    return frozenset(door for door in CHATS if getattr(serve, f"{door}_secret") and getattr(decider, door))


def question_of(subject: Subject) -> str:
    """Return what is asked, in one sentence."""
    mission = f"{subject.mission.title} ({subject.mission.id})"
    if subject.request is not None:
        return f"{mission}, request {subject.request.number}: {subject.request.prompt}"
    if subject.name == LANDING:
        return f"{mission}, landing on {subject.mission.base}"
    gate = None if subject.phase is not None else subject.gate
    message = f": {gate.message}" if gate is not None and gate.message else ""
    return f"{mission}, {subject.name.replace(':', ' ', 1)}{message}"


def _grant(ctx: Context, subject: Subject, choice: Choice, answer: str, person: str, token: str, shown: str) -> Grant:
    now = ctx.clock.now()
    return Grant(
        digest=hash_of(token),
        mission=subject.mission.id,
        subject=subject.name,
        choice=choice,
        answer=answer,
        person=person,
        seen=Seen(shown, subject.digest),
        issued=stamp(now),
        expires=stamp(now + ctx.settings.serve.link_lifetime),
    )
