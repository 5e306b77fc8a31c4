"""A Ray cluster as a host: one for all tests of a process, because it takes long to start."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from tests.kit.gate import Gate
from tests.kit.ray_cluster import clear, needs_ray, shared_cluster

from mission_cli.adapters.executors.hosts.ray.launcher import RayLauncher
from mission_cli.domain.hosts.host import Host, HostKind

if TYPE_CHECKING:
    from pathlib import Path


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
