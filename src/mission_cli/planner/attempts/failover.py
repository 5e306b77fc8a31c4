"""Which runner takes over from one at a limit or out of service, and which work its attempt starts from."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli._support.text import counted, parse_stamp
from mission_cli.domain.routing import Route, names_tier, stand_ins
from mission_cli.domain.status import Cause, HoldKind
from mission_cli.planner.attempts import causes
from mission_cli.planner.attempts.breaker import breaker_until, parked_until, probing
from mission_cli.planner.mission.across import parked_elsewhere
from mission_cli.planner.mission.workers import model_of, runner_of, why_unusable

if TYPE_CHECKING:
    from datetime import datetime

    from mission_cli.domain.mission import Feature
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.planner.core.draft import Draft

OUTAGES = frozenset({Cause.RATE_LIMIT, Cause.PROVIDER_ERROR})
"""Causes that say that a runner's provider does not serve it now, and nothing about the work."""
_GOING_ON = causes.LOSSES | OUTAGES | {Cause.STOPPED, Cause.INFRASTRUCTURE}
"""Causes after which an attempt that had taken over the work of another one hands it on, even without commits."""


_ERROR = "error of its provider"


@dataclass(frozen=True, slots=True)
class Down:
    """Why a runner starts no attempt at a feature now."""

    kind: HoldKind
    words: str
    """What is wrong, without the name of the runner."""
    until: datetime | None = None
    """When it is tried again; None: when something else ends."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Who works next on a feature."""

    route: Route
    because: str = ""
    """Why another runner takes over; empty: it is the usual one."""
    down: Down | None = None
    """Why none of the allowed runners can start now."""


def is_allowed(draft: Draft) -> bool:
    """Whether the mission names runners that may take over."""
    return bool(draft.mission.preferences.runners)


def chosen(draft: Draft, feature: Feature, usual: Route) -> Choice:
    """Return the usual route if its runner is in service, else the first allowed one whose runner is.

    A runner whose provider has just failed the feature, and has served nothing since, comes after all others. If none
    is in service, the choice has the usual route and the time at which the first of them is tried again.
    """
    if not is_allowed(draft):
        return Choice(usual)
    others = (_as_known(draft, route) for route in stand_ins(draft.mission, usual))
    routes = [usual, *(route for route in others if not _is_unusable(draft, route))]
    downs = [down(draft, feature, route.runner) for route in routes]
    shaky = [_shaky_until(draft, feature, route.runner) for route in routes]
    up = [n for n, found in enumerate(downs) if found is None]
    best = next((n for n in up if shaky[n] is None), next(iter(up), None))
    first = downs[0] or Down(HoldKind.BACKOFF, _ERROR, shaky[0])
    if best == 0:
        return Choice(usual)
    if best is not None:
        then = f" until {_moment(draft, first.until)}" if first.until is not None else ""
        return Choice(routes[best], f"{first.words}{then}")
    if len(routes) == 1:
        return Choice(usual, down=Down(first.kind, f"`{usual.runner}`: {first.words}", first.until))
    stopped = [(route.runner, one) for route, one in zip(routes, downs, strict=True) if one is not None]
    words = ", ".join(f"`{name}`: {one.words}" for name, one in stopped)
    until = min((one.until for _, one in stopped if one.until is not None), default=None)
    return Choice(usual, down=Down(first.kind, f"every allowed runner is out of service ({words})", until))


def down(draft: Draft, feature: Feature, runner: str) -> Down | None:
    """Return why a runner starts no attempt at a feature now, or None.

    A usage limit and an open breaker count for all features. After an error of its provider a runner gets the same
    feature again only when its outage delay has passed, so no outage is met twice by one attempt after another.
    """
    now = draft.observation.now
    known = (parked_until(draft, runner), parked_elsewhere(draft, runner), _unreported(draft, runner))
    parked = max((until for until in known if until is not None), default=None)
    if parked is not None and parked > now:
        return Down(HoldKind.PARKED, "usage limit", parked)
    until = breaker_until(draft, runner)
    if until is not None and until > now:
        return Down(HoldKind.BREAKER, f"{counted(draft.policy.breaker_failures, 'failure')} in a row", until)
    if until is not None and probing(draft, runner):
        return Down(HoldKind.BREAKER, "one attempt probes whether it works again")
    until = _own_delay(draft, feature, runner)
    return Down(HoldKind.BACKOFF, _ERROR, until) if until is not None and until > now else None


