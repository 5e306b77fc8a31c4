"""A person's repository whose workers run on a host in a folder of this machine."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tests.kit import loopback_follow
from tests.kit.loopback_host import LoopbackHost

from mission_cli.adapters.executors.local.executor import LocalExecutor
from mission_cli.adapters.executors.remote.exchange.names import Names
from mission_cli.adapters.executors.remote.executor import RemoteExecutor
from mission_cli.adapters.executors.remote.followed import to_clean
from mission_cli.adapters.executors.remote.follower import LOCK
from mission_cli.adapters.executors.remote.routed import RoutedExecutor
from mission_cli.adapters.fs.locks import wait_for
from mission_cli.adapters.git.repo.command import Git
from mission_cli.domain.host import PROGRAM, clone_id
from mission_cli.domain.hosts.host import Host, HostKind
from mission_cli.domain.status import JobKind
from mission_cli.wiring import compose

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.kit.people import Person

    from mission_cli.engine.context import Context
    from mission_cli.ports.executor import JobSpec

NEAR = "near"


class AwayExecutor(RoutedExecutor):
    """Runs all workers on the host."""

    def submit(self, spec: JobSpec) -> None:
        """As if a planner had chosen the host."""
        super().submit(replace(spec, place=NEAR if spec.kind is JobKind.WORKER else ""))


class Away:
    """The host of one person."""

    def __init__(self, person: Person, folder: Path, *, kind: HostKind = HostKind.SSH) -> None:
        self._person, self.kind = person, kind
        self.follower = [os.fspath(Path(loopback_follow.__file__))]
        """The Python program that follows, with its first arguments."""
        self.host = LoopbackHost(folder / "host")

    def describe(self) -> Host:
        """As settings do."""
        return Host(
            NEAR, self.kind, address=os.fspath(self.host.folder), root=os.fspath(self.host.folder / "root"), workers=3
        )

    def context(self) -> Context:
        """The ports, as a new process is handed them."""
        opened = compose.open_repository(self._person.repo, create=True, ticking=False)
        local = opened.context.executor
        assert isinstance(local, LocalExecutor | RoutedExecutor)
        here = local if isinstance(local, LocalExecutor) else local._local  # noqa: SLF001 - the same jobs by another route
        runtime = opened.checkout.runtime
        remote = RemoteExecutor(
            here,
            runtime=runtime,
            hosts=lambda: {NEAR: self.describe()},
            surroundings=opened.surroundings,
            follower=[sys.executable, *self.follower, os.fspath(self._person.repo)],
            environment=os.environ,
        )
        return replace(opened.context, executor=AwayExecutor(here, lambda: remote, runtime=runtime))

    def names(self, key: str) -> Names:
        """The names of a job there."""
        ctx = compose.open_repository(self._person.repo, create=True, ticking=False).context
        return Names(clone_id(ctx.machine.me()), key)

    def refs(self) -> dict[str, int]:
        """How many refs the exchange has, by purpose."""
        listed = Git(self.host.folder / "exchange.git").text("for-each-ref", "--format=%(refname)", "refs/mission")
        return dict(Counter(ref.split("/")[2] for ref in listed.splitlines()))

    def is_clean(self) -> bool:
        """Wait for the end of the follower; return whether it has removed everything that it had to remove."""
        folder = self._person.runtime / "hosts" / NEAR
        wait_for(folder / LOCK)
        return to_clean(folder) == {}

    def forge_result(self, names: Names, facts: Mapping[str, object]) -> None:
        """Push a result as a host does that cannot be trusted."""
        git = Git(self.host.folder / "exchange.git")
        blob = git.store(json.dumps(facts).encode())
        tree = git.text("mktree", stdin=f"100644 blob {blob}\texit.json\n100644 blob {blob}\tlog\n".encode())
        git.run("update-ref", names.result, git.commit_tree(tree, [], "result\n", author=PROGRAM, committer=PROGRAM))

    def leave(self) -> None:
        """Kill what runs there."""
        self.host.leave()
