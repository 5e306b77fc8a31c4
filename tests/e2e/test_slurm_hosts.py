"""A mission whose workers run as batch jobs of a real cluster of Slurm."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.kit.nightly import only_at_night
from tests.kit.slurm_cluster import NODES, SlurmCluster

from mission_cli.adapters.fs.locks import is_locked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.kit.people import Person

PATIENCE_S = 300.0
STEP_S = 0.3
SLOW = """\
time.sleep(5)  # its work: something dies meanwhile
write(f"{FEATURE}.txt", f"{FEATURE} by attempt {ATTEMPT}\\n")
commit()
"""


@pytest.fixture
def cluster(person: Person) -> Iterator[SlurmCluster]:
    """A cluster that is the only host of the person."""
    made = SlurmCluster()
    own = Path(os.environ["HOME"]) / ".config/mission/config.toml"
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text(
        f'[hosts.cluster]\nkind = "slurm"\nroot = "{person.repo.parent}/shared"\n'
        f'python = "{sys.executable}"\nworkers = 4\ncpus = 1\nmemory_mb = 200\n'
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", made.environment["PATH"])
        patch.setenv("SLURM_CONF", made.environment["SLURM_CONF"])
        yield made
        person.leave()
    made.leave()


def until(what: Callable[[], bool], between: Callable[[], object] = lambda: None) -> None:
    """Ask again and again until something is true."""
    ends = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < ends, "it did not happen"
        between()
        time.sleep(STEP_S)  # other machines say nothing to this process


def plan(person: Person, features: int) -> None:
    """Make and start a mission of equal features."""
    rows = "\n".join(f'      - {{title: part {n}, criteria: ["file: `1.{n}.txt`"]}}' for n in range(1, features + 1))
    person.plan(f"""\
title: Parts
budget: {{time_hours: 2}}
preferences: {{land: auto, hosts: [cluster], max_parallel_workers: 4}}
milestones:
  - name: First
    validation: ["file: `1.1.txt`"]
    features:
{rows}
""")
    person.start()


def node_of_a_running_job(cluster: SlurmCluster) -> str:
    """Return the node of a running job; empty if none runs."""
    return cluster.ask("squeue", "-h", "-t", "R", "-o", "%N").partition("\n")[0]


@only_at_night
def test_six_features_are_built_while_a_node_fails_and_the_controller_restarts(
    person: Person, cluster: SlurmCluster
) -> None:
    person.worker(SLOW, deadline="120s")
    plan(person, 6)
    words = [sys.executable, "-P", "-m", "mission_cli", "run", "m"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(words, cwd=person.repo, stdin=quiet, stdout=quiet, stderr=quiet) as driver:
        try:
            until(lambda: len(person.starts()) >= 2)
            cluster.stop_controller()
            cluster.start_controller()
            until(lambda: len(person.starts()) >= 4 and node_of_a_running_job(cluster) in NODES)
            node = node_of_a_running_job(cluster)
            cluster.kill_node(node)
            cluster.start_node(node)
            until(lambda: driver.poll() is not None)
        finally:
            with suppress(ProcessLookupError):
                driver.kill()
    assert str(person.loaded().mission.status) == "completed"
    assert set(person.features().values()) == {"done"}
    assert [run for run, times in Counter(person.starts()).items() if times > 1] == []
    causes = Counter(cause for _, cause in person.causes())
    assert causes["done"] == 6
    assert set(causes) <= {"done", "lost", "host"}, "`host`: it had not begun on the node that was killed"
    comments = {line for line in cluster.ask("squeue", "-h", "-t", "all", "-o", "%k").splitlines() if line}
    assert all(comment.startswith("mission:m/1.") for comment in comments)


@only_at_night
def test_a_canceled_attempt_ends_on_its_node_and_keeps_its_work(person: Person, cluster: SlurmCluster) -> None:
    person.worker(
        """\
        write("half.txt", "half\\n")
        (OUTSIDE / "begun").touch()
        time.sleep(250)  # until it is canceled
        """,
        deadline="280s",
    )
    plan(person, 1)
    until((person.repo.parent / "begun").exists, lambda: person.process("pulse"))
    person.mission("cancel", "m", "--yes", ok=None)
    until(lambda: not cluster.ask("squeue", "-h"), lambda: person.process("pulse"))
    until(lambda: not is_locked(person.runtime / "hosts/cluster/follower.lock"), lambda: person.process("pulse"))
    until(lambda: [cause for _, cause in person.causes()] != ["intended"], lambda: person.process("pulse"))
    assert [cause for _, cause in person.causes()] == ["stopped"]
    saved = person.git("for-each-ref", "--format=%(refname)", "refs/mission/wip/m").splitlines()
    assert saved == ["refs/mission/wip/m/1.1-a1"]
    assert "half.txt" in person.git("ls-tree", "--name-only", saved[0])
