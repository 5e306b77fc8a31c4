"""Ports of this machine: find a free one, and the sockets that listen on one. Without /proc none is found."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LISTENS = "0A"
_LOCAL, _STATE, _INODE = 1, 3, 9


def free_port() -> int:
    """Return a port on which nothing listens."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if not listeners(port):
            return port


def listeners(port: int) -> set[str]:
    """Return the inode numbers of the sockets that listen on a port."""
    found: set[str] = set()
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in Path(f"/proc/self/net/{table}").read_text(encoding="ascii").splitlines()[1:]:
                cells = line.split()
                if cells[_STATE] == _LISTENS and int(cells[_LOCAL].rpartition(":")[2], 16) == port:
                    found.add(cells[_INODE])
    return found


def sockets_of(pids: Iterable[int]) -> set[str]:
    """Return the inode numbers of the sockets that processes have open."""
    found: set[str] = set()
    for pid in pids:
        folder = f"/proc/{pid}/fd"
        with suppress(OSError):
            for name in os.listdir(folder):  # noqa: PTH208 - as in adapters.proc.scan
                with suppress(OSError):
                    target = os.readlink(f"{folder}/{name}")  # noqa: PTH115 - as above
                    if target.startswith("socket:["):
                        found.add(target[8:-1])
    return found
