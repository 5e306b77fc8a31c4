"""A real cluster of Slurm: what the contract of launchers does not say."""

from __future__ import annotations

import getpass
import os
import time
from typing import TYPE_CHECKING

import pytest
from tests.kit.nightly import only_at_night
from tests.kit.slurm_cluster import SlurmCluster

from mission_cli.adapters.executors.hosts.slurm.launcher import SlurmLauncher
from mission_cli.adapters.executors.remote.launcher import Finding, Launch, LaunchLook, LaunchState
from mission_cli.domain.errors import ToolError
from mission_cli.domain.hosts.host import Host, HostKind, Needed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = only_at_night
ID1 = "m-1-1-a1"
ID2 = "m-1-1-a2"
ID3 = "m-1-1-a3"
ID5 = "m-1-1-a5"
PATIENCE = 40
WAITS = ("/bin/sh", "-c", "echo up; exec sleep 600")


@pytest.fixture(scope="module")
def cluster() -> Iterator[SlurmCluster]:
    """Two nodes with two CPUs each."""
    made = SlurmCluster(forgets_s=4)
    yield made
    made.leave()


@pytest.fixture(autouse=True)
def _empty(cluster: SlurmCluster) -> Iterator[None]:
    """Leave no job to the next test."""
    yield
    cluster.ask("scancel", "--user", getpass.getuser(), "--full", "--signal=KILL")
    cluster.ask("scancel", "--user", getpass.getuser())
    cluster.wait_for(lambda: not cluster.ask("squeue", "-h"))


def launcher_of(cluster: SlurmCluster, folder: Path, **settings: object) -> SlurmLauncher:
    """Return a launcher on this machine."""
    host = Host("cluster", HostKind.SLURM, root=os.fspath(folder / "shared % folder"), **settings)  # type: ignore[arg-type]  # by name
    return SlurmLauncher(host, environment=cluster.environment, folder=folder / "cache")


def until(launcher: SlurmLauncher, job: str, *states: LaunchState) -> LaunchLook:
    """Ask until it is in one of these states."""
    ends = time.monotonic() + PATIENCE
    while (look := launcher.look([job])[job]).state not in states:
        assert time.monotonic() < ends, look
        time.sleep(0.2)  # poll: each question starts four programs
    return look


def test_a_job_outlives_the_controller_and_is_known_after_slurm_forgot_it(
    cluster: SlurmCluster, tmp_path: Path
) -> None:
    launcher = launcher_of(cluster, tmp_path)
    launcher.start(Launch(ID1, "m/1.1-a1", ("/bin/sh", "-c", "while [ ! -e go ]; do sleep 0.1; done; exit 3")))
    until(launcher, ID1, LaunchState.RUNNING)
    assert "|mission:m/1.1-a1\n" in cluster.ask("squeue", "-h", "-o", "%j|%k")
    cluster.stop_controller()
    (tmp_path / f"shared % folder/jobs/{ID1}/go").touch()
    cluster.start_controller()
    node = until(launcher, ID1, LaunchState.ENDED).node
    ends = time.monotonic() + PATIENCE
    while cluster.ask("squeue", "-h", "-t", "all", "-o", "%j"):
        assert time.monotonic() < ends
        time.sleep(0.5)  # poll: the controller forgets it
    assert launcher.look([ID1]) == {ID1: LaunchLook(LaunchState.ENDED, "exit status 3", node)}
    launcher.start(Launch(ID1, "m/1.1-a1", WAITS))  # a start that is repeated late
    assert launcher.look([ID1]) == {ID1: LaunchLook(LaunchState.ENDED, "exit status 3", node)}
    launcher.forget(ID1)
    assert launcher.look([ID1]) == {ID1: LaunchLook(LaunchState.UNKNOWN)}


def test_a_job_that_is_ended_by_other_hands_is_gone_with_the_reason(cluster: SlurmCluster, tmp_path: Path) -> None:
    launcher = launcher_of(cluster, tmp_path)
    launcher.start(Launch(ID2, "m/1.1-a1", ("/bin/sh", "-c", "trap '' TERM; echo up; while :; do sleep 1; done")))
    node = until(launcher, ID2, LaunchState.RUNNING).node
    ends = time.monotonic() + PATIENCE
    while b"up" not in launcher.output(ID2, 0)[0]:
        assert time.monotonic() < ends
    cluster.ask("scancel", f"--name={ID2}")
    look = until(launcher, ID2, LaunchState.GONE)
    assert (look.detail, look.node) in {("it was cancelled", node), ("its program was killed", node)}
    launcher.forget(ID2)


