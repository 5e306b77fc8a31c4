"""Commands that show something and change nothing: `mission` alone, list, status, show, why, logs, and so on."""

from __future__ import annotations

import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from mission_cli.domain.errors import NoMissionsError
from mission_cli.domain.notice import first_steps
from mission_cli.surfaces.cli.shell import Identity, Shell, command
from mission_cli.surfaces.lines import line, reflow
from mission_cli.surfaces.plain import clean
from mission_cli.surfaces.terminal import size_of, write
from mission_cli.surfaces.views.listing import list_lines
from mission_cli.surfaces.views.page import status_lines
from mission_cli.surfaces.views.proposals import requirements_lines, suggestions_lines, topic_lines
from mission_cli.surfaces.views.reasons import flaky_lines, reasons, waiting_lines
from mission_cli.surfaces.views.text import stopped_words
from mission_cli.surfaces.views.whole import whole_lines

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from mission_cli.app.addressing import Address
    from mission_cli.app.queries.logs import AttemptLog
    from mission_cli.app.results.views import Line as Listed
    from mission_cli.domain.ids import MissionId
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Snapshot
    from mission_cli.surfaces.lines import Line, Size
    from mission_cli.wiring.opened import Opened

_FOLLOW_SECONDS = 0.2
_LOG_TAIL = 20_000

