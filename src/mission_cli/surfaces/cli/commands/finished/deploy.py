"""The command `deploy`: deploy finished work to a target, take it back, or drop what is planned."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from mission_cli.domain.deploys.rows import DeployStatus, job_key
from mission_cli.domain.errors import UsageError
from mission_cli.surfaces.cli.shell import Identity, Shell, Yes, command

if TYPE_CHECKING:
    from mission_cli.app.deploys.results import DeployView
    from mission_cli.app.transaction import Done
    from mission_cli.engine.context import Context
    from mission_cli.wiring.opened import Opened

_LOOK_SECONDS = 0.1
_LOG_TAIL = 1500
_FAILED = 1
_UNDER_WAY = frozenset(
    {
        *(DeployStatus.DEPLOYING, DeployStatus.CHECKING, DeployStatus.RECOVERING, DeployStatus.ROLLING_BACK),
        DeployStatus.PLANNED,
    }
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    words = "Deploy the finished work of a mission to a target of the settings, or roll a deployment back."
    command(app, "deploy", help=words)(deploy)


def deploy(
    shell: Shell,
    mission: Identity = "",
    target: Annotated[
        str, typer.Argument(metavar="[TARGET]", help="A [deploy.NAME] table; default: the one of the mission.")
    ] = "",
    commit: Annotated[
        str, typer.Option("--commit", help="A commit other than the finished work, such as 4f2c1a9.")
    ] = "",
    rollback: Annotated[bool, typer.Option("--rollback", help="Roll back what is live there.")] = False,
    drop: Annotated[bool, typer.Option("--drop", help="Drop one that is planned, or leave a failed one.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is over; exit 1 if it failed.")] = False,
    yes: Yes = False,
) -> int:
    """Show what would be deployed, ask, and record it; the loop deploys it."""
    if sum((rollback, drop, bool(commit))) > 1:
        raise UsageError("--commit, --rollback and --drop exclude each other", hint="use one of them")
    from mission_cli.app.deploys import commands
    from mission_cli.wiring.job_ancestry import refuse_worker

    refuse_worker(shell.repo)
    opened = shell.open()
    ctx = opened.context
    if drop:
        return _shown(shell, opened, commands.drop(ctx, mission, target), wait=wait)
    if rollback:
        what = f"what is live at {target or 'the target'} would be taken back"
        if not shell.agreed(what, yes=yes, question="Roll back?"):
            return 0
        return _shown(shell, opened, commands.roll_back(ctx, mission, target), wait=wait)
    wanted = commands.to_deploy(ctx, mission, target, commit)
    if wanted.production and not shell.agreed(wanted.words, yes=yes, question="Deploy?"):
        return 0
    return _shown(shell, opened, commands.deploy(ctx, wanted), wait=wait)


def _shown(shell: Shell, opened: Opened, done: Done, *, wait: bool) -> int:
    """Run the pulse that the command calls for; print the deployment as it is then."""
    from mission_cli.app.addressing import resolve
    from mission_cli.app.deploys.results import Deployed
    from mission_cli.app.deploys.views import deployments_of, words_of
    from mission_cli.app.pulses.after import follow_up
    from mission_cli.surfaces.cli.commands.lifecycle import tell

    ctx, identity = opened.context, done.address.mission.id
    view = None
    with shell.busy("deploying" if wait else "deciding what to do"):
        if done.commit or wait:
            report = follow_up(ctx, done, settings_valid=not opened.problems)
            if report is not None:
                tell(shell, report)
        while True:
            found = deployments_of(resolve(ctx.state.snapshot(), identity).mission)
            view = next((one for one in found if str(one.number) == done.about), None)
            if not wait or view is None or view.status not in _UNDER_WAY or ctx.runtime.stopped() is not None:
                break
            if _is_idle(opened):
                time.sleep(_LOOK_SECONDS)  # a check is only a few stat calls, so polling is cheap
                continue
            follow_up(ctx, done, settings_valid=True)
    words = words_of(view) if view is not None else done.words
    log = _log(ctx, identity, view)
    shell.say(words + (f"\n{log}" if log else ""), Deployed(identity, words, done.commit or "", found, log))
    good = view is None or view.status in {DeployStatus.LIVE, DeployStatus.ROLLED_BACK, DeployStatus.DROPPED}
    return _FAILED if wait and not good else 0


def _log(ctx: Context, identity: str, view: DeployView | None) -> str:
    """Return the last lines of a deployment that failed."""
    if view is None or view.status not in {DeployStatus.FAILED, DeployStatus.STUCK}:
        return ""
    return ctx.secrets.scrub(ctx.executor.logs(job_key(identity, view.number), _LOG_TAIL)).rstrip()


def _is_idle(opened: Opened) -> bool:
    from mission_cli import __version__
    from mission_cli.fastpath import is_worth_waiting

    return is_worth_waiting(str(opened.checkout.runtime), __version__)
