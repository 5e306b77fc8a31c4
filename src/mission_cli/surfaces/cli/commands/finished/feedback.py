"""`mission feedback`: drafts of issues for the project that can fix what was observed; a person files them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mission_cli.domain.errors import UsageError
from mission_cli.surfaces.cli.shell import Identity, Shell, command, group

if TYPE_CHECKING:
    from mission_cli.app.feedback.results import FeedbackFiled

_NEEDS_PERSON = 3
_Mission = Annotated[str, typer.Argument(metavar="ID", help="The mission; a prefix is enough.")]
_Which = Annotated[str, typer.Argument(metavar="DRAFT", help="Its number, or the beginning of its fingerprint.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    inner = group(app, "feedback", "Drafts of issues: what missions observed that a project can improve.")
    command(inner, "list", help="List the drafts of a mission, or of all.")(list_drafts)
    command(inner, "show", help="Show the issue that a draft would open.")(show)
    command(inner, "file", help="Open a draft as an issue of its project, unless there is one.")(file)
    command(inner, "discard", help="Discard a draft: it is not filed, and not observed again.")(discard)


def list_drafts(
    shell: Shell,
    mission: Identity = "",
    everywhere: Annotated[bool, typer.Option("--all", help="Of all missions of the repository.")] = False,
) -> int:
    """List the drafts."""
    from mission_cli.app.feedback.listing import list_feedback
    from mission_cli.surfaces.reporting.feedback import feedback_lines

    if mission and everywhere:
        raise UsageError("a mission and --all exclude one another", hint="leave one of them out")
    found = list_feedback(shell.look().context, mission, everywhere=everywhere)
    shell.draw(lambda _: feedback_lines(found, named=everywhere), found)
    return 0


def show(shell: Shell, mission: _Mission, draft: _Which) -> int:
    """Show one draft with the text of its issue."""
    from mission_cli.app.feedback.listing import show_feedback
    from mission_cli.surfaces.reporting.feedback import issue_text

    found = show_feedback(shell.look().context, mission, draft)
    shell.show(issue_text(found.draft, found.body), found, long=True)
    return 0


def file(
    shell: Shell,
    mission: _Mission,
    draft: _Which,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the issue, and open nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> int:
    """Open a draft as an issue. The issue cannot be taken back, so it is shown before."""
    from mission_cli.app.feedback.filing import file_feedback
    from mission_cli.app.feedback.listing import show_feedback
    from mission_cli.surfaces.reporting.feedback import issue_text

    opened = shell.open()
    ctx = opened.context
    if not dry_run:
        found = show_feedback(ctx, mission, draft)
        where = found.draft.project or "no project, as the settings name none"
        what = f"{issue_text(found.draft, found.body)}\n\nThis goes to {where}."
        if (
            found.draft.project
            and not found.draft.issue
            and not shell.agreed(what, yes=yes, question="Open the issue?")
        ):
            return 1
    with shell.busy("asking the forge"):
        done = file_feedback(ctx, mission, draft, dry_run=dry_run)
    return _told(shell, done, quiet=dry_run)


def discard(
    shell: Shell,
    mission: _Mission,
    draft: _Which,
    reason: Annotated[str, typer.Option("--reason", help="Why.")] = "",
) -> int:
    """Discard a draft."""
    from mission_cli.app.feedback.filing import discard_feedback

    opened = shell.open()
    done = discard_feedback(opened.context, mission, draft, reason=reason)
    shell.say(done.words, done)
    return 0


def _told(shell: Shell, done: FeedbackFiled, *, quiet: bool) -> int:
    from mission_cli.surfaces.reporting.feedback import issue_text

    text = f"{issue_text(done.draft, done.body)}\n\n" if done.body else ""
    where = f"\n{done.address}" if done.address and not done.filed else ""
    shell.say(f"{text}{done.words}{where}", done)
    return 0 if done.filed or quiet else _NEEDS_PERSON
