"""Undo the last decision on a mission with a new commit: field by field, on the file as it is now.

What cannot be undone is refused, with a hint what to do instead: a started attempt, spent money, landed work. Attempt
numbers, costs and logs stay: the logs show the decision and that it was undone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.addressing import resolve
from mission_cli.app.commands.gates import landed_as
from mission_cli.app.results.changes import Undone
from mission_cli.document.changes import AppendRow, Change
from mission_cli.document.editing import patch
from mission_cli.document.merging.difference import differences
from mission_cli.document.reading.load import load
from mission_cli.document.reading.sections import place_of, rows_in
from mission_cli.domain.errors import BlockedError, ConflictError, NotFoundError
from mission_cli.domain.events import EventKind
from mission_cli.domain.ids import MissionId, Sha
from mission_cli.domain.notice import Advice, advise, do
from mission_cli.domain.status import JobState, MissionStatus
from mission_cli.engine.recording.entry import Entry
from mission_cli.engine.recording.record import log_rows, message
from mission_cli.planner.mission.guard import STATE_PUT_BACK
from mission_cli.ports.git.state import Write

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mission_cli.app.addressing import Address
    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Event, Snapshot

EVENT = EventKind.DECISION_UNDONE
_TRIES = 20
_MOST = 200
_NO_DECISIONS = frozenset(
    {
        EventKind.ACCOUNT_PICTURE,
        EventKind.ACCOUNT_READY,
        EventKind.ACCOUNT_STARTED,
        EventKind.ACCOUNT_STOPPED,
        EventKind.DEPLOY_CHECKED,
        EventKind.DEPLOY_DROPPED,
        EventKind.DEPLOY_FAILED,
        EventKind.DEPLOY_LIVE,
        EventKind.DEPLOY_PLANNED,
        EventKind.DEPLOY_ROLLED_BACK,
        EventKind.DEPLOY_ROLLING_BACK,
        EventKind.DEPLOY_STARTED,
        EventKind.DEPLOY_STUCK,
        EventKind.EVENT_EXTERNAL,
        EventKind.MAIL_ADDED,
        EventKind.MAIL_FAILED,
        EventKind.MAIL_IGNORED,
        EventKind.MAIL_RECEIVED,
        EventKind.MAIL_SENDING,
        EventKind.MAIL_SENT,
        EventKind.MAIL_UNSURE,
        EventKind.MESSAGE_AGENT,
        EventKind.MISSION_NOTED,
        EventKind.PREVIEW_CLOSED,
        EventKind.PREVIEW_CLOSING,
        EventKind.PREVIEW_FAILED,
        EventKind.PREVIEW_PLANNED,
        EventKind.PREVIEW_READY,
        EventKind.PREVIEW_REFUSED,
        EventKind.PREVIEW_STARTING,
        EventKind.PREVIEW_UNCLEANED,
        EventKind.PROGRESS_REPORTED,
        EventKind.PULL_CLOSED,
        EventKind.PULL_OPENED,
        EventKind.PULL_PLANNED,
        EventKind.PULL_TAKEN,
        EventKind.PULL_UPDATED,
        EventKind.RUNS_ROLLED,
        EventKind.STATE_JOINED,
        EventKind.STATE_SHOWN,
        EventKind.WAIT_REMINDED,
    }
)
"""Bookkeeping: notes, previews, and what the program, or a person at the forge, did as a consequence."""
_LOGS: Mapping[str, tuple[str, ...]] = {
    "Progress Log": ("Timestamp", "Event", "Details"),
    "Decision Log": ("#", "Date", "Decision", "Rationale", "Alternatives Considered"),
}
"""Tables that only grow: a row for something that happened stays when the decision is undone."""
_FINAL: Mapping[str, tuple[str, str, str]] = {
    EventKind.ATTEMPT_SETTLED: ("an attempt has ended and was paid for", "to try again", "retry"),
    EventKind.FEATURE_TAKEN: ("a person has taken over a feature", "give it back", "handback"),
    EventKind.MISSION_CREATED: ("it is the first commit of the mission", "to end the mission", "cancel"),
    EventKind.MISSION_IMPORTED: ("it is the first commit of the mission", "to end the mission", "cancel"),
    EventKind.MISSION_PLANNED: ("the planning was paid for", "change the plan", "edit"),
    EventKind.MISSION_COMPLETED: ("the work has landed", "continue the mission", "start"),
    EventKind.PULL_MERGED: ("the forge has merged it", "see its pull requests", "pr"),
    EventKind.PULL_RETURNED: ("its pull request has moved on", "see what blocks it", "pr"),
    EventKind.MISSION_YIELDED: ("another machine drives the mission", "take it over", "takeover"),
    EventKind.MISSION_TAKEN_OVER: (
        "another machine may have seen it",
        "on the machine that should run it",
        "takeover",
    ),
}
"""Decisions that stay, why, and the command that does something instead."""
_OF_FEATURES = frozenset({"retry", "handback"})


def undoable(ctx: Context, text: str) -> Undone:
    """Return what an undo would take back now, with an empty commit. Raises as `undo` does."""
    snapshot = ctx.state.snapshot()
    address = resolve(snapshot, text)
    last, _, new, _ = _taken_back(ctx, address, snapshot)
    changes = differences(address.loaded, load(new, address.mission.id))
    return Undone(address.mission.id, last.subject, last.events, last.commit, Sha(""), changes, _note(last, new))


def undo(ctx: Context, text: str) -> Undone:
    """Undo the last decision. Raises BlockedError if that is not possible; its hint says what to do instead."""
    person = ctx.person()
    for attempt in range(_TRIES):
        snapshot = ctx.state.snapshot()
        try:
            address = resolve(snapshot, text)
            address.need_whole()
        except NotFoundError:
            made = _made_again(ctx, snapshot, text)
            if made is None:
                raise
            return made
        last, back, new, beside = _taken_back(ctx, address, snapshot)
        entry = Entry(
            EVENT,
            f"undone: {last.subject} (by {person.name})",
            undoes=last.commit,
            decisions=(f"Undo: {last.subject}",),
            reason=f"by {person.name}",
        )
        rows = list(log_rows(address.loaded, [entry], ctx.clock.now()))

        def rework(theirs: str, back: Callable[[str], str] = back, rows: Sequence[Change] = rows) -> str:
            return patch.apply_fitting(back(theirs), rows).text

        write = Write(address.stored.path, patch.apply(new, rows), address.stored.text, rework)
        try:
            commit = ctx.state.commit(
                [write, *beside], message=message(address.mission.id, [entry]), expect=snapshot.head, author=person
            )
        except ConflictError:
            if attempt + 1 == _TRIES:
                raise
            continue
        ctx.runtime.request_pulse()
        changes = differences(address.loaded, load(new, address.mission.id))
        return Undone(address.mission.id, last.subject, last.events, last.commit, commit, changes, _note(last, new))
    raise AssertionError("the loop returns or raises")


def _taken_back(
    ctx: Context, address: Address, snapshot: Snapshot
) -> tuple[Event, Callable[[str], str], str, list[Write]]:
    """Return the last decision, what takes it out of a text of the file, the file without it, and other files.

    Raises BlockedError if it cannot be undone, and NotFoundError if there is none.
    """
    last = last_decision(ctx.state.history(address.stored, limit=_MOST))
    if last is None:
        raise NotFoundError(f"the history of {address.mission.id} has no decision to undo")
    before, after = (ctx.state.text_at(address.stored, f"{last.commit}{end}") for end in ("^", ""))
    _refuse(ctx, address, last, before, after)
    _refuse_changed(address, before, after)
    back = _reversal(ctx, address.mission.id, before, after)
    new = back(address.stored.text)
    beside = _beside(ctx, address, last, snapshot) if STATE_PUT_BACK in last.events else []
    if new == address.stored.text and not beside:
        raise NotFoundError(
            f"the file no longer contains anything from this decision: {last.subject}",
            hint=do("history", address.mission.id),
        )
    return last, back, new, beside


def last_decision(history: Sequence[Event]) -> Event | None:
    """Return this program's newest commit that decided something and was not undone; other commits do not count.

    If the loop made the newest decision, a commit in which it put back the state comes first: only that one may have
    undone the decision of a person.
    """
    taken_back = {event.undoes for event in history}
    decided: list[Event] = []
    for event in history:
        bookkeeping = not event.events or EVENT in event.events or _NO_DECISIONS.issuperset(event.events)
        if not bookkeeping and event.commit not in taken_back:
            decided.append(event)
    put_back = next((n for n, event in enumerate(decided) if STATE_PUT_BACK in event.events), None)
    if put_back is not None and decided[0].author == decided[put_back].author:
        return decided[put_back]
    return next(iter(decided), None)


def _beside(ctx: Context, address: Address, last: Event, snapshot: Snapshot) -> list[Write]:
    """Return the writes that restore a mission's other files as they were before the loop put them back.

    Files that have changed since are left out.
    """
    mission = address.stored.id
    files = ctx.state.changed(_before(last), last.commit).get(mission, {})
    since = ctx.state.changed(last.commit, snapshot.head).get(mission, {})
    again = [path for path in files if path != address.stored.path and path not in since]
    return [Write(path, *files[path]) for path in again]


def _made_again(ctx: Context, snapshot: Snapshot, text: str) -> Undone | None:
    """Restore a mission that was removed because this program had not created it; None if there is none."""
    history = ctx.state.history(limit=_MOST)
    taken_back = {event.undoes for event in history}
    back = (e for e in history if STATE_PUT_BACK in e.events and text in e.missions and e.commit not in taken_back)
    for last in back:
        files = ctx.state.changed(_before(last), last.commit).get(MissionId(text), {})
        writes = [Write(path, old) for path, (old, new) in files.items() if old is not None and new is None]
        if not writes:
            continue
        person = ctx.person()
        entry = Entry(EVENT, f"undone: {last.subject} (by {person.name})", undoes=last.commit)
        words = message(text, [entry])
        commit = ctx.state.commit(writes, message=words, expect=snapshot.head, author=person)
        ctx.runtime.request_pulse()
        return Undone(text, last.subject, last.events, last.commit, commit, ())
    return None


def _before(last: Event) -> Sha:
    """Return the parent of a commit, in git's notation."""
    return Sha(f"{last.commit}^")


