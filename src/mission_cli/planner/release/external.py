"""External waits: resolve what has happened, remind of what has not, and give up after the last period."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import digest, parse_stamp, show_duration, stamp
from mission_cli.domain.events import EventKind
from mission_cli.domain.forge.facts import PullState
from mission_cli.domain.forge.rows import IN_BASE, OVER
from mission_cli.domain.mail.rows import MailStatus
from mission_cli.domain.noted import is_noted
from mission_cli.domain.outside.facts import Numbered, Occasion
from mission_cli.domain.status import MissionStatus, WaitStatus
from mission_cli.domain.timing.waiting import REPLY_PERIODS, periods, reply_wait
from mission_cli.planner.core.moves.mission import Note
from mission_cli.planner.core.moves.waiting import MoveWait, StartWait
from mission_cli.planner.mails.outgoing import remind
from mission_cli.planner.mails.rows import files_of, sent_at

if TYPE_CHECKING:
    from datetime import timedelta

    from mission_cli.domain.tables import Wait
    from mission_cli.domain.timing.waiting import ReplyWait
    from mission_cli.planner.core.draft import Draft

_CLOSED = "was closed without a merge"


def waits(draft: Draft) -> None:
    """Resolve waits for a time, an event, another mission or a pull request; remind of others, let them time out."""
    for wait in draft.mission.waits:
        if wait.open:
            _wait(draft, wait)
    for again in (draft.observation.outside_again, draft.observation.mail.again):
        if again is not None:
            draft.wakes.append(max(again, draft.observation.now))


def _wait(draft: Draft, wait: Wait) -> None:
    kind, _, what = wait.waiting_for.partition(":")
    due = parse_stamp(what) if kind == "time" else None
    if due is not None:
        if draft.has_come(wait.feature, f"{what} has come", due - draft.observation.now):
            _end(draft, wait, WaitStatus.RESOLVED, f"{what} has come")
        return
    if kind == "mission" and draft.observation.missions.get(what) == MissionStatus.COMPLETED:
        _end(draft, wait, WaitStatus.RESOLVED, f"mission {what} is completed")
        return
    if _pull_is_over(draft, wait, what):
        return
    told = reply_wait(wait.waiting_for)
    if told is not None and _replied(draft, wait, told):
        return
    since = parse_stamp(wait.since) if wait.since else None
    if since is None:
        now = stamp(draft.observation.now)
        draft.transitions.append(StartWait(wait.feature, wait.waiting_for, now, f"it waits for {wait.waiting_for}"))
        return
    occasion = draft.observation.occasions.get(wait.waiting_for, Occasion())
    if occasion.at is not None:
        if draft.has_come(wait.feature, f"{wait.waiting_for} has come", occasion.at - draft.observation.now):
            _end(draft, wait, WaitStatus.RESOLVED, f"{wait.waiting_for} has come: {stamp(occasion.at)}")
        return
    _pass(draft, wait, draft.observation.since(since))


def _pull_is_over(draft: Draft, wait: Wait, what: str) -> bool:
    """End a wait for a pull request that is merged or closed; whether it is over."""
    row = draft.observation.awaited.get(what) if wait.pull is not None else None
    if row is not None and row.status in OVER:
        to = WaitStatus.RESOLVED if row.status in IN_BASE else WaitStatus.FAILED
        _end(draft, wait, to, f"{row.name} of {what} {'is merged' if row.status in IN_BASE else _CLOSED}")
        return True
    state = draft.observation.numbered.get(wait.waiting_for, Numbered()).state
    if state not in {PullState.MERGED, PullState.CLOSED}:
        return False
    merged = state is PullState.MERGED
    words = f"pull request #{what.lstrip('#')} {'is merged' if merged else _CLOSED}"
    _end(draft, wait, WaitStatus.RESOLVED if merged else WaitStatus.FAILED, words)
    return True


def _replied(draft: Draft, wait: Wait, told: ReplyWait) -> bool:
    """End a wait for replies when enough have come; it does not begin before its mail is sent. Whether it may go on."""
    row, since = sent_at(draft, told.mail)
    if row is None:
        return False  # no such mail: its timeout decides
    need = len(row.to) if told.need is None else min(told.need, len(row.to))
    if len(row.repliers) >= need:
        words = f"{', '.join(sorted(row.repliers))} replied to {row.name}"
        move = MoveWait(wait.feature, wait.waiting_for, wait.status, WaitStatus.RESOLVED, words, files_of(row))
        draft.transitions.append(move)
        return True
    if row.status is MailStatus.REJECTED:
        _end(draft, wait, WaitStatus.FAILED, f"{row.name} was rejected, so no reply will come")
        return True
    if not since:
        return True
    if not wait.since:
        draft.transitions.append(StartWait(wait.feature, wait.waiting_for, since, f"it waits for {wait.waiting_for}"))
        return True
    return False


def _pass(draft: Draft, wait: Wait, waited: timedelta) -> None:
    """Remind of a wait after each period of its timeout, and let it fail after the last one."""
    told = reply_wait(wait.waiting_for)
    row, _ = sent_at(draft, told.mail) if told is not None else (None, "")
    usual = REPLY_PERIODS if row is not None and row.status is not MailStatus.EXPECTED else 1
    times, length = periods(wait.timeout, draft.policy.wait_lifetime, usual)
    if draft.has_come(wait.feature, f"the wait for {wait.waiting_for} is over", length * times - waited):
        _end(draft, wait, WaitStatus.FAILED, f"{wait.waiting_for} did not happen in time")
        return
    passed = min(waited // length if length else times, times - 1)
    key = f"{wait.feature} {digest(wait.waiting_for)} {passed}"
    if passed > 0 and not is_noted(draft.mission, EventKind.WAIT_REMINDED, key):
        left = f"{times - passed} more of {show_duration(length)}"
        words = f"{wait.feature} has waited {show_duration(length * passed)} for {wait.waiting_for}, {left}"
        draft.transitions.append(Note(EventKind.WAIT_REMINDED, words, about=(key,)))
        if row is not None and row.status is MailStatus.SENT:
            remind(draft, row)
    if passed < times - 1:
        draft.wakes.append(draft.observation.now + length * (passed + 1) - waited)


def _end(draft: Draft, wait: Wait, to: WaitStatus, why: str) -> None:
    draft.transitions.append(MoveWait(wait.feature, wait.waiting_for, wait.status, to, why))
