"""How finished work gets to the base: `land` shows it, asks and lands it; `pr` lists pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mission_cli._support.text import counted
from mission_cli.domain.errors import UsageError
from mission_cli.surfaces.cli.commands.lifecycle import finish, tell
from mission_cli.surfaces.cli.commands.show import Anything
from mission_cli.surfaces.cli.shell import Identity, Shell, Yes, command
from mission_cli.surfaces.plain import exit_code

if TYPE_CHECKING:
    from mission_cli.app.results.landing import LandingPreview
    from mission_cli.app.transaction import Done
    from mission_cli.wiring.opened import Opened


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "pr", help="List pull requests, what blocks each, and who can clear it.")(pulls)
    command(app, "land", help="Bring the finished work to the base branch, after showing what it is.")(land)


def pulls(shell: Shell, mission: Anything = "") -> int:
    """List the pull requests of one mission, or of all."""
    from mission_cli.app.queries.pulls import pull_requests
    from mission_cli.app.results.pulls import PullRequests
    from mission_cli.surfaces.views.landing.pulls import pull_lines

    ctx = shell.look().context
    found = pull_requests(ctx, mission)
    shell.draw(lambda size: pull_lines(found, size.width, ctx.clock.now()), PullRequests(found), long=True)
    return 0


def land(
    shell: Shell,
    mission: Identity = "",
    squash: Annotated[bool, typer.Option("--squash", help="Land everything as one commit.")] = False,
    merge: Annotated[bool, typer.Option("--merge", help="Land with a merge commit; this is the default.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show the whole change, too.")] = False,
    pr: Annotated[
        bool, typer.Option("--pr", help="Open a pull request for everything that has passed, instead of landing it.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would land; change nothing.")] = False,
    yes: Yes = False,
) -> int:
    """Show what would land, ask, and land it."""
    from mission_cli.app import pull_requests
    from mission_cli.app.commands import gates
    from mission_cli.app.commands.steer.pulls import open_for_the_rest
    from mission_cli.app.queries.before.landing import landing_diff, landing_preview
    from mission_cli.surfaces.views.landing.preview import landing_lines

    if squash and merge:
        raise UsageError("--squash and --merge exclude each other", hint="use one of them")
    opened = shell.open()
    if pull_requests.proposes(opened.context, mission) and not pr:
        if squash or merge or diff:
            hint = "set `merge` in [forge] of .mission.toml; the forge shows the changes"
            raise UsageError("the forge merges the pull requests of this mission, by its own method", hint=hint)
        return _approve(shell, opened, mission, dry_run=dry_run, yes=yes)
    if pr:
        if squash or merge or diff or dry_run:
            raise UsageError("--pr lands nothing here, so it takes no other option", hint="leave them out")
        return finish(shell, opened, open_for_the_rest(opened.context, mission))
    preview = landing_preview(opened.context, mission, squash=squash)
    if diff and not shell.as_json:
        shell.show(landing_diff(opened.context, mission, squash=squash), preview, long=True)
    if dry_run or not (shell.as_json or shell.quiet):
        shell.draw(lambda size: landing_lines(preview, size.width), preview)
    if dry_run:
        return 0
    what = f"{counted(len(preview.features), 'feature')} of {preview.id} would land on {preview.base}"
    if not shell.agreed(what, yes=yes, question="Land?", shown=True):
        return 0
    return _finish(shell, opened, preview, gates.land(opened.context, preview.id, squash=squash))


def _approve(shell: Shell, opened: Opened, mission: str, *, dry_run: bool, yes: bool) -> int:
    """Show the pull requests of a mission, ask, and approve that the forge merges them."""
    from mission_cli.app.commands.steer.pulls import approve_pulls
    from mission_cli.app.queries.pulls import pull_requests
    from mission_cli.app.results.pulls import PullRequests
    from mission_cli.surfaces.views.landing.pulls import pull_lines

    ctx = opened.context
    found = pull_requests(ctx, mission)
    if dry_run or not (shell.as_json or shell.quiet):
        shell.draw(lambda size: pull_lines(found, size.width, ctx.clock.now()), PullRequests(found))
    if dry_run:
        return 0
    if not shell.agreed("the forge may merge them", yes=yes, question="Let the forge merge them?", shown=True):
        return 0
    return finish(shell, opened, approve_pulls(ctx, mission))


def _finish(shell: Shell, opened: Opened, preview: LandingPreview, done: Done) -> int:
    """Run the pulse that lands it; say where it is now and how to take it back, or what it waits for."""
    from mission_cli.app.pulses.after import follow_landing
    from mission_cli.surfaces.views.landing.preview import landed_words

    with shell.busy("merging and checking"):
        landing = follow_landing(opened.context, done, settings_valid=not opened.problems)
    if landing.report is not None:
        tell(shell, landing.report)
    shell.say("\n".join(landed_words(landing.result, preview.base)), landing.result)
    return 3 if landing.result.waits else exit_code(landing.report) if landing.report is not None else 0
