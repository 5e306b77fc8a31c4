"""A Ray cluster as a host: one for all tests of a process, because it takes long to start."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from urllib.error import HTTPError

from tests.kit.gate import Gate
from tests.kit.ray_cluster import RayCluster, needs_ray

from mission_cli.adapters.executors.hosts.ray.launcher import RayLauncher
from mission_cli.domain.hosts.host import Host, HostKind

_SEEN_S = 3.0
NODES = ("one", "two")


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


class RayRig:
    """Two nodes, behind a gate."""

    def __init__(self, folder: Path) -> None:
        needs_ray()
        self._cluster = shared_cluster()
        clear(self._cluster)
        self._gate = Gate(self._cluster.port)
        self._folder = folder
        subprocess.run(["git", "init", "--quiet", "--bare", folder / "exchange.git"], check=True)

    @property
    def launcher(self) -> RayLauncher:
        """Through the gate."""
        host = Host(
            "cluster",
            HostKind.RAY,
            address=f"http://127.0.0.1:{self._gate.port}",
            exchange=os.fspath(self._folder / "exchange.git"),
            root=os.fspath(self._folder / "root"),
            workers=4,
        )
        return RayLauncher(host, environment=os.environ, folder=self._folder / "cache")

    def lose_next_answer(self) -> bool:
        """To the next submission."""
        self._gate.lose_next_answer(b"POST /api/jobs/ ")
        return True

    def kill_node(self, job: str) -> bool:
        """With everything that runs on it."""
        self._cluster.kill(self._cluster.node_of(job))
        return True

    def cut_network(self) -> bool:
        """At the gate."""
        self._gate.close()
        return True

    def restore(self) -> None:
        """At the gate."""
        self._gate.open()

    def leave(self) -> None:
        """The cluster stays; its jobs end."""
        self._gate.close()
        for job in self._cluster.ask("GET", "/api/jobs/"):
            self._cluster.ask("POST", f"/api/jobs/{job['submission_id']}/stop")
