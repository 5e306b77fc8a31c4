"""When a person has last done something with a mission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import parse_stamp
from mission_cli.domain.host import PROGRAM
from mission_cli.planner.mission.lifetime import lives

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from mission_cli.domain.mission import Mission
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Stored

_MOST_EVENTS = 1000


def engaged_at(ctx: Context, stored: Stored, mission: Mission, now: datetime) -> datetime | None:
    """Return when a person last committed, answered, approved or told something; None if that does not matter.

    The history is read only when the file does not prove that the mission is still in its lifetime.
    """
    length = lives(mission)
    if length is None:
        return None
    known = max(_in_file(mission), default=None)
    if known is not None and known + length > now:
        return known
    history = ctx.state.history(stored, limit=_MOST_EVENTS)
    by_people = [event.at for event in history if event.author != PROGRAM]
    first = history[-1:] if known is None else []
    return max([*by_people, *(event.at for event in first), *([known] if known else [])], default=None)


def _in_file(mission: Mission) -> Iterator[datetime]:
    texts = [mission.created, mission.started, *(a.at for a in mission.approvals), *(m.at for m in mission.messages)]
    yield from (at for text in texts if (at := parse_stamp(text)) is not None)
