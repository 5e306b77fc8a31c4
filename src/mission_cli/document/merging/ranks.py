"""Ranks, which decide which of two changes to the same field counts: the greater rank wins.

A rank depends only on the change and the common base, so the order in which many copies are merged does not matter.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mission_cli._support.lazy_re import pattern
from mission_cli.document.reading.features import ANNOTATION
from mission_cli.document.syntax.spans import results
from mission_cli.document.syntax.vocabulary import (
    feature_status,
    milestone_status,
    mission_status,
    number,
    plain,
)
from mission_cli.domain.budget.amounts import parse_amount
from mission_cli.domain.deploys.rows import DeployStatus
from mission_cli.domain.mail.rows import MailStatus
from mission_cli.domain.phases.table import PhaseStatus
from mission_cli.domain.preview.rows import PreviewStatus
from mission_cli.domain.purchases.rows import PurchaseStatus
from mission_cli.domain.skills.skill import SkillStatus
from mission_cli.domain.status import (
    OPEN_REQUEST,
    OPEN_WAIT,
    FeatureStatus,
    GateStatus,
    MilestoneStatus,
    MissionStatus,
    RequestStatus,
    WaitStatus,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

Rank = tuple[Any, ...]

_ATTEMPT = pattern(r"\ba(\d{1,9})\b")
_TRIES = pattern(r"\s*`?\[tries-after\s*:\s*a?(\d{1,9})\s*\]`?", re.IGNORECASE)
_F = FeatureStatus
_FEATURE = {_F.PENDING: 0, _F.DISPATCHED: 1, _F.REVIEW: 2, _F.FAILED: 3, _F.DONE: 4}
_LOOP = {
    _F.DISPATCHED: frozenset({_F.DISPATCHED, _F.REVIEW, _F.DONE, _F.PENDING, _F.FAILED}),
    _F.REVIEW: frozenset({_F.REVIEW, _F.DONE, _F.PENDING, _F.FAILED}),
}
"""The statuses to which the loop can move a feature within one attempt; any other change was made by a person."""
_MILESTONE = {s: n for n, s in enumerate(MilestoneStatus)}
_MILESTONE |= {MilestoneStatus.FAILED: 3, MilestoneStatus.BLOCKED: 4, MilestoneStatus.PASSED: 5}
_M = MissionStatus
_MISSION = (
    *(_M.DRAFT, _M.PLANNING, _M.SCHEDULED, _M.RECURRING, _M.ACTIVE),
    *(_M.PAUSED, _M.FAILED, _M.COMPLETED, _M.CANCELLED),
)
_REOPENED = pattern(r"active \((passed|validating|completed)\)\Z")
_OPEN = dict.fromkeys(("", "needed", *OPEN_REQUEST, *OPEN_WAIT), 0)
_OPEN |= {RequestStatus.EXPIRED: 1, WaitStatus.FAILED: 1, "timed out": 1}
_PHASE = {"": 0, **{s.value: n for n, s in enumerate(PhaseStatus)}}
_DEPLOY = (
    *(DeployStatus.PLANNED, DeployStatus.DEPLOYING, DeployStatus.CHECKING, DeployStatus.LIVE, DeployStatus.RECOVERING),
    *(DeployStatus.ROLLING_BACK, DeployStatus.ROLLED_BACK, DeployStatus.FAILED, DeployStatus.STUCK),
    DeployStatus.DROPPED,
)
DEPLOY = ("target", "commit", "for", "by", "status", "url", "version", "since", "reason")
"""The columns of a deployment that belong together."""
_PREVIEW = tuple(PreviewStatus)
PREVIEW = ("for", "commit", "status", "url", "since", "expires", "reason")
"""The columns of a preview that belong together."""
_SKILL = tuple(SkillStatus)
SKILL = ("what was learned", "evidence", "score", "status")
"""The columns of a skill that belong together."""
_FEEDBACK = {"": 0, "draft": 0, "discarded": 1, "filed": 2}
_GATE = {"": 0, GateStatus.PENDING: 0, GateStatus.REJECTED: 3}

_MAIL_ORDER = (
    *(MailStatus.DRAFT, MailStatus.EXPECTED, MailStatus.APPROVED, MailStatus.REJECTED),
    *(MailStatus.SENDING, MailStatus.FAILED, MailStatus.UNSURE, MailStatus.SENT),
)
_PURCHASE_ORDER = (
    *(PurchaseStatus.REQUESTED, PurchaseStatus.APPROVED, PurchaseStatus.EXPIRED, PurchaseStatus.REJECTED),
    *(PurchaseStatus.AUTHORIZING, PurchaseStatus.FAILED, PurchaseStatus.PAID, PurchaseStatus.PARTLY_REFUNDED),
    *(PurchaseStatus.REFUNDED, PurchaseStatus.UNCLEAR),
)
_PURCHASE = {str(status): rank for rank, status in enumerate(_PURCHASE_ORDER)}
PURCHASE = ("request", "status", "by", "since", "reserved", "paid", "refunded", "reference")
"""The columns of a purchase that belong together."""
_MAIL = {str(status): rank for rank, status in enumerate(_MAIL_ORDER)}


def attempt_of(worker: str) -> int:
    """Return the number of the attempt in a Worker cell (`script a2`), 0 if there is none."""
    found = _ATTEMPT.findall(worker)
    return int(found[-1]) if found else 0


def split_tries(cell: str) -> tuple[str, int]:
    """Return a Feature cell without `[tries-after:K]`, and K."""
    found = _TRIES.findall(cell)
    return _TRIES.sub("", cell).rstrip(), int(found[-1]) if found else 0


def with_tries(cell: str, tries: int) -> str:
    """Return a Feature cell followed by `[tries-after:K]`."""
    return f"{cell} `[tries-after:{tries}]`" if tries else cell


def feature_rank(base: Mapping[str, str], now: Mapping[str, str]) -> Rank:
    """Rank of a row's Status and Worker: the later attempt, then `retry` or a person's edit, then the later status."""
    was, status = feature_status(base.get("status", "")), feature_status(now.get("status", ""))
    before, after = _moment(base), _moment(now)
    person = status in {None, _F.SKIPPED} or after < before
    if after == before:
        person = person or (status is not was and status not in _LOOP.get(was or _F.DONE, ()))
    how_far = -1 if status is None else _FEATURE.get(status, 5)
    return (max(before, after), person, how_far, now.get("status", ""), now.get("worker", ""))


def phase_rank(base: Mapping[str, str], now: Mapping[str, str]) -> Rank:
    """Rank of a phase: skipped, then entered again, then sent back, then the later status.

    What was sent back wins over what was finished, so that nothing counts that its gate did not see.
    """
    status, before, entered = plain(now.get("status", "")), base.get("entered", ""), now.get("entered", "")
    how_far = _PHASE.get(status, len(_PHASE))
    sent_back = bool(before) and not entered
    again = 2 if entered > before else int(sent_back)
    cells = tuple(now.get(column, "") for column in ("status", "exited", "result"))
    return (status == PhaseStatus.SKIPPED, again, entered, how_far, *cells)


def _moment(row: Mapping[str, str]) -> int:
    """Return the position in time: 4 for attempt a2, 5 for a `retry` after it."""
    attempt, tries = attempt_of(row.get("worker", "")), split_tries(row.get("feature", ""))[1]
    return 2 * tries + 1 if tries and tries >= attempt else 2 * attempt


def reopened(text: str) -> str:
    """Return the status `active (passed)`, for what one side marked as passed while the other added work."""
    return f"{_M.ACTIVE} ({text})"


def before_reopened(text: str) -> str:
    """Return the status in the parentheses of `active (…)`; any other text as it is."""
    found = _REOPENED.match(text.strip())
    return found[1] if found else text


def milestone_rank(text: str) -> Rank:
    """Rank of a milestone's status; an unknown word ranks highest, because a person wrote it."""
    status = milestone_status(before_reopened(text))
    return (len(_MILESTONE) if status is None else _MILESTONE[status], before_reopened(text))


