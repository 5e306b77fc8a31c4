"""The real process of an egress proxy, a host behind it, and a client that sends bytes as they are."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

VALUE = "k9Zr-4TqW8.vLx2mBn6Yc0+HsPd/eUgA=="
"""A key that is written differently in URLs."""
TOKEN = "t0ken" * 6
_SECONDS = re.compile(r" [0-9.]+ s\b")


@dataclass(frozen=True)
class Running:
    """A proxy that runs."""

    port: int
    process: subprocess.Popen[str]
    record: Path

    def raw(self, request: bytes, *, seconds: float = 10) -> bytes:
        """Send bytes; return everything that comes back until the connection is closed."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as link:
            link.sendall(request)
            parts = []
            try:
                while part := link.recv(65536):
                    parts.append(part)
            except ConnectionResetError:
                pass
            return b"".join(parts)

    def ask(self, target: str = "/", *lines: str, method: str = "GET", body: bytes = b"", token: str = TOKEN) -> bytes:
        """Send one well-formed request through a door; return head and body of the answer."""
        size = [f"Content-Length: {len(body)}"] if body else []
        head = [f"{method} /{token}{target} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", *size, *lines, "", ""]
        return self.raw("\r\n".join(head).encode("latin-1") + body)

    def lines(self) -> list[str]:
        """Return the recorded requests without their times."""
        return [_SECONDS.sub("", line).partition(" ")[2] for line in self.record.read_text().splitlines()]


@contextmanager
def proxied(
    folder: Path, gates: Mapping[str, str], *, environment: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """Run a proxy until the end of the block; each gate has the token TOKEN with its number after the first."""
    doors = [
        {"name": name, "gate": gate, "token": TOKEN + (str(number) if number else ""), "value": VALUE}
        for number, (name, gate) in enumerate(gates.items())
    ]
    record = folder / "egress.log"
    with record.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "mission_cli", "_egress"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=out,
            text=True,
            env={"PATH": os.environ["PATH"], **(environment or {})},
        )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        process.stdin.write(json.dumps(doors) + "\n")
        process.stdin.flush()
        try:
            yield Running(int(process.stdout.readline()), process, record)
        finally:
            process.stdin.close()
            process.wait(10)
