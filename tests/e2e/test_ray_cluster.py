"""What the launcher of Ray says while a real cluster loses its head, and to a cluster that wants a token."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.kit.nightly import only_at_night
from tests.kit.ray_cluster import RayCluster, needs_ray

from mission_cli.adapters.executors.hosts.ray.launcher import RayLauncher
from mission_cli.adapters.executors.remote.launcher import Launch, LaunchState, UnreachableError
from mission_cli.domain.errors import ToolError
from mission_cli.domain.hosts.host import Host, HostKind

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE_S = 120.0
TOKEN = "0123456789abcdef" * 4
JOB = "m-1-1-a1"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path."""
    made = Path(tempfile.mkdtemp(prefix="ray"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


def launcher(cluster: RayCluster, folder: Path, token: str = "") -> RayLauncher:
    """One whose token is in a variable."""
    host = Host("cluster", HostKind.RAY, address=cluster.url, token="env:TOKEN" if token else "")
    return RayLauncher(host, environment={"TOKEN": token}, folder=folder)


def until(ray: RayLauncher, state: LaunchState) -> None:
    """Ask until the job is in a state."""
    ends = time.monotonic() + PATIENCE_S
    while (look := ray.look([JOB])[JOB]).state is not state:
        assert time.monotonic() < ends, look


@only_at_night
def test_a_job_goes_on_while_a_head_with_storage_and_a_token_is_away(folder: Path) -> None:
    needs_ray()
    cluster = RayCluster(folder, token=TOKEN, kept=True)
    try:
        cluster.start_head()
        cluster.start_node("one")
        for bad, words in (("", "Ray wants a token"), ("f" * 64, "Ray refuses the token")):
            with pytest.raises(ToolError, match=words):
                launcher(cluster, folder, bad).look([JOB])
        ray = launcher(cluster, folder, TOKEN)
        assert {finding.name: finding.ok for finding in ray.test({})}["token"]
        wait = f"echo token=$RAY_AUTH_TOKEN; while [ ! -e {folder}/go ]; do sleep 0.2; done; echo end"
        ray.start(Launch(JOB, "1.1-a1", ("/bin/sh", "-c", wait)))
        until(ray, LaunchState.RUNNING)
        cluster.kill("head")
        for ask in (lambda: ray.look([JOB]), lambda: ray.cancel(JOB), lambda: ray.output(JOB, 0), ray.free):
            with pytest.raises(UnreachableError):
                ask()
        cluster.start_head()
        ray.start(Launch(JOB, "1.1-a1", ("true",)))
        until(ray, LaunchState.RUNNING)
        (folder / "go").touch()
        until(ray, LaunchState.ENDED)
        assert ray.output(JOB, 0)[0] == b"token=\nend\n"
        ray.start(Launch(JOB + "-2", "1.1-a2", ("/bin/sh", "-c", "sleep 600")))
        ends = time.monotonic() + PATIENCE_S
        while ray.look([JOB + "-2"])[JOB + "-2"].state is not LaunchState.RUNNING:
            assert time.monotonic() < ends
        cluster.kill("one")
        while (look := ray.look([JOB + "-2"])[JOB + "-2"]).state is not LaunchState.GONE:
            assert time.monotonic() < ends, look
    finally:
        cluster.stop()


@only_at_night
def test_a_head_that_comes_back_without_its_storage_knows_no_job(folder: Path) -> None:
    needs_ray()
    cluster = RayCluster(folder)
    try:
        cluster.start_head()
        cluster.start_node("one")
        ray = launcher(cluster, folder)
        ray.start(Launch(JOB, "1.1-a1", ("/bin/sh", "-c", "sleep 600")))
        until(ray, LaunchState.RUNNING)
        cluster.kill("head")
        cluster.start_head()
        assert ray.look([JOB])[JOB].state is LaunchState.UNKNOWN
    finally:
        cluster.stop()
