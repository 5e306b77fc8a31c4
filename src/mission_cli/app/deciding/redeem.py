"""Use a token: take its decision in the name of its person, if it still stands for what the person was shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import stamp
from mission_cli.app.commands.features import answer
from mission_cli.app.commands.gates import decide_gate, land
from mission_cli.app.commands.phases.documents import Given
from mission_cli.document.reading.placed import load_placed
from mission_cli.domain.deciding.grants import (
    LANDING,
    Choice,
    Standing,
    Trace,
    allowed,
    found,
    standing,
    subject_of,
    traced,
    used,
)
from mission_cli.domain.errors import BlockedError, UsageError
from mission_cli.domain.host import Person
from mission_cli.domain.ids import MissionId
from mission_cli.domain.notice import advise, do
from mission_cli.engine.observing.decision_look import DecisionLook, decision_look

if TYPE_CHECKING:
    from mission_cli.app.addressing import Address
    from mission_cli.app.transaction import Done
    from mission_cli.domain.deciding.grants import Grant, Ledger, Subject
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Stored
    from mission_cli.ports.runtime import LedgerBook

LONGEST_TEXT = 4000
"""Characters of an answer or comment from outside."""
LINK = "link"
_WORDS = {
    Standing.UNKNOWN: "this link is not known",
    Standing.USED: "this link was used before",
    Standing.EXPIRED: "this link has expired",
    Standing.CLOSED: "this was decided or withdrawn meanwhile",
    Standing.STALE: "what this link was about has changed since the message",
    Standing.FORBIDDEN: "this person may not decide this",
}


class DecisionRefusedError(BlockedError):
    """A token does not decide, for the reason in `standing`."""

    def __init__(self, why: Standing) -> None:
        super().__init__(_WORDS[why], hint=advise("to decide at a terminal: ", do("inbox")))
        self.standing = why


@dataclass(frozen=True, slots=True)
class Offered:
    """A token, and what it is about as that is now."""

    standing: Standing
    grant: Grant | None = None
    subject: Subject | None = None
    """What waits for the decision; None if nothing does."""
    look: DecisionLook = DecisionLook()
    """What there is to look at."""


def look(ctx: Context, token: str) -> Offered:
    """Return what a token offers. Changes nothing."""
    with ctx.runtime.deciding() as book:
        ledger = book.ledger
    return _offered(ctx, ledger, token)


@dataclass(frozen=True, slots=True)
class Said:
    """What the person adds to the decision."""

    text: str = ""
    """Answers a request without options."""
    comment: str = ""
    given: Given = Given()
    """What they chose or changed in a document."""


NOTHING = Said()


def redeem(ctx: Context, token: str, said: Said = NOTHING, *, door: str = LINK, by: str = "") -> Done:
    """Take the decision of a token, once. Raises DecisionRefusedError; a refusal of a known token leaves a trace.

    `by` is the decider who uses the token, if the door knows that.
    """
    with ctx.runtime.deciding() as book:
        offered = _offered(ctx, book.ledger, token)
        grant = offered.grant
        if grant is not None and by and by != grant.person:
            offered = Offered(Standing.FORBIDDEN, grant)
        if grant is None or offered.standing is not Standing.USABLE:
            raise _refused(ctx, book, offered, door, by)
        try:
            done = _decide(ctx, grant, said)
        except DecisionRefusedError as error:  # it was decided elsewhere at this moment
            raise _refused(ctx, book, Offered(error.standing, grant), door, by) from error
        book.note(used(book.ledger, grant, ctx.clock.now()))
        return done


def note_stranger(ctx: Context, door: str, who: str, why: str) -> None:
    """Leave a trace of a person whose message is genuine and who may not decide."""
    with ctx.runtime.deciding() as book:
        book.note(traced(book.ledger, Trace(stamp(ctx.clock.now()), door, who, "", why)))


def person_of(ctx: Context, name: str) -> Person:
    """Return a decider as the author of commits."""
    decider = ctx.settings.deciders[name]
    return Person(name, decider.email or f"{name}@localhost")


def _offered(ctx: Context, ledger: Ledger, token: str) -> Offered:
    grant = found(ledger, token)
    if grant is None:
        return Offered(Standing.UNKNOWN)
    return _compared(ctx, grant, ctx.state.snapshot().missions.get(MissionId(grant.mission)))


def _compared(ctx: Context, grant: Grant, stored: Stored | None) -> Offered:
    subject = subject_of(load_placed(stored.text, stored.id).mission, grant.subject) if stored is not None else None
    look = decision_look(ctx, stored, subject) if stored is not None and subject is not None else DecisionLook()
    if subject is not None and subject.is_decided(grant.person, look.shows):
        subject = None
    decider = ctx.settings.deciders.get(grant.person)
    may = decider is not None and allowed(decider.may, grant.mission, grant.subject)
    unchanged = look.shows(grant.seen.shown)
    found = standing(grant, subject, unchanged=unchanged, may=may, now=ctx.clock.now())
    return Offered(found, grant, subject, look)


def _decide(ctx: Context, grant: Grant, said: Said) -> Done:
    def only_if(address: Address) -> None:
        now = _compared(ctx, grant, address.stored)
        if now.standing is not Standing.USABLE:
            raise DecisionRefusedError(now.standing)

    for text in (said.text, said.comment):
        if len(text) > LONGEST_TEXT:
            raise UsageError(f"the text has {len(text)} characters", hint=f"write at most {LONGEST_TEXT}")
    person, (_, _, name) = ctx.acting_as(person_of(ctx, grant.person)), grant.subject.partition(":")
    if grant.choice is Choice.ANSWER:
        return answer(person, grant.mission, int(name), grant.answer or said.text, only_if=only_if)
    if grant.subject == LANDING:
        return land(person, grant.mission, saw=grant.seen.shown, only_if=only_if)
    return decide_gate(
        *(person, grant.mission, name),
        approved=grant.choice is Choice.APPROVE,
        comment=said.comment,
        saw=grant.seen.shown,
        given=said.given,
        only_if=only_if,
    )


def _refused(ctx: Context, book: LedgerBook, offered: Offered, door: str, by: str) -> DecisionRefusedError:
    grant = offered.grant
    if grant is not None:
        subject = f"{grant.mission}/{grant.subject}"
        trace = Trace(stamp(ctx.clock.now()), door, by or grant.person, subject, _WORDS[offered.standing])
        book.note(traced(book.ledger, trace))
    return DecisionRefusedError(offered.standing)
