"""The part of an API server of Kubernetes that the launcher uses, on loopback: it stores Jobs, and runs their programs.

It has one token, one namespace, and processes of this machine instead of containers. Like the real one it refuses a
second object of a name, deletes a pod only when its program has ended, and forgets the log with the pod.
"""

from __future__ import annotations

import base64
import os
import shutil
import signal
import subprocess
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.kit.loopback import Asked, Reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TOKEN = "t0ken"  # noqa: S105 - of this server
_NAMESPACE = "/namespaces/work"
_JOBS = f"/apis/batch/v1{_NAMESPACE}/jobs"
_PODS = f"/api/v1{_NAMESPACE}/pods"
_MAPS = f"/api/v1{_NAMESPACE}/configmaps"
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


class KubernetesServer:
    """Answers requests; `folder` is for what pods write."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.RLock()
        self.jobs: dict[str, dict[str, Any]] = {}
        self.pods: dict[str, dict[str, Any]] = {}
        self.maps: dict[str, dict[str, Any]] = {}
        self._programs: dict[str, subprocess.Popen[bytes]] = {}
        self.denied: set[str] = set()
        """Verbs that the account may not use."""
        self.is_down = False
        self.loses_next_job = False
        """Whether the answer to the next new Job gets lost."""

    def answer(self, asked: Asked) -> Reply:
        """Answer a request."""
        where = urlsplit(asked.path)
        if self.is_down:
            return Reply(0)
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return _status(401, "Unauthorized", "Unauthorized")
        with self._lock:
            self._reap()
            for start, handle in self._handlers().items():
                if where.path == start or where.path.startswith(f"{start}/"):
                    query = {name: values[-1] for name, values in parse_qs(where.query).items()}
                    return handle(asked, where.path[len(start) :].strip("/"), query)
        return _status(404, "NotFound", "the server could not find the requested resource")

    @property
    def running(self) -> list[str]:
        """The names of the Jobs whose programs run."""
        with self._lock:
            self._reap()
            return list(self._programs)

    def lose_node(self, job: str) -> None:
        """Lose the node of a pod: its program dies, and nothing confirms that the pod is gone."""
        with self._lock:
            _kill(self._programs.pop(job))
            pod = self.pods[job]
            pod["metadata"]["deletionTimestamp"] = _stamp(-120)
            pod["status"]["conditions"] = [
                {"type": "DisruptionTarget", "status": "True", "reason": "DeletionByTaintManager"}
            ]

    def leave(self) -> None:
        """End all programs."""
        for process in self._programs.values():
            _kill(process)

    def _handlers(self) -> dict[str, Callable[[Asked, str, dict[str, str]], Reply]]:
        return {
            "/version": lambda *_: Reply(200, {"gitVersion": "v1.37.0"}),
            _REVIEWS: self._review,
            _MAPS: self._map,
            _JOBS: self._job,
            _PODS: self._pod,
        }

    def _review(self, asked: Asked, _name: str, _query: dict[str, str]) -> Reply:
        wanted = asked.json["spec"]["resourceAttributes"]
        allowed = f"{wanted['verb']} {wanted['resource']}" not in self.denied
        return Reply(201, {"status": {"allowed": allowed}})

    def _map(self, asked: Asked, _name: str, _query: dict[str, str]) -> Reply:
        name = asked.json["metadata"]["name"]
        if name in self.maps:
            return _status(409, "AlreadyExists", f'configmaps "{name}" already exists')
        self.maps[name] = asked.json
        return Reply(201, asked.json)

    def _job(self, asked: Asked, name: str, query: dict[str, str]) -> Reply:
        if asked.method == "POST":
            return self._new_job(asked, query)
        if not name:
            return Reply(200, {"items": list(self.jobs.values())})
        if name not in self.jobs:
            return _status(404, "NotFound", f'jobs.batch "{name}" not found')
        if asked.method == "DELETE":
            del self.jobs[name]
            self._end(name)
            return _status(200, "", "")
        return Reply(200, self.jobs[name])

    def _new_job(self, asked: Asked, query: dict[str, str]) -> Reply:
        job = asked.json
        name = job["metadata"]["name"]
        if name in self.jobs:
            return _status(409, "AlreadyExists", f'jobs.batch "{name}" already exists')
        if "dryRun" not in query:
            self.jobs[name] = {**job, "status": {}}
            self.pods[name] = {
                "metadata": {**job["spec"]["template"]["metadata"], "name": name, "creationTimestamp": _stamp()},
                "spec": {**job["spec"]["template"]["spec"], "nodeName": "node-1"},
                "status": {"phase": "Running", "containerStatuses": [{"name": "worker", "state": {"running": {}}}]},
            }
            self._run(name)
        lost, self.loses_next_job = self.loses_next_job, False
        return Reply(0) if lost else Reply(201, job)

    def _pod(self, asked: Asked, name: str, query: dict[str, str]) -> Reply:
        if not name:
            wanted = dict(one.split("=") for one in query.get("labelSelector", "").split(",") if one)
            found = [pod for pod in self.pods.values() if wanted.items() <= pod["metadata"]["labels"].items()]
            return Reply(200, {"items": found})
        name, _, rest = name.partition("/")
        if name not in self.pods:
            return _status(404, "NotFound", f'pods "{name}" not found')
        if rest == "log":
            return Reply(200, (self._folder / name / "log").read_bytes(), {"Content-Type": "text/plain"})
        if asked.method == "DELETE":
            self.pods[name]["metadata"]["deletionTimestamp"] = _stamp(120)
            self._programs[name].terminate()
        return Reply(200, self.pods[name])

    def _run(self, name: str) -> None:
        """Start the program of a pod; its folders are below that of this server."""
        place = self._folder / name
        [container] = self.pods[name]["spec"]["containers"]
        names = {"/home/mission": place / "home", "/run/mission-program": place / "program"}
        for folder in names.values():
            folder.mkdir(parents=True)
        for volume in self.pods[name]["spec"]["volumes"]:
            if "configMap" in volume:
                for file, data in self.maps[volume["configMap"]["name"]]["binaryData"].items():
                    (place / "program" / file).write_bytes(base64.b64decode(data))

        def here(text: str) -> str:
            for there, folder in names.items():
                text = text.replace(there, os.fspath(folder))
            return text

        argv = [here(word).replace("$$", "$") for word in container["command"]]
        env = {one["name"]: here(one["value"]).replace("$$", "$") for one in container["env"]}
        quiet: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT, "start_new_session": True}
        with (place / "log").open("wb") as log:
            self._programs[name] = subprocess.Popen(
                argv, env={"PATH": os.environ["PATH"], **env}, cwd="/", stdout=log, **quiet
            )

    def _reap(self) -> None:
        """See which programs have ended, as the kubelet and the controller of Jobs do."""
        for name, process in list(self._programs.items()):
            if process.poll() is None:
                continue
            del self._programs[name]
            code = process.returncode if process.returncode >= 0 else 128 - process.returncode
            pod, status = self.pods[name], self.pods[name]["status"]
            status["phase"] = "Failed" if code else "Succeeded"
            status["containerStatuses"][0]["state"] = {"terminated": {"exitCode": code}}
            if name in self.jobs:
                kind = {"type": "Failed", "reason": "BackoffLimitExceeded"} if code else {"type": "Complete"}
                self.jobs[name]["status"]["conditions"] = [{**kind, "status": "True"}]
            if "deletionTimestamp" in pod["metadata"]:
                self._remove(name)

    def _end(self, name: str) -> None:
        process = self._programs.pop(name, None)
        if process is not None:
            _kill(process)
        self._remove(name)

    def _remove(self, name: str) -> None:
        self.pods.pop(name, None)
        shutil.rmtree(self._folder / name, ignore_errors=True)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _status(code: int, reason: str, message: str) -> Reply:
    return Reply(code, {"kind": "Status", "code": code, "reason": reason, "message": message})


def _stamp(later: int = 0) -> str:
    return (datetime.now(UTC) + timedelta(seconds=later)).strftime("%Y-%m-%dT%H:%M:%SZ")
