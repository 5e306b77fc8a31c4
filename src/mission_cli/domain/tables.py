"""What stands in the tables of a mission file: requests, gates, approvals, waits, recoveries, log rows, members."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli.domain.asking.options import Answers, Option
from mission_cli.domain.asking.urgency import USUAL_URGENCY
from mission_cli.domain.ids import FeatureNumber
from mission_cli.domain.status import (
    OPEN_REQUEST,
    OPEN_WAIT,
    GateKind,
    GateStatus,
    RecoveryStatus,
    RequestStatus,
    WaitStatus,
)
from mission_cli.domain.team.limits import NO_LIMITS, OwnLimits

if TYPE_CHECKING:
    from collections.abc import Mapping


_SCORE = pattern(r"(?:min[_ -]?score\D*|>=\s*|≥\s*)(\d+(?:\.\d+)?)", re.IGNORECASE)


_PULL = pattern(r"pr:(?P<mission>[^/\s]+)/(?P<feature>[1-9][0-9]{0,8}\.[1-9][0-9]{0,8})")


_SCORE_PART = pattern(r"(?:min[_ -]?score\D*|(?:score\s*)?(?:>=|≥)\s*)\d+(?:\.\d+)?(?:\s*/\s*5)?", re.IGNORECASE)
_JOINS = frozenset(("and", "the", "mean", "average", "score", "is", "of", "&", "+", "-", "–", "—", ".", "`"))
"""Words between the parts of a rule that change nothing."""
_ALL_PASSED = pattern(r"(?:require[_ -]?)?all[_ -]?passed", re.IGNORECASE)


_CONDITION = pattern(r"\bcondition\s*:\s*(.+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class InputRequest:
    """A question to a person."""

    number: int
    asked: str
    feature: str
    prompt: str
    options: tuple[str, ...] = ()
    urgency: str = USUAL_URGENCY
    expires: str = ""
    status: str = RequestStatus.OPEN
    response: str = ""
    label: str = ""
    """The text of the column `#`, a number or not."""
    descriptions: tuple[str, ...] = ()
    """What the options mean, in their order; empty if no option has a description."""
    free_text: bool = False
    """Whether another text than an option is an answer, too; without options any text is."""
    context: str = ""
    """The file of the mission with data about the question, `assets/request-….json`; empty without data."""

    @property
    def answers(self) -> Answers:
        """What it may be answered with."""
        told = (*self.descriptions, *[""] * len(self.options))
        options = tuple(Option(label, text) for label, text in zip(self.options, told, strict=False))
        return Answers(options, free=self.free_text or not options)

    @property
    def open(self) -> bool:
        """Whether it waits for an answer."""
        return not self.status or self.status in OPEN_REQUEST


@dataclass(frozen=True, slots=True)
class Gate:
    """One row of `## Gates`; `after` and `blocks` are resolved feature numbers."""

    name: str
    kind: GateKind | None
    after: tuple[FeatureNumber, ...] = ()
    blocks: tuple[FeatureNumber, ...] = ()
    rule: str = ""
    status: str = ""
    line: int = 0
    notify: str = ""
    """Who is notified when it waits for a person, as the file names them."""

    @property
    def state(self) -> GateStatus | None:
        """The first word of its status; None if it is not known."""
        return GateStatus.of(self.status)

    @property
    def recipients(self) -> tuple[str, ...]:
        """The names of those who are notified, separated by commas in the file."""
        return tuple(name for part in self.notify.split(",") if (name := part.strip()))

    @property
    def message(self) -> str:
        """The message to people; empty if the rule is only for the loop."""
        if self.kind is GateKind.DELAY:
            return self.rule.partition(":")[2].strip()
        return self.rule.strip() if self.kind in {GateKind.CHECKPOINT, GateKind.APPROVAL} else ""

    @property
    def length(self) -> str:
        """How long a delay lasts, as text: its rule up to a colon, after which there may be a message."""
        return self.rule.partition(":")[0].strip()

    @property
    def condition(self) -> str:
        """The expression after `condition:` in its rule, over the facts of `criteria.gate_condition`; or empty."""
        found = _CONDITION.search(self.rule)
        return found[1].strip() if found else ""

    @property
    def min_score(self) -> Decimal | None:
        """The average score, from 1 to 5, that its rule requires."""
        found = _SCORE.search(_CONDITION.sub("", self.rule))
        return Decimal(found[1]) if found else None

    @property
    def all_passed(self) -> bool:
        """Whether its rule requires every feature before it to be done."""
        return _ALL_PASSED.search(_CONDITION.sub("", self.rule)) is not None

    @property
    def unread(self) -> str:
        """What remains of the rule of a quality gate without its parts; a person decides until there is nothing."""
        rest = _CONDITION.sub("", self.rule)
        for part in (_SCORE_PART, _ALL_PASSED):
            rest = part.sub(" ", rest)
        words = (word for word in rest.replace(",", " ").replace(";", " ").split() if word.casefold() not in _JOINS)
        return " ".join(words)


LANDING = "landing approved"
SQUASH = "squash landing approved"
"""The decisions that approve a landing; no decision at a gate has such a text, whatever the name of the gate."""


@dataclass(frozen=True, slots=True)
class Approval:
    """A decision of a person at a gate."""

    at: str
    gate: str
    decision: str
    by: str
    commit: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Wait:
    """What a feature waits for: `time:…`, `person:…`, `mission:…`, `pr:…`, `webhook:…`, `email_reply:…`."""

    feature: FeatureNumber
    waiting_for: str
    since: str = ""
    timeout: str = ""
    status: str = WaitStatus.OPEN
    data: str = ""
    """The file of the mission with the data of its signal, `assets/signal-….json`; empty without data."""

    @property
    def open(self) -> bool:
        """Whether it is not resolved yet."""
        return not self.status or self.status in OPEN_WAIT

    @property
    def pull(self) -> tuple[str, FeatureNumber] | None:
        """The mission and feature whose pull request it waits for; None if it waits for something else."""
        found = _PULL.fullmatch(self.waiting_for)
        return None if found is None else (found["mission"], FeatureNumber(found["feature"]))

    @property
    def holds(self) -> bool:
        """Whether the feature waits for it: it is open, or did not happen in time."""
        return self.open or self.status == WaitStatus.FAILED


@dataclass(frozen=True, slots=True)
class Message:
    """What a person told the worker of a feature; every later attempt at the feature reads it."""

    at: str
    feature: FeatureNumber
    sender: str
    text: str


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A criterion that no worker ever sees: it is sealed, and the judge opens it when its milestone is validated."""

    number: int
    milestone: int
    sealed: str
    results: str = ""
    """Its verdicts, the first one first, each as `failed 2026-11-20T10:00:00Z 4f2c1a9`."""
    line: int = 0

    @property
    def name(self) -> str:
        """What it is called where its text must not appear."""
        return f"held-out criterion {self.number}"


