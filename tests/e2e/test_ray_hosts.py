"""Missions whose workers run as jobs of a real Ray cluster."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tests.kit.nightly import only_at_night
from tests.kit.ray_cluster import NODES, PROGRAM, RayCluster, clear, needs_ray, shared_cluster
from tests.kit.ssh_missions import fleet, worker_script

from mission_cli.adapters.fs.locks import is_locked
from mission_cli.adapters.proc import scan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.kit.people import Person
    from tests.kit.ssh_missions import Fleet

PATIENCE_S = 400.0
STEP_S = 0.3
SLOW = """\
time.sleep(6)  # its work: something dies meanwhile
write(f"{FEATURE}.txt", f"{FEATURE} by attempt {ATTEMPT}\\n")
commit()
"""


class Abroad:
    """A person whose only host is the cluster."""

    def __init__(self, person: Person, cluster: RayCluster) -> None:
        self.person, self.cluster = person, cluster
        place = person.repo.parent
        subprocess.run(["git", "init", "--quiet", "--bare", place / "exchange.git"], check=True)
        own = Path(os.environ["HOME"]) / ".config/mission/config.toml"
        own.parent.mkdir(parents=True, exist_ok=True)
        own.write_text(
            f'[hosts.cluster]\nkind = "ray"\naddress = "{cluster.url}"\nexchange = "{place}/exchange.git"\n'
            f'root = "{place}/root"\npython = "{sys.executable}"\nworkers = 4\n'
        )

    def plan(self, features: int) -> None:
        """Make and start a mission of equal features."""
        rows = "\n".join(
            f'      - {{title: part {n}, criteria: ["file: `1.{n}.txt`"]}}' for n in range(1, features + 1)
        )
        self.person.plan(f"""\
