"""A planning as it is stored beside a repository: everything to carry it out again after a restart."""

from __future__ import annotations

import json
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field, replace
from mission_cli._support.records import from_plain, to_plain
from mission_cli.app.planning import PlanningSetup, Probed, ProbeOutcome
from mission_cli.app.plannings.order import PlanOrder, request_of
from mission_cli.domain.ids import Sha
from mission_cli.domain.interview.follow_ups import FollowUp
from mission_cli.domain.interview.scope import Decided, Said, Scope
from mission_cli.domain.mission import Limits
from mission_cli.domain.problems import Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.domain.ids import MissionId
    from mission_cli.domain.runs.record import RunRecord


class PlanningState(StrEnum):
    """How far a planning is."""

    PLANNING = "planning"
    """A model writes the plan."""
    READY = "ready"
    """There is a plan, which waits for a person."""
    FAILED = "failed"
    """There is none, and `error` says why."""
    APPROVING = "approving"
    """Its mission is being made."""
    APPROVED = "approved"
    """It is a mission."""


class How(StrEnum):
    """How a plan was changed."""

    ADJUSTED = "adjusted"
    """By the model, as a person wished."""
    EDITED = "edited"
    """By hand."""
    SET = "set"
    """Its mode or its caps."""


@dataclass(frozen=True, slots=True)
class PlanVersion:
    """A plan before a change, and the change."""

    plan: str
    order: PlanOrder
    how: How
    wish: str
    """What a person wanted, in their words."""
    by: str
    at: str
    first: int
    """The number of rounds before the change."""
    last: int
    """The number of rounds after it."""


@dataclass(frozen=True, slots=True)
class StoredPlanning:
    """One planning."""

    id: str
    state: PlanningState
    by: str
    email: str
    since: str
    order: PlanOrder
    base: str
    runner: str
    model: str
    commit: str
    prompt: str
    usd: str
    """The caps of the planning; empty: none."""
    hours: str = ""
    tokens: str = ""
    until: str = ""
    plan: str = ""
    """The plan, YAML."""
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    error: str = ""
    hint: str = ""
    records: tuple[str, ...] = ()
    """The run record of each round."""
    mission: str = ""
    open: tuple[FollowUp, ...] = ()
    """Questions of the model that a person may answer before the approval; until then the plan assumes answers."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """Answers to these so far: `ask-1`, …"""
    asked: int = 0
    """How many questions a person was asked before these."""
    told: bool = False
    """Whether `wish` is what a person has answered, so that the other assumptions stay."""
    wish: str = ""
    """What the model changes now; empty: it writes the first plan, or nothing."""
    wished_by: str = ""
    session: str = ""
    """The conversation with the model that can be continued; empty: none."""
    probing: str = ""
    """The record of the probe that runs; empty: none does."""
    probed: Probed = Probed()
    """What a probe found out about the assumption of the plan."""
    versions: tuple[PlanVersion, ...] = ()
    """The plans before each change, the oldest first."""

    @property
    def setup(self) -> PlanningSetup:
        """What was decided before the model was asked."""
        usd, hours, tokens = (Decimal(text) if text else None for text in (self.usd, self.hours, self.tokens))
        wish, limits = request_of(self.order, self.base), Limits(usd, hours, tokens)
        return PlanningSetup(wish, self.runner, self.model, Sha(self.commit), self.prompt, limits, self.id)


_OF_PLANNINGS = (StoredPlanning, PlanningState, PlanVersion, How, PlanOrder, Problem, Severity, Probed, ProbeOutcome)
_CLASSES = (*_OF_PLANNINGS, Scope, Said, Decided, FollowUp)


def stored(setup: PlanningSetup, order: PlanOrder, *, by: str, email: str, since: str) -> StoredPlanning:
    """Return a planning that begins."""
    limits = setup.limits
    return StoredPlanning(
        id=setup.name,
        state=PlanningState.PLANNING,
        by=by,
        email=email,
        since=since,
        order=PlanOrder(order.goal, dict(order.given), dict(order.budget), order.runner, order.base, order.scope),
        base=setup.wish.base,
        runner=setup.runner,
        model=setup.model,
        commit=setup.commit,
        prompt=setup.prompt,
        usd=_text(limits.usd),
        hours=_text(limits.hours),
        tokens=_text(limits.tokens),
    )


def _text(amount: Decimal | None) -> str:
    return "" if amount is None else str(amount)


def written(one: StoredPlanning) -> str:
    """Return the text of a planning."""
    return json.dumps(to_plain(one), ensure_ascii=False)


def read(texts: Mapping[str, str]) -> dict[str, StoredPlanning]:
    """Return the plannings in texts, the newest first; one that cannot be read is left out."""
    found: dict[str, StoredPlanning] = {}
    for name in sorted(texts, reverse=True):
        try:
            one = from_plain(json.loads(texts[name]), _CLASSES)
        except (ValueError, TypeError, KeyError, RecursionError):
            continue
        if isinstance(one, StoredPlanning) and one.id == name:
            found[name] = one
    return found


def rounds_of(one: StoredPlanning, mission: MissionId | None = None) -> list[RunRecord]:
    """Return the records of the rounds, under the id of the mission that is made."""
    from mission_cli.document.runs.record import read_run
    from mission_cli.domain.ids import PLANNING, run_id

    found = [record for text in one.records if (record := read_run(text)) is not None]
    if mission is None:
        return found
    return [replace(record, run=run_id(mission, PLANNING, n)) for n, record in enumerate(found, 1)]
