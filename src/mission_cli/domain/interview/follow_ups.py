"""Questions of a model about the plan it has written: which are asked, and what is assumed for the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.interview.question import Form, Option, Question

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

PREFIX = "ask-"
MOST = 5
"""Questions that a model may ask at once."""
_MATERIAL = 0.2
"""The change of the median cost from which on a question is asked."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A question of the model about its own plan."""

    question: str
    why: str
    assumed: str
    """The answer that the plan assumes."""
    options: tuple[str, ...] = ()
    criteria: tuple[str, ...] = ()
    """Numbers of milestones and features whose criteria another answer would change."""
    features: int = 0
    """How many features another answer would add (or, below zero, remove), at most."""

    @property
    def assumption(self) -> str:
        """The line of the plan that says what was assumed."""
        return f"{self.question} {self.assumed}"


def is_material(one: FollowUp, numbers: Collection[str], planned: int, moved: Callable[[int], float | None]) -> bool:
    """Whether another answer would change criteria of the plan, or its median cost by more than a fifth.

    `numbers` are those of its milestones and features. `moved` returns by what share so many features more change the
    median of the forecast; None: that is not known, and the share of the features counts.
    """
    if any(number in numbers for number in one.criteria):
        return True
    if not one.features or not planned:
        return False
    share = moved(one.features)
    return abs(one.features / planned if share is None else share) > _MATERIAL


def as_question(one: FollowUp, number: int) -> Question:
    """Return it as a question of the interview."""
    values = list(dict.fromkeys([one.assumed, *one.options]))
    options = tuple(Option(value, recommended=not at) for at, value in enumerate(values))
    why = f"{one.why} The plan assumes: {one.assumed}"
    return Question(f"{PREFIX}{number}", one.question, why, Form.TEXT, options, label=one.question)
