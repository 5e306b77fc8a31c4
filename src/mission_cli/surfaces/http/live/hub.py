"""One watcher for all clients of a server: it reads each new commit once, and keeps the newest events for a while."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field
from mission_cli.app.queries.stream.changes import LOOK_SECONDS, Watch
from mission_cli.app.queries.stream.journal import Position, events_since
from mission_cli.domain.errors import MissionError
from mission_cli.surfaces.http.problems import RefusedRequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from mission_cli.app.queries.stream.journal import Recorded
    from mission_cli.domain.ids import Sha
    from mission_cli.engine.context import Context
    from mission_cli.surfaces.http.places import Serves

MOST_STREAMS = 64
"""How many clients may listen at once; the rest of the connections is for requests."""
_MOST_KEPT = 2000
"""Events of a repository that are kept; what is older is read from the journal again."""
_PART = 200
"""About how many older events are read at once."""
_AGAIN_SECONDS = 5.0
"""Between two looks at which repositories there are."""
_USERS_SECONDS = 1.0
"""Between two looks at which tokens still count."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The newest part of the journal of one repository, as it was at one time."""

    newest: Position | None
    """None before the first commit."""
    events: Sequence[Recorded] = ()
    places: Mapping[str, int] = field(default_factory=dict)
    """How many of the events a client at a place has seen, by the id of the place."""

    @classmethod
    def begun(cls, head: Sha | None) -> Stretch:
        """Return one that knows nothing but where the journal is now."""
        if head is None:
            return cls(None)
        return cls(Position(head), (), {str(Position(head)): 0})

    def after(self, place: Position) -> Sequence[Recorded] | None:
        """Return the events after a place; None if that is not kept."""
        seen = self.places.get(str(place))
        return None if seen is None else self.events[seen:]

    def with_more(self, found: Sequence[Recorded]) -> Stretch:
        """Return it with more events, and without the oldest ones if there are too many."""
        if not found:
            return self
        events = [*self.events, *found]
        gone = max(0, len(events) - _MOST_KEPT)
        places = {place: seen - gone for place, seen in self.places.items() if seen >= gone}
        for seen, event in enumerate(events, 1):
            if seen >= gone:
                places[str(event.place)] = seen - gone
        return Stretch(events[-1].place, events[gone:], places)


class _Watched:
    """One repository. Its stretch is replaced and never changed, so that others may read it at any time."""

    def __init__(self, ctx: Context) -> None:
        self._watch = Watch(ctx)
        self.stretch = Stretch.begun(self._watch.head)

    def seems_old(self) -> bool:
        """Whether something may have been committed."""
        return self._watch.seems_old()

    def read_on(self, ctx: Context) -> bool:
        """Read what was committed; whether there was something. If it fails, the next call tries again."""
        now = Watch(ctx)
        if now.head == self._watch.head:
            self._watch = now
            return False
        newest = self.stretch.newest
        steps = events_since(ctx.state, newest) if newest is not None else None
        found = None if steps is None else [event for step in steps for event in step]
        self.stretch = Stretch.begun(now.head) if found is None else self.stretch.with_more(found)
        self._watch = now
        return True


