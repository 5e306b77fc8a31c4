"""What is asked of a cluster of Kubernetes, what its answers mean, and who asks."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from mission_cli.adapters.executors.hosts.kubernetes import manifest
from mission_cli.adapters.executors.hosts.kubernetes.access import Access, find_access
from mission_cli.adapters.executors.hosts.kubernetes.launcher import KubernetesLauncher
from mission_cli.adapters.executors.hosts.kubernetes.states import look
from mission_cli.adapters.executors.remote.launcher import Launch, LaunchLook, LaunchState
from mission_cli.adapters.executors.remote.ship import make_program
from mission_cli.domain.errors import ToolError
from mission_cli.domain.hosts.host import Host, HostKind, Needed

if TYPE_CHECKING:
    from pathlib import Path

HOST = Host("k", HostKind.KUBERNETES, image="worker:1")
NOW = datetime(2026, 11, 29, 12, 0, 0, tzinfo=UTC)
RUNNING, GONE, PENDING, ENDED = LaunchState.RUNNING, LaunchState.GONE, LaunchState.PENDING, LaunchState.ENDED


def job(*conditions: tuple[str, str], **spec: object) -> dict[str, Any]:
    """A Job with conditions that hold."""
    held = [{"type": kind, "status": "True", "reason": reason} for kind, reason in conditions]
    return {"spec": spec, "status": {"conditions": held}}


def pod(phase: str, state: dict[str, Any] | None = None, *, leaves: str = "", **status: object) -> dict[str, Any]:
    """A pod on a node."""
    metadata = {"deletionTimestamp": leaves} if leaves else {}
    containers = [{"name": "worker", "state": state}] if state is not None else []
    return {
        "metadata": metadata,
        "spec": {"nodeName": "n1"},
        "status": {"phase": phase, "containerStatuses": containers, **status},
    }


FAILED = job(("Failed", "BackoffLimitExceeded"))
NO_IMAGE = {"waiting": {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "worker:1"'}}
UNSCHEDULED = [
    {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes are available"}
]
DISRUPTED = [{"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI", "message": "drain"}]
CASES: list[tuple[dict[str, Any], list[dict[str, Any]], LaunchLook]] = [
    (job(), [], LaunchLook(PENDING)),
    (job(suspend=True), [], LaunchLook(PENDING, "the Job is suspended")),
    (job(), [pod("Pending", {"waiting": {"reason": "ContainerCreating"}})], LaunchLook(PENDING, "", "n1")),
    (
        job(),
        [pod("Pending", NO_IMAGE)],
        LaunchLook(PENDING, 'ImagePullBackOff: Back-off pulling image "worker:1"', "n1"),
    ),
    (job(), [pod("Pending", conditions=UNSCHEDULED)], LaunchLook(PENDING, "0/3 nodes are available", "n1")),
    (job(), [pod("Running", {"running": {}})], LaunchLook(RUNNING, "", "n1")),
    (job(), [pod("Running", leaves="2026-11-29T12:01:00Z")], LaunchLook(RUNNING, "it was asked to end", "n1")),
    (job(), [pod("Running", leaves="2026-11-29T11:58:00Z")], LaunchLook(GONE, "its node does not answer", "n1")),
    (job(), [pod("Unknown")], LaunchLook(GONE, "its node does not answer", "n1")),
    (job(), [pod("Succeeded")], LaunchLook(RUNNING, "it has ended, and the cluster is about to say so", "n1")),
    (job(("Complete", "")), [pod("Succeeded", {"terminated": {"exitCode": 0}})], LaunchLook(ENDED, "", "n1")),
    (job(("Complete", "")), [], LaunchLook(ENDED)),
    (FAILED, [pod("Failed", {"terminated": {"exitCode": 3}})], LaunchLook(ENDED, "exit status 3", "n1")),
    (FAILED, [pod("Failed", {"terminated": {"exitCode": 137}})], LaunchLook(GONE, "its program was killed", "n1")),
    (
        FAILED,
        [pod("Failed", {"terminated": {"exitCode": 137, "reason": "OOMKilled"}})],
        LaunchLook(GONE, "it used more memory than it had asked for", "n1"),
    ),
    (
        FAILED,
        [pod("Failed", {}, reason="Evicted", message="The node was low on resource: ephemeral-storage.")],
        LaunchLook(GONE, "its node evicted it: The node was low on resource: ephemeral-storage.", "n1"),
    ),
    (
        FAILED,
        [pod("Failed", {"terminated": {"exitCode": 137}}, conditions=DISRUPTED)],
        LaunchLook(GONE, "the cluster ended its pod: drain", "n1"),
    ),
    (
        FAILED,
        [pod("Failed", {"terminated": {"exitCode": 0}}, conditions=DISRUPTED)],
        LaunchLook(ENDED, "exit status 0", "n1"),
    ),
    (FAILED, [], LaunchLook(GONE, "its pod is gone")),
    (job(("Failed", "DeadlineExceeded")), [], LaunchLook(GONE, "its time limit was over")),
    (
        job(("Failed", "DeadlineExceeded")),
        [pod("Pending", NO_IMAGE)],
        LaunchLook(GONE, 'its time limit was over: ImagePullBackOff: Back-off pulling image "worker:1"', "n1"),
    ),
]


@pytest.mark.parametrize(("said", "pods", "means"), CASES)
def test_a_job_and_its_pod_say_what_became_of_a_launch(
    said: dict[str, Any], pods: list[dict[str, Any]], means: LaunchLook
) -> None:
    assert look(said, [*pods], NOW) == means


def test_answers_that_are_not_as_expected_are_no_end() -> None:
    for odd in ({}, {"status": 3}, {"status": {"conditions": "x"}}, {"status": {"conditions": [1, None]}}):
        assert look(odd, [{"status": {"containerStatuses": 5, "conditions": 7}}], None).state is PENDING


def test_a_job_has_few_rights_and_runs_once() -> None:
    made = manifest.job(HOST, Launch("m-1", "m/1", ("echo", "$(HOME) $$ x"), {"A": "$B"}, Needed(0.5, 512, 0.5), 60))
    spec, template = made["spec"], made["spec"]["template"]["spec"]
    [container] = template.pop("containers")
    assert {name: spec[name] for name in ("backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished")} == {
        "backoffLimit": 0,
        "activeDeadlineSeconds": 60,
        "ttlSecondsAfterFinished": 86400,
    }
    assert made["metadata"]["annotations"] == {"mission-key": "m/1"}
    assert made["metadata"]["labels"]["mission-id"] == "m-1"
    assert template["restartPolicy"] == "Never"
    assert template["automountServiceAccountToken"] is False
    assert template["securityContext"] == {
        "runAsNonRoot": True,
        "fsGroup": 10001,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert container["securityContext"] == {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    assert container["resources"] == {
        "requests": {"cpu": "500m", "memory": "512Mi", "nvidia.com/gpu": "1"},
        "limits": {"memory": "512Mi", "nvidia.com/gpu": "1"},
    }
    assert container["command"][3:] == ["sh", "echo", "$$(HOME) $$$$ x"]
    assert container["env"] == [{"name": "A", "value": "$$B"}, {"name": "HOME", "value": "/home/mission"}]


def test_the_program_fits_into_a_config_map(tmp_path: Path) -> None:
    assert len(make_program()) < manifest.LIMIT
    with pytest.raises(ToolError) as error:
        KubernetesLauncher(HOST, environment={}, folder=tmp_path).prepare(b"x" * (manifest.LIMIT + 1), "ab")
    assert str(error.value) == "host k: the program has 1 MiB, and a ConfigMap takes 1 MiB"


CONFIG = """\
current-context: b
contexts:
- {name: a, context: {cluster: one, user: me}}
- {name: b, context: {cluster: two, user: you, namespace: work}}
clusters:
- {name: one, cluster: {server: "https://one:6443"}}
- name: two
  cluster: {server: "https://two:6443/", certificate-authority-data: Q0E=, tls-server-name: kubernetes}
