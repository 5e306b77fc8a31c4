"""Ports of this machine that previews hold: a lock file for each, which the kernel releases when its holder dies."""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING
from zlib import crc32

from mission_cli._support.dataclass import dataclass
from mission_cli.adapters.fs.locks import try_lock, unlock
from mission_cli.adapters.judges.ports import listeners
from mission_cli.domain.errors import ToolError

if TYPE_CHECKING:
    from pathlib import Path

FIRST_PORT, PORTS = 24000, 1000
"""Below the ports that the system gives to clients."""


@dataclass(frozen=True, slots=True)
class Lease:
    """One port that no other preview of this user gets until it is given back."""

    port: int
    handle: int

    def give_back(self) -> None:
        """Let others have the port."""
        unlock(self.handle)


def lease_port(folder: Path, key: str) -> Lease:
    """Hold a free port: the same for each preview of a mission, as far as it is free. Raises ToolError.

    `folder` is shared by all repositories of a user; `key` is the job that gets the port.
    """
    first = crc32(key.partition("/")[0].encode())
    for number in range(PORTS):
        port = FIRST_PORT + (first + number) % PORTS
        handle = try_lock(folder / f"port-{port}")
        if handle is None:
            continue
        if _is_free(port):
            return Lease(port, handle)
        unlock(handle)
    raise ToolError(f"none of the ports from {FIRST_PORT} to {FIRST_PORT + PORTS - 1} is free")


def _is_free(port: int) -> bool:
    if listeners(port):
        return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # only a program that listens is in the way
        try:
            probe.bind(("", port))
        except OSError as error:
            if error.errno in {errno.EADDRINUSE, errno.EACCES}:
                return False
            raise
    return True
