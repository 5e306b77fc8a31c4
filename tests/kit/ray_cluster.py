"""A real Ray cluster on this machine: a head that runs no jobs, and nodes that can die one by one.

Ray is in an environment of its own, `.venv/.ray`; `make .venv/.ray/.ready` makes it.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PROGRAM = Path(sys.prefix) / ".ray/bin/ray"
NODES = ("one", "two")
"""The nodes of the shared cluster."""
_SEEN_S = 3.0
_STARTS_S, _STEP_S = 90.0, 0.2
_OBJECTS = 80_000_000
"""Bytes for Ray's store of objects, about the least that it accepts."""


def needs_ray() -> None:
    """Skip the test if Ray is not installed."""
    if not PROGRAM.exists():
        pytest.skip("Ray is not installed: run `make nightly`, or `make .venv/.ray/.ready`")


class RayCluster:
    """A head and nodes. What Ray keeps is in `folder`, whose path has to be short: Ray puts sockets there."""

    def __init__(
        self, folder: Path, *, token: str = "", kept: bool = False, env: Mapping[str, str] | None = None
    ) -> None:
        self._folder = folder
        self._ports = dict(zip(("gcs", "dashboard", "agent"), _free_ports(3), strict=True))
        self._token = token
        self._env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("RAY_")},
            "PATH": f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}",
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_AUTH_MODE": "token" if token else "disabled",
            **({"RAY_AUTH_TOKEN": token} if token else {}),
            **(env or {}),
        }
        if kept:
            (folder / "kept").mkdir(parents=True, exist_ok=True)
            self._env |= {"RAY_gcs_storage": "rocksdb", "RAY_gcs_storage_path": os.fspath(folder / "kept")}
        self._nodes: dict[str, int] = {}
        """The port of the agent of each node."""

    @property
    def url(self) -> str:
        """The dashboard."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        """The port of the dashboard."""
        return self._ports["dashboard"]

    def has(self, name: str) -> bool:
        """Whether a node was started, and not killed since."""
        return name in self._nodes

    def start_head(self) -> None:
        """Start the head, or start it again with the ports and the storage that it had."""
        (self._folder / "t/ray_current_cluster").unlink(missing_ok=True)  # else Ray takes its own nodes for a cluster
        self._start(
            "head",
            self._ports["agent"],
            "--head",
            "--num-cpus=0",
            f"--port={self._ports['gcs']}",
            "--dashboard-host=127.0.0.1",
            f"--dashboard-port={self._ports['dashboard']}",
            f"--temp-dir={self._folder / 't'}",
        )
        self.until(self.answers, "the dashboard does not answer")

    def start_node(self, name: str, *, cpus: float = 4) -> None:
        """Add a node."""
        before = self.alive()
        self._start(
            name,
            _free_ports(1)[0],
            f"--address=127.0.0.1:{self._ports['gcs']}",
            f"--num-cpus={cpus:g}",
        )
        self.until(lambda: bool(self.alive() - before), f"{name} is not part of the cluster")

    def answers(self) -> bool:
        """Whether the dashboard can list jobs."""
        with suppress(OSError, ValueError):
            return isinstance(self.ask("GET", "/api/jobs/"), list)
        return False

    def alive(self) -> set[str]:
        """Return the ids of the nodes that the cluster takes for alive, the head included."""
        with suppress(OSError, ValueError):
            nodes = self.ask("GET", "/api/v0/nodes")["data"]["result"]["result"]
            return {node["node_id"] for node in nodes if node["state"] == "ALIVE"}
        return set()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request without our own client; return the JSON of the answer."""
        headers = {"content-type": "application/json"}
        if self._token:
            headers["authorization"] = f"Bearer {self._token}"
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(self.url + path, data, headers, method=method), timeout=30) as answer:  # noqa: S310 - http
            return json.load(answer)

    def node_of(self, job: str) -> str:
        """Return the name of the node on which a job runs."""
        node = self.ask("GET", f"/api/jobs/{job}")["driver_node_id"]
        told = self.ask("GET", f"/nodes/{node}")["data"]["detail"]["raylet"]["dashboardAgentListenPort"]
        return next(name for name, port in self._nodes.items() if port == told)

    def kill(self, name: str) -> None:
        """Kill a node with `kill -9`, and everything that runs on it."""
        del self._nodes[name]
        for _ in range(2):  # what was being started while the first list was made
            found = _commands(self._mark(name))
            for pid in sorted(found, key=lambda pid: "/raylet " not in found[pid]):  # else it says good-bye
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def running(self, name: str) -> list[str]:
        """Return the command lines of everything that runs on a node."""
        return sorted(_commands(self._mark(name)).values())

    def stop(self) -> None:
        """Kill everything."""
        for name in list(self._nodes):
            self.kill(name)

    def _mark(self, name: str) -> str:
        return f"TESTED_NODE={self._folder}:{name}"

    def _start(self, name: str, port: int, *words: str) -> None:
        self._nodes[name] = port
        log = self._folder / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as out:
            started = subprocess.run(
                [
                    PROGRAM,
                    "start",
                    "--disable-usage-stats",
                    "--include-log-monitor=false",
                    f"--object-store-memory={_OBJECTS}",
                    f"--dashboard-agent-listen-port={port}",
                    *words,
                ],
                env={**self._env, **dict([self._mark(name).split("=", 1)])},
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                timeout=_STARTS_S,
                check=False,
            )
        assert started.returncode == 0, log.read_text(errors="replace")[-2000:]

    def until(self, holds: Callable[[], bool], what: str = "it has not happened") -> None:
        """Ask again and again; fail after a time in which Ray can do anything."""
        ends = time.monotonic() + _STARTS_S
        while not holds():
            assert time.monotonic() < ends, what
            time.sleep(_STEP_S)  # Ray does not say when it is ready


