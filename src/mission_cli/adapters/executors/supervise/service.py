"""Whether the server of a job is ready: one of its own processes listens on its port, and answers."""

from __future__ import annotations

import http.client
import os
import socket
import sys
import time
from typing import TYPE_CHECKING

from mission_cli.adapters.executors.supervise.watch import Stop
from mission_cli.adapters.judges.ports import listeners, sockets_of
from mission_cli.adapters.proc import scan
from mission_cli.domain.status import EndReason

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.adapters.executors.jobs.folder import JobFolder
    from mission_cli.ports.executor import JobSpec

_ANSWER_SECONDS = 2.0
_FIRST_ERROR = 400


class Readiness:
    """Looks until the server of a job is ready, then records its port and calls `ready`."""

    def __init__(self, job: JobFolder, spec: JobSpec, port: int, ready: Callable[[], None]) -> None:
        self._job, self._port, self._health, self._ready = job, port, spec.service.health, ready
        self._seconds = spec.service.ready_s
        self._until = time.monotonic() + spec.service.ready_s
        self._found, self._said = False, ""

    def look(self) -> None:
        """Look once. Raises Stop if it takes too long, or if another program listens."""
        if self._found:
            return
        if self._listens() and self._answers():
            self._found = True
            self._job.write_port(self._port)
            self._ready()
        elif time.monotonic() > self._until:
            words = self._said or f"it did not listen on port {self._port}"
            raise Stop(EndReason.DEADLINE, f"{words} within {self._seconds} s")

    def _listens(self) -> bool:
        if sys.platform != "linux":  # the program that listens cannot be identified
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self._port)) == 0
        found = listeners(self._port)
        for _ in range(2 if found else 0):  # a socket may open between the two reads
            if found <= sockets_of(scan.descendants(os.getpid())):
                return True
        if found:
            words = f"a program that the command did not start listens on port {self._port}"
            raise Stop(EndReason.NOT_STARTED, words)
        return False

    def _answers(self) -> bool:
        if not self._health:
            return True
        connection = http.client.HTTPConnection("localhost", self._port, timeout=_ANSWER_SECONDS)
        try:
            connection.request("GET", self._health)
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            self._said = f"`{self._health}` did not answer ({type(error).__name__})"
            return False
        finally:
            connection.close()
        self._said = f"`{self._health}` answered {status}, not with success,"
        return status < _FIRST_ERROR
