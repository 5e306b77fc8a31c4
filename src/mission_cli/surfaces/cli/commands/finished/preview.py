"""The command `preview`: start, stop and show the preview of a mission, and take the report of a deployment."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mission_cli.domain.errors import UsageError
from mission_cli.domain.preview.rows import PreviewStatus, Reported, job_key, report_line
from mission_cli.surfaces.cli.shell import Identity, Shell, command

if TYPE_CHECKING:
    from mission_cli.app.results.landing import PreviewView
    from mission_cli.app.transaction import Done
    from mission_cli.engine.context import Context
    from mission_cli.wiring.opened import Opened

_LOOK_SECONDS = 0.1
_LOG_TAIL = 1500
_FAILED, _NEEDS_PERSON = 1, 3


def register(app: typer.Typer) -> None:
    """Add the command."""
    words = (
        "Show the finished work of a mission before it lands: start a preview, or print the address of the current one."
    )
    command(app, "preview", help=words)(preview)


def preview(
    shell: Shell,
    mission: Identity = "",
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is ready; exit 1 if it fails.")] = False,
    restart: Annotated[bool, typer.Option("--restart", help="End the current one and start another.")] = False,
    stop: Annotated[bool, typer.Option("--stop", help="End it, and clean up after it.")] = False,
    report: Annotated[
        str, typer.Option("--report", metavar="STATE", help="For deployments: report that it is ready or failed.")
    ] = "",
    url: Annotated[str, typer.Option("--url", help="With --report ready: where it can be opened.")] = "",
    reason: Annotated[str, typer.Option("--reason", help="With --report failed: why.")] = "",
    token_file: Annotated[
        Path | None, typer.Option("--token-file", help="With --report: file with the token; default: $MISSION_TOKEN.")
    ] = None,
    token_stdin: Annotated[
        bool, typer.Option("--token-stdin", help="With --report: read the token from stdin.")
    ] = False,
) -> int:
    """Start, stop or show the preview, or take the report of its deployment."""
    if report:
        told = _reported(report, url, reason)
        if _is_deploying():
            sys.stdout.write(report_line(told) + "\n")  # the last line of a deploy command counts as its report
            return 0
        return _report(shell, mission, told, _token(token_file, from_stdin=token_stdin))
    from mission_cli.wiring.job_ancestry import refuse_worker

    refuse_worker(shell.repo)
    if url or reason or token_file or token_stdin:
        raise UsageError("--url, --reason and the options for the token need --report", hint="add --report ready")
    if stop and (restart or wait):
        raise UsageError("--stop excludes --restart and --wait", hint="use --restart alone to start another one")
    from mission_cli.app.commands.steer import preview as previews

    opened = shell.open()
    done = (
        previews.stop_preview(opened.context, mission)
        if stop
        else previews.start_preview(opened.context, mission, again=restart)
    )
    return _shown(shell, opened, done, wait=wait)


def _shown(shell: Shell, opened: Opened, done: Done, *, wait: bool) -> int:
    """Run the pulse that the command calls for; print the preview as it is then."""
    from mission_cli.app.addressing import resolve
    from mission_cli.app.commands.steer.preview import is_under_way, preview_of, words_of
    from mission_cli.app.pulses.after import follow_up
    from mission_cli.app.results.landing import Previewed
    from mission_cli.surfaces.cli.commands.lifecycle import tell

    ctx, identity = opened.context, done.address.mission.id
    with shell.busy("starting the preview" if wait else "deciding what to do"):
        if done.commit or wait:
            report = follow_up(ctx, done, settings_valid=not opened.problems)
            if report is not None:
                tell(shell, report)
        found = resolve(ctx.state.snapshot(), identity).mission
        while wait and is_under_way(found) and ctx.runtime.stopped() is None:
            if _is_idle(opened):
                time.sleep(_LOOK_SECONDS)  # a check is only a few stat calls, so polling is cheap
                continue
            follow_up(ctx, done, settings_valid=True)
            found = resolve(ctx.state.snapshot(), identity).mission
    view = preview_of(found)
    words = words_of(view) if view is not None else done.words
    log = _log(ctx, identity, view)
    shell.say(words + (f"\n{log}" if log else ""), Previewed(identity, words, done.commit or "", view, log))
    return _FAILED if wait and (view is None or view.status != PreviewStatus.READY) else 0


def _log(ctx: Context, identity: str, view: PreviewView | None) -> str:
    """Return the last lines of a preview that failed."""
    if view is None or view.status != PreviewStatus.FAILED:
        return ""
    return ctx.secrets.scrub(ctx.executor.logs(job_key(identity, view.number), _LOG_TAIL)).rstrip()


def _is_idle(opened: Opened) -> bool:
    from mission_cli import __version__
    from mission_cli.fastpath import is_worth_waiting

    return is_worth_waiting(str(opened.checkout.runtime), __version__)


def _reported(state: str, url: str, reason: str) -> Reported:
    if state not in {"ready", "failed"}:
        raise UsageError(f"--report takes ready or failed, not {state!r}", hint="--report ready --url URL")
    if state == "ready" and not url:
        raise UsageError("--report ready needs the URL", hint="add --url URL")
    return Reported(state == "ready", url if state == "ready" else reason)


def _is_deploying() -> bool:
    """Whether the deploy command of a preview has started this process."""
    return bool(os.environ.get("MISSION_PREVIEW")) and bool(os.environ.get("MISSION_MARK"))


def _token(file: Path | None, *, from_stdin: bool) -> str:
    text = sys.stdin.read(4096) if from_stdin else os.environ.get("MISSION_TOKEN", "")
    if file is not None:
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise UsageError(
                f"the token cannot be read: {error}", hint="--token-file PATH, or --token-stdin"
            ) from error
    if not text.strip():
        raise UsageError("there is no token", hint="set MISSION_TOKEN, or add --token-file PATH or --token-stdin")
    return text.strip()


def _report(shell: Shell, mission: str, told: Reported, token: str) -> int:
    from mission_cli.app.commands.steer.preview import report_preview
    from mission_cli.surfaces.cli.commands.lifecycle import finish

    opened = shell.open_at_any_rate()
    return finish(shell, opened, report_preview(opened.context, mission, token, told))
