"""The commands `start`, `pulse`, `takeover`, `retry`, `skip`, `answer`, gates and `validate`."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mission_cli._support.text import counted
from mission_cli.domain.errors import MissionError, UsageError
from mission_cli.domain.ids import MissionId
from mission_cli.surfaces.cli.given_files import text_of
from mission_cli.surfaces.cli.shell import Identity, Reason, Shell, Thing, Until, Yes, command, rest
from mission_cli.surfaces.plain import GONE, clean, complaints, exit_code

if TYPE_CHECKING:
    from collections.abc import Sequence

    from _typeshed import DataclassInstance

    from mission_cli.app.transaction import Done
    from mission_cli.engine.context import Context
    from mission_cli.engine.report import Report
    from mission_cli.wiring.opened import Opened


Saw = Annotated[
    str,
    typer.Option(
        "--commit",
        metavar="SHA",
        help="What you looked at; refused with exit 4 if the gate shows something else by now.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "start", help="Start a mission, after showing what it will do.")(start)
    command(app, "pulse", help="Run one pulse: observe, decide, record, act. Made for cron.")(pulse)
    command(app, "takeover", help="Continue a mission here that another machine or clone was running.")(takeover)
    command(app, "retry", help="Retry a feature with a fresh set of attempts, or retry a phase.")(retry)
    command(app, "skip", help="Continue without a feature or a phase; needs --reason, which is recorded.")(skip)
    command(app, "answer", help="Answer a request.")(answer)
    command(app, "approve", help="Approve a gate.")(approve)
    command(app, "reject", help="Reject a gate.")(reject)
    command(app, "validate", help="Check a milestone now. Exit 0 passed, 1 failed, 2 configuration, 3 not ready.")(
        validate
    )


def start(
    shell: Shell,
    mission: Identity = "",
    yes: Yes = False,
    headless: Annotated[bool, typer.Option("--headless", help="Never ask.")] = False,
    scheduled: Annotated[
        bool, typer.Option("--scheduled", help="Do not start it now, but when its schedule is due.")
    ] = False,
    base: Annotated[
        str, typer.Option(help="Base branch, if the file names none; default: the branch that is checked out.")
    ] = "",
    until: Until = "",
) -> int:
    """Start a mission: ask for consent, record it, run one pulse."""
    from mission_cli.app.addressing import resolve
    from mission_cli.app.commands import lifecycle
    from mission_cli.app.commands.start_checks import on_base, refuse_start, weak_points
    from mission_cli.app.queries.outlook import outlook
    from mission_cli.app.results.changes import Started
    from mission_cli.engine.guards.state_guard import secured
    from mission_cli.surfaces.cli.commands.offers import offer_pulses
    from mission_cli.surfaces.terminal import size_of, write
    from mission_cli.surfaces.views.consent import consent_lines, kept_words

    opened = shell.open()
    address = resolve(opened.context.state.snapshot(), mission)
    address.need_whole()
    if not base and not address.mission.base and (base := opened.default_base()):
        shell.note(f"the file names no base branch: using `{base}`, which is checked out (--base names another)")
    address = on_base(address, base)
    refuse_start(opened.context, address)
    weak, ahead = weak_points(opened.context, address), outlook(opened.context, address.mission)
    if not shell.as_json:
        write(consent_lines(opened.context, address.loaded, ahead, size_of(sys.stdout).width))
        for problem in weak:
            shell.note(problem.at(address.stored.path))
    asks = {"question": "Start?", "refused": "nothing was started"}
    if not shell.agreed(f"{address.mission.id} starts", yes=yes or headless, default=True, shown=True, **asks):
        return 0
    with shell.busy(f"starting {address.mission.id}"):
        done = lifecycle.start(opened.context, address.mission.id, scheduled=scheduled, base=base, until=until)
        report = _pulse(opened)
    tell(shell, report)
    running = any(key.startswith(f"{address.mission.id}/") for key in opened.executor.running())
    follow = f"A pulse runs whenever a worker ends; `mission run {address.mission.id}` follows the mission."
    follow = follow if running else f"No worker is running; `mission why {address.mission.id}` shows what it waits for."
    now = resolve(secured(opened.context, {}, []), address.mission.id).mission  # a worker may have moved the branch
    words = f"{done.words}. {'A scheduled pulse starts it: mission cron install.' if scheduled else follow}"
    status = str(now.status) if scheduled else "active"
    shell.say(words, Started(now.id, status, weak, kept_words(address.loaded), ahead))
    if not (ahead.scheduled or yes or headless) and shell.interactive:
        offer_pulses(shell, now)
    return exit_code(report)


def pulse(
    shell: Shell,
    missions: Annotated[list[str] | None, typer.Argument(metavar="[ID…]")] = None,
    everywhere: Annotated[
        bool, typer.Option("--all", help="In all repositories in which you have used mission.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the decisions and their reasons; change nothing.")
    ] = False,
    by_exit: Annotated[bool, typer.Option("--exit-code", help="Exit 3 when a mission waits for a person.")] = False,
) -> int:
    """Run one pulse; print nothing if nothing changed."""
    from mission_cli.engine.loop import look
    from mission_cli.fastpath import leave_sign, state_folder

    if everywhere and not dry_run:
        leave_sign(state_folder())
    codes = []
    for opened in _repositories(shell, everywhere=everywhere):
        only = _only(opened, missions or [])
        with shell.busy("deciding what to do"):
            report = look(opened.context, only) if dry_run else _pulse(opened, only)
        if dry_run:
            _tell_plan(shell, report)
        else:
            tell(shell, report)
        codes.append(exit_code(report))
        if by_exit and not codes[-1] and report.waits_for_person:
            codes[-1] = 3
    return max(codes, default=0)


def takeover(shell: Shell, mission: Identity = "") -> int:
    """Make this clone the driver of a mission."""
    from mission_cli.app.commands import lifecycle

    opened = shell.open()
    return finish(shell, opened, lifecycle.takeover(opened.context, mission))


def retry(
    shell: Shell,
    feature: Thing,
    reason: Reason = "",
    yes: Yes = False,
    phase: Annotated[bool, typer.Option("--phase", help="The current phase of the mission ID, not a feature.")] = False,
) -> int:
    """Try a feature again; ask first if it is finished. Or begin the current phase again."""
    from mission_cli.app.commands import features
    from mission_cli.app.commands.phases.moves import retry_phase
    from mission_cli.app.queries.before.consequences import of_retry

    opened = shell.open()
    if phase:
        return finish(shell, opened, retry_phase(opened.context, feature, reason=reason))
    if not shell.consents(of_retry(opened.context, feature), yes=yes):
        return 0
    return finish(shell, opened, features.retry(opened.context, feature, reason=reason))


def skip(
    shell: Shell,
    feature: Thing,
    reason: Reason = "",
    yes: Yes = False,
    phase: Annotated[str, typer.Option("--phase", help="This phase of the mission ID, not a feature.")] = "",
) -> int:
    """Skip a feature; ask first if others depend on it. Or skip a phase."""
    from mission_cli.app.commands import features
    from mission_cli.app.commands.phases.moves import skip_phase
    from mission_cli.app.queries.before.consequences import of_skip

    opened = shell.open()
    if phase:
        return finish(shell, opened, skip_phase(opened.context, feature, phase, reason=reason))
    if reason.strip() and not shell.consents(of_skip(opened.context, feature), yes=yes):
        return 0
    return finish(shell, opened, features.skip(opened.context, feature, reason=reason))


def answer(
    shell: Shell,
    mission: Annotated[str, typer.Argument(metavar="ID")],
    number: Annotated[int, typer.Argument(metavar="N", help="Number of the request.")],
    text: Annotated[str, typer.Argument(metavar="TEXT")] = "",
    withdrawn: Annotated[bool, typer.Option("--withdraw", help="Withdraw it: it no longer needs an answer.")] = False,
    reason: Reason = "",
) -> int:
    """Answer a request, or withdraw it."""
    from mission_cli.app.commands import features

    if withdrawn or reason:
        return _withdraw(shell, mission, number, text, withdrawn=withdrawn, reason=reason)
    words = text
    if not words and shell.interactive:
        words = typer.prompt("Answer")
    opened = shell.open()
    return finish(shell, opened, features.answer(opened.context, mission, number, words))


def _withdraw(shell: Shell, mission: str, number: int, text: str, *, withdrawn: bool, reason: str) -> int:
    from mission_cli.app.commands.steer.ask import withdraw

    if text or not withdrawn:
        words = "--withdraw takes no answer" if withdrawn else "--reason belongs to --withdraw"
        raise UsageError(words, hint=f"write what you think into the answer: mission answer {mission} {number} TEXT")
    opened = shell.open()
    return finish(shell, opened, withdraw(opened.context, mission, number, reason=reason))


def approve(
    shell: Shell,
    mission: Annotated[str, typer.Argument(metavar="ID")],
    gate: Annotated[str, typer.Argument(metavar="GATE")],
    comment: Annotated[str, typer.Option("--comment")] = "",
    commit: Saw = "",
    choose: Annotated[
        int | None, typer.Option("--choose", min=1, metavar="N", help="The suggested feature to build.")
    ] = None,
    prd: Annotated[
        Path | None, typer.Option("--prd", metavar="FILE", help="Store these requirements and approve exactly them.")
    ] = None,
) -> int:
    """Approve a gate."""
    return _gate(shell, mission, gate, comment, commit, approved=True, choose=choose or 0, prd=prd)


def reject(
    shell: Shell,
    mission: Annotated[str, typer.Argument(metavar="ID")],
    gate: Annotated[str, typer.Argument(metavar="GATE")],
    comment: Annotated[str, typer.Option("--comment")] = "",
    commit: Saw = "",
) -> int:
    """Reject a gate."""
    return _gate(shell, mission, gate, comment, commit, approved=False)


def validate(
    shell: Shell,
    milestone: Annotated[str, typer.Argument(metavar="ID[/1]")] = "",
    report_only: Annotated[
        bool, typer.Option("--report-only", help="Write nothing; check unfinished work, too.")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="Run every criterion again, even if nothing changed.")] = False,
) -> int:
    """Check a milestone now."""
    from mission_cli.app.addressing import resolve
    from mission_cli.app.commands.validate import validate as judge

    ctx = shell.open().context
    address = resolve(ctx.state.snapshot(), milestone)
    # Polled: no notification comes when a check has ended.
    with shell.busy("running the criteria", partial(checks_running, ctx)):
        result = judge(ctx, address, report_only=report_only, again=again, wait=rest)
    lines = [f"{j.verdict:<14} {j.text}" for j in result.criteria]
    lines += [f"{'needs a person':<14} {prompt}" for prompt in result.needs_person]
    shell.show("\n".join(lines) or "the milestone has no criteria to check", result)
    return {"passed": 0, "failed": 1, "could_not_run": 2, "needs_person": 3}[result.outcome]


def checks_running(ctx: Context) -> str:
    """Return how many checks run, as text; empty if none."""
    count = sum("/checks/" in key for key in ctx.executor.running())
    return f"{counted(count, 'check')} running" if count else ""


# What they share


def _gate(
    shell: Shell,
    mission: str,
    gate: str,
    comment: str,
    saw: str,
    *,
    approved: bool,
    choose: int = 0,
    prd: Path | None = None,
) -> int:
    from mission_cli.app.commands import gates
    from mission_cli.app.commands.phases.documents import Given

    given = Given(choose) if prd is None else Given(choose, text_of(prd), str(prd))
    opened = shell.open()
    done = gates.decide_gate(opened.context, mission, gate, approved=approved, comment=comment, saw=saw, given=given)
    return finish(shell, opened, done)


def pulse_and_tell(shell: Shell, opened: Opened) -> None:
    """Run a pulse and print what it did."""
    with shell.busy("deciding what to do"):
        report = _pulse(opened)
    tell(shell, report)


def finish(
    shell: Shell, opened: Opened, done: Done, *, only: bool = False, facts: DataclassInstance | None = None
) -> int:
    """Run the pulse that the command calls for, then print what happened; with `only`, it serves no other mission.

    `facts` are printed with --json; by default `Changed`.
    """
    from mission_cli.app.pulses.after import follow_up
    from mission_cli.app.results.changes import Changed

    with shell.busy("deciding what to do"):
        report = follow_up(opened.context, done, settings_valid=not opened.problems, only=only)
    if report is not None:
        tell(shell, report)
    shell.say(done.words, facts or Changed(done.address.mission.id, done.words, done.commit or ""))
    return exit_code(report) if report is not None else 0


def _pulse(opened: Opened, only: Sequence[MissionId] = ()) -> Report:
    from mission_cli.engine.loop import pulse as tick

    return tick(opened.context, only)


def _repositories(shell: Shell, *, everywhere: bool) -> list[Opened]:
    if not everywhere:
        return [shell.open()]
    from mission_cli.wiring.compose import note_closed, open_known, registry

    found = []
    for place in registry().all():
        try:
            opened = open_known(place)
        except MissionError as error:
            note_closed(place, error)
            shell.note(f"{place}: {error.message}")
            continue
        if opened is None:
            shell.note(f"{place} {GONE}")
        else:
            found.append(opened)
    return found


def _only(opened: Opened, names: list[str]) -> list[MissionId]:
    from mission_cli.app.addressing import resolve

    snapshot = opened.context.state.snapshot()
    return [resolve(snapshot, name).need_whole().id for name in names]


def tell(shell: Shell, report: Report) -> None:
    """Print what a pulse did, and its errors."""
    if not (shell.as_json or shell.quiet):
        for line in report.lines:
            shell.out.print(clean(line))
    _complain(shell, report)


def _complain(shell: Shell, report: Report) -> None:
    for line in complaints(report, debug=shell.debug):
        shell.err.print(line)


def _tell_plan(shell: Shell, report: Report) -> None:
    from mission_cli.app.results.reports import DryRun, PlannedDecision, PlannedHold

    for identity, case in report.cases.items():
        decided = [*case.plan.transitions, *case.plan.effects]
        if shell.as_json:
            holds = [PlannedHold(h.subject, h.kind, h.detail) for h in case.plan.holds]
            shell.facts(DryRun(identity, [PlannedDecision(type(d).__name__, d.why) for d in decided], holds))
            continue
        for one in decided:
            shell.out.print(clean(f"{identity}: would {type(one).__name__}: {one.why}"))
        for hold in case.plan.holds:
            shell.out.print(
                clean(f"{identity}{'/' + hold.subject if hold.subject else ''}: {hold.kind}: {hold.detail}")
            )
