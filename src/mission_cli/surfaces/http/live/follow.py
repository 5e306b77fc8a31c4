"""What one client follows: which events, from where on, and as which messages."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import did_you_mean, stamp
from mission_cli.app.queries.stream.journal import Position, position
from mission_cli.app.queries.stream.kinds import Kind
from mission_cli.domain.errors import UsageError
from mission_cli.surfaces.as_json import as_json
from mission_cli.surfaces.http.live.logs import Tails

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping

    from mission_cli.app.queries.stream.journal import Recorded
    from mission_cli.surfaces.http.live.hub import Hub

READY, RESET = "ready", "reset"
HEARTBEAT_SECONDS = 15.0
LOG_SECONDS = 1.0
_LONGEST_ID = 14 << 10


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a client wants to know."""

    kinds: frozenset[Kind]
    mission: str = ""
    """Empty: of every mission."""
    repo: str = ""
    """Empty: of every repository."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message to a client; without an event it only says where the client is."""

    id: str
    event: str = ""
    body: str = ""
    """JSON, on one line."""


def kinds_of(text: str) -> frozenset[Kind]:
    """Return the kinds in a list with commas; all that can be read again for an empty one. Raises UsageError."""
    words = [word for part in text.split(",") if (word := part.strip())]
    for word in words:
        if word not in {*Kind}:
            hint = did_you_mean(word, [*Kind], f"there are: {', '.join(Kind)}")
            raise UsageError(f"there is no event {word!r}", hint=hint)
    return frozenset(map(Kind, words)) or frozenset(kind for kind in Kind if kind is not Kind.LOG)


class Follower:
    """Follows the journals of some repositories."""

    def __init__(self, hub: Hub, wanted: Wanted, may: Callable[[], bool]) -> None:
        """`may` tells whether the client may still listen."""
        self._hub, self._wanted, self._may = hub, wanted, may
        self._places: dict[str, Position | None] = {}
        self._told = ""
        """The last id that the client knows."""
        self._heard = time.monotonic()
        logs = Kind.LOG in wanted.kinds
        self._tails = Tails(hub.places, wanted.repo, wanted.mission) if logs else None

    async def messages(self, last: str) -> AsyncGenerator[Message]:
        """Yield what happens after the event `last`, or from now on if that is empty, until listening ends."""
        with self._hub.listening(self._may) as wake:
            await self._hub.looked()
            first = self._begin(last)
            if first is not None:
                yield self._said(first)
            while self._hub.goes_on(wake):
                wake.clear()
                async for message in self._new():
                    yield self._said(message)
                    if not self._hub.goes_on(wake):
                        return
                for message in await self._logged():
                    yield self._said(message)
                with suppress(TimeoutError):
                    await asyncio.wait_for(wake.wait(), LOG_SECONDS if self._tails else HEARTBEAT_SECONDS)
                if not wake.is_set() and time.monotonic() - self._heard >= HEARTBEAT_SECONDS:
                    here = self._id()
                    yield self._said(Message(here if here != self._told else ""))

    def _said(self, message: Message) -> Message:
        self._told, self._heard = message.id or self._told, time.monotonic()
        return message

    def _names(self) -> list[str]:
        return [name for name in self._hub.names() if self._wanted.repo in {"", name}]

    def _begin(self, last: str) -> Message | None:
        """Set where to begin; return what the client is told of it."""
        names = self._names()
        known = read_id(last, names) if last else None
        if known is not None:
            self._places = dict(known)
            return None
        self._places = {name: self._hub.newest(name) for name in names}
        if not last:
            return self._control(READY, "")
        return self._control(RESET, "", "the id is unknown")

    async def _new(self) -> AsyncIterator[Message]:
        names = self._names()
        for gone in [name for name in self._places if name not in names]:
            del self._places[gone]
        for name in names:
            while name not in self._places or (found := await self._hub.after(name, self._places[name])) is None:
                self._places[name] = self._hub.newest(name)
                yield self._control(RESET, name, "the journal does not lead there, or it is too long ago")
            while found:
                for event in found:
                    self._places[name] = event.place
                    if event.kind in self._wanted.kinds and self._wanted.mission in {"", event.mission}:
                        yield self._message(name, event)
                found = await self._hub.after(name, self._places[name]) or []

    async def _logged(self) -> list[Message]:
        """Return what attempts have printed since; these messages have no id, because they cannot be read again."""
        found = await asyncio.to_thread(self._tails.read) if self._tails is not None else []
        about = {"at": "", "repo": self._wanted.repo, "mission": self._wanted.mission}
        return [
            Message("", Kind.LOG, body_of({"id": "", "event": str(Kind.LOG), **about, "payload": as_json(one)}))
            for one in found
        ]

    def _id(self) -> str:
        return write_id(self._places)

    def _message(self, repo: str, event: Recorded) -> Message:
        here = self._id()
        facts = {"at": stamp(event.at), "repo": repo, "mission": event.mission, "payload": as_json(event.data)}
        return Message(here, event.kind, body_of({"id": here, "event": str(event.kind), **facts}))

    def _control(self, event: str, repo: str, reason: str = "") -> Message:
        here = self._id()
        payload = {"reason": reason} if reason else {}
        facts: dict[str, Any] = {"at": "", "repo": repo, "mission": "", "payload": payload}
        return Message(here, event, body_of({"id": here, "event": event, **facts}))


def body_of(facts: Mapping[str, Any]) -> str:
    """Return an object as JSON on one line."""
    return json.dumps(facts)  # as ASCII: a file may contain bytes that no encoding takes


def write_id(places: Mapping[str, Position | None]) -> str:
    """Return the id of a place in several journals; of a single one it is just that place."""
    known = {name: place for name, place in places.items() if place is not None}
    if len(places) == 1:
        return "".join(map(str, known.values()))
    return ",".join(f"{_key(name)}:{place}" for name, place in sorted(known.items()))


def read_id(text: str, names: Iterable[str]) -> dict[str, Position] | None:
    """Return the places that an id names in the journals of these repositories; None if it is no id.

    Those that are not there any more are left out.
    """
    names = list(names)
    if len(text) > _LONGEST_ID:
        return None
    if ":" not in text:
        place = position(text)
        return {names[0]: place} if place is not None and len(names) == 1 else None
    keys = {_key(name): name for name in names}
    found: dict[str, Position] = {}
    for part in text.split(","):
        key, _, rest = part.partition(":")
        place = position(rest)
        if place is None:
            return None
        if key in keys:
            found[keys[key]] = place
    return found


def _key(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:8]
