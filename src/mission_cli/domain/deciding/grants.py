"""Tokens that each allow one person to take one decision, about what the person was shown, once and for some time.

Only the hash of a token is kept. Each function returns a new ledger; the caller stores it. What a token is about is
compared with the mission when it is used, so a decision that was taken elsewhere revokes it.
"""

from __future__ import annotations

import hmac
from datetime import timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli._support.text import parse_stamp, stamp
from mission_cli.domain.phases.table import PhaseStatus, current
from mission_cli.domain.status import GateKind, GateStatus, MissionStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.phases.table import Phase
    from mission_cli.domain.tables import Approval, Gate, InputRequest

TOKEN_BYTES = 32
"""Random bytes of a token; as text it has 43 characters, and a button of Telegram takes 64."""
_REMEMBERED = timedelta(days=7)
"""How long a token that is over is remembered, so that its page can say why it does nothing."""
_MOST_TRACES = 200
_REPLIES_LAST, _MOST_REPLIES = timedelta(days=1), 500
_REQUEST, _GATE, LANDING = "request:", "gate:", "landing"


class Choice(StrEnum):
    """What a token does."""

    APPROVE = "approve"
    REJECT = "reject"
    ANSWER = "answer"


class Standing(StrEnum):
    """Whether a token can still be used."""

    USABLE = "usable"
    UNKNOWN = "unknown"
    """There is no such token here."""
    USED = "used"
    EXPIRED = "expired"
    CLOSED = "closed"
    """The request or the gate does not wait for a decision any more."""
    STALE = "stale"
    """What was shown has changed since."""
    FORBIDDEN = "forbidden"
    """The person may not decide this, or another one used the token."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a person decides about, as it was when the token was made."""

    shown: str
    """The commit of finished work or the blob id of a document that it is about; empty if it depends on neither."""
    digest: str
    """Hash of the row of the request, gate or phase."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One token: one decision of one person about one request or gate."""

    digest: str
    """SHA-256 of the token."""
    mission: str
    subject: str
    """`request:3`, `gate:design` or `landing`."""
    choice: Choice
    answer: str
    """The option that it answers with; empty: the person writes the answer."""
    person: str
    """Name of a decider in the settings."""
    seen: Seen
    issued: str
    expires: str
    used: str = ""
    """When it was used; empty before that."""


