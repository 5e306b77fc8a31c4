"""The process of a proxy. Its keys come through standard input, never as an argument or in its environment."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from typing import TYPE_CHECKING, Any

from mission_cli.adapters.egress.request import Door
from mission_cli.adapters.proc.control import close_memory
from mission_cli.domain.egress.gate import read_gate

if TYPE_CHECKING:
    from collections.abc import Sequence


def serve_egress(link: int | None) -> int:
    """Read the doors from standard input, print the port, and serve until standard input is closed.

    The parent keeps the other end of standard input open for as long as it lives. `link` is a descriptor from which the
    listening socket comes, which is in another network; the port is then printed as 0.
    """
    close_memory()
    doors = [_door(raw) for raw in json.loads(sys.stdin.readline())]
    own = socket.create_server(("127.0.0.1", 0), backlog=64) if link is None else None
    sys.stdout.write(f"{own.getsockname()[1] if own else 0}\n")
    sys.stdout.flush()
    asyncio.run(_serve(doors, own, link))
    return 0


async def _serve(doors: Sequence[Door], own: socket.socket | None, link: int | None) -> None:
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), lambda: os._exit(0))  # at once: the job has ended
    listener = own if own is not None else await asyncio.to_thread(_received, link or 0)
    from mission_cli.adapters.egress.record import Record
    from mission_cli.adapters.egress.server import Proxy
    from mission_cli.adapters.egress.upstream import trusted

    await Proxy(doors, listener, Record(sys.stderr), trusted()).serve()


def _received(link: int) -> socket.socket:
    """Return the listening socket that arrives at a descriptor."""
    with socket.socket(fileno=link) as other:
        _, found, _, _ = socket.recv_fds(other, 1, 1)
    if not found:
        os._exit(1)  # the sandbox ended before it had a port
    listener = socket.socket(fileno=found[0])
    listener.setblocking(False)  # noqa: FBT003 - positional by its signature
    return listener


def _door(raw: Any) -> Door:
    return Door(name=raw["name"], gate=read_gate(raw["gate"]), token=raw["token"], value=raw["value"])
