"""Ask again whether a host that could not be reached is back, while features wait for it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mission_cli._support.text import parse_stamp
from mission_cli.domain.status import HoldKind, MissionStatus
from mission_cli.planner.core.effects import AskHost
from mission_cli.planner.placement.place import away

if TYPE_CHECKING:
    from mission_cli.domain.hosts.look import HostLook
    from mission_cli.planner.core.draft import Draft

SOONEST, LATEST = timedelta(minutes=1), timedelta(minutes=15)
"""The shortest and the longest time between two questions; between them, a quarter of the time that it is away."""


def ask_hosts(draft: Draft) -> None:
    """Ask hosts that are away, when it is time and a feature could use one."""
    if draft.mission.status is not MissionStatus.ACTIVE:
        return
    if any(hold.kind in {HoldKind.PLACE, HoldKind.SLOT} and "." in hold.subject for hold in draft.holds):
        for host in away(draft):
            if _is_due(draft, host):
                draft.effects.append(AskHost(host.name, f"ask whether `{host.name}` can be reached again"))


def _is_due(draft: Draft, host: HostLook) -> bool:
    asked, since = parse_stamp(host.checked), parse_stamp(host.since)
    if asked is None:
        return True
    away_for = draft.observation.since(since) if since is not None else SOONEST
    return draft.observation.since(asked) >= min(max(away_for / 4, SOONEST), LATEST)