@dataclass(frozen=True, slots=True)
class Trace:
    """A decision from outside that was refused although its token or its signature was genuine."""

    at: str
    door: str
    """link, slack or telegram."""
    person: str
    """Who tried, as the door names them."""
    subject: str
    """`MISSION/request:3`; empty if unknown."""
    why: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What a request with an idempotency key was answered with."""

    key: str
    """Hash of the user and the key."""
    request: str
    """Hash of what was asked."""
    at: str
    status: int = 0
    """0: it was begun, and the outcome is not known."""
    body: str = ""


@dataclass(frozen=True, slots=True)
class Ledger:
    """Everything that is known of tokens, webhooks and repeated requests."""

    grants: tuple[Grant, ...] = ()
    taken: tuple[tuple[str, str], ...] = ()
    """(hash of a signed message, when it may be forgotten): a message with a known hash is a replay."""
    traces: tuple[Trace, ...] = ()
    replies: tuple[Reply, ...] = ()


@dataclass(frozen=True, slots=True)
class Subject:
    """A request or gate that waits for a decision."""

    mission: Mission
    name: str
    """`request:3` or `gate:design`."""
    request: InputRequest | None = None
    gate: Gate | None = None
    phase: Phase | None = None
    """The current phase, if this is its gate."""

    @property
    def choices(self) -> tuple[tuple[Choice, str], ...]:
        """The decisions that are possible, each with the option that it answers with; an empty one is any text."""
        if self.name == LANDING:
            return ((Choice.APPROVE, ""),)
        if self.request is None:
            return (Choice.APPROVE, ""), (Choice.REJECT, "")
        answers = self.request.answers
        return (*((Choice.ANSWER, one.label) for one in answers.options), *([(Choice.ANSWER, "")] * answers.free))

    @property
    def of_work(self) -> bool:
        """Whether the decision is about finished work or a document; a question of a worker at a feature is not."""
        return self.request is None or "." not in self.request.feature

    def is_decided(self, person: str, shows: Callable[[str], bool]) -> bool:
        """Whether a person has decided at the gate of a phase, or anybody has rejected, what there is to look at now.

        The loop has not acted on it yet, or waits for the approval of others.
        """
        if self.name == LANDING:
            return any(shows(approval.commit) for approval in self.mission.landings)
        if self.phase is None:
            return False
        name, entered = self.phase.gate.casefold(), self.phase.entered
        return any(
            a.gate.casefold() == name
            and a.at >= entered
            and shows(a.commit)
            and (a.by == person or a.decision.startswith(GateStatus.REJECTED))
            for a in self.mission.approvals
        )

    @property
    def digest(self) -> str:
        """The hash of what the mission file says about it."""
        return _hash("\0".join(self._facts()))

    def _facts(self) -> Iterator[str]:
        yield self.mission.id
        yield self.name
        if self.name == LANDING:
            yield self.mission.base
        if self.request is not None:
            yield from (self.request.asked, self.request.feature, self.request.prompt, *self.request.options)
            yield from ("", *self.request.descriptions, self.request.context)
        if self.phase is not None:  # approvals of others do not count: it may need several
            yield from (self.phase.name, self.phase.entered)
            return
        if self.gate is not None:
            yield from (str(self.gate.kind), self.gate.rule, *self.gate.after, "", *self.gate.blocks)
            yield from (f"{a.at} {a.decision} {a.by}" for a in _approvals(self.mission, self.gate))


def subjects(mission: Mission) -> tuple[Subject, ...]:
    """Return what waits for a decision, as far as it can be decided from outside."""
    requests = (Subject(mission, f"{_REQUEST}{r.number}", request=r) for r in mission.requests if r.open and r.number)
    gates = (Subject(mission, f"{_GATE}{g.name}", gate=g) for g in mission.gates if _is_open(g))
    return (*requests, *_of_phase(mission), *gates)


def _is_open(gate: Gate) -> bool:
    """Whether a gate waits for a person, or was judged by its rule and failed, so that a person may pass it."""
    return gate.state is GateStatus.WAITING or (gate.kind is GateKind.QUALITY and gate.state is GateStatus.FAILED)


def _of_phase(mission: Mission) -> tuple[Subject, ...]:
    phase = current(mission.phases)
    if phase is None or not phase.gate or phase.status is not PhaseStatus.WAITING:
        return ()
    row = next((g for g in mission.gates if g.name.casefold() == phase.gate.casefold()), None)
    return (Subject(mission, f"{_GATE}{phase.gate}", gate=row, phase=phase),)


def subject_of(mission: Mission, name: str) -> Subject | None:
    """Return what waits for a decision under this name; None if nothing does."""
    if name == LANDING:
        return landing_of(mission)
    return next((one for one in subjects(mission) if one.name == name), None)


def landing_of(mission: Mission) -> Subject | None:
    """Return the landing of a mission, if that is the decision of a person; whether there is work is not known here."""
    asks = mission.status is MissionStatus.ACTIVE and mission.preferences.land == "ask"
    return Subject(mission, LANDING) if asks else None


def allowed(may: Iterable[str], mission: str, subject: str) -> bool:
    """Whether one of the patterns `MISSION/gate:NAME` or `MISSION/request:N` fits; none fits without patterns."""
    return any(fnmatchcase(f"{mission}/{subject}", one) for one in may)


def hash_of(token: str) -> str:
    """Return the hash of a token, by which it is kept."""
    return _hash(token)


def issued(ledger: Ledger, grants: Iterable[Grant], now: datetime) -> Ledger:
    """Return the ledger with new tokens, and without those that nobody asks about any more."""
    kept = tuple(g for g in ledger.grants if _moment(g.expires, now) + _REMEMBERED > now)
    return replace(ledger, grants=(*kept, *grants))


def found(ledger: Ledger, token: str) -> Grant | None:
    """Return the grant of a token, or None. Every known hash is compared, each in constant time."""
    digest, one = _hash(token), None
    for grant in ledger.grants:
        if hmac.compare_digest(grant.digest, digest):
            one = grant
    return one


def standing(grant: Grant | None, subject: Subject | None, *, unchanged: bool, may: bool, now: datetime) -> Standing:
    """Return whether a token can be used now; `subject` is what it is about as it is now, None if that is over.

    `unchanged`: what the person was shown is still what there is. `may`: the person may still decide this.
    """
    if grant is None:
        return Standing.UNKNOWN
    if grant.used:
        return Standing.USED
    if not _moment(grant.issued, now) - timedelta(minutes=5) <= now < _moment(grant.expires, now):
        return Standing.EXPIRED
    if not may:
        return Standing.FORBIDDEN
    if subject is None:
        return Standing.CLOSED
    same = unchanged and hmac.compare_digest(grant.seen.digest, subject.digest)
    return Standing.USABLE if same else Standing.STALE


def used(ledger: Ledger, grant: Grant, now: datetime) -> Ledger:
    """Return the ledger in which a token cannot be used again."""
    grants = (replace(g, used=stamp(now)) if g.digest == grant.digest else g for g in ledger.grants)
    return replace(ledger, grants=tuple(grants))


def is_replay(ledger: Ledger, message: str) -> bool:
    """Whether a signed message was taken before."""
    digest = _hash(message)
    return any(one == digest for one, _ in ledger.taken)


def taken(ledger: Ledger, message: str, now: datetime, *, remember: timedelta) -> Ledger:
    """Return the ledger in which a signed message is a replay, until its signature is too old to be accepted."""
    kept = tuple(one for one in ledger.taken if _moment(one[1], now) > now)
    return replace(ledger, taken=(*kept, (_hash(message), stamp(now + remember))))


def traced(ledger: Ledger, trace: Trace) -> Ledger:
    """Return the ledger with a refusal; old ones are forgotten."""
    return replace(ledger, traces=(*ledger.traces, trace)[-_MOST_TRACES:])


def reply_to(ledger: Ledger, digest: str, now: datetime) -> Reply | None:
    """Return how a request was answered whose key has this hash; None if there was none in the last day."""
    fresh = (one for one in ledger.replies if one.key == digest and _moment(one.at, now) > now - _REPLIES_LAST)
    return next(fresh, None)


def replied(ledger: Ledger, reply: Reply, now: datetime) -> Ledger:
    """Return the ledger with a reply, in place of an earlier one with its key; old ones are forgotten."""
    kept = (one for one in ledger.replies if one.key != reply.key and _moment(one.at, now) > now - _REPLIES_LAST)
    return replace(ledger, replies=(*kept, reply)[-_MOST_REPLIES:])


def _approvals(mission: Mission, gate: Gate) -> list[Approval]:
    return [a for a in mission.approvals if a.gate.casefold() == gate.name.casefold()]


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _moment(text: str, now: datetime) -> datetime:
    return parse_stamp(text) or now
