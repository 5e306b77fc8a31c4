"""Results of plannings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from mission_cli.app.results.outlook import Forecast
    from mission_cli.domain.budget.ledger import Totals
    from mission_cli.domain.interview.follow_ups import FollowUp
    from mission_cli.domain.outline.difference import PlanChange, PlanTotal
    from mission_cli.domain.problems import Problem


@dataclass(frozen=True, slots=True)
class LastChange:
    """The last change of a plan, by meaning."""

    how: str
    """adjusted (by the model), edited (by hand) or set (mode or caps)"""
    wish: str
    """What was wanted, in a person's words; empty for an edit."""
    by: str
    at: str
    changes: Sequence[PlanChange]
    totals: Sequence[PlanTotal]
    """Milestones, features and work by estimate."""
    cost: Totals
    """What the model cost for it."""
    before: Forecast | None
    """The forecast of the plan before; null: nothing is known."""


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a plan would become."""

    forecast: Forecast | None
    """null: nothing is known of its runner."""
    problems: Sequence[Problem]
    """What is odd about the plan, by line and column of its YAML text."""
    change: LastChange | None
    """null: it is as the model wrote it."""


@dataclass(frozen=True, slots=True)
class Planning:
    """A plan that a model writes, or has written, for a goal."""

    id: str
    repo: str
    status: str
    """planning, ready, failed, approving or approved"""
    goal: str
    mode: str
    base: str
    """The branch that the work starts from."""
    runner: str
    model: str
    """Empty: the runner's own."""
    most_usd: Decimal
    """The most that the planning may cost."""
    by: str
    """Who asked for it."""
    since: str
    until: str
    """When it ended; empty while the model writes."""
    progress: Sequence[str]
    """What the model does, and what it has said about its plan."""
    cost: Totals
    """Of the rounds that have ended."""
    plan: Mapping[str, Any] | None
    """The plan, as `POST /missions` takes it; null without one."""
    text: str
    """The plan as YAML; empty without one."""
    problems: Sequence[Problem]
    """Of the model's last answer, by line and column of it."""
    error: str
    """Why there is no plan, or why the last wish changed nothing; empty otherwise."""
    hint: str
    """What to do about it."""
    mission: str
    """The id of the mission that was made of it; empty before."""
    wish: str
    """What the model changes now; empty if it changes nothing."""
    questions: Sequence[FollowUp]
    """Questions of the model that a person may answer; until then the plan assumes answers."""
    undo: int
    """How many changes can be taken back."""
    prospect: Prospect | None
    """null without a plan, and in lists."""


@dataclass(frozen=True, slots=True)
class PlanningList:
    """The plannings of the repositories, the newest first."""

    plannings: Sequence[Planning]


@dataclass(frozen=True, slots=True)
class ApprovedPlan:
    """A mission that was made of a planning."""

    id: str
    path: str
    """The mission file."""
    planning: Totals
    """What the planning cost; it is in the spend log of the mission."""
    started: bool
    not_started: str
    """Why it was not started although that was asked for; empty otherwise."""