Anything = Annotated[str, typer.Argument(metavar="ID[/1[.2]]", help="A mission, milestone or feature.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "list", help="List all missions.")(list_missions)
    command(app, "status", help="Show one mission: progress, workers, cost, what it waits for.")(status)
    command(app, "show", help="Show everything that the program reads from a mission file.")(show)
    command(app, "why", help="Show what holds a mission or feature, and what you can do about it.")(why)
    command(app, "logs", help="Show what a feature's worker said and did.")(logs)
    command(app, "history", help="Show what happened, from git.")(history)
    command(app, "diff", help="Show changes field by field: since REV, from A to B (A..B), or in the last commit.")(
        diff
    )
    command(app, "inbox", help="List everything that waits for you.")(inbox)


def list_missions(
    shell: Shell,
    status: Annotated[
        str, typer.Option("--status", help="Only missions with these statuses, separated by commas.")
    ] = "",
    everywhere: Annotated[
        bool,
        typer.Option("--all", help="Those of all repositories in which you have used mission, and those without one."),
    ] = False,
    archived: Annotated[bool, typer.Option("--archived", help="Those in the archive instead of the others.")] = False,
) -> int:
    """List all missions: what needs you first, then by priority."""
    from mission_cli.app.given import statuses
    from mission_cli.app.results.views import MissionList, MissionListEverywhere
    from mission_cli.surfaces.everywhere import all_lines, chosen

    wanted = statuses(status)
    try:
        lines, elsewhere = all_lines(shell.note) if everywhere else (_lines_here(shell), {})
    except NoMissionsError as error:
        return _say_no_missions(shell, error, MissionList([]))
    if not lines and not everywhere:
        return _say_no_missions(
            shell, NoMissionsError("there are no missions yet", hint=first_steps()), MissionList([])
        )
    lines = chosen(lines, wanted, archived=archived)
    heads = [line(f"{clean(repo)}: ", (stopped_words(stopped), "bold red")) for repo, stopped in elsewhere.items()]
    result = MissionListEverywhere(lines, elsewhere) if everywhere else MissionList(lines)
    shell.draw(lambda size: [*heads, *list_lines(lines, size.width)], result, long=True)
    return 0


def status(
    shell: Shell,
    mission: Identity = "",
    watch: Annotated[bool, typer.Option("--watch", help="Refresh every second, until q or Ctrl-C.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Show every feature, even if that is longer than the terminal.")
    ] = False,
) -> int:
    """Show one mission."""
    from mission_cli.app.addressing import resolve
    from mission_cli.app.queries.status import status_of

    opened = shell.look()
    if watch and shell.interactive:
        return _watch(shell, opened, resolve(opened.context.state.snapshot(), mission).mission.id)
    while True:
        view = status_of(opened.context, snapshot := opened.context.state.snapshot(), resolve(snapshot, mission))
        shell.draw(partial(status_lines, view, everything=everything), view, long=not watch)
        if not watch:
            return 0
        time.sleep(1)  # without a terminal the view is printed once a second until it is stopped


def _watch(shell: Shell, opened: Opened, identity: MissionId) -> int:
    from mission_cli.app.commands import features
    from mission_cli.surfaces.views.live import Screen
    from mission_cli.wiring.job_ancestry import refuse_worker

    def pause() -> None:
        refuse_worker(shell.repo)
        features.pause(opened.context, identity)

    again = f"mission status {identity} --watch"
    with Screen(shell.out, opened.context, identity, again=again, pause=pause) as screen:
        screen.watch()
    return 0


def show(
    shell: Shell,
    mission: Identity = "",
    suggestions: Annotated[
        bool, typer.Option("--suggestions", help="Show the features that its analysis suggests.")
    ] = False,
    prd: Annotated[
        bool, typer.Option("--prd", help="Show the requirements that are built after their approval.")
    ] = False,
    research: Annotated[
        str, typer.Option("--research", metavar="TOPIC", help="Show what was found out about a topic.")
    ] = "",
) -> int:
    """Show everything that the program reads from a mission file, or a document that people decide about."""
    from mission_cli.app.addressing import resolve
    from mission_cli.app.queries.proposals import topic_shown
    from mission_cli.app.queries.whole import whole_mission

    opened = shell.look()
    snapshot = opened.context.state.snapshot()
    address = resolve(snapshot, mission)
    if suggestions or prd:
        return _show_document(shell, opened.context, snapshot, address, prd=prd)
    if research:
        found = topic_shown(opened.context, snapshot, address, research)
        shell.draw(lambda size: topic_lines(found, size.width), found, long=True)
        return 0
    whole = whole_mission(opened.context, address)
    shell.draw(lambda size: whole_lines(whole, size.width), whole, long=True)
    return 0


def _show_document(shell: Shell, ctx: Context, snapshot: Snapshot, address: Address, *, prd: bool) -> int:
    """Show the suggestions or the requirements of a mission; 1 if they cannot be read."""
    from mission_cli.app.queries.proposals import requirements_of, suggestions_of

    if prd:
        required = requirements_of(ctx, snapshot, address)
        shell.draw(lambda size: requirements_lines(required, size.width), required, long=True)
        return 1 if required.problem else 0
    found = suggestions_of(ctx, snapshot, address)
    shell.draw(lambda size: suggestions_lines(found, size.width), found, long=True)
    return 1 if found.problem else 0


def why(shell: Shell, thing: Anything = "") -> int:
    """Show what holds a mission, milestone or feature."""
    from mission_cli.app.addressing import resolve
    from mission_cli.app.queries.why import explain

    opened = shell.look()
    snapshot = opened.context.state.snapshot()
    address = resolve(snapshot, thing)
    found = explain(opened.context, snapshot, address)
    told = found.reason.subject if found.reason is not None and found.reason.failed else ""
    past = [(clean(line), "") for line in _past(opened, address, told)]
    lines = [*reasons(found, opened.context.clock.now()), *past]
    shell.draw(lambda size: reflow(lines, size.width), found, long=True)
    return 0


def logs(
    shell: Shell,
    feature: Annotated[str, typer.Argument(metavar="ID/N.M")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Keep printing until the attempt ends.")] = False,
    attempt: Annotated[int, typer.Option(help="Which attempt, review or judgment; default: the last one.")] = 0,
    review: Annotated[bool, typer.Option("--review", help="Show a review of ID/N, or of all of ID.")] = False,
    judgment: Annotated[bool, typer.Option("--judgment", help="Show a judgment about ID/N, or of ID.")] = False,
    raw: Annotated[bool, typer.Option("--raw", help="Print the output as it is; that of a preview always is.")] = False,
) -> int:
    """Show what a feature's worker, a reviewer or the orchestrator did."""
    from mission_cli.app.addressing import resolve
    from mission_cli.app.queries.logs import AttemptLog, attempt_of, judgment_of, preview_of, review_of
    from mission_cli.app.results.reports import Log
    from mission_cli.surfaces.views.log import end_of, whole_log

    ctx = shell.look().context
    record_of = judgment_of if judgment else review_of if review else attempt_of
    shown = preview_of(ctx, feature)
    record = shown or record_of(ctx, resolve(ctx.state.snapshot(), feature), attempt)
    log, raw = AttemptLog(ctx, record), raw or shown is not None
    if follow and not shell.as_json:
        shell.head()
        _follow(log, record, raw=raw)
        write([] if raw else end_of(record_of(ctx, resolve(ctx.state.snapshot(), feature), record.attempt)))
        return 0
    output = ctx.executor.logs(record.run, _LOG_TAIL) or record.last_words if shell.as_json else ""
    if raw and not shell.as_json:
        for part in log.parts():
            sys.stdout.write(clean(part))
        return 0
    entries = [] if raw else log.whole()
    shell.draw(lambda size: whole_log(record, entries, size.width), Log(record.run, output, entries), long=True)
    return 0


def history(
    shell: Shell,
    mission: Identity = "",
    limit: Annotated[int, typer.Option(help="The most events to show.")] = 50,
) -> int:
    """Show what happened, newest first."""
    from mission_cli.app.addressing import resolve
    from mission_cli.app.report.history import journal
    from mission_cli.surfaces.views.history import history_lines

    opened = shell.look()
    address = resolve(opened.context.state.snapshot(), mission)
    events = opened.context.state.history(address.stored, limit=limit)
    shown = partial(history_lines, events, now=opened.context.clock.now(), verbose=shell.verbose)
    shell.draw(lambda size: shown(size.width), journal(opened.context, address, events), long=True)
    return 0


def diff(
    shell: Shell,
    mission: Identity = "",
    revision: Annotated[str, typer.Argument(metavar="REV", help="A commit of the mission files, or two: A..B.")] = "",
) -> int:
    """Show changes field by field."""
    from mission_cli.app.addressing import resolve
    from mission_cli.app.queries.status import change_of
    from mission_cli.document.merging.difference import sentences

    opened = shell.look()
    address = resolve(opened.context.state.snapshot(), mission)
    changed = change_of(opened.context.state, address, revision)
    shell.show("\n".join(sentences(changed.changes)) or "nothing has changed", changed, long=True)
    return 0


def inbox(shell: Shell) -> int:
    """List everything that waits for a person."""
    from mission_cli.app.queries.inbox import everything_waiting, flaky_everywhere, inbox_from

    ctx = shell.look().context
    found, flaky = everything_waiting(ctx), flaky_everywhere(ctx)
    lines = [*(waiting_lines(found) if found else [("nothing waits for you", "")]), *flaky_lines(flaky)]
    shell.draw(lambda size: reflow(lines, size.width), inbox_from(found, flaky))
    return 3 if found else 0


def bare(shell: Shell) -> int:
    """Show what happened since you last looked, and what waits for you."""
    from mission_cli.app.queries.inbox import everything_waiting
    from mission_cli.app.queries.news import mark_seen, since_last_look
    from mission_cli.app.results.reports import Overview
    from mission_cli.surfaces.views.listing import overview_lines

    try:
        ctx = shell.look().context
    except NoMissionsError as error:
        return _say_no_missions(shell, error, Overview([], [], []))
    news = since_last_look(ctx)
    missions, found = [one for one in _lines_here(shell) if not one.archived], everything_waiting(ctx)

    def drawn(size: Size) -> list[Line]:
        now = ctx.clock.now()
        return overview_lines(news.events, missions, found, width=size.width, now=now, verbose=shell.verbose)

    shell.draw(drawn, Overview(news.events, missions, [w for _, w in found]))
    mark_seen(ctx, news)
    return 0


def _say_no_missions(shell: Shell, error: NoMissionsError, nothing: DataclassInstance) -> int:
    """Say how to begin; an empty list is not an error."""
    if shell.stopped is None:
        shell.stopped = lambda: None
    shell.say(f"{error.message}\n{error.hint}", nothing)
    return 0


def _lines_here(shell: Shell) -> list[Listed]:
    from mission_cli.app.queries.listing import lines_of

    return lines_of(shell.look().context)


def _past(opened: Opened, address: Address, told: str) -> list[str]:
    """Return the findings of the last attempt at each feature, without the one of which more was told."""
    from mission_cli.app.commands.features import records_of
    from mission_cli.domain.status import FeatureStatus

    settled = [r for r in records_of(opened.context, address) if r.cause is not None]
    settled.sort(key=lambda r: r.attempt)
    if address.feature is not None:
        return []
    last = {r.feature: r for r in settled}
    mission = address.mission
    return [
        f"{mission.id}/{feature.number}: attempt {record.attempt}: {words}"
        for milestone in mission.milestones
        if address.milestone in {None, milestone.number}
        for feature in milestone.features
        if feature.status is not FeatureStatus.SKIPPED
        and feature.number != told
        and (record := last.get(feature.number)) is not None
        and (words := record.finding)
    ]


def _follow(log: AttemptLog, record: RunRecord, *, raw: bool) -> None:
    """Print the log as it grows, until the attempt has ended."""
    from mission_cli.surfaces.views.log import LogView, head_of

    view = LogView(size_of(sys.stdout).width)
    write([] if raw else [head_of(record)])
    ended = False
    while not ended:
        if raw:
            text, ended = log.read_raw()
            sys.stdout.write(clean(text))
            sys.stdout.flush()
        else:
            entries, ended = log.read()
            write(view.lines(entries))
            text = str(len(entries) or "")
        if not (ended or text):
            time.sleep(_FOLLOW_SECONDS)  # polled: no notification comes when a log grows
