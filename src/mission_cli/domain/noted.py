"""Facts about events that later decisions need, stored in the front matter so that logs may be shortened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import parse_stamp
from mission_cli.domain.events import EventKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from mission_cli.domain.mission import Mission

SECTION = "noted"
"""The key of the front matter that holds them: a mapping of texts."""
TIMED = frozenset(
    {
        EventKind.MISSION_STARTED,
        EventKind.MISSION_ACTIVE,
        EventKind.MISSION_RESUMED,
        EventKind.MISSION_RECURRING,
        EventKind.MISSION_CANCELLED,
        EventKind.MISSION_COMPLETED,
    }
)
"""Events stored with the time of their last occurrence."""
ONCE = frozenset(
    {
        EventKind.BUDGET_WARNING,
        EventKind.BUDGET_PROJECTED,
        EventKind.DEADLINE_WARNING,
        EventKind.FEATURE_BY_HAND,
        EventKind.ISSUE_REFUSED,
        EventKind.MISSION_STALE,
        EventKind.MAIL_IGNORED,
        EventKind.PURCHASE_IGNORED,
        EventKind.REQUEST_REMINDED,
        EventKind.WAIT_REMINDED,
        EventKind.APPROVAL_VOID,
        EventKind.APPROVAL_REQUIRED,
        EventKind.PLAN_ADOPTED,
        EventKind.WATCHER_ACTED,
        EventKind.SCOPE_DECIDED,
        EventKind.JUDGMENT_DECIDED,
        EventKind.DRAFT_ADDED,
        EventKind.DRAFT_REFUSED,
    }
)
"""Events stored with the time of the last one for each subject; most of them happen only once."""
BLAMES = frozenset({EventKind.WORK_PUT_BACK, EventKind.STATE_PUT_BACK})
"""Events stored for each attempt that is to blame, with the text of the log."""
_WITH_REASON = BLAMES | {EventKind.TEST_QUARANTINED, EventKind.SCOPE_PROPOSED}
"""Events stored for each subject with the text of the log."""
_HOOKS = frozenset({EventKind.HOOK_DUE, EventKind.HOOK_ENDED, EventKind.HOOK_FAILED, EventKind.HOOK_PASSED})
_MOST_DIGITS = 9
TIMES_RESUMED, HIGHEST_REQUEST, PAUSED_BY = "times resumed", "highest request", "paused by"
HIGHEST_MAIL = "highest mail"
HIGHEST_PURCHASE = "highest purchase"


HOOKS_DUE, HOOKS_PASSED, HOOKS_BEGUN, HOOKS_LANDING = "hooks due", "hooks passed", "hooks begun", "hooks landing"
"""Commands that have to run; the start whose command before it passed, and after it was made due; what lands."""


def _hook_notes(event: EventKind, about: tuple[str, ...], before: Mapping[str, str]) -> Mapping[str, str]:
    """Return what is due after commands became due or ended. `about`: each one; or `hooks …=VALUE` for a mark."""
    marks = dict(one.partition("=")[::2] for one in about if one.startswith("hooks "))
    ones = [one for one in about if not one.startswith("hooks ")]
    due = [one.strip() for one in before.get(HOOKS_DUE, "").split(",") if one.strip()]
    due = (
        [*due, *(one for one in ones if one not in due)]
        if event is EventKind.HOOK_DUE
        else [one for one in due if one not in ones]
    )
    return marks | ({HOOKS_DUE: ", ".join(due)} if ones else {})


def notes_of(
    event: EventKind, about: tuple[str, ...], why: str, at: str, before: Mapping[str, str]
) -> Mapping[str, str]:
    """Return what to store about an event, by key; `about`: its subjects, `before`: what is stored already."""
    if event in ONCE | _WITH_REASON:
        return {f"{event} {one}".strip(): why if event in _WITH_REASON else at for one in about or ("",)}
    if event in _HOOKS:
        return _hook_notes(event, about, before)
    found = {str(event): at} if event in TIMED else {}
    if event in {EventKind.PHASE_RETURNED, EventKind.PHASE_RETRIED}:
        returned = event is EventKind.PHASE_RETURNED
        keys = [f"{EventKind.PHASE_RETURNED} {one}" for one in about]
        found |= {key: str(_number(before.get(key, "")) + 1 if returned else 0) for key in keys}
    if event is EventKind.MISSION_RESUMED:
        found[TIMES_RESUMED] = str(_number(before.get(TIMES_RESUMED, "")) + 1)
    if event is EventKind.REQUEST_ASKED:
        found[HIGHEST_REQUEST] = str(max(_number(before.get(HIGHEST_REQUEST, "")), *map(_number, about)))
    if event is EventKind.MAIL_ADDED:
        found[HIGHEST_MAIL] = str(max(_number(before.get(HIGHEST_MAIL, "")), *map(_number, about)))
    if event is EventKind.PURCHASE_REQUESTED:
        found[HIGHEST_PURCHASE] = str(max(_number(before.get(HIGHEST_PURCHASE, "")), *map(_number, about or ("",))))
    if event is EventKind.MISSION_PAUSED and (about or PAUSED_BY in before):
        found[PAUSED_BY] = ", ".join(about)
    return found


def last_of(mission: Mission, events: Iterable[EventKind]) -> tuple[EventKind, datetime] | None:
    """Return which of some timed events happened last, and when; older files have them only in the log."""
    wanted = frozenset(events)
    found = [(parse_stamp(mission.noted.get(event, "")), event) for event in wanted]
    found += [(parse_stamp(row.at), EventKind(row.event)) for row in mission.progress if row.event in wanted]
    known = [(at, event) for at, event in found if at is not None]
    at, event = max(known, key=lambda one: one[0], default=(None, None))
    return None if at is None or event is None else (event, at)


def is_noted(mission: Mission, event: EventKind, about: str = "") -> bool:
    """Whether an event that happens once has happened for a subject."""
    return f"{event} {about}".strip() in mission.noted


def noted_at(mission: Mission, event: EventKind, about: str) -> datetime | None:
    """Return when an event last happened for a subject, or None."""
    return parse_stamp(mission.noted.get(f"{event} {about}", ""))


def returns_of(mission: Mission, phase: str) -> int:
    """Return how often a phase has sent the work back since a person retried it."""
    return _number(mission.noted.get(f"{EventKind.PHASE_RETURNED} {phase}", ""))


def times_resumed(mission: Mission) -> int:
    """Return how often the mission was resumed."""
    logged = sum(row.event == EventKind.MISSION_RESUMED for row in mission.progress)
    return max(_number(mission.noted.get(TIMES_RESUMED, "")), logged)


def highest_request(mission: Mission) -> int:
    """Return the highest number that a request has ever had."""
    return max([_number(mission.noted.get(HIGHEST_REQUEST, "")), *(request.number for request in mission.requests)])


def highest_mail(mission: Mission) -> int:
    """Return the highest number that a mail has ever had."""
    return max([_number(mission.noted.get(HIGHEST_MAIL, "")), *(mail.number for mail in mission.mails)])


def highest_purchase(mission: Mission) -> int:
    """Return the highest number that a purchase has ever had."""
    return max([_number(mission.noted.get(HIGHEST_PURCHASE, "")), *(row.number for row in mission.purchases)])


def blame(mission: Mission, attempt: str) -> str:
    """Return the text of the event that an attempt is blamed for, or the empty string."""
    return next((mission.noted[key] for event in sorted(BLAMES) if (key := f"{event} {attempt}") in mission.noted), "")


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else 0
