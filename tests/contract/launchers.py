"""A rig for each kind of host: a launcher over the real thing, and what can go wrong there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from tests.contract.kubernetes_rig import KubernetesRig
from tests.contract.ray_rig import RayRig
from tests.contract.slurm_rig import SlurmBySshRig, SlurmRig
from tests.contract.ssh_rigs import NearSshRig, SshRig
from tests.kit.loopback_host import LoopbackHost, LoopbackLauncher

from mission_cli.domain.hosts.host import Host, HostKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mission_cli.adapters.executors.remote.launcher import Launcher


class Rig(Protocol):
    """One host to test."""

    @property
    def launcher(self) -> Launcher:
        """Its launcher, as a new process makes it."""
        ...

    def lose_next_answer(self) -> bool:
        """Let the answer to the next start get lost; False if that cannot be arranged here."""
        ...

    def kill_node(self, job: str) -> bool:
        """Lose the machine on which a command runs; False if that cannot be arranged here."""
        ...

    def cut_network(self) -> bool:
        """Let the host be unreachable; False if that cannot be arranged here."""
        ...

    def restore(self) -> None:
        """Let it be reachable again."""
        ...

    def leave(self) -> None:
        """Stop everything."""
        ...


class LoopbackRig:
    """A folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self._host = LoopbackHost(folder / "host")
        self._folder = folder

    @property
    def launcher(self) -> Launcher:
        """Over the same folder."""
        host = Host("near", HostKind.SSH, address=os.fspath(self._host.folder), workers=3)
        return LoopbackLauncher(host, environment=os.environ, folder=self._folder / "cache")

    def lose_next_answer(self) -> bool:
        """By a file."""
        self._host.lose_next_answer()
        return True

    def kill_node(self, job: str) -> bool:
        """Its processes."""
        self._host.kill_node(job)
        return True

    def cut_network(self) -> bool:
        """By a file."""
        self._host.cut()
        return True

    def restore(self) -> None:
        """Without that file."""
        self._host.restore()

    def leave(self) -> None:
        """Kill what runs."""
        self._host.leave()


RIGS: dict[str, Callable[[Path], Rig]] = {
    "loopback": LoopbackRig,
    "ssh": SshRig,
    "ssh, near": NearSshRig,
    "kubernetes": KubernetesRig,
    "ray": RayRig,
    "slurm": SlurmRig,
    "slurm, by ssh": SlurmBySshRig,
}
"""By kind. A rig calls `pytest.skip` if its programs are not installed."""
AT_NIGHT: frozenset[str] = frozenset({"kubernetes", "ray", "slurm", "slurm, by ssh", "ssh", "ssh, near"})
"""Kinds that are too slow for each run of the tests."""
OUTPUT_ENDS_WITH_IT = frozenset({"kubernetes"})
"""Kinds that drop what a command has printed when it has been told to end."""
