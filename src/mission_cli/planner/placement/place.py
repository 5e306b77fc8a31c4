"""Choose the machine for the next attempt at a feature, or say why none can take it.

This machine first, then the host with most free slots. A host takes nothing while it is drained, cannot be reached, or
pauses because attempts did not start there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import parse_stamp, show_duration
from mission_cli.domain.hosts.host import HERE
from mission_cli.domain.notice import NO_ADVICE, Advice, do
from mission_cli.domain.status import Cause, HoldKind
from mission_cli.planner.core.draft import LOOK_AGAIN
from mission_cli.planner.core.moves.features import Dispatch
from mission_cli.planner.mission.workers import free_here, mission_room, occupied, runner_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from mission_cli.domain.hosts.look import HostLook
    from mission_cli.domain.mission import Feature
    from mission_cli.domain.routing import Route
    from mission_cli.planner.core.draft import Draft


@dataclass(frozen=True, slots=True)
class Nowhere:
    """Why no machine takes an attempt now."""

    kind: HoldKind
    words: str
    until: datetime | None = None
    unblock: Advice = NO_ADVICE
    person: bool = False


def place_of(draft: Draft, feature: Feature, route: Route) -> str | Nowhere:
    """Return the name of the host for the next attempt, empty for this machine, or why none takes it."""
    if not draft.observation.hosts and not feature.on and not draft.mission.preferences.hosts:
        return "" if _is_free_here(draft) else _full_here(draft)
    here, hosts, why = candidates(draft, feature, route)
    if not here and not hosts:
        return why
    if not mission_room(draft):
        return _full_here(draft)
    usual = _where_it_talked(draft, feature)
    open_ones = {host.name: room for host in hosts if not closed(draft, host) and (room := room_on(draft, host)) > 0}
    if usual in open_ones:
        return usual
    if here and _is_free_here(draft):
        return ""
    if open_ones:
        return max(open_ones, key=lambda name: open_ones[name])  # of equal ones, the first
    return _all_taken(draft, here=here, hosts=hosts)


def free_slots(draft: Draft) -> int:
    """Return how many more workers this mission may start now, on all machines."""
    rest = mission_room(draft)
    if not draft.observation.hosts:
        return min(rest, free_here(draft))
    hosts = [host for host in draft.observation.hosts if _is_allowed(draft, host) and not closed(draft, host)]
    here = free_here(draft) if HERE in allowed(draft) else 0
    return min(rest, here + sum(room_on(draft, host) for host in hosts))


def allowed(draft: Draft) -> tuple[str, ...]:
    """Return the names of the machines on which workers of the mission may run; `local` is this one."""
    mission = draft.mission
    if mission.preferences.hosts:
        return mission.preferences.hosts
    return (HERE,) if mission.poc else (HERE, *(host.name for host in draft.observation.hosts))


def candidates(draft: Draft, feature: Feature, route: Route) -> tuple[bool, list[HostLook], Nowhere]:
    """Return whether this machine and which hosts can work on a feature, and what to say if none can."""
    runner = runner_of(draft, route)
    here = HERE in allowed(draft) and set(feature.on) <= {HERE} and not runner.obstacle
    offered = [host for host in draft.observation.hosts if all(map(host.offers, feature.on))]
    mine = [host for host in offered if _is_allowed(draft, host)]
    fit = [host for host in mine if host.runs(route.runner)] if not runner.obstacle or runner.only_here else []
    wanted = ", ".join(f"`{one}`" for one in feature.on)
    if not offered and feature.on:
        words = f"no host offers {wanted}"
    elif not mine:
        words = f"its preferences allow no host that offers {wanted}" if wanted else "none of its hosts is configured"
        words = f"a POC goes to hosts that its preferences name, and {words}" if _is_poc(draft) else words
    else:
        named = ", ".join(f"`{host.name}`" for host in mine)
        words = f"{named} {'has' if len(mine) == 1 else 'have'} no runner `{route.runner}`"
    return here, fit, Nowhere(HoldKind.PLACE, words, unblock=do("hosts", "list"), person=True)


def elsewhere(draft: Draft, feature: Feature, route: Route) -> bool:
    """Whether a host could work on a feature, whether it has room now or not."""
    return bool(draft.observation.hosts) and bool(candidates(draft, feature, route)[1])


def room_on(draft: Draft, host: HostLook) -> int:
    """Return how many more attempts may start on a host: what its cap and its own words leave."""
    mine = [record for record in occupied(draft) if record.ran_on == host.name]
    others = sum(not key.startswith(f"{draft.mission.id}/") for key in host.jobs)
    room = host.workers - len(mine) - others
    if host.free is None:
        return max(0, room)
    started = sum(isinstance(m, Dispatch) and m.record.ran_on == host.name for m in draft.transitions)
    return max(0, min(room, host.free - started))


def closed(draft: Draft, host: HostLook) -> str:
    """Return why a host takes nothing new, or the empty string."""
    if host.drained:
        return f"`{host.name}` is drained"
    if host.problem:
        return f"`{host.name}` cannot be reached: {host.problem}"
    until = pauses_until(draft, host.name)
    if until is not None and until > draft.observation.now:
        left = show_duration(until - draft.observation.now)
        return f"the last attempt did not start on `{host.name}`: it gets the next one in {left}"
    return ""


def pauses_until(draft: Draft, name: str) -> datetime | None:
    """Return until when a host gets nothing because attempts of this mission did not start there; None: it did."""
    mine = [r for r in draft.observation.records if r.ran_on == name and not r.open]
    mine.sort(key=lambda record: (record.ended, record.intended))
    failed = 0
    for record in reversed(mine):
        if record.cause is not Cause.HOST:
            break
        failed += 1
    ended = parse_stamp(mine[-1].ended) if failed else None
    delays = draft.policy.outage_delays
    if ended is None or not delays:
        return None
    return draft.observation.moved(ended + delays[min(failed, len(delays)) - 1], ended)


def away(draft: Draft) -> Iterator[HostLook]:
    """Yield the hosts that cannot be reached and would be used."""
    yield from (h for h in draft.observation.hosts if h.problem and not h.drained and _is_allowed(draft, h))


def _is_allowed(draft: Draft, host: HostLook) -> bool:
    return host.name in allowed(draft)


def _is_poc(draft: Draft) -> bool:
    return draft.mission.poc and not draft.mission.preferences.hosts


def _is_free_here(draft: Draft) -> bool:
    return free_here(draft) > 0 and not draft.observation.shortage


def _where_it_talked(draft: Draft, feature: Feature) -> str:
    """Return the host with the conversation that the next attempt may go on with; empty: here, or there is none."""
    last = max(draft.records_of(feature.number), key=lambda one: one.attempt, default=None)
    return last.ran_on if last is not None and last.cause is Cause.QUESTION and last.session else ""


def _full_here(draft: Draft) -> Nowhere:
    """Return why nothing more starts on this machine."""
    soon, observation = draft.observation.now + LOOK_AGAIN, draft.observation
    if observation.shortage:
        return Nowhere(HoldKind.MACHINE, observation.shortage, soon)
    if observation.free_slots <= 0 and (mission_room(draft) or not observation.hosts):
        return Nowhere(HoldKind.SLOT, "every worker slot of this machine is taken", soon)
    mine = draft.policy.parallel(draft.mission.preferences.max_parallel_workers, draft.mission.mode)
    return Nowhere(HoldKind.SLOT, f"every slot of the mission is taken ({mine})")


def _all_taken(draft: Draft, *, here: bool, hosts: list[HostLook]) -> Nowhere:
    """Return why none of the machines that could work on a feature takes it now."""
    soon = draft.observation.now + LOOK_AGAIN
    if not hosts:
        return _full_here(draft)
    shut = [(host, why) for host in hosts if (why := closed(draft, host))]
    if here or len(shut) < len(hosts):
        names = [*(["this machine"] if here else []), *(f"`{host.name}`" for host in hosts)]
        gone = f"; {shut[0][1]}" if shut else ""
        return Nowhere(HoldKind.SLOT, f"every worker slot of {', '.join(names)} is taken{gone}", soon)
    host, why = next(((h, w) for h, w in shut if not h.drained), shut[0])
    more = f" (and {len(shut) - 1} more)" if len(shut) > 1 else ""
    if host.drained:
        return Nowhere(HoldKind.PLACE, f"{why}{more}", unblock=do("hosts", "drain", host.name, "--undo"), person=True)
    return Nowhere(HoldKind.PLACE, f"{why}{more}", soon, do("hosts", "test", host.name), person=bool(host.problem))
