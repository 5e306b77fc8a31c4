"""Runs attempts as jobs of a Ray cluster, through the Jobs REST interface of its dashboard."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.executors.hosts.ray.capacity import free_places, wanted_by
from mission_cli.adapters.executors.hosts.ray.jobs import RayJob, is_leftover, job_of, lost_nodes
from mission_cli.adapters.executors.hosts.ray.package import STOP_WAIT, Package, entrypoint
from mission_cli.adapters.executors.hosts.ray.rest import BROKEN, MISSING, OK, Rest, quoted, words_of
from mission_cli.adapters.executors.remote.exchange.names import USUAL_ROOT
from mission_cli.adapters.executors.remote.launcher import Exchange, LaunchLook, LaunchState, UnreachableError
from mission_cli.domain.errors import ToolError
from mission_cli.domain.hosts.cleaning import Cleaned, Remains

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from mission_cli.adapters.executors.remote.launcher import Finding, Launch
    from mission_cli.domain.hosts.cleaning import Cleaning
    from mission_cli.domain.hosts.host import Host

_TAKEN = "already exists. Please use a different submission_id"
_NOT_ENDED = "but it is in a non-terminal state"
_REFUSED_INSIDE = "Request failed with status code 400"
"""An agent of Ray refused what the dashboard passed on to it."""
_SETTING_UP = pattern(rb"\A[^\n]* -- Runtime env is setting up\.\n")
_NONE = LaunchLook(LaunchState.UNKNOWN)
_EACH = 2
"""Up to so many jobs are asked for one by one; for more the list of all jobs is one request."""
_PINNED_S = 240.0
"""Ray keeps a package that no job uses for 600 s after it was last asked for."""
_NODES_EVERY_S = 15.0
_DEAD_NODES = "/api/v0/nodes?limit=10000&filter_keys=state&filter_predicates=%3D&filter_values=DEAD"
_LOG_BYTES_PER_S = 1 << 20
_LOG_EVERY_S = 2.0
"""Ray sends a whole log each time: a log is fetched again after this, and later the longer it is."""
_STOP_WAIT_S = 120
"""Ray's usual 3 s are too short to end an agent, look for processes that it left, and push the result."""
_DELETED_AFTER_S, _DELETED_AGAIN_S = 3.0, 60.0
_LARGEST_LOG = 64 << 20
"""More than the program prints; a longer log is not followed any further."""


