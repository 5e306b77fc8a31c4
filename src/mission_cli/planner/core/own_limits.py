"""Whose limits apply to a feature besides those of the mission: its own, then those of its agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli.domain.budget.ledger import Account, amount_of, reserved
from mission_cli.domain.team.limits import NO_LIMITS, OwnLimits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import timedelta
    from decimal import Decimal

    from mission_cli.domain.mission import Feature, Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.planner.core.policy import Policy

_CATEGORIES = ("usd", "hours")


@dataclass(frozen=True, slots=True)
class Bound:
    """One amount that a feature or an agent may use, and what is left of it."""

    whose: str
    category: str
    most: Decimal
    left: Decimal

    @property
    def words(self) -> str:
        """What it is, for people."""
        amount = f"${self.most}" if self.category == "usd" else f"{self.most} h"
        return f"{self.whose} may use {amount}"


def limits_of(mission: Mission, feature: Feature) -> OwnLimits:
    """Return the attempts, waits and duration that apply to a feature; amounts are in `bounds_of`."""
    member = mission.member(feature)
    agent, own = member.limits if member else NO_LIMITS, feature.limits
    return OwnLimits(
        attempts=own.attempts or agent.attempts,
        retry=own.retry or agent.retry,
        duration=_shorter(own.duration, agent.duration),
        wrong=own.wrong or agent.wrong,
    )


def policy_for(policy: Policy, mission: Mission, feature: Feature) -> Policy:
    """Return the policy with the attempts and waits of a feature."""
    own = limits_of(mission, feature)
    if not (own.attempts or own.retry):
        return policy
    return replace(policy, attempts=own.attempts or policy.attempts, retry_delays=own.retry or policy.retry_delays)


def bounds_of(mission: Mission, feature: Feature, records: Sequence[RunRecord]) -> Iterator[Bound]:
    """Yield the amounts that a feature and its agent may use; what runs counts with its reserve."""
    member = mission.member(feature)
    mine = {f.number for f in mission.features() if member is not None and mission.member(f) == member}
    scopes = [(str(feature.number), feature.limits, {feature.number})]
    scopes += [(member.agent, member.limits, mine)] if member is not None else []
    for whose, limits, numbers in scopes:
        for category in _CATEGORIES:
            most = limits.amount(category)
            if most is not None:
                used = (_used(r, category) for r in records if r.feature in numbers and not r.answering)
                yield Bound(whose, category, most, most - sum(used, most - most))


def within(state: Account, bounds: Sequence[Bound]) -> Account:
    """Return the account with caps that leave no more than the bounds do."""
    limits = state.limits
    for bound in bounds:
        cap = state.spent.of(bound.category) + state.held.of(bound.category) + bound.left
        now = state.cap(bound.category)
        cap = cap if now is None else min(now, cap)
        usd, hours = (
            (cap if bound.category == "usd" else limits.usd),
            (cap if bound.category == "hours" else limits.hours),
        )
        limits = replace(limits, usd=usd, hours=hours, tokens=cap if bound.category == "tokens" else limits.tokens)
        state = replace(state, limits=limits)
    return state


def _used(record: RunRecord, category: str) -> Decimal:
    amount = None if record.open else amount_of(record.usage, category)
    return reserved(record, category) if amount is None else amount


def _shorter(one: timedelta | None, other: timedelta | None) -> timedelta | None:
    return min((span for span in (one, other) if span is not None), default=None)
