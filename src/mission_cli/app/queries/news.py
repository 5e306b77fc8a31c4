"""What happened since the person last looked."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.events import EventKind
from mission_cli.domain.ids import Sha

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Event

_FAR_BACK = 1000
_MOST = 30
_SAYS_NOTHING = (EventKind.STATE_SHOWN,)
"""Events of a commit that repeats what others say."""


@dataclass(frozen=True, slots=True)
class News:
    """The events since the last look, newest first, and the commit up to which they go."""

    events: Sequence[Event]
    head: Sha | None


def since_last_look(ctx: Context) -> News:
    """Return what was committed since `mark_seen`; without it, or if it is too long ago, the latest events."""
    head, last = ctx.state.snapshot().head, ctx.runtime.last_look()
    known = bool(last) and any(event.commit == last for event in ctx.state.history(limit=_FAR_BACK))
    events = ctx.state.history(since=Sha(last) if known else None, limit=_MOST)
    new = (event for event in events if not known or event.commit != last)
    return News([event for event in new if event.events != _SAYS_NOTHING], head)


def mark_seen(ctx: Context, news: News) -> None:
    """Record that the person has seen these events."""
    if news.head:
        with suppress(OSError):  # if the disk is full, the next call shows the same events again
            ctx.runtime.note_look(news.head)
