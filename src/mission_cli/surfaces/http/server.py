"""Run the server: bind, serve, and stop at SIGTERM or Ctrl+C."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import ipaddress
import os
import queue
import signal
import socket
import sys
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import uvicorn

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import stamp
from mission_cli.domain.errors import ToolError, UsageError
from mission_cli.surfaces.http.guard import MOST_HEADER_BYTES
from mission_cli.surfaces.http.patience import PatientProtocol
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from mission_cli.surfaces.http.guard import Guard

_GRACE_SECONDS = 5
_SWITCH_SECONDS = 0.0005
"""How long one thread may compute while others want to go on: most of a request is many short looks at files."""
_COLLECT_AFTER = (20_000, 20, 50)
"""Seldom, because kept views are many objects, and what a request leaves behind is nearly always freed at once."""
_M_ARENA_MAX = -8
"""Of `mallopt`."""
_MOST_LINES = 1000
_STDERR = 2
MOST_CONNECTIONS = 200
_MOST_MESSAGE_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens."""

    host: str
    port: int

    @property
    def name(self) -> str:
        """As in an address: `127.0.0.1:8765`, `[::1]:8765`."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether an address belongs to this machine alone. Raises UsageError if it is no IP address."""
    try:
        found = ipaddress.ip_address(host)
    except ValueError as error:
        hint = "write an IP address, such as 127.0.0.1 or ::1"
        raise UsageError(f"{host!r} is not an IP address", hint=hint) from error
    if found.is_unspecified:
        hint = "name one address, by which this machine is reached"
        raise UsageError(f"{host} means every network of this machine", hint=hint)
    return found.is_loopback


def bind(host: str, port: int) -> tuple[socket.socket, Address]:
    """Return a socket that listens, and its address; port 0 is a free one. Raises ToolError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio sends at once only if it is named
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
    except OSError as error:
        made.close()
        hint = "choose another port: --port N; or stop what listens there"
        raise ToolError(f"cannot listen on {host}, port {port}: {error.strerror}", hint=hint) from error
    return made, Address(host, made.getsockname()[1])


def own_names(address: Address, urls: Iterable[str]) -> frozenset[str]:
    """Return the values of the header Host under which a server is known; `urls` are its public addresses."""
    local = {address.name, f"localhost:{address.port}"} if address.loopback else {address.name}
    return frozenset(local | {url.partition("://")[2].casefold() for url in urls})


def own_origins(address: Address, urls: Iterable[str]) -> frozenset[str]:
    """Return the origins of its pages."""
    return frozenset({f"http://{name}" for name in own_names(address, ())} | {url.casefold() for url in urls})


def config_of(app: Guard) -> uvicorn.Config:
    """Return how an application is served: few connections, short headers, no names of paths in logs."""
    return uvicorn.Config(
        app,
        http=PatientProtocol,
        loop="asyncio",
        ws=_sockets(),
        ws_max_size=_MOST_MESSAGE_BYTES,
        ws_per_message_deflate=False,
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        h11_max_incomplete_event_size=MOST_HEADER_BYTES,
    )


def _sockets() -> Any:
    """Return the protocol of WebSockets; without its package there is none."""
    if find_spec("websockets") is None:
        return "none"
    from mission_cli.surfaces.http.live.protocol import PatientSocket

    return PatientSocket


def serve(app: Guard, listener: socket.socket, ready: Callable[[], None]) -> None:
    """Serve until SIGTERM or Ctrl+C; requests that are under way get some seconds to end."""
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.collect()
    gc.freeze()  # what was imported stays: to look at all of it again would stop every request for 0.2 s
    gc.set_threshold(*_COLLECT_AFTER)
    _share_memory_among_threads()
    Server(config_of(app), ready, app.stop).run(sockets=[listener])


def _share_memory_among_threads() -> None:
    """Let all threads take memory from two pools: with one for each, what one frees is no room for the others."""
    with suppress(AttributeError, OSError):  # only glibc has it
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


class Log:
    """The log on stderr, written by a thread of its own: a program that does not read it stops no request."""

    def __init__(self) -> None:
        self._lines: queue.Queue[str] = queue.Queue(_MOST_LINES)
        self._thread = threading.Thread(target=self._go_on, daemon=True)
        self._thread.start()

    def write(self, words: str) -> None:
        """Write a line; without room for it, it is left out."""
        with suppress(queue.Full):
            self._lines.put_nowait(f"{stamp(datetime.now(UTC))} {clean(words)}\n")

    def close(self) -> None:
        """Write the remaining lines, if they are read."""
        with suppress(queue.Full):
            self._lines.put_nowait("")
        self._thread.join(1)

    def _go_on(self) -> None:
        while line := self._lines.get():
            with suppress(OSError):
                os.write(_STDERR, line.encode("utf-8", "replace"))  # no lock that the end of the program would wait for


class Server(uvicorn.Server):
    """Ends with the status 0 after a signal; uvicorn itself would let the signal end the process."""

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], stop: Callable[[], None] = lambda: None
    ) -> None:
        """`stop` ends requests that would not end by themselves."""
        super().__init__(config)
        self._ready, self._stop = ready, stop

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Stop at the first signal; a second one does not wait for requests."""
        if threading.current_thread() is threading.main_thread():  # others get no signals
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self.handle_exit, number, None)
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End streams at once, and give other requests some seconds."""
        self._stop()
        await super().shutdown(sockets)
