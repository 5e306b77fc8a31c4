"""Kinds of hosts: one module or folder each, with everything that is known of it; `LAUNCHERS` registers them.

All are imported on first use.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from mission_cli.domain.hosts.host import HostKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Protocol

    from mission_cli.adapters.executors.remote.launcher import Launcher
    from mission_cli.domain.hosts.host import Host

    class MakesLauncher(Protocol):
        """The class of a launcher. `folder` is for control sockets and caches of this host; it may be missing."""

        def __call__(self, host: Host, *, environment: Mapping[str, str], folder: Path) -> Launcher:
            """Return the launcher of a host; nothing is asked yet."""
            ...


_CLASSES = {
    HostKind.SSH: ("ssh.launcher", "SshLauncher"),
    HostKind.RAY: ("ray.launcher", "RayLauncher"),
    HostKind.SLURM: ("slurm.launcher", "SlurmLauncher"),
    HostKind.KUBERNETES: ("kubernetes.launcher", "KubernetesLauncher"),
}


class _Registry(Mapping[HostKind, "MakesLauncher"]):
    """The class of each kind."""

    def __getitem__(self, kind: HostKind) -> MakesLauncher:
        module, name = _CLASSES[kind]
        made: MakesLauncher = getattr(import_module(f"mission_cli.adapters.executors.hosts.{module}"), name)
        return made

    def __iter__(self) -> Iterator[HostKind]:
        return iter(_CLASSES)

    def __len__(self) -> int:
        return len(_CLASSES)


LAUNCHERS: Mapping[HostKind, MakesLauncher] = _Registry()
