"""Trivial jobs on a Ray cluster: by plain requests, through the launcher, and through the follower.

    python benchmarks/ray_jobs.py [JOBS]

A head and two nodes run on this machine, with more CPUs on paper than it has. The same jobs (40) are submitted by plain
POST requests and awaited by listing them; then the launcher does the same. Then as many attempts run through the
follower, and what it took is compared with the span that Ray itself has noted from the first submission to the last
end. A job costs Ray more than a second of CPU, so that a thousand are not run: what is said of them is computed from
the time of a submission and of a list, which is all that this program adds.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.kit.people import make_person
from tests.kit.ray_cluster import PROGRAM, RayCluster

from mission_cli.adapters.executors.hosts.ray.launcher import RayLauncher
from mission_cli.adapters.executors.remote.launcher import Launch, LaunchState
from mission_cli.domain.hosts.host import Host, HostKind
from mission_cli.domain.status import JobKind, JobState
from mission_cli.ports.executor import JobSpec, Program, Tree
from mission_cli.wiring import compose

if TYPE_CHECKING:
    from collections.abc import Callable

TARGET = 1.15
ROUNDS = 2
STEP_S = 0.5
MANY = 1000
COMMAND = ("/bin/sh", "-c", "true")


def by_requests(cluster: RayCluster, jobs: list[str], entrypoint: str) -> float:
    """Return the seconds from the first request to the last end."""
    began = time.monotonic()
    for job in jobs:
        body = {"submission_id": job, "entrypoint": entrypoint, "metadata": {"key": job}, "entrypoint_num_cpus": 1}
        cluster.ask("POST", "/api/jobs/", body)
    wanted = set(jobs)

    def over() -> bool:
        listed = {one["submission_id"]: one["status"] for one in cluster.ask("GET", "/api/jobs/")}
        return all(listed[job] not in {"PENDING", "RUNNING"} for job in wanted)

    wait_until(over)
    return time.monotonic() - began


def by_launcher(launcher: RayLauncher, jobs: list[str]) -> tuple[float, float]:
    """Return the seconds from the first start to the last end, and to the last start."""
    began = time.monotonic()
    for job in jobs:
        launcher.start(Launch(job, job, COMMAND))
    submitted = time.monotonic() - began
    wait_until(lambda: all(look.state is LaunchState.ENDED for look in launcher.look(jobs).values()))
    return time.monotonic() - began, submitted


def by_follower(folder: Path, cluster: RayCluster, jobs: int) -> tuple[float, float]:
    """Return the seconds from the first request to the last result here, and the span that Ray has noted."""
    os.environ["HOME"] = os.fspath(folder / "home")
    own = folder / "home/.config/mission/config.toml"
    own.parent.mkdir(parents=True)
    (folder / "home/.gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.org\n")
    subprocess.run(["git", "init", "--quiet", "--bare", folder / "exchange.git"], check=True)
    own.write_text(
        f'[hosts.cluster]\nkind = "ray"\naddress = "{cluster.url}"\nexchange = "{folder}/exchange.git"\n'
        f'root = "{folder}/root"\npython = "{sys.executable}"\nworkers = {jobs}\n'
    )
    person = make_person(folder / "repo")
    person.save_settings()
    executor = compose.open_repository(person.repo, create=True, ticking=False).context.executor
    base = person.git("rev-parse", "HEAD")
    keys = [f"m/1.{n}-a1" for n in range(1, jobs + 1)]
    known = {one["submission_id"] for one in cluster.ask("GET", "/api/jobs/")}
    noted: dict[str, dict[str, Any]] = {}
    began = time.monotonic()
    for key in keys:
        env = {"MISSION_FEATURE": key, "MISSION_ATTEMPT": "1", "MISSION_RUN": key}
        tree = Tree(commit=base, branch=f"mission/{key}")
        executor.submit(JobSpec(key, JobKind.WORKER, tree, Program(argv=COMMAND, env=env), place="cluster"))

    def over() -> bool:
        for one in cluster.ask("GET", "/api/jobs/"):
            if one["submission_id"] not in known and one["metadata"]:
                noted[one["submission_id"]] = one
        return all(job.state is JobState.ENDED for job in executor.poll(keys).values())

    wait_until(over)
    took = time.monotonic() - began
    reasons = {str(job.exit.reason) for job in executor.poll(keys).values() if job.exit is not None}
    print(f"  {len(noted)} jobs, ends: {', '.join(sorted(reasons))}")
    ended = [one["end_time"] or time.time() * 1000 for one in noted.values()]
    person.leave()
    return took, (max(ended) - min(one["start_time"] for one in noted.values())) / 1000


def wait_until(holds: Callable[[], bool]) -> None:
    """Ask again and again."""
    while not holds():
        time.sleep(STEP_S)  # Ray has no request that waits for an end


def main() -> None:
    """Measure, and compare with the targets."""
    if not PROGRAM.exists():
        print("Ray is not installed: make .venv/.ray/.ready")
        return
    jobs = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    folder = Path(tempfile.mkdtemp(prefix="ray"))
    cluster = RayCluster(folder)
    try:
        cluster.start_head()
        for name in ("one", "two"):
            cluster.start_node(name, cpus=8)
        launcher = RayLauncher(
            Host("cluster", HostKind.RAY, address=cluster.url), environment=os.environ, folder=folder / "cache"
        )
        by_requests(cluster, ["warm-1", "warm-2"], "true")
        plain, ours, submits = [], [], []
        for turn in range(ROUNDS):
            plain.append(by_requests(cluster, [f"plain-{turn}-{n}" for n in range(jobs)], "/bin/sh -c true"))
            took, submitted = by_launcher(launcher, [f"ours-{turn}-{n}" for n in range(jobs)])
            ours.append(took)
            submits.append(submitted / jobs)
            print(f"round {turn + 1}: {jobs} jobs by requests {plain[-1]:.1f} s, by the launcher {ours[-1]:.1f} s")
        ratio = min(ours) / min(plain)
        print(f"launcher: {ratio:.2f} times the plain requests (target at most {TARGET})")
        records = len(cluster.ask("GET", "/api/jobs/"))
        began = time.monotonic()
        launcher.look(["a", "b", "c"])
        listed = time.monotonic() - began
        print(f"one submission {min(submits) * 1000:.0f} ms, one look at {records} jobs {listed * 1000:.0f} ms")
        many, each = MANY * min(submits), min(plain) / jobs
        look = listed * MANY / records
        print(
            f"{MANY} jobs, computed: {many:.0f} s of submissions, {look:.1f} s for a look, {MANY * each:.0f} s of Ray"
        )
        took, span = by_follower(folder, cluster, jobs)
        print(f"follower: {jobs} attempts {took:.1f} s, Ray's own span {span:.1f} s: {took / span:.2f} times")
        assert ratio <= TARGET
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
