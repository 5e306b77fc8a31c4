"""Jobs of previews: a server with a port of its own, proved to listen, and gone with its port when the job ends."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest
from tests.kit.agents import needs_bubblewrap
from tests.kit.nightly import by_day

from mission_cli.adapters.executors.jobs.port_lease import FIRST_PORT, PORTS, lease_port
from mission_cli.adapters.judges.ports import listeners
from mission_cli.adapters.proc import scan
from mission_cli.domain.status import EndReason, JobKind, JobState
from mission_cli.ports.executor import JobSpec, Program, SandboxAccess, Service, Tree
from mission_cli.wiring import compose

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kit.people import Person

    from mission_cli.domain.runs.jobs import Job
    from mission_cli.ports.executor import Executor

SERVER = """\
import http.server, os
class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(500 if self.path == "/broken" else 200)
        self.end_headers()
        self.wfile.write(open("page.txt", "rb").read())
    def log_message(self, *a): pass
print("serving on", os.environ["MISSION_PORT"], flush=True)
http.server.HTTPServer(("127.0.0.1", int(os.environ["MISSION_PORT"])), Site).serve_forever()
"""
DEADLINE = 30


def spec_of(person: Person, key: str, *argv: str, ready_s: int = 20, health: str = "", boxed: bool = False) -> JobSpec:
    return JobSpec(
        key=key,
        kind=JobKind.PREVIEW,
        tree=Tree(commit=person.git("rev-parse", "main")),
        program=Program(argv=argv or (sys.executable, "serve.py")),
        sandbox=SandboxAccess(on=boxed),
        service=Service(ready_s, health),
    )


def open_jobs(person: Person, page: str = "hello") -> Executor:
    person.commit("A page", **{"serve.py": SERVER, "page.txt": page})
    return compose.open_repository(person.repo, create=True, ticking=False).executor


def until(executor: Executor, key: str) -> Job:
    """Wait until the server listens, or the job has ended."""
    ends = time.monotonic() + DEADLINE
    while time.monotonic() < ends:
        job = executor.poll([key])[key]
        if job.port or job.exit is not None:
            return job
        time.sleep(0.02)  # polled until the deadline above
    raise AssertionError(f"{key} neither listens nor ends")


def end(executor: Executor, key: str) -> Job:
    executor.cancel(key)
    executor.wait(key)
    return executor.poll([key])[key]


@pytest.mark.parametrize("boxed", by_day([True, False], 1))
def test_a_server_is_ready_when_it_listens_and_frees_its_port(person: Person, *, boxed: bool) -> None:
    if boxed:
        needs_bubblewrap()
        person.set('sandbox = "auto"')
    executor, keys = open_jobs(person), ["one/preview-1", "one/preview-2"]
    for key in keys:
        executor.submit(spec_of(person, key, health="/", boxed=boxed))
    jobs = [until(executor, key) for key in keys]
    ports = [job.port for job in jobs]
    assert all(FIRST_PORT <= port < FIRST_PORT + PORTS for port in ports)
    assert len(set(ports)) == len(keys), "no port is given to two previews"
    for port in ports:
        with urlopen(f"http://localhost:{port}/") as answer:  # the preview itself
            assert answer.read() == b"hello"
    for key, port in zip(keys, ports, strict=True):
        ended = end(executor, key)
        assert ended.exit is not None
        assert (ended.exit.reason, ended.tail) == (EndReason.CANCELLED, f"serving on {port}\n")
        assert listeners(port) == set()
        assert executor.tree(key) == ""


def test_why_a_server_is_not_ready_is_told(person: Person) -> None:
    executor = open_jobs(person)
    cases = {
        "silent": (spec_of(person, "two/preview-1", "sleep", "60", ready_s=1), EndReason.DEADLINE, "it did not listen"),
        "broken": (
            spec_of(person, "two/preview-2", ready_s=1, health="/broken"),
            EndReason.DEADLINE,
            "`/broken` answered 500, not with success, within 1 s",
        ),
        "ended": (spec_of(person, "two/preview-3", "sh", "-c", "echo no; exit 3"), EndReason.EXIT, ""),
    }
    for spec, _, _ in cases.values():
        executor.submit(spec)
    for name, (spec, reason, words) in cases.items():
        job = until(executor, spec.key)
        assert job.exit is not None, name
        assert (job.exit.reason, words in job.exit.detail) == (reason, True), job.exit.detail


def test_another_program_on_the_port_is_no_preview(person: Person) -> None:
    executor, key = open_jobs(person), "three/preview-1"
    executor.submit(spec_of(person, key, "sh", "-c", "echo $MISSION_PORT; exec sleep 60"))
    ends = time.monotonic() + DEADLINE
    while not (said := executor.logs(key, 100)) and time.monotonic() < ends:
        time.sleep(0.02)  # polled until the deadline above
    with socket.create_server(("127.0.0.1", int(said))):
        ended = until(executor, key).exit
    assert ended is not None
    words = f"a program that the command did not start listens on port {int(said)}"
    assert (ended.reason, ended.detail) == (EndReason.NOT_STARTED, words)


def test_a_dead_supervisor_leaves_no_process_and_no_port(person: Person) -> None:
    executor, key = open_jobs(person), "four/preview-1"
    spec = spec_of(person, key)
    executor.submit(spec)
    port = until(executor, key).port
    [supervisor] = scan.commanded("_supervise", os.fspath(person.runtime / "jobs" / key))
    os.kill(supervisor, signal.SIGKILL)
    executor.wait(key)
    assert executor.poll([key])[key].state is JobState.GONE
    executor.submit(spec)
    executor.wait(key)
    ended = executor.poll([key])[key].exit
    assert ended is not None
    assert (ended.reason, ended.detail) == (EndReason.LOST, "its supervisor died")
    assert listeners(port) == set()


def test_ports_are_leased_once_over_all_repositories(tmp_path: Path) -> None:
    first, second = lease_port(tmp_path, "m/preview-1"), lease_port(tmp_path, "m/preview-2")
    assert second.port != first.port
    first.give_back()
    again = lease_port(tmp_path, "m/preview-3")
    assert again.port == first.port, "each preview of a mission gets the same port where it is free"
    again.give_back()
    second.give_back()