def test_a_job_that_does_not_end_when_it_is_asked_is_ended_by_slurm_later(
    cluster: SlurmCluster, tmp_path: Path
) -> None:
    launcher = launcher_of(cluster, tmp_path)
    launcher.start(Launch(ID3, "m/1.1-a1", ("/bin/sh", "-c", "trap '' TERM; echo up; while :; do sleep 1; done")))
    ends = time.monotonic() + PATIENCE
    while b"up" not in launcher.output(ID3, 0)[0]:
        assert time.monotonic() < ends
    launcher.cancel(ID3)
    launcher.cancel(ID3)
    assert launcher.look([ID3])[ID3].state is LaunchState.RUNNING
    long_ago = time.time() - 600
    os.utime(tmp_path / f"shared % folder/jobs/{ID3}/cancelled", (long_ago, long_ago))
    launcher.cancel(ID3)
    assert until(launcher, ID3, LaunchState.GONE).detail in {"it was cancelled", "its program was killed"}


def test_what_waits_says_why_and_can_be_cancelled(cluster: SlurmCluster, tmp_path: Path) -> None:
    launcher = launcher_of(cluster, tmp_path, needed=Needed(cpus=2, memory_mb=100))
    assert launcher.free() == 2
    for number in (1, 2, 3):
        launcher.start(Launch(f"m-{number}", f"m/{number}", WAITS, deadline_s=600))
    until(launcher, "m-1", LaunchState.RUNNING)
    until(launcher, "m-2", LaunchState.RUNNING)
    assert launcher.look(["m-3"])["m-3"].state is LaunchState.PENDING
    cluster.wait_for(lambda: launcher.look(["m-3"])["m-3"].detail in {"Resources", "Priority"})  # said a moment later
    assert launcher.free() == 0
    assert "12:00|2|100M" in cluster.ask("squeue", "-h", "--name=m-1", "-o", "%l|%C|%m")
    launcher.cancel("m-3")
    assert until(launcher, "m-3", LaunchState.GONE) == LaunchLook(LaunchState.GONE, "it was cancelled")
    for number in (1, 2):
        launcher.cancel(f"m-{number}")
        until(launcher, f"m-{number}", LaunchState.ENDED, LaunchState.GONE)


def test_what_slurm_refuses_is_told_in_its_words(cluster: SlurmCluster, tmp_path: Path) -> None:
    wanted = Launch(ID5, "m/1.1-a1", WAITS)
    with pytest.raises(ToolError) as error:
        launcher_of(cluster, tmp_path, queue="nope").start(wanted)
    assert str(error.value) == "cluster: Batch job submission failed: Invalid partition name specified"
    with pytest.raises(ToolError) as error:
        launcher_of(cluster, tmp_path, needed=Needed(gpus=1)).start(wanted)
    assert str(error.value) == "cluster: Invalid generic resource (gres) specification"
    cluster.ask("sbatch", f"--job-name={ID5}", "--hold", "--output=/dev/null", "--wrap=true")
    with pytest.raises(ToolError) as error:
        launcher_of(cluster, tmp_path).start(wanted)
    assert str(error.value) == f"cluster: a job {ID5} exists there that belongs to something else"
    cluster.ask("scancel", f"--name={ID5}")


def test_filters_of_a_person_hide_no_job(cluster: SlurmCluster, tmp_path: Path) -> None:
    cluster.environment |= {"SQUEUE_PARTITION": "small", "SBATCH_ARRAY_INX": "1-3", "SCANCEL_STATE": "SUSPENDED"}
    try:
        launcher = launcher_of(cluster, tmp_path)
        launcher.start(Launch("m-filtered", "m/filtered", WAITS))
        until(launcher, "m-filtered", LaunchState.RUNNING)
        launcher.cancel("m-filtered")
        until(launcher, "m-filtered", LaunchState.ENDED)
    finally:
        for name in ("SQUEUE_PARTITION", "SBATCH_ARRAY_INX", "SCANCEL_STATE"):
            del cluster.environment[name]


def test_a_test_asks_the_cluster_and_one_of_its_nodes(cluster: SlurmCluster, tmp_path: Path) -> None:
    found = {one.name: one for one in launcher_of(cluster, tmp_path, queue="small").test({})}
    assert list(found) == ["slurm", "submit", "node", "folder", "git", "python", "sandbox", "disk", "memory"]
    assert found["submit"] == Finding("submit", ok=True, words="the cluster accepts a job with these resources")
    assert all(one.ok for one in found.values()), found
    (_, refused) = launcher_of(cluster, tmp_path, queue="nope").test({})
    assert refused == Finding(
        "partition", ok=False, words="the cluster has no partition `nope` that is up", hint="it has main, small"
    )
    (_, refused) = launcher_of(cluster, tmp_path, needed=Needed(cpus=64)).test({})
    assert not refused.ok
    assert "Requested node configuration is not available" in refused.words


def test_without_the_commands_the_host_says_where_they_belong(cluster: SlurmCluster, tmp_path: Path) -> None:
    host = Host("cluster", HostKind.SLURM, root=os.fspath(tmp_path))
    environment = {**cluster.environment, "PATH": os.fspath(tmp_path)}
    with pytest.raises(ToolError) as error:
        SlurmLauncher(host, environment=environment, folder=tmp_path).free()
    assert str(error.value.hint) == "the commands of Slurm must be on PATH on this machine"
