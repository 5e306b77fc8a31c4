"""What the worker of a phase says about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.notice import NO_ADVICE, Advice

if TYPE_CHECKING:
    from mission_cli.domain.phases.table import Phase
    from mission_cli.planner.core.draft import Draft
    from mission_cli.planner.core.moves.milestones import AddFix


@dataclass(frozen=True, slots=True)
class Working:
    """The phase is not finished. `detail` is shown; leave it empty if another hold says what it waits for."""

    detail: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """The phase is finished; `result` is what it brought, in one line."""

    result: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """The phase failed: it goes back to the phase in its cell On reject."""

    why: str
    evidence: str = ""
    """What was printed; workers read it as data."""
    fixes: tuple[AddFix, ...] = ()
    """Fix features for `returns.fixing_milestone`; without any, one is made of `why` and `evidence`."""


@dataclass(frozen=True, slots=True)
class Person:
    """Only a person can say whether the phase is finished."""

    question: str
    command: Advice = NO_ADVICE
    """Empty: `mission advance`."""


Outcome = Working | Done | Failed | Person
Worker = Callable[["Draft", "Phase"], Outcome]
"""Looks at the draft, and may add effects and jobs to it; called in each round in which its phase is active."""