def mission_rank(text: str) -> Rank:
    """Rank of a mission's status: later statuses, ends last; highest an unknown word, because a person wrote it."""
    status = mission_status(before_reopened(text))
    return (len(_MISSION) if status is None else _MISSION.index(status), before_reopened(text))


def mail_rank(text: str) -> Rank:
    """Rank of the status of a mail: what may have been sent wins over what was not, so that nothing is sent twice."""
    status = plain(text)
    return (_MAIL.get(status, -1), status)


def purchase_rank(base: Mapping[str, str], now: Mapping[str, str]) -> Rank:
    """Rank of a purchase: what may have been charged wins over what was not, so that nothing is bought twice."""
    del base
    status = now.get("status", "").strip("`*_ ").casefold()
    return (_PURCHASE.get(status, -1), *(now.get(column, "") for column in PURCHASE))


def open_rank(text: str) -> Rank:
    """Rank of the status of a request, wait, resource or recovery: finished is greater than open."""
    return (_OPEN.get(plain(text), 2), text)


def feedback_rank(text: str) -> Rank:
    """Rank of the status of a draft of an issue: filed is greatest, because the issue is there."""
    return (_FEEDBACK.get(plain(text), 1), text)


def gate_rank(text: str) -> Rank:
    """Rank of a gate's status: rejected is greatest, then approved, then pending."""
    return (_GATE.get(plain(text), 2), text)


