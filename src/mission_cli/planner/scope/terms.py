"""A proposal to change the scope of a mission: what its request offers, as the mission file keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field
from mission_cli._support.lazy_re import pattern
from mission_cli._support.numbers import decimal_of, whole
from mission_cli._support.text import sha256_of
from mission_cli.domain.asking.options import chosen
from mission_cli.domain.events import EventKind
from mission_cli.domain.ids import FeatureNumber
from mission_cli.domain.noted import is_noted
from mission_cli.domain.status import FeatureStatus, RequestStatus

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.tables import InputRequest

REDUCE, RAISE, GO_ON, PAUSE = "reduce", "raise", "go on", "pause"
"""The answers: finish the best subset; a higher cap; everything as planned; nothing until a person resumes."""
_ANSWERS = {REDUCE, RAISE, GO_ON, PAUSE}
_TEXT = pattern(
    r"request (?P<number>\d+) \((?P<state>\w+ [0-9a-f]{12})\)"
    r"(?:: (?:defer (?P<defer>[\d., ]+))?(?:; )?(?:raise (?P<caps>.+))?)?"
)
_CAP = pattern(r"(\S+) to ([\d.]+)")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a request offers."""

    number: int
    """Of the request."""
    state: str
    """What it was asked about, see `state_of`."""
    defer: tuple[FeatureNumber, ...] = ()
    """Features that `reduce` leaves to a follow-up plan."""
    caps: Mapping[str, Decimal] = field(default_factory=dict)
    """The caps that `raise` sets, by key of the front matter."""

    def text(self) -> str:
        """Return it as a line of the log, which `read_terms` reads."""
        parts = [f"defer {', '.join(self.defer)}"] if self.defer else []
        parts += [f"raise {' and '.join(f'{key} to {cap:f}' for key, cap in self.caps.items())}"] if self.caps else []
        return f"request {self.number} ({self.state})" + (f": {'; '.join(parts)}" if parts else "")


def read_terms(text: str) -> Terms | None:
    """Return what a line says; None if it cannot be read."""
    found = _TEXT.fullmatch(text)
    number = whole(found["number"]) if found else None
    if found is None or number is None:
        return None
    defer = tuple(FeatureNumber(part.strip()) for part in (found["defer"] or "").split(",") if part.strip())
    caps = {key: cap for key, text in _CAP.findall(found["caps"] or "") if (cap := decimal_of(text)) is not None}
    return Terms(number, found["state"], defer, caps)


def terms_of(mission: Mission, request: InputRequest) -> Terms | None:
    """Return what a request offers; None if it is no proposal, whatever had its number before."""
    if request.feature or not {GO_ON, PAUSE} <= set(request.options) <= _ANSWERS:
        return None
    return read_terms(mission.noted.get(f"{EventKind.SCOPE_PROPOSED} {request.number}", ""))


def proposals(mission: Mission) -> list[tuple[InputRequest, Terms]]:
    """Return the proposals of a mission that are neither withdrawn nor carried out, with their requests."""
    asked = ((request, terms_of(mission, request)) for request in mission.requests)
    return [
        (request, terms)
        for request, terms in asked
        if terms is not None
        and request.status != RequestStatus.WITHDRAWN
        and not is_noted(mission, EventKind.SCOPE_DECIDED, str(request.number))
    ]


def answer_of(request: InputRequest) -> str:
    """Return the option that a request was answered with; empty if none."""
    option = chosen(request.answers.options, request.response)
    return option.label if option is not None and not request.open else ""


def caps_to_set(mission: Mission, request: InputRequest, response: str) -> Mapping[str, Decimal]:
    """Return the caps that an answer raises, by key of the front matter: those that its request names."""
    terms, option = terms_of(mission, request), chosen(request.answers.options, response)
    return terms.caps if terms is not None and option is not None and option.label == RAISE else {}


def state_of(mission: Mission, reason: str) -> str:
    """Return what a proposal is about; a person is asked once about the same."""
    limits = mission.limits
    skipped = [f.number for f in mission.features() if f.status is FeatureStatus.SKIPPED]
    facts = [limits.usd, limits.hours, limits.tokens, *([limits.alert_pct] if reason == "threshold" else [])]
    return f"{reason} {sha256_of(repr((mission.executions, [str(fact) for fact in facts], skipped)))[:12]}"
