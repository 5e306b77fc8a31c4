"""A gate on loopback in front of a TCP server: tests close it, or let one answer get lost."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Gate:
    """Passes connections on to a port of this machine."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._lost = b""
        self._serve(self._listener)

    def lose_next_answer(self, request: bytes) -> None:
        """Pass on the next request that begins so, and close its connection instead of passing on the answer."""
        self._lost = request

    def close(self) -> None:
        """Refuse connections, and break those that are open."""
        for one in (self._listener, *self._open):
            _end(one)
        self._open.clear()

    def open(self) -> None:
        """Take connections again, at the same port."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._serve(self._listener)

    def _serve(self, listener: socket.socket) -> None:
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near = listener.accept()[0]
                try:
                    far = socket.create_connection(("127.0.0.1", self._to))
                except OSError:
                    _end(near)
                    continue
                self._open |= {near, far}
                told = {"lost": False}
                threading.Thread(target=self._ask, args=(near, far, told), daemon=True).start()
                threading.Thread(target=self._answer, args=(near, far, told), daemon=True).start()

    def _ask(self, near: socket.socket, far: socket.socket, told: dict[str, bool]) -> None:
        with suppress(OSError):
            while part := near.recv(65536):
                if self._lost and part.startswith(self._lost):
                    self._lost, told["lost"] = b"", True
                far.sendall(part)
        _end(far)

    def _answer(self, near: socket.socket, far: socket.socket, told: dict[str, bool]) -> None:
        with suppress(OSError):
            while part := far.recv(65536):
                if told["lost"]:
                    break
                near.sendall(part)
        _end(near)


def _end(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
