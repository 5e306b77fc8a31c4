"""The rig of Slurm: a real cluster of two nodes on this machine."""

from __future__ import annotations

import os
import shlex
from contextlib import ExitStack
from typing import TYPE_CHECKING

from tests.kit.slurm_cluster import SlurmCluster
from tests.kit.sshd import near

from mission_cli.adapters.executors.hosts.slurm.launcher import SlurmLauncher
from mission_cli.domain.hosts.host import Host, HostKind

if TYPE_CHECKING:
    from pathlib import Path

    from mission_cli.adapters.executors.remote.launcher import Launcher


class SlurmRig:
    """A real cluster on this machine."""

    def __init__(self, folder: Path) -> None:
        self._cluster = SlurmCluster(forgets_s=4)
        self._folder = folder

    @property
    def launcher(self) -> Launcher:
        """By its commands on this machine."""
        host = Host("cluster", HostKind.SLURM, root=os.fspath(self._folder / "shared"), workers=3)
        return SlurmLauncher(host, environment=self._cluster.environment, folder=self._folder / "cache")

    def lose_next_answer(self) -> bool:
        """By an `sbatch` that submits, and then fails as when the controller does not answer in time."""
        self._cluster.lose_next_answer()
        return True

    def kill_node(self, job: str) -> bool:
        """Its daemon and its processes."""
        self._cluster.kill_node(self.launcher.look([job])[job].node)
        return True

    def cut_network(self) -> bool:
        """The controller; the folder stays."""
        self._cluster.stop_controller()
        return True

    def restore(self) -> None:
        """Start it again."""
        self._cluster.start_controller()

    def leave(self) -> None:
        """End the cluster."""
        self._cluster.leave()


class SlurmBySshRig(SlurmRig):
    """The same by `ssh` to a login node, whose login shell knows the cluster."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._end = ExitStack()
        self.network = self._end.enter_context(near(folder / "network", "login"))

    @property
    def launcher(self) -> Launcher:
        """By a port of this machine."""
        names = ("PATH", "SLURM_CONF")
        lines = [f"export {name}={shlex.quote(self._cluster.environment[name])}\n" for name in names]
        (self.network["login"].home / ".profile").write_text("".join(lines))
        root = os.fspath(self._folder / "shared")
        host = Host("cluster", HostKind.SLURM, address="login", root=root, workers=3)
        return SlurmLauncher(host, environment=self.network.environment, folder=self._folder / "cache")

    def leave(self) -> None:
        """End the cluster and the login node."""
        self.launcher.close()
        self._end.close()
        super().leave()
