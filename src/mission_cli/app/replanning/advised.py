"""What the orchestrator proposed for the rest of a mission, as a wish for the model that plans."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mission_cli.app.addressing import resolve
from mission_cli.app.commands.features import records_of
from mission_cli.domain.errors import NotFoundError
from mission_cli.domain.judgments.rules import JudgmentKind
from mission_cli.domain.notice import do
from mission_cli.domain.status import Cause
from mission_cli.planner.judgments.asking import answer_in

if TYPE_CHECKING:
    from mission_cli.domain.judgments.answers import Replan
    from mission_cli.engine.context import Context

LONGEST = 4_000


def proposed_wish(ctx: Context, text: str) -> str:
    """Return the newest proposal for the rest, at most 4000 characters. Raises NotFoundError if there is none."""
    address = resolve(ctx.state.snapshot(), text)
    asked = (r for r in records_of(ctx, address) if r.asks == JudgmentKind.REPLAN and r.cause is Cause.DONE)
    last = max(asked, key=lambda r: r.attempt, default=None)
    answer = cast("Replan | None", answer_in(last)) if last is not None else None
    if last is None or answer is None:
        name = address.mission.id
        raise NotFoundError(f"no model has proposed a rest of {name}", hint=do("replan", name, "WISH"))
    steps = "\n".join(f"{n}. {step.title}: {step.what}" for n, step in enumerate(answer.rest, 1))
    words = f"A model ({last.run}) proposed this after a failed validation. Use what is right of it.\n"
    return f"{words}Cause: {answer.cause}\n{steps}"[:LONGEST]
