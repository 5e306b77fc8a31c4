"""Connections that send no complete request in time, or do not read what is sent, are closed: uvicorn would wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio

    import h11

SECONDS = 10.0
"""From the connection, or the first byte of a further request, to the end of the headers."""
MOST_OPEN = 300
"""With more connections, further ones are closed at once; below that, too many are told so with 503."""
STALL_SECONDS = 10.0
"""How long a client may leave a full buffer unread."""


class Stalls:
    """Drops a client that does not read: what is sent to it is not kept, and nothing waits for it any longer."""

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    _stalled: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        """Begin to wait: the buffer is full."""
        super().pause_writing()  # type: ignore[misc]  # of asyncio.Protocol, which this is mixed into
        if self._stalled is None:
            self._stalled = self.loop.call_later(STALL_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Stop waiting."""
        self._reads()
        super().resume_writing()  # type: ignore[misc]  # as above

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._reads()
        super().connection_lost(exc)  # type: ignore[misc]  # as above

    def _reads(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None


class PatientProtocol(Stalls, H11Protocol):
    """HTTP/1.1 with a time limit for headers; that for bodies is in `bodies`."""

    _timer: asyncio.TimerHandle | None = None
    _upgraded = False

    def connection_made(self, transport: Any) -> None:
        """Expect a request."""
        super().connection_made(transport)
        if len(self.connections) > MOST_OPEN:
            transport.abort()
        else:
            self._expect()

    def data_received(self, data: bytes) -> None:
        """Read; as long as no request is complete, the limit stays what it was."""
        super().data_received(data)
        if self._upgraded:
            return
        if not self._is_waiting():
            self._stop()
        elif self._timer is None:
            self._expect()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Leave the connection to the protocol of WebSockets."""
        self._upgraded = True
        self._stop()
        super().handle_websocket_upgrade(event)

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing any more."""
        self._stop()
        super().connection_lost(exc)

    def _expect(self) -> None:
        self._timer = self.loop.call_later(SECONDS, self._give_up)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        self._timer = None
        if self._is_waiting():
            self.transport.close()

    def _is_waiting(self) -> bool:
        """Whether no request is being answered."""
        cycle: Any = self.cycle  # None before the first request
        return cycle is None or bool(cycle.response_complete)
