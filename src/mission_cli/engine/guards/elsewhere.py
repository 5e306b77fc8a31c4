"""Whether a runner that cannot work on this machine works on the hosts of a mission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli.domain.hosts.host import HERE
from mission_cli.domain.hosts.look import usable
from mission_cli.domain.notice import advise, do
from mission_cli.domain.routing import reviewer_routes, routes
from mission_cli.engine.context import agent_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.domain.hosts.look import HostLook
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.notice import Advice
    from mission_cli.engine.context import Context
    from mission_cli.ports.machine import Obstacle


def obstacle_for(ctx: Context, mission: Mission, name: str, here: Obstacle) -> Obstacle | None:
    """Return what keeps a mission from using a runner that cannot work on this machine; None: its hosts have it.

    `here`: why it cannot work on this machine.
    """
    looks = usable(ctx.hosts.looks(), mission.preferences.hosts, poc=mission.poc)
    if not looks or agent_of(ctx, name, ctx.settings.runners[name]) is None:
        return here
    usual = mission.preferences.runner or ctx.default_runner()
    if name in {route.runner or usual for route in reviewer_routes(mission)}:
        return replace(here, words=f"{here.words}, and reviews run on this machine only")
    for fit, only_here in _candidates(mission, name, usual, looks):
        if only_here:
            return replace(here, words=f"{here.words}, and {only_here} runs on this machine only")
        if not any(look.has(name) for look in fit):
            return _nowhere(name, fit, here)
    return None


def _candidates(
    mission: Mission, name: str, usual: str, looks: Sequence[HostLook]
) -> Iterator[tuple[Sequence[HostLook], str]]:
    """Yield the hosts that could work on each feature that begins with the runner, or its number if only this can.

    Those that ask for what no host offers have a warning of their own.
    """
    mine = [f for f in mission.features() if not f.finished and (routes(mission, f)[0].runner or usual) == name]
    for feature in mine:
        if set(feature.on) == {HERE}:
            yield (), feature.number
        elif fit := [look for look in looks if all(map(look.offers, feature.on))]:
            yield fit, ""
    if not mine:
        yield looks, ""


def _nowhere(name: str, fit: Sequence[HostLook], here: Obstacle) -> Obstacle:
    """Return why none of these hosts is known to have the runner."""
    unknown = next((look.name for look in fit if look.has(name) is None), "")
    if unknown:
        return replace(here, words=f"{here.words}, and `{unknown}` was not tested for it", remedy=_test(unknown))
    missing = next((look.name for look in fit if name in look.missing), "")
    if missing:
        remedy = advise("install it there, then ", _test(missing))
        return replace(here, words=f"{here.words}, and the last test of `{missing}` did not find it", remedy=remedy)
    remedy = advise(f"add it to hosts.{fit[0].name}.runners if it is there, or here: ", here.remedy)
    return replace(here, words=f"{here.words}, and `runners` of `{fit[0].name}` does not name `{name}`", remedy=remedy)


def _test(host: str) -> Advice:
    return do("hosts", "test", host)
