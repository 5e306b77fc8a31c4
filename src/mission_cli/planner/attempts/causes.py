"""What each cause means: whether the attempt counts, when the next try starts, whether a person has to help.

One row per cause of `docs/machines.md`. Only attempts after the last `mission retry` count.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli._support.text import parse_stamp, share
from mission_cli.domain.status import Cause, EndReason
from mission_cli.planner.core.policy import Wait

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from mission_cli.domain.ids import RunId
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.planner.core.policy import Policy


@dataclass(frozen=True, slots=True)
class Rule:
    """What a cause means for the feature."""

    counts: bool
    wait: Wait = Wait.NONE
    safety: bool = False
    """A safety stop: opens a row in the Recovery Log; two in a row need a person."""
    breaker: bool = False
    person: bool = False
    """There is no next try before a person has helped."""


RULES: Mapping[Cause, Rule] = {
    Cause.DONE: Rule(counts=False),
    Cause.NOOP: Rule(counts=True, wait=Wait.RETRY),
    Cause.WRONG_OUTPUT: Rule(counts=True, wait=Wait.RETRY),
    Cause.CRITERIA_FAILED: Rule(counts=True, wait=Wait.RETRY),
    Cause.DEADLINE: Rule(counts=True, safety=True),
    Cause.STALLED: Rule(counts=True, safety=True),
    Cause.OVER_BUDGET: Rule(counts=True, safety=True),
    Cause.TOO_MANY_STEPS: Rule(counts=True, safety=True),
    Cause.CONFLICT: Rule(counts=False),
    Cause.QUESTION: Rule(counts=False, person=True),
    Cause.PERMISSION: Rule(counts=False, person=True, breaker=True),
    Cause.AUTH: Rule(counts=False, person=True, breaker=True),
    Cause.RATE_LIMIT: Rule(counts=False, wait=Wait.RATE),
    Cause.PROVIDER_ERROR: Rule(counts=False, wait=Wait.OUTAGE, breaker=True),
    Cause.INFRASTRUCTURE: Rule(counts=False, wait=Wait.OUTAGE, breaker=True),
    Cause.HOST: Rule(counts=False),
    Cause.KILLED: Rule(counts=False),
    Cause.LOST: Rule(counts=False),
    Cause.TAMPERED: Rule(counts=True, wait=Wait.RETRY),
    Cause.STOPPED: Rule(counts=False),
    Cause.WAITING: Rule(counts=False),
}
LOSSES = frozenset({Cause.KILLED, Cause.LOST})
MENDED_BY_SETTINGS = frozenset({Cause.PERMISSION, Cause.AUTH})
SILENT = LOSSES | {Cause.STOPPED, Cause.RATE_LIMIT, Cause.HOST}
"""Causes that do not show whether a runner works: they neither count for its breaker nor close it."""


@dataclass(frozen=True, slots=True)
class Tries:
    """The tries of a feature: how many counted, whether another one follows, and when."""

    counted: int
    over: str = ""
    """Why another try needs a person; empty if it does not."""
    not_before: datetime | None = None
    since: datetime | None = None
    """When that wait began; None if the provider's clock, not ours, supplied the time."""
    route: int = 0
    """Index of the route for the next try."""


def tries(
    records: Sequence[RunRecord],
    policy: Policy,
    tries_after: int = 0,
    routes: int = 1,
    helped: Collection[RunId] = (),
    *,
    once: bool = False,
) -> Tries:
    """Evaluate the settled attempts at one feature, in order of their numbers.

    When the tries of a route are used up, the next route starts with fresh ones, unless the last one needs a person.
    `helped`: attempts that needed a person who has helped since. `once`: tries have effects outside of the repository,
    so a person decides about each further one.
    """
    settled = [r for r in records if not r.open and r.attempt > tries_after and r.cause is not None]
    last = settled[-1] if settled else None
    if once and last and last.cause is not Cause.DONE and _has_run(last) and last.run not in helped:
        words = f"it has side effects and ended with {last.cause}: a person decides whether it is tried again"
        return replace(_weighed(settled, policy, helped), over=words)
    for route in range(routes - 1):
        end = _end_of_route(settled, policy)
        if end is None:
            return replace(_weighed(settled, policy, helped), route=route)
        settled = settled[end:]
    return replace(_weighed(settled, policy, helped), route=routes - 1)