@cache
def shared_cluster() -> RayCluster:
    """Return a running cluster with two nodes; it ends with this process."""
    folder = Path(tempfile.mkdtemp(prefix="ray"))
    cluster = RayCluster(folder)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(cluster.stop)
    cluster.start_head()
    return cluster


def clear(cluster: RayCluster) -> None:
    """Let every node run, and no job be known."""
    for name in NODES:
        if not cluster.has(name):
            cluster.start_node(name)
    jobs = [job["submission_id"] for job in cluster.ask("GET", "/api/jobs/")]
    for job in jobs:
        cluster.ask("POST", f"/api/jobs/{job}/stop")
    cluster.until(lambda: not any(job["status"] in {"PENDING", "RUNNING"} for job in cluster.ask("GET", "/api/jobs/")))
    if jobs:
        time.sleep(_SEEN_S)  # Ray brings back a job that is deleted before it has seen its end
    for job in jobs:
        with suppress(HTTPError):
            cluster.ask("DELETE", f"/api/jobs/{job}")


def _free_ports(number: int) -> list[int]:
    """Return free ports below those that the system gives to clients."""
    held = []
    for port in range(21_000 + os.getpid() % 5_000, 32_000):
        one = socket.socket()
        try:
            one.bind(("0.0.0.0", port))  # noqa: S104 - Ray's agents listen there
        except OSError:
            one.close()
            continue
        held.append(one)
        if len(held) == number:
            break
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def _commands(mark: str) -> dict[int, str]:
    """Return the command lines of the processes that have a variable in their environment, and of what they started."""
    parents: dict[int, int] = {}
    marked: set[int] = set()
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            parents[int(place.name)] = int((place / "stat").read_text().rpartition(")")[2].split()[1])
            if mark.encode() in (place / "environ").read_bytes().split(b"\0"):
                marked.add(int(place.name))
    new = marked
    while new:
        new = {pid for pid, parent in parents.items() if parent in new} - marked
        marked |= new
    found = {}
    for pid in marked:
        with suppress(OSError):
            found[pid] = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return found