class Hub:
    """Watches as long as a client listens."""

    def __init__(self, places: Serves) -> None:
        self.places = places
        self._looking = threading.Lock()
        self._watched: Mapping[str, _Watched] = {}
        """Replaced and never changed, like what it contains."""
        self._reading = asyncio.Lock()
        self._listeners: dict[asyncio.Event, Callable[[], bool]] = {}
        self._ended: set[asyncio.Event] = set()
        self._streams = 0
        self._task: asyncio.Task[None] | None = None
        self._looked = 0.0
        self.closing = False

    @contextmanager
    def stream(self) -> Iterator[None]:
        """Count one connection. Raises RefusedRequestError if there are too many, or the server stops."""
        if self.closing or self._streams >= MOST_STREAMS:
            words = "the server stops" if self.closing else f"{MOST_STREAMS} clients listen already"
            raise RefusedRequestError(503, words, "try again later", {"Retry-After": "5"})
        self._streams += 1
        try:
            yield
        finally:
            self._streams -= 1

    @contextmanager
    def listening(self, may: Callable[[], bool]) -> Iterator[asyncio.Event]:
        """Yield what is set after each change, and when listening ends: at the latest when it is not allowed any more.

        Called in the event loop.
        """
        wake = asyncio.Event()
        self._listeners[wake] = may
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())
        try:
            yield wake
        finally:
            del self._listeners[wake]
            self._ended.discard(wake)

    def goes_on(self, wake: asyncio.Event) -> bool:
        """Whether a client may go on listening."""
        return not self.closing and wake not in self._ended

    def close(self) -> None:
        """End everything. Called in the event loop."""
        self.closing = True
        self._wake()

    def names(self) -> list[str]:
        """Return the repositories that are watched."""
        return [*self._watched]

    async def looked(self) -> None:
        """Return when every repository has been looked at, as far as that is possible now."""
        with suppress(MissionError, OSError):
            await asyncio.to_thread(self._look)

    def newest(self, name: str) -> Position | None:
        """Return the newest place in the journal of a repository; None before its first commit."""
        found = self._watched.get(name)
        return found.stretch.newest if found is not None else None

    async def after(self, name: str, place: Position | None) -> Sequence[Recorded] | None:
        """Return some events after a place, or all of them; none if there is none yet; None if it is unknown."""
        found = self._watched.get(name)
        if found is None or found.stretch.newest == place:
            return []
        if place is None:
            return None
        kept = found.stretch.after(place)
        if kept is not None:
            return kept
        with suppress(MissionError, OSError):  # the next look tries again
            async with self._reading:  # after a restart many clients ask at once, and new commits come first
                return await asyncio.to_thread(self._read_back, name, place)
        return []

    def _read_back(self, name: str, place: Position) -> Sequence[Recorded] | None:
        """Read older events from the journal."""
        for found, ctx in self.places.contexts(reading=True):
            if found != name:
                continue
            steps = events_since(ctx.state, place)
            if steps is None:
                return None
            events: list[Recorded] = []
            for step in steps:
                events += step
                if len(events) >= _PART:
                    break
            return events
        return None

    async def _run(self) -> None:
        checked = 0.0
        while self._listeners and not self.closing:
            pause = LOOK_SECONDS
            try:
                if await asyncio.to_thread(self._look):
                    self._wake()
                if time.monotonic() - checked >= _USERS_SECONDS:
                    checked = time.monotonic()
                    self._end(await asyncio.to_thread(_refused, dict(self._listeners)))
            except (MissionError, OSError):  # a repository that is being moved, a full disk: later
                pause = _USERS_SECONDS
            await asyncio.sleep(pause)
        if not self._listeners:
            self._watched = {}

    def _wake(self) -> None:
        for wake in self._listeners:
            wake.set()

    def _end(self, refused: Iterable[asyncio.Event]) -> None:
        for wake in refused:
            if wake in self._listeners:
                self._ended.add(wake)
                wake.set()

    def _look(self) -> bool:
        """Read what is new; whether there is something. Called in threads, of which one at a time looks."""
        with self._looking:
            before = self._watched
            old = {name for name, one in before.items() if one.seems_old()}
            if before and not old and time.monotonic() - self._looked < _AGAIN_SECONDS:
                return False
            self._looked, changed = time.monotonic(), False
            after: dict[str, _Watched] = {}
            for name, ctx in self.places.contexts(reading=True):
                with suppress(MissionError, OSError):  # the next look tries again
                    after[name] = found = before.get(name) or _Watched(ctx)
                    changed = (name in old and found.read_on(ctx)) or changed
            self._watched = after
            return changed or [*after] != [*before]


def _refused(listeners: Mapping[asyncio.Event, Callable[[], bool]]) -> list[asyncio.Event]:
    return [wake for wake, may in listeners.items() if not may()]
