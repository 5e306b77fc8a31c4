"""`mission replan`: plan again what has not begun."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mission_cli.domain.errors import BlockedError, DocumentError, UsageError
from mission_cli.surfaces.cli.given_files import text_of
from mission_cli.surfaces.cli.shell import Shell, Yes, command, rest

if TYPE_CHECKING:
    from mission_cli.document.plans.model import Plan
    from mission_cli.engine.context import Context


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "replan", help="Replan what has not begun, and see what changes before you apply it.")(replan)


def replan(
    shell: Shell,
    mission: Annotated[str, typer.Argument(metavar="ID", help="The mission; a prefix is enough.")],
    wish: Annotated[
        str, typer.Argument(metavar="[WISH]", help="What the model should change; the mission has to be paused.")
    ] = "",
    plan: Annotated[
        Path | None, typer.Option("--plan", metavar="FILE", help="Your own plan of the rest; - is standard input.")
    ] = None,
    by_model: Annotated[
        bool, typer.Option("--proposed", help="Have the orchestrator's proposal planned; the mission has to be paused.")
    ] = False,
    yes: Yes = False,
) -> int:
    """Show the rest as a plan, or what a changed one would do; apply it when the person agrees."""
    from mission_cli.app.addressing import resolve
    from mission_cli.app.replanning.advised import proposed_wish
    from mission_cli.app.replanning.apply import apply, proposed, rest_text
    from mission_cli.app.results.changes import Replanned
    from mission_cli.document.plans.plan import read_plan, write_plan
    from mission_cli.surfaces.cli.commands.lifecycle import finish

    opened = shell.open()
    ctx = opened.context
    name = resolve(ctx.state.snapshot(), mission).mission.id
    if by_model and (wish or plan is not None):
        raise UsageError("--proposed is a wish of its own", hint="leave out the other one")
    wish = proposed_wish(ctx, name) if by_model else wish
    if plan is None and not wish:
        text = rest_text(ctx, name)
        shell.show(text.rstrip(), Replanned(name, "the rest as a plan", "", (), text, ""), long=True)
        return 0
    seen, cost = rest_text(ctx, name), ""
    if plan is not None:
        found = read_plan(text_of(plan))
        if found.plan is None:
            raise DocumentError.of(str(plan), found.problems)
        wanted = found.plan
    else:
        seen, wanted, cost = _asked(shell, ctx, name, wish)
    new = proposed(ctx, name, wanted)
    lines = [*([one.words for one in new.found.changes] or ["nothing changes"]), *(t.words for t in new.found.totals)]
    text = write_plan(wanted)
    if not new.found or not (yes or shell.interactive):
        words = "nothing is applied: save the plan, and use --plan FILE --yes" if new.found else "nothing changes"
        shown = "\n".join([*lines, words, "", text.rstrip()] if new.found else lines)
        shell.show(shown, Replanned(name, words, "", lines, text, cost), long=True)
        return 0
    shell.note("\n".join(lines))
    if not shell.agreed("this becomes the plan of the rest", yes=yes, question="Apply it?", shown=True):
        return 0
    done = apply(ctx, name, seen, wanted, reason=wish or str(plan))
    return finish(shell, opened, done, facts=Replanned(name, done.words, done.commit or "", lines, text, cost))


def _asked(shell: Shell, ctx: Context, name: str, wish: str) -> tuple[str, Plan, str]:
    """Have the model propose a plan. Raises BlockedError if it gave none."""
    from mission_cli.app.replanning.wish import propose

    with shell.busy("the model plans the rest"):
        found = propose(ctx, name, wish, rest=rest)
    if found.plan is None:
        raise BlockedError(f"{found.why} (it cost {found.cost})", hint="the plan is as it was")
    shell.note(f"the model cost {found.cost}")
    return found.seen, found.plan, found.cost
