"""After the model has planned, before the plan is discussed: what it wants to know is asked if it matters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.plannings import discussing
from mission_cli.domain.interview.interview import Interview
from mission_cli.surfaces.cli.commands.guided.dialogue import ask_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.app.plannings.stored import StoredPlanning
    from mission_cli.engine.context import Context
    from mission_cli.surfaces.cli.shell import Shell


def settled(
    shell: Shell, ctx: Context, one: StoredPlanning, awaited: Callable[[StoredPlanning], StoredPlanning]
) -> StoredPlanning:
    """Return a planning when no question of its model is open. Each answer is stored at once.

    Answers that differ from what the plan assumes go back to the model, whose new plan may lead to further questions.
    """
    while one.open:
        if not one.answers:
            shell.note("the model has questions about the plan; what you skip stays an assumption of it")
        start = Interview(asked=one.open, answers=one.answers)

        def store(interview: Interview, name: str = one.id) -> None:
            discussing.answer(ctx, name, interview.answers)

        if ask_all(shell, start, store) is None:
            shell.note("the plan keeps its assumptions for the other questions")
        one = awaited(discussing.take_answers(ctx, one.id))
    return one