class RayLauncher:
    """One Ray cluster."""

    def __init__(
        self,
        host: Host,
        *,
        environment: Mapping[str, str],
        folder: Path,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._host, self._clock = host, clock
        self._rest = Rest(host, environment)
        self._folder = folder
        self._program: tuple[Package, bytes] | None = None
        self._pinned: dict[Package, float] = {}
        self._seen: dict[str, RayJob] = {}
        self._log_again: dict[str, float] = {}
        self._forgotten: dict[str, float] = {}
        """When each job may be deleted."""
        self._cancelled: set[str] = set()
        self._lost: frozenset[str] = frozenset()
        self._nodes_again = float("-inf")

    def prepare(self, program: bytes, digest: str) -> tuple[str, ...]:
        """Store the program in the cluster as a package, from which Ray makes the working folder of each job.

        Ray removes packages that no job uses by itself.
        """
        package = Package(digest)
        self._program = package, program
        self._pin(package)
        return (self._host.python, package.file)

    def exchange(self) -> Exchange:
        """Return the repository that the settings name: every node reaches it as this machine does."""
        if not self._host.exchange:
            raise ToolError(
                f"host {self._host.name}: a Ray cluster needs `exchange`",
                hint="name a git repository that this machine and every node of the cluster can reach",
            )
        return Exchange(self._host.exchange, self._host.exchange)

    def start(self, launch: Launch) -> None:
        """Submit a job, or adopt the one of the same key."""
        if launch.id in self._forgotten:
            self._delete_forgotten(wait=True)
        package = Package.of(launch.argv)
        if package is not None and self._clock() - self._pinned.get(package, float("-inf")) > _PINNED_S:
            self._pin(package)
        body = self._job(launch, package)
        answer = self._rest.ask("POST", "/api/jobs/", body=body)
        if answer.status < BROKEN or _TAKEN not in answer.body.decode("utf-8", "replace"):
            self._accepted(answer)
            return
        there = self._asked(launch.id)
        if there is not None and there.key != launch.key:
            raise ToolError(
                f"host {self._host.name}: the id {launch.id} belongs to another job there",
                hint=f"its metadata is not ours; look at it with `ray job status {launch.id}`",
            )
        if there is None or there.never_started:
            self._delete(launch.id)
            self._accepted(self._rest.ask("POST", "/api/jobs/", body=body))

    def look(self, ids: Sequence[str]) -> Mapping[str, LaunchLook]:
        """Return the states of jobs: of a few one by one, of many from the list of all."""
        self._delete_forgotten()
        asked = {job for job in ids if job not in self._forgotten}
        found = {job: self._asked(job) for job in asked} if len(asked) <= _EACH else self._listed()
        present = {job: there for job in asked if (there := found.get(job)) is not None}
        self._seen.update(present)
        if any(job.had_no_program for job in present.values()):
            self._pinned.clear()  # a head without storage was started again
        lost = self._lost_nodes() if any(job.running for job in present.values()) else frozenset()
        return {job: self._state(present[job], lost) if job in present else _NONE for job in ids}

    def _state(self, job: RayJob, lost: frozenset[str]) -> LaunchLook:
        """Return the state of a job. One that was canceled while it waits is as if Ray did not know it.

        Ray ends it only when a node has room for it, which may be never.
        """
        if job.waits and job.id in self._cancelled:
            return LaunchLook(LaunchState.UNKNOWN, "it was canceled before it started")
        return job.look(lost=lost)

    def cancel(self, job: str) -> None:
        """Stop a job: Ray sends SIGTERM to its processes, and SIGKILL to those that have not ended in time."""
        answer = self._rest.ask("POST", f"/api/jobs/{quoted(job)}/stop")
        if not self._absent(answer, job):
            self._rest.parsed(answer)
        self._cancelled.add(job)

    def output(self, job: str, offset: int) -> tuple[bytes, int]:
        """Return what was printed from a byte on; nothing while the log may not be fetched again.

        The log is on the node: it is lost with it, which is not an error.
        """
        there = self._seen.get(job)
        if there is None or not there.node:
            there = self._asked(job)
        if there is None or not there.node:
            return b"", offset
        self._seen[job] = there
        now = self._clock()
        if not there.ended and now < self._log_again.get(job, now):
            return b"", offset
        log = self._log(there)
        self._log_again[job] = now + max(_LOG_EVERY_S, len(log) / _LOG_BYTES_PER_S)
        printed = _printed(log, there)[offset:] if len(log) < _LARGEST_LOG else b""
        return printed, offset + len(printed)

    def free(self) -> int | None:
        """Return how many more jobs would start now; None if that is not known, or if the cluster may grow."""
        answer = self._rest.ask("GET", "/api/cluster_status")
        if answer.status == MISSING:
            return None
        return free_places(self._rest.parsed(answer), wanted_by(self._host.needed))

    def forget(self, job: str) -> None:
        """Delete what Ray keeps about an ended job, except for its log; a little later.

        Ray looks at each job once a second. One that is deleted before it has seen the end comes back as a failed one,
        and a job of the same id would fail as long as the old one's actor ends.
        """
        self._seen.pop(job, None)
        self._log_again.pop(job, None)
        self._forgotten[job] = self._clock() + _DELETED_AFTER_S
        self._delete_forgotten()

    def clean(self, wanted: Cleaning) -> Cleaned:
        """Say what is on the nodes: Ray removes packages that no job uses, and has no way to every node."""
        del wanted
        why = "remove that folder on each node that ran workers; Ray itself removes the program"
        return Cleaned(kept=(Remains("clones", self._host.root or USUAL_ROOT, why=why),))

    def test(self, runners: Mapping[str, str]) -> Sequence[Finding]:
        """Ask the cluster for its version and nodes, and run one short job that looks around on a node."""
        from mission_cli.adapters.executors.hosts.ray.probe import findings

        return findings(self, self._rest, self._host, runners)

    def close(self) -> None:
        """Delete what is to be forgotten, and close the connections to the dashboard."""
        with suppress(UnreachableError, ToolError):
            self._delete_forgotten(wait=True)
        self._rest.close()

    def _delete_forgotten(self, *, wait: bool = False) -> None:
        now = self._clock()
        if wait and self._forgotten and (rest := max(self._forgotten.values()) - now) > 0:
            time.sleep(min(rest, _DELETED_AFTER_S))  # until Ray has seen the end of these jobs: it does not say so
        for job in [job for job, due in self._forgotten.items() if wait or due <= now]:
            if self._delete(job) or wait:
                del self._forgotten[job]
            else:
                self._forgotten[job] = now + _DELETED_AGAIN_S

    def _delete(self, job: str) -> bool:
        """Delete a job unless Ray has not ended it yet; whether the job is gone now."""
        answer = self._rest.ask("DELETE", f"/api/jobs/{quoted(job)}")
        if answer.status == BROKEN and _NOT_ENDED in answer.body.decode("utf-8", "replace"):
            return False
        if not self._absent(answer, job):
            self._rest.parsed(answer)
        self._cancelled.discard(job)
        return True

    def _pin(self, package: Package) -> None:
        """Store a package unless it is there; asking for it makes Ray keep it for ten minutes."""
        path = f"/api/packages/gcs/{quoted(package.name)}"
        answer = self._rest.ask("GET", path)
        if answer.status == MISSING and self._program is not None and self._program[0] == package:
            self._accepted(self._rest.ask("PUT", path, content=package.content(self._program[1])))
            answer = self._rest.ask("GET", path)
        self._accepted(answer)
        self._pinned[package] = self._clock()

    def _job(self, launch: Launch, package: Package | None) -> dict[str, Any]:
        wanted = wanted_by(launch.needed or self._host.needed)
        metadata = {"key": launch.key}
        body: dict[str, Any] = {
            "submission_id": launch.id,
            "entrypoint": entrypoint(launch.argv, launch.env),
            "metadata": metadata,
            "runtime_env": {"env_vars": {STOP_WAIT: str(_STOP_WAIT_S)}},
            "entrypoint_num_cpus": wanted["CPU"],
        }
        if "memory" in wanted:
            body["entrypoint_memory"] = int(wanted["memory"])
        if "GPU" in wanted:
            body["entrypoint_num_gpus"] = wanted["GPU"]
        if package is not None:
            metadata["digest"] = package.digest
            body["runtime_env"]["working_dir"] = package.uri
        return body

    def _accepted(self, answer: Any) -> None:
        """Raise the error of an answer that is not a success; Ray nests the refusal of an agent into a status 500."""
        if answer.status == BROKEN and _REFUSED_INSIDE in answer.body.decode("utf-8", "replace"):
            raise ToolError(f"host {self._host.name}: Ray refuses the job: {words_of(answer)}")
        if answer.status != OK:
            self._rest.parsed(answer)

    def _asked(self, job: str) -> RayJob | None:
        answer = self._rest.ask("GET", f"/api/jobs/{quoted(job)}")
        if self._absent(answer, job):
            return None
        said = self._rest.parsed(answer)
        found = job_of(said)
        if found is None and not is_leftover(said):
            raise self._rest.unreachable("what it says about a job cannot be read")
        return found

    def _lost_nodes(self) -> frozenset[str]:
        """Return the nodes that Ray knows to be lost, as of a few seconds ago.

        A job of a node that is lost after a restart of the head is called running for ever.
        """
        now = self._clock()
        if now >= self._nodes_again:
            self._nodes_again = now + _NODES_EVERY_S
            answer = self._rest.ask("GET", _DEAD_NODES)
            if answer.status == OK:
                self._lost = lost_nodes(self._rest.parsed(answer))
        return self._lost

    def _log(self, job: RayJob) -> bytes:
        """Return the whole log of a job as it is; the interface for jobs would refuse a byte that is not UTF-8."""
        file = f"/api/v0/logs/file?node_id={quoted(job.node)}&filename={quoted(f'job-driver-{job.id}.log')}&lines=-1"
        answer = self._rest.ask("GET", file, tail=_LARGEST_LOG)
        return answer.body if answer.status == OK else b""

    def _listed(self) -> dict[str, RayJob]:
        said = self._rest.read("GET", "/api/jobs/")
        if not isinstance(said, list):
            raise self._rest.unreachable("the list of jobs cannot be read")
        return {job.id: job for job in map(job_of, said) if job is not None}

    @staticmethod
    def _absent(answer: Any, job: str) -> bool:
        """Whether Ray itself says that the job does not exist, and not a proxy in front of it."""
        return bool(answer.status == MISSING and answer.body.decode("utf-8", "replace") == f"Job {job} does not exist")


def _printed(log: bytes, job: RayJob) -> bytes:
    """Return the log of a job without what Ray says in it.

    Its line about the command may come after what the command printed first.
    """
    about = f"Running entrypoint for job {job.id}: {job.command}\n".encode(errors="replace")
    return _SETTING_UP.sub(b"", log, count=1).replace(about, b"", 1)