@dataclass(frozen=True, slots=True)
class Spend:
    """One row of the spend log. `amount` is None if the cost is unknown."""

    date: str
    category: str
    """usd, hours or tokens; any other category is a person's own and counts nowhere."""
    amount: Decimal | None
    description: str = ""
    milestone: str = ""


@dataclass(frozen=True, slots=True)
class Recovery:
    """A safety stop; the mission does not complete while one is open."""

    at: str
    feature: str
    trigger: str
    status: str

    @property
    def open(self) -> bool:
        """Whether its feature has not been done or skipped since."""
        return self.status == RecoveryStatus.OPEN


@dataclass(frozen=True, slots=True)
class LogRow:
    """One row of the progress log."""

    at: str
    event: str
    details: str


REMOVED = "removed"
"""The column Volatile of an agent after its mission: the row is a record, and the agent is not used any more."""


@dataclass(frozen=True, slots=True)
class Member:
    """One row of `## Team`: who does the features that are assigned to it; empty cells change nothing."""

    agent: str
    role: str = ""
    runner: str = ""
    model: str = ""
    max_parallel: int = 0
    """How many features at once; 0: no limit of its own."""
    volatile: bool = False
    """It exists only for this mission."""
    skills: str = ""
    instructions: str = ""
    limits: OwnLimits = NO_LIMITS


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A row of a section that `mission show` shows as it is: team, decisions, agents, research, outcomes."""

    section: str
    cells: Mapping[str, str]
    """By column name of the file, in lower case."""
    line: int = 0
