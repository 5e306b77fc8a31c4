"""Runs attempts as Jobs of a Kubernetes cluster, one for each launch, found again by its name."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from mission_cli._support.text import command_line, one_line, show_bytes
from mission_cli.adapters.executors.hosts.kubernetes import manifest
from mission_cli.adapters.executors.hosts.kubernetes.access import find_access
from mission_cli.adapters.executors.hosts.kubernetes.rest import CONFLICT, MISSING, Rest, quoted
from mission_cli.adapters.executors.hosts.kubernetes.states import look, part
from mission_cli.adapters.executors.remote.launcher import Exchange, Finding, LaunchLook, LaunchState
from mission_cli.domain.errors import ToolError
from mission_cli.domain.hosts.cleaning import Cleaned, Remains

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mission_cli.adapters.executors.remote.launcher import Launch
    from mission_cli.domain.hosts.cleaning import Cleaning
    from mission_cli.domain.hosts.host import Host

_LOG_EVERY_S = 2.0
_LOG_BYTES_PER_S = 1 << 20
"""The log comes whole each time: it is fetched again after two seconds, and later the longer it is."""
_RIGHTS = (
    ("batch", "jobs", "", ("create", "get", "list", "delete")),
    ("", "pods", "", ("list", "delete")),
    ("", "pods", "log", ("get",)),
    ("", "configmaps", "", ("create",)),
)


class KubernetesLauncher:
    """One namespace of one cluster."""

    def __init__(self, host: Host, *, environment: Mapping[str, str], folder: Path) -> None:
        self._host, self._environment, self._folder = host, environment, folder
        self._opened: tuple[Rest, str] | None = None
        self._log_again: dict[str, float] = {}

    def prepare(self, program: bytes, digest: str) -> tuple[str, ...]:
        """Store the program in an immutable ConfigMap; return the argv that runs it in a container."""
        if len(program) > manifest.LIMIT:
            words = f"the program has {show_bytes(len(program))}, and a ConfigMap takes {show_bytes(manifest.LIMIT)}"
            raise ToolError(f"host {self._host.name}: {words}")
        rest, namespace = self._rest()
        answer = rest.ask("POST", f"/api/v1/namespaces/{namespace}/configmaps", manifest.config_map(program, digest))
        if answer.status != CONFLICT:
            rest.accepted(answer)
        return (self._host.python, manifest.program_path(digest))

    def exchange(self) -> Exchange:
        """Return the repository of the settings: containers reach it as this machine does."""
        if not self._host.exchange:
            raise ToolError(
                f"host {self._host.name}: a cluster of Kubernetes needs `exchange`",
                hint="name a git repository that this machine and the containers can reach",
            )
        return Exchange(self._host.exchange, self._host.exchange)

    def start(self, launch: Launch) -> None:
        """Create the Job, or adopt the one of the same key."""
        rest, namespace = self._rest()
        answer = rest.ask("POST", self._jobs(namespace), manifest.job(self._host, launch))
        if answer.status != CONFLICT:
            rest.accepted(answer)
            return
        there = part(rest.read(f"{self._jobs(namespace)}/{quoted(launch.id)}"), "metadata")
        if part(there, "annotations").get(manifest.KEY) != launch.key:
            raise ToolError(
                f"host {self._host.name}: a Job {launch.id} exists there that belongs to something else",
                hint=f"see `kubectl -n {namespace} get job {launch.id}`",
            )

    def look(self, ids: Sequence[str]) -> Mapping[str, LaunchLook]:
        """Return the states of Jobs by the list of Jobs and the list of their pods: two requests."""
        if not ids:
            return {}
        rest, namespace = self._rest()
        jobs = {_id(one): one for one in rest.listed(self._jobs(namespace), labelSelector=manifest.MANAGED)}
        pods: dict[str, list[Mapping[str, Any]]] = {}
        for pod in rest.listed(f"/api/v1/namespaces/{namespace}/pods", labelSelector=manifest.MANAGED):
            pods.setdefault(_id(pod), []).append(pod)
        unknown = LaunchLook(LaunchState.UNKNOWN)
        return {one: look(jobs[one], pods.get(one, []), rest.now) if one in jobs else unknown for one in ids}

    def cancel(self, job: str) -> None:
        """Delete the pod: its program gets SIGTERM, and has two minutes to save its work. The Job stays, and fails."""
        rest, namespace = self._rest()
        pods = self._pods(job)
        for pod in pods:
            path = f"/api/v1/namespaces/{namespace}/pods/{quoted(str(part(pod, 'metadata').get('name')))}"
            if not part(pod, "metadata").get("deletionTimestamp"):
                answer = rest.ask("DELETE", path, {"apiVersion": "v1", "kind": "DeleteOptions"})
                if answer.status not in {MISSING, CONFLICT}:
                    rest.accepted(answer)

    def output(self, job: str, offset: int) -> tuple[bytes, int]:
        """Return what was printed from a byte on; nothing while the log may not be fetched again, or without a pod."""
        now = time.monotonic()
        if now < self._log_again.get(job, now):
            return b"", offset
        rest, namespace = self._rest()
        for pod in self._pods(job):
            path = f"/api/v1/namespaces/{namespace}/pods/{quoted(str(part(pod, 'metadata').get('name')))}/log"
            answer = rest.ask("GET", path, accept="*/*", container=manifest.CONTAINER)
            if answer.status in range(200, 300):
                self._log_again[job] = now + max(_LOG_EVERY_S, len(answer.body) / _LOG_BYTES_PER_S)
                printed = answer.body[offset:]
                return printed, offset + len(printed)
        return b"", offset

    def free(self) -> int | None:
        """Return None: quotas and autoscalers decide, and the cluster does not say."""
        return None

    def forget(self, job: str) -> None:
        """Delete the Job and its pods."""
        rest, namespace = self._rest()
        answer = rest.ask("DELETE", f"{self._jobs(namespace)}/{quoted(job)}", propagationPolicy="Background")
        if answer.status != MISSING:
            rest.accepted(answer)
        self._log_again.pop(job, None)

    def clean(self, wanted: Cleaning) -> Cleaned:
        """Say which ConfigMaps stay: other clones may use them, and removing them needs a right of its own."""
        del wanted
        _, namespace = self._rest()
        remove = command_line("kubectl", "-n", namespace, "delete", "configmap", "-l", manifest.MANAGED)
        why = f"when no worker runs, run `{remove}`; the cluster deletes jobs a day after their end"
        return Cleaned(kept=(Remains("program", "ConfigMaps `mission-…`", why=why),))

    def test(self, runners: Mapping[str, str]) -> Sequence[Finding]:
        """Check the server, the rights in the namespace, and the manifest of a Job, which is not stored."""
        rest, namespace = self._rest()
        version = one_line(str(rest.read("/version").get("gitVersion") or "unknown"))
        found = [Finding("kubernetes", ok=True, words=f"{version}, namespace {namespace}")]
        missing = self._missing_rights(rest, namespace)
        words = f"you may not {'; '.join(missing)}" if missing else "everything that is needed is allowed"
        hint = "ask for a role with these rights: docs/hosts.md has one" if missing else ""
        found.append(Finding("rights", ok=not missing, words=words, hint=hint))
        if not missing:
            found.append(self._dry_run(rest, namespace))
        image = f"what {self._host.image} contains is not checked"
        return [
            *found,
            Finding("image", ok=True, words=f"{image}: git, Python 3.11, {', '.join(runners) or 'an agent'}"),
        ]

    def close(self) -> None:
        """Close the connections."""
        if self._opened is not None:
            self._opened[0].close()
            self._opened = None

    def _missing_rights(self, rest: Rest, namespace: str) -> list[str]:
        missing = []
        for group, resource, subresource, verbs in _RIGHTS:
            for verb in verbs:
                asked = {"namespace": namespace, "verb": verb, "group": group, "resource": resource}
                asked |= {"subresource": subresource} if subresource else {}
                body = {
                    "apiVersion": "authorization.k8s.io/v1",
                    "kind": "SelfSubjectAccessReview",
                    "spec": {"resourceAttributes": asked},
                }
                answer = rest.ask("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body)
                if not part(rest.accepted(answer).facts, "status").get("allowed"):
                    missing.append(f"{verb} {resource}{'/' + subresource if subresource else ''}")
        return missing

    def _dry_run(self, rest: Rest, namespace: str) -> Finding:
        from mission_cli.adapters.executors.remote.launcher import Launch

        body = manifest.job(self._host, Launch("mission-test", "test", ("true",)))
        answer = rest.ask("POST", self._jobs(namespace), body, dryRun="All", fieldValidation="Strict")
        if answer.status in range(200, 300) or answer.status == CONFLICT:
            return Finding("job", ok=True, words="the cluster accepts a Job with these resources")
        hint = f"compare cpus, memory_mb, gpus, account and namespace of hosts.{self._host.name} with the cluster"
        return Finding("job", ok=False, words=answer.words, hint=hint)

    def _pods(self, job: str) -> list[dict[str, Any]]:
        rest, namespace = self._rest()
        selector = f"{manifest.MANAGED},{manifest.ID}={job}"
        return list(rest.listed(f"/api/v1/namespaces/{namespace}/pods", labelSelector=selector))

    def _jobs(self, namespace: str) -> str:
        return f"/apis/batch/v1/namespaces/{namespace}/jobs"

    def _rest(self) -> tuple[Rest, str]:
        if self._opened is None:
            access = find_access(self._host, self._environment)
            self._opened = (Rest(self._host.name, access, self._environment), quoted(access.namespace))
        return self._opened


def _id(thing: Mapping[str, Any]) -> str:
    return str(part(part(thing, "metadata"), "labels").get(manifest.ID) or "")
