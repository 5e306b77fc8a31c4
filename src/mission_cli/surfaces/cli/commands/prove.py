"""Commands that give an account of a mission to a person who was not there: verify, replay, report, context."""

from __future__ import annotations

import os
import sys
import time
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mission_cli.app.report.fitting import MAX_TOKENS
from mission_cli.domain.errors import UsageError
from mission_cli.surfaces.as_json import json_line
from mission_cli.surfaces.cli.commands.lifecycle import checks_running
from mission_cli.surfaces.cli.shell import Identity, Shell, command
from mission_cli.surfaces.plain import clean
from mission_cli.surfaces.reporting.verified import verified_lines

if TYPE_CHECKING:
    from mission_cli.app.addressing import Address
    from mission_cli.app.results.briefing import Briefing
    from mission_cli.app.results.mission_report import MissionReport
    from mission_cli.engine.context import Context

_LOOK_SECONDS = 0.1
_NOWHERE = Path()


class Format(StrEnum):
    """How a report is written."""

    MARKDOWN = "md"
    JSON = "json"
    HTML = "html"
    PDF = "pdf"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "verify", help="Judge every recorded verdict again, and look for changes in the record.")(verify)
    command(
        app, "replay", help="Decide every recorded round again, and show what this version would decide differently."
    )(replay)
    command(app, "report", help="Compare goal and outcome, with evidence, cost, files and decisions.")(report)
    command(app, "context", help="Print what a new conversation needs to know about a mission, within a token limit.")(
        context
    )


def verify(
    shell: Shell,
    mission: Identity = "",
    history: Annotated[
        bool, typer.Option("--history", help="Compare costs at every commit, and ask git about each signature.")
    ] = False,
) -> int:
    """Judge every recorded verdict again."""
    from mission_cli.app.addressing import resolve
    from mission_cli.app.verify.verify import verify as verified
    from mission_cli.wiring.compose import open_repository

    ctx = open_repository(shell.repo, ticking=False).context
    address = resolve(ctx.state.snapshot(), mission)
    # Polled: no notification comes when a check has ended.
    with shell.busy("judging again", partial(checks_running, ctx)):
        found = verified(ctx, address, history=history, wait=lambda: time.sleep(_LOOK_SECONDS))
    shell.draw(lambda size: verified_lines(found, size.width), found, long=True)
    return 0 if found.verified else 1


def replay(shell: Shell, mission: Identity = "") -> int:
    """Decide the recorded rounds of a mission again."""
    from mission_cli.app.addressing import resolve
    from mission_cli.app.verify.replay import replay as replayed
    from mission_cli.surfaces.reporting.replayed import replayed_lines

    ctx = shell.look().context
    found = replayed(ctx, resolve(ctx.state.snapshot(), mission))
    shell.draw(lambda size: replayed_lines(found, size.width), found, long=True)
    return 0 if found.same else 1


def report(
    shell: Shell,
    mission: Identity = "",
    form: Annotated[Format, typer.Option("--format", help="md, json, html (one page) or pdf.")] = Format.MARKDOWN,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Write it to a file.")] = _NOWHERE,
) -> int:
    """Compare goal and outcome."""
    from mission_cli.app.addressing import resolve
    from mission_cli.app.report.report import mission_report
    from mission_cli.app.results.mission_report import ReportWritten

    ctx = shell.look().context
    address = resolve(ctx.state.snapshot(), mission)
    found = mission_report(ctx, address)
    if output == _NOWHERE:
        if form is Format.PDF:
            raise UsageError("a PDF is not text", hint=f"add -o {found.missionId}.pdf")
        if shell.as_json or form is Format.JSON:
            shell.facts(found)
        elif form is Format.HTML:
            sys.stdout.write(_text(ctx, address, found, form))
        else:
            shell.show(_text(ctx, address, found, form), found, long=True)
        return 0
    content = _bytes(shell, ctx, address, found, form)
    try:
        output.write_bytes(content)
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror}", hint="name another file") from error
    written = ReportWritten(found.missionId, form, os.fspath(output.resolve()), len(content))
    shell.say(f"wrote {output} ({len(content):,} bytes)", written)
    return 0


def context(
    shell: Shell,
    mission: Identity = "",
    max_tokens: Annotated[
        int, typer.Option("--max-tokens", metavar="N", help="The limit; 4 characters count as a token.")
    ] = MAX_TOKENS,
) -> int:
    """Print what a new conversation needs to know about a mission."""
    from mission_cli.app.addressing import resolve
    from mission_cli.app.report.briefing import briefing
    from mission_cli.app.report.fitting import fitted
    from mission_cli.surfaces.reporting.context import context_values

    ctx = shell.look().context
    snapshot = ctx.state.snapshot()
    whole = briefing(ctx, snapshot, resolve(snapshot, mission), max_tokens)

    def shown(some: Briefing) -> str:
        return clean(ctx.templates.render("context.md.j2", context_values(some)))

    if shell.as_json:
        shell.facts(fitted(whole, lambda some: len(shell.printed(some))))
        return 0
    text = shown(fitted(whole, lambda some: len(shown(some))))
    shell.head()
    sys.stdout.write(text)
    return 0


def _bytes(shell: Shell, ctx: Context, address: Address, found: MissionReport, form: Format) -> bytes:
    if form is Format.PDF:
        from mission_cli.wiring.compose import pdf_of

        with shell.busy("printing the page"):
            return pdf_of(_text(ctx, address, found, Format.HTML, opened=True))
    if form is Format.JSON:
        return json_line(found, {}, ascii_only=False).encode()
    return _text(ctx, address, found, form).encode("utf-8", "replace")


def _text(ctx: Context, address: Address, found: MissionReport, form: Format, *, opened: bool = False) -> str:
    from mission_cli.app.report.report import assets_of
    from mission_cli.surfaces.reporting.shown import values_of

    assets = assets_of(ctx, address) if form is Format.HTML else {}
    return ctx.templates.render(f"report.{form}.j2", values_of(found, assets, opened=opened))