def _has_run(record: RunRecord) -> bool:
    """Whether the program of an attempt may have been started."""
    never = record.exit.split(" ")[0] in {EndReason.NOT_STARTED, EndReason.SETUP_FAILED}
    return not never and not (record.cause is Cause.STOPPED and not record.started)


def _end_of_route(settled: Sequence[RunRecord], policy: Policy) -> int | None:
    """Return how many attempts used up a route; None if a try is left or another route would not help."""
    for end in range(1, len(settled) + 1):
        part = settled[:end]
        cause = part[-1].cause
        if cause is not None and not RULES[cause].person and _weighed(part, policy).over:
            return end
    return None


def _weighed(settled: Sequence[RunRecord], policy: Policy, helped: Collection[RunId] = ()) -> Tries:
    counted = sum(counts(settled[:place], record, policy) for place, record in enumerate(settled))
    if not settled:
        return Tries(0)
    last = settled[-1]
    if last.cause is None or last.cause is Cause.DONE:
        return Tries(counted)
    again = _not_before(settled, last, policy)
    told = RULES[last.cause].wait is Wait.RATE and last.reset_at
    since = None if again is None or told else parse_stamp(last.ended or last.intended)
    over = "" if last.run in helped else _over(settled, counted, policy)
    return Tries(counted, over, again, since)


def counts(earlier: Sequence[RunRecord], record: RunRecord, policy: Policy) -> bool:
    """Whether an attempt counts after the earlier ones: losses from the sixth on, conflicts from the fourth.

    A manual attempt never counts.
    """
    if record.cause is None or record.by:
        return False
    if record.cause in LOSSES:
        return sum(r.cause in LOSSES for r in earlier) >= policy.free_losses
    if record.cause is Cause.CONFLICT:
        return sum(r.cause is Cause.CONFLICT for r in earlier) >= policy.conflicts
    return RULES[record.cause].counts


def _over(settled: Sequence[RunRecord], counted: int, policy: Policy) -> str:
    last = settled[-1]
    assert last.cause is not None  # noqa: S101 - the caller filtered
    rule = RULES[last.cause]
    if rule.person:
        return f"{last.cause}: {last.detail or 'a person has to help'}"
    if counted >= policy.attempts:
        return f"{share(counted, policy.attempts, 'attempt')} used up; the last ended with {last.cause}"
    if last.cause is Cause.CONFLICT and sum(r.cause is Cause.CONFLICT for r in settled) > policy.conflicts:
        return f"it conflicted {'once' if not policy.conflicts else f'{policy.conflicts + 1} times'} with finished work"
    before = settled[-2] if len(settled) > 1 else None
    if before is None or before.cause is None:
        return ""
    if rule.safety and RULES[before.cause].safety:
        return f"two safety stops in a row ({before.cause}, {last.cause})"
    if rule.counts and last.signature and (last.signature, last.tree) == (before.signature, before.tree):
        return f"it failed twice in the same way without any new change ({last.cause}: {last.detail})"
    return ""


def _not_before(settled: Sequence[RunRecord], last: RunRecord, policy: Policy) -> datetime | None:
    assert last.cause is not None  # noqa: S101 - the caller filtered
    rule = RULES[last.cause]
    same = 0
    for record in reversed(settled):
        if record.cause is not last.cause:
            break
        same += 1
    told = parse_stamp(last.reset_at) if last.reset_at else None
    if told is not None and rule.wait is Wait.RATE:
        return told
    delays = policy.delays(rule.wait)
    delay = delays[min(same, len(delays)) - 1] if delays else timedelta(0)
    ended = parse_stamp(last.ended or last.intended)
    if not delay or ended is None:
        return None
    if rule.wait is Wait.OUTAGE:
        spread = int(hashlib.sha256(last.run.encode()).hexdigest()[:4], 16) / 0xFFFF
        delay += delay * 0.25 * spread
    return ended + delay
