"""The rig of Kubernetes: the launcher's part of an API server on loopback, with a configuration of kubectl for it."""

from __future__ import annotations

import os
import subprocess
from contextlib import ExitStack
from typing import TYPE_CHECKING

from tests.kit.kubernetes_server import TOKEN, KubernetesServer
from tests.kit.loopback import loopback

from mission_cli.adapters.executors.hosts.kubernetes.launcher import KubernetesLauncher
from mission_cli.domain.hosts.host import Host, HostKind

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """\
apiVersion: v1
kind: Config
current-context: here
contexts:
- name: here
  context: {{cluster: near, user: me, namespace: work}}
clusters:
- name: near
  cluster: {{server: {url}}}
users:
- name: me
  user: {{token: {token}}}
"""


class KubernetesRig:
    """One namespace."""

    def __init__(self, folder: Path) -> None:
        self.server = KubernetesServer(folder / "pods")
        self._folder = folder
        self._open = ExitStack()
        self.front = self._open.enter_context(loopback(self.server.answer))
        (folder / "config").write_text(CONFIG.format(url=self.front.url, token=TOKEN))
        subprocess.run(["git", "init", "--quiet", "--bare", folder / "exchange.git"], check=True)

    @property
    def launcher(self) -> KubernetesLauncher:
        """By the configuration of kubectl."""
        host = Host(
            "cluster",
            HostKind.KUBERNETES,
            image="worker:1",
            exchange=os.fspath(self._folder / "exchange.git"),
            workers=3,
        )
        environment = {**os.environ, "KUBECONFIG": os.fspath(self._folder / "config")}
        return KubernetesLauncher(host, environment=environment, folder=self._folder / "cache")

    def lose_next_answer(self) -> bool:
        """By closing the connection."""
        self.server.loses_next_job = True
        return True

    def kill_node(self, job: str) -> bool:
        """With the program on it."""
        self.server.lose_node(job)
        return True

    def cut_network(self) -> bool:
        """By closing each connection."""
        self.server.is_down = True
        return True

    def restore(self) -> None:
        """Answer again."""
        self.server.is_down = False

    def leave(self) -> None:
        """Stop the server."""
        self._open.close()
        self.server.leave()