def deploy_rank(base: Mapping[str, str], now: Mapping[str, str]) -> Rank:
    """Rank of a deployment: the one that is further, so that no merge starts anything again."""
    del base
    status = plain(now.get("status", ""))
    how_far = _DEPLOY.index(status) if status in _DEPLOY else len(_DEPLOY)
    return (how_far, now.get("since", ""), *(now.get(c, "") for c in DEPLOY))


def preview_rank(base: Mapping[str, str], now: Mapping[str, str]) -> Rank:
    """Rank of a preview: one of which something is left wins over a closed one, then the later status.

    So no merge hides a server that runs. An unknown word ranks highest, because a person wrote it.
    """
    del base
    status = plain(now.get("status", ""))
    how_far = _PREVIEW.index(status) if status in _PREVIEW else len(_PREVIEW)
    return (status != PreviewStatus.CLOSED, how_far, now.get("since", ""), *(now.get(c, "") for c in PREVIEW))


def skill_rank(base: Mapping[str, str], now: Mapping[str, str]) -> Rank:
    """Rank of a skill: one that a person forgot wins, then one that has ended, then the one with more evidence."""
    del base
    status = plain(now.get("status", ""))
    how_final = _SKILL.index(status) if status in _SKILL else -1
    return (
        how_final,
        len(now.get("evidence", "")),
        number(now.get("score", "")) or 0,
        *(now.get(c, "") for c in SKILL),
    )


def cap_rank(text: str) -> Rank:
    """Rank of a cap: unlimited is greatest, then the greater number; other words are the least."""
    value = number(text)
    return (text.casefold() == "unlimited", Decimal(-1) if value is None else value, text)


def number_rank(text: str) -> Rank:
    """Rank of a counter: the greater number."""
    return (number(text) or Decimal(-1), text)


def amount_rank(text: str) -> Rank:
    """Rank of an amount of one attempt: a known one is greater than an unknown one, then the greater number."""
    value = parse_amount(text)
    return (value is not None, value or Decimal(0), text)


def settlement_rank(text: str) -> Rank:
    """Rank of the description of one attempt's settlement: done is greatest."""
    return (text.endswith(" done"), text)


def time_rank(text: str) -> Rank:
    """Rank of a time: the later one."""
    return (text,)


def item_rank(line: str) -> Rank:
    """Rank of a criterion's line: the latest verdict, then the ticked box."""
    at = max((m["at"] for m in results(line)), default="")
    return (at, "[x]" in line[:12].casefold(), line)


def identity_of(cell: str) -> str:
    """Return the identity of a feature from its Feature cell: without annotations, case and extra white space."""
    return " ".join(ANNOTATION.sub(" ", cell).casefold().split())
