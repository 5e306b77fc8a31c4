"""Commands that change a mission: each makes one commit in the person's name, and the loop acts on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import counted, one_line
from mission_cli.app.addressing import Address, resolve
from mission_cli.app.commands.start_checks import pause_at, refuse_start, restored
from mission_cli.app.decisions import logged_decisions
from mission_cli.app.purchases.decide import decision_on
from mission_cli.app.transaction import Done, Wanted, commit_change
from mission_cli.document.changes import Change, SetCell, SetFeature, SetFront, SetMilestone
from mission_cli.document.runs.record import read_run
from mission_cli.domain.asking.options import chosen
from mission_cli.domain.budget.ledger import account, alert, is_used_up, next_threshold
from mission_cli.domain.errors import (
    ConflictError,
    DocumentError,
    MissionError,
    NotFoundError,
    NotWrittenError,
    UsageError,
    refusals_said,
)
from mission_cli.domain.events import EventKind
from mission_cli.domain.forge.rows import open_ones
from mission_cli.domain.hooks.rules import BEFORE
from mission_cli.domain.host import is_elsewhere
from mission_cli.domain.notice import advise, do
from mission_cli.domain.status import (
    FINISHED_MISSION,
    WAITING_MISSION,
    FeatureStatus,
    MilestoneStatus,
    MissionStatus,
    RequestStatus,
)
from mission_cli.engine.executions import fresh_tries
from mission_cli.engine.halt import stop_jobs
from mission_cli.planner.core.transitions import MISSION_MOVES
from mission_cli.planner.mission.money import raise_cap
from mission_cli.planner.scope.terms import caps_to_set

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mission_cli.domain.mission import Feature, Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.domain.tables import InputRequest
    from mission_cli.engine.context import Context

_LONGEST_WORD = 40


def pause(ctx: Context, text: str, *, reason: str = "", now: bool = False) -> Done:
    """Start nothing new; with `now`, also end running workers, even if nothing can be written. Their work is kept."""

    def change(address: Address) -> Wanted:
        words = f"{address.mission.id} is paused" + (f": {reason}" if reason else "")
        wanted = _to(address, MissionStatus.PAUSED, EventKind.MISSION_PAUSED, words)
        return replace(wanted, decisions=("Pause the mission",), reason=reason)

    return and_end_jobs(ctx, text, change, "paused") if now else commit_change(ctx, text, change)


def resume(ctx: Context, text: str, *, reason: str = "", until: str = "") -> Done:
    """Continue a mission; a threshold that was reached moves to the next step, and failed validations are forgotten.

    `until`: when it pauses by itself, as a person writes it. Raises UsageError if it is not a time.
    """
    pauses = pause_at(ctx, until)

    def change(address: Address) -> Wanted:
        mission = address.mission
        if mission.status not in {
            MissionStatus.PAUSED,
            MissionStatus.ACTIVE,
            None,
        }:  # `start` says what it costs, and asks
            to_go_on = "to continue it: " if mission.status in FINISHED_MISSION else "to start it: "
            raise UsageError(f"{mission.id} is {mission.status}", hint=advise(to_go_on, do("start", mission.id)))
        refuse_start(ctx, address)
        plain = _to(
            address,
            MissionStatus.ACTIVE,
            EventKind.MISSION_RESUMED,
            f"{mission.id} is resumed" + (f": {reason}" if reason else ""),
        )
        extra, words, decisions = _above_threshold(address, records_of(ctx, address))
        worn = [m for m in mission.milestones if m.rounds and not m.finished]
        extra += [SetMilestone(m.number, "Rounds", "0") for m in worn]
        changes = (*plain.changes, *extra, *pauses)
        held = any(name.startswith(BEFORE) for name in ctx.settings.hooks_and_watchers.commands)
        again = held and not changes
        wanted = Wanted(
            "; ".join([plain.words, *words, *(["the commands before its steps run again"] if again else [])]),
            plain.event,
            changes,
            decisions=("Resume the mission", *decisions),
            reason=reason,
            record=again,
        )
        return restored(address, wanted)

    return commit_change(ctx, text, change)


def _above_threshold(address: Address, records: Sequence[RunRecord]) -> tuple[list[Change], list[str], list[str]]:
    """Return what moves a threshold that was reached to the next step: the changes, the message, the decisions.

    If a cap is used up no step helps; then only the message is returned.
    """
    mission = address.mission
    state = account(mission.limits, mission.spends, records, purchases=mission.purchases)
    reached = alert(state)
    if reached is None:
        return [], [], []
    if is_used_up(state, reached.category):
        higher = raise_cap(mission, reached.category, state)
        said = f"the cap in {reached.category} is used up: no attempt can start until it is raised: {higher}"
        return [], [said], []
    step = next_threshold(state)
    what = f"Continue above the budget threshold, now {step}%"
    return [SetFront(("budget", "alert_threshold_pct"), step)], [f"the threshold is now {step}%"], [what]


def cancel(ctx: Context, text: str, *, reason: str = "") -> Done:
    """End the mission; stop running workers, even if nothing can be written. Their work is kept."""

    def change(address: Address) -> Wanted:
        words = f"{address.mission.id} is cancelled" + (f": {reason}" if reason else "")
        pulls = open_ones(address.mission.pulls)
        words += f"; {pulls} {'stays' if ',' not in pulls else 'stay'} open at the forge" if pulls else ""
        wanted = _to(address, MissionStatus.CANCELLED, EventKind.MISSION_CANCELLED, words)
        return replace(wanted, decisions=("Cancel the mission",), reason=reason)

    return and_end_jobs(ctx, text, change, "cancelled")


def and_end_jobs(ctx: Context, text: str, change: Callable[[Address], Wanted], word: str) -> Done:
    """Commit a change and end all jobs of the mission; they are ended even if the commit fails."""
    try:
        with refusals_said():
            done = commit_change(ctx, text, change)
    except (UsageError, NotFoundError):
        raise
    except MissionError as error:
        mission = resolve(ctx.state.snapshot(), text).stored.id
        ended = stop_jobs(ctx.executor, mission)
        words = f"{mission} could not be marked as {word}: {error.message}"
        told = f"; {counted(len(ended), 'running job')} of it {'was' if len(ended) == 1 else 'were'} told to end"
        again = do("pause" if word == "paused" else "cancel", mission)
        hint = advise(error.hint or "fix that", "; then run again: ", again)
        raise NotWrittenError(words + told, hint=hint) from error
    me = ctx.machine.me()
    for record in open_records(ctx, done.address):
        if not (record.by or is_elsewhere(record.host, me)):
            ctx.executor.cancel(record.run)
    if word == "cancelled":
        stop_jobs(ctx.executor, done.address.mission.id)  # its checks; those of a paused mission go on
    return done


def retry(ctx: Context, text: str, *, reason: str = "") -> Done:
    """Make a feature pending, with its full number of attempts; attempt numbers continue, earlier work is kept."""

    def change(address: Address) -> Wanted:
        feature = address.need_feature()
        records = [r for r in records_of(ctx, address) if r.feature == feature.number]
        if any(r.open for r in records) and feature.status in {FeatureStatus.DISPATCHED, FeatureStatus.REVIEW}:
            raise ConflictError(
                f"{feature.number} has a running attempt",
                hint=advise("stop it first: ", do("skip", f"{address.mission.id}/{feature.number}")),
            )
        words = f"{feature.number} is retried" + (f": {reason}" if reason else "")
        what = f"Retry {feature.number} {feature.title}"
        return Wanted(
            words, EventKind.FEATURE_RETRIED, retried(address, feature, records), decisions=(what,), reason=reason
        )

    return commit_change(ctx, text, change, part=True)


def skip(ctx: Context, text: str, *, reason: str) -> Done:
    """Skip a feature; a running attempt is stopped and its work is kept."""
    if not reason.strip():
        raise UsageError("a reason is needed", hint="--reason TEXT; it is recorded in the Decision Log")

    def change(address: Address) -> Wanted:
        feature = address.need_feature()
        if feature.status is FeatureStatus.DONE:
            raise UsageError(f"{feature.number} is done", hint="only unfinished features can be skipped")
        running = [r for r in open_records(ctx, address) if r.feature == feature.number]
        stops = f"; its attempt {running[0].attempt} is stopped and its work is kept" if running else ""
        pull = open_ones(row for row in address.mission.pulls if row.subject == feature.number)
        closes = f"; its {pull} is closed without a merge" if pull else ""
        return Wanted(
            f"{feature.number} is skipped: {reason}{stops}{closes}",
            EventKind.FEATURE_SKIPPED,
            (SetFeature(feature.number, "Status", FeatureStatus.SKIPPED),),
            decisions=(f"Skip {feature.number} {feature.title}",),
            reason=reason,
        )

    return commit_change(ctx, text, change, part=True)


def answer(
    ctx: Context, text: str, number: int, response: str, *, only_if: Callable[[Address], None] = lambda _: None
) -> Done:
    """Answer a request. `only_if` raises if the mission, as it is when this is decided, does not allow it."""

    def change(address: Address) -> Wanted:
        only_if(address)
        request = open_request(address, number)
        _refuse_unknown_answer(request, response)
        key, raised = {"#": str(number)}, caps_to_set(address.mission, request, response)
        return Wanted(
            f"request {number} is answered: {response}",
            EventKind.REQUEST_ANSWERED,
            (
                SetCell("Input Requests", key, "Status", RequestStatus.ANSWERED),
                SetCell("Input Requests", key, "Response", response),
                *(SetFront(tuple(name.split(".")), cap) for name, cap in raised.items()),
                *decision_on(ctx, address, request, response),
            ),
            decisions=(
                f"Answer request {number} with: {response}",
                *(f"Raise {name} to {cap:f}" for name, cap in raised.items()),
            ),
            reason=request.prompt,
        )

    return commit_change(ctx, text, change, part=True)


def open_request(address: Address, number: int) -> InputRequest:
    """Return an open request. Raises NotFoundError if there is none, UsageError if it is closed."""
    mission = address.mission
    request = next((r for r in mission.requests if r.number == number), None)
    if request is None:
        known = ", ".join(str(r.number) for r in mission.requests if r.open)
        hint = f"open requests: {known}" if known else "no request is open"
        raise NotFoundError(f"there is no request {number}", hint=hint)
    if not request.open:
        undoing = ("; to undo the answer: ", do("undo", mission.id)) if request.status == RequestStatus.ANSWERED else ()
        raise UsageError(_closed(mission, request), hint=advise(do("inbox"), " shows open requests", *undoing))
    return request


def open_records(ctx: Context, address: Address) -> list[RunRecord]:
    """Return the attempts of a mission that are not settled."""
    return [r for r in records_of(ctx, address) if r.open]


def records_of(ctx: Context, address: Address) -> list[RunRecord]:
    """Return all committed run records of a mission."""
    head = ctx.state.snapshot().head
    texts = ctx.state.runs(address.stored, head) if head else {}
    return [r for r in map(read_run, texts.values()) if r is not None]


def _to(address: Address, status: MissionStatus, event: EventKind, words: str) -> Wanted:
    now = address.mission.status
    if now is status and address.mission.in_force.overrules("status") is None:
        return Wanted(f"{address.mission.id} is {status} already", event)
    if address.loaded.refused:
        problem = next(iter(address.loaded.errors()), None)
        words = problem.at(address.stored.path) if problem else address.stored.path
        raise DocumentError(f"the mission file cannot be read: {words}", hint=do("edit", address.mission.id))
    mends = now is None and status in {MissionStatus.PAUSED, MissionStatus.CANCELLED}  # an unknown status
    if now is not status and not mends and (now is None or (now, status) not in MISSION_MOVES):
        help_by = "start" if now in FINISHED_MISSION else "cancel" if now in WAITING_MISSION else "status"
        hint = do(help_by, address.mission.id)
        raise UsageError(f"{address.mission.id} is {address.mission.raw_status} and cannot become {status}", hint=hint)
    return Wanted(words, event, (SetFront(("status",), str(status)),))


def retried(address: Address, feature: Feature, records: Sequence[RunRecord]) -> tuple[Change, ...]:
    """Return the changes by which a feature is tried again, and its milestone is open again."""
    changes = [*fresh_tries(address.loaded, feature, records)]
    milestone = address.mission.milestone_holding(feature.number)
    if milestone is not None and milestone.status in {MilestoneStatus.PASSED, MilestoneStatus.VALIDATING}:
        changes.append(SetMilestone(milestone.number, "Status", MilestoneStatus.ACTIVE))
    return tuple(changes)


def _closed(mission: Mission, request: InputRequest) -> str:
    """Return why a request takes no answer: what was answered by whom, or why it was withdrawn."""
    number, log = request.number, [row.details for row in mission.progress]
    if request.status == RequestStatus.WITHDRAWN:
        words = f"request {number} is withdrawn"
        expired = f"request {number} was not answered in time" in log
        words = next((row for row in reversed(log) if row.startswith(f"{words}: ")), words)
        return f"{words}; it had expired before" if expired else words
    begin = f"Answer request {number} with: "
    by = [one.by for one in logged_decisions(mission) if one.decision.startswith(begin) and one.by]
    who = f", by {by[-1]}" if by else ""
    return f"request {number} is {request.status} already{who}" + (f": {request.response}" if request.response else "")


def _refuse_unknown_answer(request: InputRequest, response: str) -> None:
    """Raise UsageError if an answer is empty, or does not begin with one of the options of a request."""
    if not response.strip():
        allowed = f"answer with {', '.join(request.options)}" if request.options else "add the answer as text"
        raise UsageError(f"request {request.number} has no answer yet: {request.prompt}", hint=allowed)
    if not request.answers.free and chosen(request.answers.options, response) is None:
        first = one_line(response.split(maxsplit=1)[0].strip(".,:;!").casefold(), _LONGEST_WORD)
        hint = f"begin with one of: {', '.join(request.options)}"
        raise UsageError(f"`{first}` is not one of the possible answers", hint=hint)