def _refuse(ctx: Context, address: Address, last: Event, before: str, after: str) -> None:
    mission = address.mission.id
    for event in last.events:
        if event in _FINAL:
            why, instead, command = _FINAL[event]
            subject = f"{mission}/N.M" if command in _OF_FEATURES else mission
            raise BlockedError(f"{why}: {last.subject}", hint=advise(f"{instead}: ", do(command, subject)))
    if not before:
        hint = advise("make the change you want: ", do("edit", mission))
        raise BlockedError(f"this history has no version from before this decision: {last.subject}", hint=hint)
    by_hand = set(last.events) == {EventKind.BUDGET_RECORDED}
    if not by_hand and load(before, mission).mission.spends != load(after, mission).mission.spends:
        raise BlockedError(f"something was spent: {last.subject}", hint="a recorded cost is never removed")
    if last.runs:
        begun = [run for run, job in ctx.executor.poll(last.runs).items() if job.state is not JobState.UNKNOWN]
        if begun:
            feature = begun[0].rpartition("-")[0]
            skip = do("skip", feature, "--reason", "TEXT")
            raise BlockedError(
                f"{begun[0]} has started", hint=advise("stop it: ", do("pause", mission, "--now"), ", or ", skip)
            )
    approved = address.mission.landings[-1:] if EventKind.LANDING_APPROVED in last.events else ()
    landed = landed_as(ctx, address.mission, approved[0].commit) if approved else None
    if landed is not None:
        revert = f"revert it on {address.mission.base}" + (f": {landed[1]}" if landed[1] else "")
        raise BlockedError(f"the work has landed: {last.subject}", hint=revert)


