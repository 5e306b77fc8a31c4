"""Tell once that a host that a mission uses cannot be reached, and once that it is back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import one_line
from mission_cli.domain.status import HoldKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.engine.case import Case

AWAY, BACK = "unreachable", "reachable"
"""The events, each followed by the name of the host."""


def host_news(case: Case, before: Mapping[str, str]) -> dict[str, str]:
    """Return the news of hosts. A text stays the same until its host comes back or goes away again."""
    found: dict[str, str] = {}
    for host in case.observation.hosts:
        away, back = f"{AWAY} {host.name}", f"{BACK} {host.name}"
        if host.problem:
            if _is_used(case, host.name) or away in before:
                words = f"the host `{host.name}` cannot be reached since {host.since or 'now'}: {host.problem}"
                found[away] = before.get(away) or one_line(words, 300)
        elif away in before:
            found[back] = f"the host `{host.name}` can be reached again since {host.since or 'now'}"
        elif back in before:
            found[back] = before[back]
    return found


def _is_used(case: Case, name: str) -> bool:
    """Whether attempts of the mission are on a host, or features wait for it."""
    runs = any(record.open and record.ran_on == name for record in case.observation.records)
    return runs or any(hold.kind == HoldKind.PLACE and f"`{name}`" in hold.detail for hold in case.plan.holds)