title: Parts
budget: {{time_hours: 2}}
preferences: {{land: auto, hosts: [cluster], max_parallel_workers: 4}}
milestones:
  - name: First
    validation: ["file: `1.1.txt`"]
    features:
{rows}
""")
        self.person.start()

    @property
    def status(self) -> str:
        """The status of the mission."""
        return str(self.person.loaded().mission.status)

    @property
    def begun(self) -> int:
        """How many attempts have begun."""
        return len(self.person.starts())

    def drive(self) -> subprocess.Popen[bytes]:
        """Start `mission run`."""
        words = [sys.executable, "-P", "-m", "mission_cli", "run", "m"]
        quiet = subprocess.DEVNULL
        return subprocess.Popen(words, cwd=self.person.repo, stdin=quiet, stdout=quiet, stderr=quiet)

    def follower(self) -> Path:
        """The lock of the follower."""
        return self.person.runtime / "hosts/cluster/follower.lock"

    def running(self) -> list[str]:
        """The ids of the jobs that the cluster runs."""
        jobs = self.cluster.ask("GET", "/api/jobs/")
        return [str(job["submission_id"]) for job in jobs if job["status"] == "RUNNING" and job["submission_id"]]

    def kill(self, *words: str) -> int:
        """Kill -9 the processes that have all words in their command line, and this repository or what is beside it."""
        place, found = os.fspath(self.person.repo.parent), []
        for entry in Path("/proc").iterdir():
            line = scan.command_of(int(entry.name)) if entry.name.isdigit() else []
            if all(any(word in one for one in line) for word in (*words, place)) and int(entry.name) != os.getpid():
                found.append(int(entry.name))
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return len(found)


@contextmanager
def abroad(person: Person) -> Iterator[Abroad]:
    """Such a person, until everything has ended."""
    needs_ray()
    cluster = shared_cluster()
    clear(cluster)
    made = Abroad(person, cluster)
    try:
        yield made
    finally:
        person.leave()
        made.kill("_follow")
        clear(cluster)


def until(what: Callable[[], bool], between: Callable[[], object] = lambda: None) -> None:
    """Ask again and again until something is true."""
    ends = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < ends, "it did not happen"
        between()
        time.sleep(STEP_S)  # other machines say nothing to this process


@only_at_night
def test_twelve_features_are_built_while_everything_dies(person: Person) -> None:
    person.worker(SLOW, deadline="120s")
    with abroad(person) as one:
        one.plan(12)
        driver = one.drive()
        until(lambda: one.begun >= 2)
        driver.kill()
        driver.wait()
        assert one.kill("_follow") == 1
        person.process("pulse")
        assert is_locked(one.follower()), "the jobs are not adopted by the next pulse"
        driver = one.drive()
        until(lambda: one.begun >= 5)
        victim = one.running()[0]
        before = one.begun
        assert one.kill("_node", "run", attempt(victim)) >= 1
        until(lambda: one.begun > before)
        until(lambda: bool(one.running()))
        node = one.cluster.node_of(one.running()[0])
        lost = [job for job in one.running() if one.cluster.node_of(job) == node]
        one.cluster.kill(node)
        until(lambda: driver.poll() is not None)
        assert one.status == "completed"
        assert set(person.features().values()) == {"done"}
        assert [run for run, times in Counter(person.starts()).items() if times > 1] == []
        causes = Counter(cause for _, cause in person.causes())
        assert causes["done"] == 12
        assert set(causes) <= {"done", "lost", "host"}, "`host`: it had not begun on the node that was killed"
        assert 1 <= causes["lost"] <= 1 + len(lost)
        assert sorted(path.name for path in person.repo.glob("1.*.txt")) == sorted(f"1.{n}.txt" for n in range(1, 13))


@only_at_night
def test_a_canceled_attempt_leaves_no_process_behind(person: Person) -> None:
    person.worker(
        """\
        subprocess.Popen(["sh", "-c", "setsid sh -c 'sleep 4321' >/dev/null 2>&1 </dev/null &"]).wait()
        (OUTSIDE / "forked").touch()
        time.sleep(300)  # until it is canceled
        """,
        deadline="280s",
    )
    with abroad(person) as one:
        one.plan(1)
        until((person.repo.parent / "forked").exists, lambda: person.process("pulse"))
        assert len(scan_for("sleep", "4321")) == 1
        person.mission("cancel", "m", "--yes", ok=None)
        until(lambda: not one.running(), lambda: person.process("pulse"))
        assert scan_for("sleep", "4321") == []
        until(lambda: not is_locked(one.follower()))
        assert person.causes() == [("1.1-a1", "stopped")]


def scan_for(*command: str) -> list[int]:
    """Return the processes with exactly this command line."""
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if scan.command_of(pid) == list(command)]


def attempt(job: str) -> str:
    """Return the attempt that an id belongs to, such as `1.3-a1`."""
    found = re.fullmatch(r"m-.*-(\d+)-(\d+)-a(\d+)-[0-9a-f]{12}", job)
    assert found is not None, job
    return f"{found[1]}.{found[2]}-a{found[3]}"


@contextmanager
def fourth_host(three: Fleet, folder: Path) -> Iterator[RayCluster]:
    """A cluster of two nodes beside three machines, on which the command `worker` is what it is there."""
    home, short = folder / "ray-home", Path(tempfile.mkdtemp(prefix="ray"))
    (home / "bin").mkdir(parents=True)
    (home / "bin/worker").write_text(worker_script(home, SLOW))
    (home / "bin/worker").chmod(0o755)
    subprocess.run(["git", "init", "--quiet", "--bare", home / "exchange.git"], check=True)
    cluster = RayCluster(short, env={"PATH": f"{home}/bin:{PROGRAM.parent}:{os.environ['PATH']}"})
    own = Path(os.environ["HOME"]) / ".config/mission/config.toml"
    own.write_text(
        f'{own.read_text()}\n[hosts.cluster]\nkind = "ray"\naddress = "{cluster.url}"\nworkers = 4\n'
        f'exchange = "{home}/exchange.git"\nroot = "{home}/root"\npython = "{sys.executable}"\n'
    )
    try:
        cluster.start_head()
        for name in NODES:
            cluster.start_node(name)
        yield cluster
    finally:
        three.person.leave()
        three.kill_here("_follow")
        cluster.stop()
        shutil.rmtree(short, ignore_errors=True)


@only_at_night
def test_twelve_features_are_built_on_three_machines_and_a_cluster(tmp_path: Path) -> None:
    needs_ray()
    with fleet(tmp_path, source=SLOW, workers=1) as three, fourth_host(three, tmp_path) as cluster:
        three.plan(12, hosts=[*three.names, "cluster"], max_parallel_workers=7)
        words = [sys.executable, "-P", "-m", "mission_cli", "run", "m"]
        driver = subprocess.Popen(words, cwd=three.person.repo, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        log = tmp_path / "ray-home/starts.log"
        until(lambda: log.exists() and bool(three.done()))
        driver.kill()
        driver.wait()
        three.kill_here("_follow")
        driver = subprocess.Popen(words, cwd=three.person.repo, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        until(lambda: any(job["status"] == "RUNNING" for job in cluster.ask("GET", "/api/jobs/")))
        job = next(job for job in cluster.ask("GET", "/api/jobs/") if job["status"] == "RUNNING")
        cluster.kill(cluster.node_of(job["submission_id"]))
        until(lambda: driver.poll() is not None)
        assert three.person.loaded().mission.status == "completed"
        assert set(three.person.features().values()) == {"done"}
        there = [line.split()[0] for line in log.read_text().splitlines() if " start " in line]
        runs = Counter([*(work.run for work in three.done()), *there])
        assert [run for run, times in runs.items() if times > 1] == []
        assert {work.host for work in three.done()} == {"a", "b", "c"}
        assert Counter(cause for _, cause in three.person.causes())["done"] == 12
