"""Notifications: what differs between the current state of missions and what was last reported.

They depend on the state, not on what this pulse did, so that the next pulse sends what an interrupted one could not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.engine.guards import standstill
from mission_cli.engine.news import outbox
from mission_cli.engine.news.hosts import host_news
from mission_cli.engine.news.standing import standing
from mission_cli.planner.core.waits import gates_for_people
from mission_cli.ports.notifier import News

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from mission_cli.domain.mission import Mission
    from mission_cli.engine.case import Case
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.policy import Policy


def tell_news(ctx: Context, policy: Policy, cases: Sequence[Case]) -> datetime | None:
    """Run the command `notify` for what is new, and send it by the rules; return when more is to be sent.

    What the rules send is stored before it counts as reported.
    """
    if not (ctx.settings.notify or ctx.settings.notifications):
        return None
    before = ctx.runtime.told()
    looks = policy.still_looks
    now = {
        c.mission.id: {
            **standing(c),
            **host_news(c, before.get(c.mission.id, {})),
            **standstill.watch(c, before.get(c.mission.id, {}), looks),
        }
        for c in cases
    }
    news = [
        (case, News(case.mission.id, case.mission.title, event.partition(" ")[0], words, notified(case.mission)))
        for case in cases
        for event, words in now[case.mission.id].items()
        if event not in standstill.MEMORY and words != before.get(case.mission.id, {}).get(event)
    ]
    if ctx.settings.notifications:
        outbox.put_in(ctx, cases, news)
    for _, one in news if ctx.settings.notify else ():
        ctx.notifier.tell(one)
    if any(before.get(mission) != facts for mission, facts in now.items()):
        ctx.runtime.note_told(dict(before) | {str(mission): facts for mission, facts in now.items()})
    return outbox.deliver(ctx) if ctx.settings.notifications else None


def notified(mission: Mission) -> tuple[str, ...]:
    """Return who is notified: the names of the mission, and those of the gates at which it waits."""
    waiting = (gate.notify for gate in gates_for_people(mission) if gate.notify)
    return tuple(dict.fromkeys((*mission.notify, *waiting)))
