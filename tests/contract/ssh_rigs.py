"""Hosts with a real sshd, for the tests of all launchers."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from tests.kit.sshd import machines, near, python_there

from mission_cli.adapters.executors.hosts.ssh.launcher import SshLauncher
from mission_cli.domain.hosts.host import Host, HostKind

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.kit.sshd import Network

    from mission_cli.adapters.executors.remote.launcher import Launcher

NAME = "one"


class SshRig:
    """A machine in namespaces of its own."""

    def __init__(self, folder: Path) -> None:
        self._end = ExitStack()
        self._folder = folder
        self.network = self._end.enter_context(self._machines(folder / "network"))
        self._cut = False

    @property
    def launcher(self) -> Launcher:
        """As another process makes it, but for the connection."""
        host = Host(NAME, HostKind.SSH, address=NAME, python=python_there())
        return SshLauncher(host, environment=self.network.environment, folder=self._folder / "cache")

    def lose_next_answer(self) -> bool:
        """By the program `ssh` of this test."""
        self.launcher.look(["any"])
        self.network.lose_next_answer()
        return True

    def kill_node(self, job: str) -> bool:
        """Kill everything on the machine, and start it again."""
        del job
        self.network[NAME].kill()
        self.network[NAME].start()
        return True

    def cut_network(self) -> bool:
        """Take the link away."""
        self.network[NAME].cut_off()
        return True

    def restore(self) -> None:
        """Give it back."""
        self.network[NAME].connect()

    def leave(self) -> None:
        """Kill everything."""
        self.launcher.close()
        self._end.close()

    def _machines(self, folder: Path) -> AbstractContextManager[Network]:
        return machines(folder, [NAME])


class NearSshRig(SshRig):
    """A port of this machine."""

    def kill_node(self, job: str) -> bool:
        """This machine is needed."""
        del job
        return False

    def cut_network(self) -> bool:
        """The loopback device is needed."""
        return False

    def restore(self) -> None:
        """Nothing was cut."""

    def _machines(self, folder: Path) -> AbstractContextManager[Network]:
        return near(folder, NAME)
