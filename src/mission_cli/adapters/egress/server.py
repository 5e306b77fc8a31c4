"""The proxy: accept a connection, read one request, forward it, pass its answer back as it comes, and close.

One connection has one request, so nothing can hide behind it.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import TYPE_CHECKING

import h11
import httpx

from mission_cli.adapters.egress.mask import Mask
from mission_cli.adapters.egress.request import LONGEST_BODY, Refusal, passed_back, read_head
from mission_cli.adapters.egress.throttle import Throttle
from mission_cli.adapters.egress.upstream import Upstream, is_packed

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import AsyncIterator, Iterator, Sequence

    from mission_cli.adapters.egress.record import Record
    from mission_cli.adapters.egress.request import Door, Forward

LONGEST_ANSWER = 1 << 30
LONGEST_HEAD = 32 << 10
HEAD_SECONDS = 10.0
BODY_SECONDS = 60.0
_CONNECTIONS = 256
"""Open at once, also of programs that do not know a token; further ones are closed."""
_CHUNK = 65_536


class Proxy:
    """Serves the doors of one job on one listening socket."""

    def __init__(self, doors: Sequence[Door], listener: socket.socket, record: Record, trust: ssl.SSLContext) -> None:
        self._doors, self._listener, self._record = tuple(doors), listener, record
        self._hosts = {door.name: Upstream(door.gate, trust) for door in doors}
        port = listener.getsockname()[1]
        self._own = (f"127.0.0.1:{port}", f"localhost:{port}")
        self._throttle, self._open = Throttle(time.monotonic), 0

    async def serve(self) -> None:
        """Serve until it is cancelled."""
        server = await asyncio.start_server(self._connected, sock=self._listener, limit=LONGEST_HEAD)
        async with server:
            await server.serve_forever()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            if self._open <= _CONNECTIONS:
                await _Exchange(self, reader, writer).run()
        except (ConnectionError, asyncio.IncompleteReadError, TimeoutError, h11.ProtocolError):
            writer.transport.abort()
        finally:
            self._open -= 1
            writer.close()

    @contextmanager
    def forwarding(self, head: bytes) -> Iterator[Forward]:
        """Read a request that is forwarded during the block. Raises Refusal, also if there are too many."""
        forward = read_head(head, self._doors, self._own)
        with self._throttle.one():
            yield forward

    def upstream(self, forward: Forward) -> Upstream:
        """Return the connections to the host of a request."""
        return self._hosts[forward.door.name]

    @property
    def address(self) -> str:
        """Return the address of the proxy itself."""
        return f"http://{self._own[0]}"

    def note(self, forward: Forward | None, status: int, size: int, seconds: float, note: str) -> None:
        """Write a line about a request."""
        name, method, path = "-", "-", "-"
        if forward is not None:
            name, method, path = forward.door.name, forward.method, forward.target.partition("?")[0]
        self._record.write(name, method, path, status, size, seconds, note)


class _Exchange:
    """One request and its answer."""

    def __init__(self, proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._proxy, self._reader, self._writer = proxy, reader, writer
        self._wire = h11.Connection(h11.SERVER, max_incomplete_event_size=LONGEST_HEAD)
        self._began = time.monotonic()
        self._status, self._size = 0, 0
        self._asked: Forward | None = None
        self._recorded = False

    async def run(self) -> None:
        """Read one request and answer it. The record has its line before the worker has the end of the answer."""
        try:
            head = await self._head()
            if not head:
                return
            with self._proxy.forwarding(head) as self._asked:
                self._wire.receive_data(head)
                self._wire.next_event()
                await self._forward(self._asked)
        except Refusal as refusal:
            await self._refuse(refusal)
        except BaseException as error:
            self._record(f"broken off: {str(error) or type(error).__name__}")
            raise

    def _record(self, note: str = "") -> None:
        if not self._recorded:
            self._recorded = True
            self._proxy.note(self._asked, self._status, self._size, time.monotonic() - self._began, note)

    async def _head(self) -> bytes:
        try:
            async with asyncio.timeout(HEAD_SECONDS):
                return await self._reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError as error:
            raise Refusal(431, f"the headers are larger than {LONGEST_HEAD >> 10} KiB") from error
        except TimeoutError as error:
            raise Refusal(408, f"the headers were not complete within {HEAD_SECONDS:.0f} s") from error
        except asyncio.IncompleteReadError as error:
            if error.partial:
                raise Refusal(400, "the headers are not complete") from error
            return b""

    async def _forward(self, forward: Forward) -> None:
        upstream = self._proxy.upstream(forward)
        asked = asyncio.ensure_future(upstream.send(forward, self._body()))
        try:
            response = await self._unless_gone(asked)
        finally:
            if not asked.done():
                asked.cancel()
        try:
            await self._answer(forward, response)
        finally:
            await response.aclose()

    async def _unless_gone(self, asked: asyncio.Future[httpx.Response]) -> httpx.Response:
        """Return the answer, or raise ConnectionError when the worker has closed the connection meanwhile."""
        while not asked.done():
            await asyncio.wait([asked], timeout=1.0)
            if not asked.done() and self._reader.at_eof():
                raise ConnectionResetError("the worker closed the connection")
        return await asked

    async def _body(self) -> AsyncIterator[bytes]:
        if self._wire.they_are_waiting_for_100_continue:
            self._writer.write(self._wire.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
        size = 0
        while True:
            try:
                event = self._wire.next_event()
            except h11.RemoteProtocolError as error:
                raise Refusal(400, "the body cannot be read") from error
            if event is h11.NEED_DATA:
                self._wire.receive_data(await self._more())
            elif isinstance(event, h11.Data):
                size += len(event.data)
                if size > LONGEST_BODY:
                    raise Refusal(413, f"the body is larger than {LONGEST_BODY >> 20} MiB")
                yield bytes(event.data)
            else:
                return

    async def _more(self) -> bytes:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                return await self._reader.read(_CHUNK)
        except TimeoutError as error:
            raise Refusal(408, f"the body paused for more than {BODY_SECONDS:.0f} s") from error

    async def _answer(self, forward: Forward, response: httpx.Response) -> None:
        mask = Mask(forward.door.gate.credentials(forward.door.value))
        packed = is_packed(response)
        headers = passed_back(response.headers.raw, forward.door, self._proxy.address, length=not packed)
        self._status = response.status_code
        head = h11.Response(
            status_code=response.status_code,
            headers=[(name, mask.whole(value)) for name, value in headers],
            reason=mask.whole(response.extensions.get("reason_phrase", b"")),
        )
        await self._send(head)
        try:
            async for chunk in response.aiter_bytes() if packed else response.aiter_raw():
                self._size += len(chunk)
                if self._size > LONGEST_ANSWER:
                    raise ConnectionResetError(f"the answer is larger than {LONGEST_ANSWER >> 30} GiB")
                await self._send(h11.Data(data=mask.feed(chunk)))
        except httpx.HTTPError as error:
            raise ConnectionResetError("the host did not finish its answer") from error
        await self._send(h11.Data(data=mask.end()))
        self._record()
        await self._send(h11.EndOfMessage())

    async def _send(self, event: h11.Event) -> None:
        if isinstance(event, h11.Data) and not event.data:
            return
        self._writer.write(self._wire.send(event) or b"")
        async with asyncio.timeout(BODY_SECONDS):
            await self._writer.drain()

    async def _refuse(self, refusal: Refusal) -> None:
        """Answer with a status and a line, unless an answer has begun."""
        if self._status:
            raise ConnectionResetError(refusal.words)
        self._status = refusal.status
        self._record(refusal.words)
        said = f"mission: {refusal.words}\n".encode()
        status = HTTPStatus(refusal.status)
        lines = [
            f"HTTP/1.1 {status.value} {status.phrase}",
            "Content-Type: text/plain; charset=utf-8",
            f"Content-Length: {len(said)}",
            "Connection: close",
        ]
        self._writer.write("\r\n".join([*lines, "", ""]).encode() + said)
        with suppress(TimeoutError):
            async with asyncio.timeout(HEAD_SECONDS):
                await self._writer.drain()
                self._writer.write_eof()
                while await self._reader.read(_CHUNK):  # so that the answer arrives before the connection is reset
                    pass
