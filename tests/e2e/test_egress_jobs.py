"""A job that uses a key by its proxy: it works, the key is not in the sandbox, and the proxy ends with the job."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.agents import needs_bubblewrap
from tests.kit.loopback import Asked, Reply, loopback
from tests.kit.nightly import by_day, only_at_night

from mission_cli.adapters.proc import scan
from mission_cli.domain.status import EndReason, JobKind
from mission_cli.ports.executor import JobSpec, Key, Program, SandboxAccess, Tree
from mission_cli.wiring import compose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kit.loopback import Loopback
    from tests.kit.people import Person

    from mission_cli.domain.runs.jobs import Exit

VALUE = "Zq7rT4kW8vLx2mBn6Yc0HsPdUgAe5Ji3"
DUMP = """
import os, socket, urllib.request
from pathlib import Path
found = [repr(os.environ)]
places = [*Path("/proc").glob("[0-9]*/environ"), *Path("/proc").glob("[0-9]*/cmdline")]
for top in (Path.home(), Path.cwd(), Path(os.environ["MISSION_USAGE"]).parent.parent, Path("/tmp")):
    places += [p for p in top.rglob("*") if p.is_file()]
size = 0
for place in places:
    try:
        found.append(f"{place}: {place.read_bytes()[:100_000]!r}")
        size += len(found[-1])
    except OSError:
        pass
    if size > 20_000_000:  # the folder of temporary files may be full; larger requests are refused
        break
def post(text):
    asked = urllib.request.Request(os.environ["API_URL"] + "/dump?x=1", data=text.encode())
    return urllib.request.urlopen(asked).read().decode()
said = post("\\n".join(found))
found.append(said)
print("the host said", said)
print("through the net:", end=" ")
try:
    socket.create_connection(("127.0.0.1", int(os.environ["ELSEWHERE"])), timeout=5)
    print("open")
except OSError as error:
    print("closed")
post("\\n".join(found))
"""
WAITS = "import os, time; print(os.environ['API_URL'], flush=True); time.sleep(600)  # until it is stopped"


@pytest.fixture
def host() -> Iterator[Loopback]:
    """A host that says the key back."""

    def answer(asked: Asked) -> Reply:
        return Reply(body=f"your key is {asked.headers['authorization']}".encode())

    with loopback(answer) as running:
        yield running


def spec_of(person: Person, name: str, script: str, host: Loopback, *, boxed: bool, network: bool | None) -> JobSpec:
    gate = f"proxy POST {host.url}/v1 Authorization: Bearer {{}}"
    return JobSpec(
        key=f"m/checks/{name}.1",
        kind=JobKind.CHECK,
        tree=Tree(commit=person.git("rev-parse", "main")),
        program=Program(
            argv=(sys.executable, "-c", script),
            env={"ELSEWHERE": host.url.rpartition(":")[2]},
            keys=(Key("API", "env:API_KEY", gate),),
        ),
        sandbox=SandboxAccess(on=boxed, network=network),
    )


def ready(person: Person, value: str = VALUE) -> None:
    """Put the key into the person's key file."""
    person.set('sandbox = "auto"')
    file = Path.home() / ".config/mission/env"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"API_KEY={value}\n")


def run(person: Person, spec: JobSpec) -> Exit:
    executor = compose.open_repository(person.repo, create=True, ticking=False).executor
    executor.submit(spec)
    executor.wait(spec.key)
    end = executor.poll([spec.key])[spec.key].exit
    assert end is not None
    return end


@pytest.mark.parametrize("network", by_day(["off", "on"], 1))
def test_a_job_uses_a_key_that_is_not_in_its_sandbox(person: Person, host: Loopback, network: str) -> None:
    """Without a network, it reaches the host of the key and nothing else."""
    needs_bubblewrap()
    ready(person)
    spec = spec_of(person, "dump", DUMP, host, boxed=True, network=None if network == "on" else False)
    end = run(person, spec)
    folder = person.runtime / "jobs" / spec.key
    log = (folder / "out.log").read_text()
    assert (end.reason, end.code, end.leftovers) == (EndReason.EXIT, 0, 0), log
    assert log.splitlines() == [
        f"the host said your key is Bearer {'*' * len(VALUE)}",
        f"through the net: {'open' if network == 'on' else 'closed'}",
    ]
    assert [(one.method, one.path, one.headers["authorization"]) for one in host.asked] == [
        ("POST", "/v1/dump?x=1", f"Bearer {VALUE}")
    ] * 2
    assert "MISSION_MARK" in host.asked[1].body.decode()
    assert VALUE not in host.asked[1].body.decode()
    written = [p for p in folder.rglob("*") if p.is_file() and VALUE in p.read_text(errors="replace")]
    assert written == []
    lines = [line.split()[1:6] for line in (folder / "requests.log").read_text().splitlines()]
    assert lines == [["API", "POST", "/v1/dump", "200", "51"]] * 2


@only_at_night
def test_a_proxy_dies_with_its_supervisor(person: Person, host: Loopback) -> None:
    ready(person)
    executor = compose.open_repository(person.repo, create=True, ticking=False).executor
    spec = spec_of(person, "waits", WAITS, host, boxed=False, network=None)
    executor.submit(spec)
    started = person.runtime / "jobs" / spec.key / "started.json"
    while not executor.logs(spec.key, 200):
        pass
    supervisor = json.loads(started.read_text())["pid"]
    below = scan.descendants(supervisor)
    assert sum(b"_egress" in Path(f"/proc/{pid}/cmdline").read_bytes() for pid in below) == 1
    os.kill(supervisor, signal.SIGKILL)
    until = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in below) and time.monotonic() < until:
        pass
    assert [pid for pid in below if Path(f"/proc/{pid}").exists()] == []


@only_at_night
@pytest.mark.parametrize("value", ["", "short", "with\ttab and more"])
def test_a_key_that_cannot_be_sent_starts_nothing(person: Person, host: Loopback, value: str) -> None:
    ready(person, value)
    end = run(person, spec_of(person, "none", "print(1)", host, boxed=False, network=None))
    assert end.reason is EndReason.NOT_STARTED
    assert (value[:5], end.detail) in snapshot(
        [
            ("", "there is no value for API: env:API_KEY leads to no value: $API_KEY is not set"),
            ("short", "there is no value for API: it has fewer than 8 characters, so it cannot be hidden in a log"),
            ("with\t", "there is no value for API: it has characters that a header cannot carry"),
        ]
    )
