"""`mission serve` as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.kit.schemas import check_output

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kit.people import Person


def started(person: Person, *words: str, **env: str) -> subprocess.Popen[str]:
    """Start the server; its first line is its result as JSON."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"} | env
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "mission_cli", "serve", "--json", *words],
        cwd=person.repo,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        stdin=subprocess.DEVNULL,
    )


@contextmanager
def server(person: Person, *words: str, port: int = 0) -> Iterator[tuple[dict[str, Any], subprocess.Popen[str]]]:
    """Run the server; yield what it printed, and its process."""
    process = started(person, "--port", str(port), *words)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate()[1]
        check_output(("serve", "--json"), line)
        yield json.loads(line), process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """End it as a service manager does; return its status and its log."""
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=20)
    return process.returncode, log