def carried(draft: Draft, feature: Feature, start: str) -> tuple[str, str]:
    """Return base and first commit of the next attempt if it goes on with the work of the last one; else empty texts.

    Only a runner's outage is no fault of the work. `start` is where an attempt without it would start; after the
    pull request of the feature got another head, the work is made again on top of that.
    """
    settled = [r for r in draft.records_of(feature.number) if r.cause is not None and r.attempt > feature.tries_after]
    last = settled[-1] if settled else None
    if not is_allowed(draft) or last is None or last.by or last.cause not in _GOING_ON or not last.base:
        return "", ""
    if last.cause not in OUTAGES and not last.starts:
        return "", ""
    commit = last.saved or last.head or last.starts
    moved = start not in {last.base, draft.observation.work or ""}
    return ("", "") if moved or commit in {"", last.base} else (last.base, commit)


def waits_for_service(draft: Draft, feature: Feature) -> bool:
    """Whether the delay before the next attempt is that of a runner, for which another one may take over."""
    last = next((r for r in reversed(draft.records_of(feature.number)) if r.cause is not None), None)
    return is_allowed(draft) and last is not None and last.cause in OUTAGES


def _is_unusable(draft: Draft, route: Route) -> bool:
    policy = runner_of(draft, route)
    return bool(why_unusable(draft, policy, model_of(policy, route)))


def _shaky_until(draft: Draft, feature: Feature, runner: str) -> datetime | None:
    """Return until when another runner is preferred, after an error of the provider in an attempt at the feature."""
    settled = _settled(draft, feature, runner)
    newest = next(reversed(_mine(draft, runner)), None)
    failed = settled and settled[-1].cause is Cause.PROVIDER_ERROR and newest is not None and newest.cause in OUTAGES
    ended = parse_stamp(settled[-1].ended) if failed else None
    until = draft.observation.moved(ended + draft.policy.breaker_pause, ended) if ended is not None else None
    return until if until is not None and until > draft.observation.now else None


def _settled(draft: Draft, feature: Feature, runner: str) -> list[RunRecord]:
    """Return the ended attempts of a runner at a feature, since a person asked for fresh tries."""
    mine = (r for r in draft.records_of(feature.number) if r.runner == runner and r.attempt > feature.tries_after)
    return [r for r in mine if r.cause is not None and not r.by]


def _as_known(draft: Draft, route: Route) -> Route:
    """Return the route without a tier that is only known to the runner in whose place it works."""
    known = names_tier(draft.mission, route.runner) or route.tier in runner_of(draft, route).models
    return route if known else replace(route, tier="")


def _mine(draft: Draft, runner: str) -> list[RunRecord]:
    """Return the settled attempts of a runner, the newest last."""
    mine = (r for r in draft.observation.records if not (r.open or r.by) and r.runner == runner and r.ended)
    return sorted(mine, key=lambda r: r.ended)


def _unreported(draft: Draft, runner: str) -> datetime | None:
    """Return until when a runner waits after a usage limit whose end was not reported.

    Where it would be tried again at once, the first real delay counts: another runner works meanwhile.
    """
    last = next(iter(_mine(draft, runner)[-1:]), None)
    if last is None or last.cause is not Cause.RATE_LIMIT or last.reset_at:
        return None
    delay = next((delay for delay in draft.policy.rate_delays if delay > timedelta(0)), None)
    ended = parse_stamp(last.ended)
    return draft.observation.moved(ended + delay, ended) if delay is not None and ended is not None else None


def _own_delay(draft: Draft, feature: Feature, runner: str) -> datetime | None:
    """Return until when a runner waits after an error of its provider in an attempt at the feature."""
    settled = _settled(draft, feature, runner)
    if not settled or settled[-1].cause is not Cause.PROVIDER_ERROR:
        return None
    stand = causes.tries(settled, draft.policy)
    return draft.observation.moved(stand.not_before, stand.since) if stand.not_before else None


def _moment(draft: Draft, moment: datetime) -> str:
    """Return a time as local text, without the day if it is today."""
    text, today = draft.observation.local(moment), draft.observation.local(draft.observation.now)
    return text.removeprefix(f"{today.rpartition(' ')[0]} ")