def _refuse_changed(address: Address, before: str, after: str) -> None:
    """Raise BlockedError if the same fields were changed since."""
    mission = address.mission.id
    old, new = load(before, mission), load(after, mission)
    decided = {(one.subject, one.what) for one in differences(old, new)}
    since = [one for one in differences(new, address.loaded) if (one.subject, one.what) in decided]
    since = [one for one in since if one.subject not in _LOGS]
    if since:
        words = "; ".join(f"{one.subject} {one.words()}" for one in since[:3])
        raise BlockedError(f"the same fields were changed again since: {words}", hint=_see(mission))


def _see(mission: str) -> Advice:
    return advise(do("diff", mission), " shows the last change; ", do("edit", mission), " opens the file")


def _reversal(ctx: Context, mission: str, before: str, after: str) -> Callable[[str], str]:
    """Return a function that undoes a change in a later version of the file. It raises BlockedError on a conflict."""
    wanted = patch.apply_fitting(before, list(_logged(load(before, mission), load(after, mission)))).text

    def back(now: str) -> str:
        merged = ctx.state.merge(after, now, wanted)
        if merged is None:
            raise BlockedError("the same fields were changed again since", hint=_see(mission))
        return merged

    return back


def _logged(before: Loaded, after: Loaded) -> list[AppendRow]:
    """Return the rows that the decision added to the logs."""
    found = []
    for section, columns in _LOGS.items():
        old, new = (_rows(one, section, columns) for one in (before, after))
        found += [AppendRow(section, row) for row in new if row not in old]
    return found


def _rows(loaded: Loaded, section: str, columns: Sequence[str]) -> list[dict[str, str]]:
    views = rows_in(loaded.layout, section, columns[0].lower(), columns[1].lower())
    return [{n: row[n.lower()] for n in columns if place_of(row.table, n.lower()) >= 0} for row in views]


def _note(last: Event, now: str) -> str:
    active = load(now, "").mission.status is MissionStatus.ACTIVE
    by_us = not any(event.startswith((EventKind.REQUEST_ANSWERED, EventKind.LANDING_APPROVED)) for event in last.events)
    decided = by_us and last.author.name == "mission"
    return "the next pulse may decide the same again; to prevent that, pause the mission" if active and decided else ""
