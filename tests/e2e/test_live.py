"""Events from a real server while real pulses work: it is killed and restarted, and no client loses or repeats one."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from contextlib import ExitStack, suppress
from operator import gt
from typing import TYPE_CHECKING, Any, Self

import httpx
import pytest
from tests.kit.nightly import only_at_night
from tests.kit.people import HONEST
from tests.kit.serving import ended, server, started
from websockets.exceptions import ConnectionClosed, InvalidMessage
from websockets.sync.client import connect

from mission_cli.app.queries.stream.journal import events_since, position
from mission_cli.wiring.compose import open_repository

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.kit.people import Person

PLAN = """\
title: Live
budget: {money_usd: 9}
preferences: {runner: script, land: auto}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
"""
FEATURES, KILLS, CHANGES = 12, 8, 50
VISIBLE_SECONDS = 1.0


class Client(threading.Thread):
    """A client that comes back whenever its connection ends, and says what it has seen last."""

    def __init__(self, port: int, token: str) -> None:
        super().__init__(daemon=True)
        self.port, self.token = port, token
        self.seen: list[tuple[str, float]] = []
        """Ids, and when they came."""
        self.last = ""
        self.resets = 0
        self.connections = 0
        self.over = threading.Event()

    def run(self) -> None:
        """Listen until it is over."""
        while not self.over.is_set():
            with suppress(httpx.TransportError, ConnectionClosed, InvalidMessage, EOFError, OSError, TimeoutError):
                self.listen()
            time.sleep(0.05)  # the server is being started again

    def listen(self) -> None:
        """Make one connection, and read until it ends."""
        raise NotImplementedError  # each kind of client has its own

    def take(self, event: dict[str, Any]) -> None:
        """Keep one event."""
        self.last = event["id"]
        if event["event"] == "reset":
            self.resets += 1
        elif event["event"] != "ready":
            self.seen.append((event["id"], time.monotonic()))


class SseClient(Client):
    """Server-sent events."""

    def listen(self) -> None:
        """Read lines."""
        headers = {"Authorization": f"Bearer {self.token}", **({"Last-Event-ID": self.last} if self.last else {})}
        url = f"http://127.0.0.1:{self.port}/api/v1/events"
        with (
            httpx.Client(trust_env=False, timeout=30) as client,
            client.stream("GET", url, headers=headers) as response,
        ):
            self.connections += response.status_code == 200
            for line in response.iter_lines():
                if line.startswith("data: "):
                    self.take(json.loads(line[6:]))


class SocketClient(Client):
    """A WebSocket."""

    def listen(self) -> None:
        """Read lines."""
        headers = {"Authorization": f"Bearer {self.token}"}
        with connect(f"ws://127.0.0.1:{self.port}/api/v1/ws", proxy=None, additional_headers=headers) as socket:
            self.connections += 1
            socket.send(json.dumps({"command": "subscribe", "type": "account", "last_event_id": self.last}))
            while True:
                message = json.loads(socket.recv(timeout=30))
                if message["type"] == "event":
                    self.take(message)


class Commits(threading.Thread):
    """Sees when each commit of the state is made, by its ref."""

    def __init__(self, ref: Path) -> None:
        super().__init__(daemon=True)
        self.ref, self.at, self.over = ref, dict[str, float](), threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.join()

    def run(self) -> None:
        """Look every few milliseconds."""
        while not self.over.is_set():
            with suppress(OSError):
                self.at.setdefault(self.ref.read_text().strip(), time.monotonic())
            time.sleep(0.003)  # a ref does not tell when it moves


def until(so: Callable[[], bool], seconds: float = 20) -> None:
    """Return as soon as something is so."""
    deadline = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < deadline
        time.sleep(0.02)  # polled until the deadline of the test


def every_event(person: Person, first: str) -> list[str]:
    """The ids of everything after a place, read from git."""
    place = position(first)
    assert place is not None
    steps = events_since(open_repository(person.repo).context.state, place, limit=100_000)
    assert steps is not None
    return [str(event.place) for step in steps for event in step]


class Servers:
    """One server after the other on the same port."""

    def __init__(self, person: Person, stack: ExitStack) -> None:
        self.person, self.stack, self.port = person, stack, 0
        self.begin()

    def begin(self) -> None:
        """Start one."""
        facts, self.process = self.stack.enter_context(server(self.person, port=self.port))
        self.port = int(facts["url"].rpartition(":")[2])

    def kill(self) -> None:
        """Kill it, as the kernel does when memory is short."""
        self.process.kill()
        self.process.wait()


def work(person: Person) -> None:
    """Change the state: real pulses with real workers, and commands."""
    person.mission("start", "m", "--headless")
    person.run()
    for usd in range(10, 14):
        person.mission("set", "m", "budget.money_usd", str(usd))


@only_at_night
@pytest.mark.timeout(900)
def test_no_client_loses_or_repeats_an_event_while_the_server_is_killed_and_the_state_changes(
    person: Person, record_property: Callable[[str, object], None]
) -> None:
    person.worker(HONEST, "time.sleep(1)")
    person.mission("init")
    token = person.mission("access", "add", "ada", "--json").facts["token"]
    rows = [f'      - {{title: f{number}, criteria: ["file: `1.{number}.txt`"]}}' for number in range(1, FEATURES + 1)]
    person.mission("new", "--plan", "-", "--id", "m", "--runner", "script", stdin=PLAN + "\n".join(rows))
    first = person.state_head()
    with ExitStack() as stack, Commits(person.repo / ".git/mission-state.git/refs/heads/missions") as commits:
        servers = Servers(person, stack)
        clients: list[Client] = [SseClient(servers.port, token), SocketClient(servers.port, token)]
        for client in clients:
            client.start()
        until(lambda: all(client.last == first for client in clients))
        working = threading.Thread(target=work, args=(person,))
        working.start()
        for _ in range(KILLS):
            seen = [len(client.seen) for client in clients]
            until(lambda seen=seen: all(map(gt, (len(c.seen) for c in clients), seen)) or not working.is_alive())  # type: ignore[misc]  # a list
            servers.kill()
            servers.begin()
        working.join()
        until(lambda: all(client.last == person.state_head() for client in clients))
        late = [delay for number in range(CHANGES) for delay in delays(person, clients, commits, 20 + number)]
        record_property("seconds until a change was seen", sorted(late))
        assert max(late) < VISIBLE_SECONDS or sum(late) / len(late) < VISIBLE_SECONDS / 2, late
        for client in clients:
            assert [name for name, _ in client.seen] == every_event(person, first)
            assert client.resets == 0
            assert client.connections > KILLS // 2
        connections = [client.connections for client in clients]
        code, log = ended(servers.process)
        assert (code, "Traceback" in log) == (0, False), log
        assert "graceful" not in log, "uvicorn did not have to give up waiting for the streams"
        servers.begin()
        until(lambda: all(client.connections > before for client, before in zip(clients, connections, strict=True)))
        person.mission("access", "remove", "ada", "--yes")
        for client in clients:
            client.over.set()
            client.join(10)
            assert not client.is_alive(), "its stream ends with its token"
    person.rest()


def delays(person: Person, clients: list[Client], commits: Commits, usd: int) -> list[float]:
    """Change something; return how long after the commit each client has seen it, in seconds."""
    person.mission("set", "m", "budget.money_usd", str(usd))
    head = person.state_head()
    until(lambda: all(client.last == head for client in clients))
    return [round(client.seen[-1][1] - commits.at[head], 3) for client in clients]


def test_a_server_that_is_still_starting_ends_with_status_0(person: Person, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text(f"#!/bin/sh\n: > '{begun}'\nexec sleep 1\n")
    slow.chmod(0o755)
    process = started(person, PATH=f"{slow.parent}:{os.environ['PATH']}")
    until(begun.exists)
    process.send_signal(signal.SIGTERM)
    _, words = process.communicate(timeout=20)
    assert (process.returncode, words) == (0, "")