users:
- {name: me, user: {token: t0ken}}
- {name: you, user: {client-certificate: client.pem, client-key-data: S0VZ}}
"""


def config(folder: Path, text: str = CONFIG) -> dict[str, str]:
    """Return an environment with this configuration of kubectl."""
    (folder / ".kube").mkdir(exist_ok=True)
    (folder / ".kube/config").write_text(text)
    (folder / ".kube/client.pem").write_bytes(b"CERT")
    return {"HOME": str(folder)}


def test_the_current_context_of_kubectl_counts(tmp_path: Path) -> None:
    found = find_access(HOST, config(tmp_path))
    assert found == Access("https://two:6443", "work", "", b"CA", b"CERT", b"KEY", "kubernetes")
    assert repr(found) == "Access('https://two:6443', 'work')"
    found = find_access(HOST, config(tmp_path, CONFIG.replace("current-context: b", "current-context: a")))
    assert found == Access("https://one:6443", "default", "t0ken")


def test_several_files_are_read_as_kubectl_reads_them(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text("current-context: a\n")
    second.write_text(CONFIG)
    found = find_access(HOST, {"KUBECONFIG": f"{first}:{tmp_path / 'missing'}:{second}"})
    assert found == Access("https://one:6443", "default", "t0ken")


def test_an_address_and_a_token_are_enough(tmp_path: Path) -> None:
    host = Host("k", HostKind.KUBERNETES, address="https://api:6443/", namespace="n", token="env:T")  # noqa: S106 - a reference
    assert find_access(host, {**config(tmp_path), "T": "t0ken"}) == Access("https://api:6443", "n", "t0ken")


def test_a_pod_uses_its_account(tmp_path: Path) -> None:
    for name, text in (("token", "t0ken\n"), ("namespace", "work"), ("ca.crt", "CA")):
        (tmp_path / name).write_text(text)
    inside = {"HOME": str(tmp_path), "KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "6443"}
    assert find_access(HOST, inside, tmp_path) == Access("https://10.0.0.1:6443", "work", "t0ken", b"CA")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("client-certificate: client.pem", "exec: {command: aws}", "user `you` in FILE logs in by a program (`exec`)"),
        ("client-certificate: client.pem", "as: root", "user `you` in FILE has `as`, which is not supported"),
        (
            "tls-server-name: kubernetes",
            "insecure-skip-tls-verify: true",
            "cluster `two` in FILE has `insecure-skip-tls",
        ),
        ("tls-server-name: kubernetes", "proxy-url: http://p", "cluster `two` in FILE has `proxy-url`, which is not"),
        ("Q0E=", "'?'", "cluster `two` in FILE has a `certificate-authority-data` that is not base64"),
        ("client.pem", "gone.pem", "user `you` in FILE names client-certificate"),
        ("user: you", "user: she", "FILE has no user `she`"),
        ("current-context: b", "x: b", "FILE has no current context"),
        ("current-context: b", "x: [", "FILE:3 is not valid YAML"),
        ('server: "https://two:6443/"', "x: 1", "cluster `two` in FILE has no server"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_file(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in CONFIG
    with pytest.raises(ToolError) as error:
        find_access(HOST, config(tmp_path, CONFIG.replace(old, new)))
    assert str(error.value).replace(str(tmp_path / ".kube/config"), "FILE").startswith(f"host k: {words}")


def test_without_any_access_both_ways_are_named(tmp_path: Path) -> None:
    with pytest.raises(ToolError) as error:
        find_access(HOST, {"HOME": str(tmp_path)}, tmp_path / "none")
    assert str(error.value) == f"host k: {tmp_path}/.kube/config does not exist"
    assert "`address` and `token`" in str(error.value.hint)


def test_a_program_is_stored_as_it_is() -> None:
    made = manifest.config_map(b"\0program", "ab12")
    assert made["immutable"] is True
    assert base64.b64decode(made["binaryData"]["mission-ab12.pyz"]) == b"\0program"
    spec = manifest.job(HOST, Launch("m-1", "m/1", ("python3", manifest.program_path("ab12"), "_node")))["spec"]
    assert {"name": "program", "configMap": {"name": "mission-ab12"}} in spec["template"]["spec"]["volumes"]
