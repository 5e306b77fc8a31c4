"""Every request to Kubernetes keeps to the published description of its interface; Prism checks that."""

from __future__ import annotations

import base64
import os
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from tests.contract.kubernetes_rig import KubernetesRig
from tests.kit.loopback import Asked, Reply, loopback
from tests.kit.nightly import only_at_night
from tests.kit.prism import Contract, mock_of

from mission_cli.adapters.executors.hosts.kubernetes.launcher import KubernetesLauncher
from mission_cli.adapters.executors.remote.launcher import Finding, Launch, LaunchLook, LaunchState, UnreachableError
from mission_cli.domain.errors import ToolError
from mission_cli.domain.hosts.host import Host, HostKind, Needed

SPEC = Path(__file__).resolve().parents[1] / "data/kubernetes/jobs.json"
JOB = Launch("m-1-1-a1", "m/1.1-a1", ("/bin/sh", "-c", "exec sleep 600"), {"A": "$(B) $$"}, Needed(0.5, 512, 1), 3600)


@only_at_night
def test_prism_finds_nothing_wrong_with_the_requests(tmp_path: Path) -> None:
    spec = tmp_path / "kubernetes.json"
    spec.write_bytes(SPEC.read_bytes())
    rig = KubernetesRig(tmp_path)
    with mock_of(spec, tmp_path) as port:
        contract, wrong = Contract(rig.front, port), list[str]()

        def asked_twice(asked: Asked) -> Reply:
            wrong.extend(contract.ask(asked)[1])
            return rig.server.answer(asked)

        rig.front.answer = asked_twice
        launcher = rig.launcher
        launcher.test({"opencode": "opencode"})
        argv = launcher.prepare(b"program", "ab12")
        launcher.start(JOB)
        launcher.start(JOB)
        launcher.start(Launch("m-2", "m/2", (*argv, "x")))
        launcher.look([JOB.id])
        launcher.output(JOB.id, 0)
        launcher.cancel(JOB.id)
        launcher.forget("m-2")
        lines = {line.partition("?")[0] for line in rig.front.lines}
        created = next(one for one in rig.front.asked if one.method == "POST" and one.path.endswith("/jobs"))
        bad = contract.ask(replace(created, body=created.body.replace(b"backoffLimit", b"backofLimit")))[1]
    rig.leave()
    assert wrong == []
    assert [one.partition(": ")[2] for one in bad] == [
        "body.spec: Request body property spec must NOT have additional properties; found 'backofLimit'"
    ]
    assert lines == {
        "GET /version",
        "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        "POST /api/v1/namespaces/work/configmaps",
        "POST /apis/batch/v1/namespaces/work/jobs",
        "GET /apis/batch/v1/namespaces/work/jobs",
        "GET /apis/batch/v1/namespaces/work/jobs/m-1-1-a1",
        "DELETE /apis/batch/v1/namespaces/work/jobs/m-2",
        "GET /api/v1/namespaces/work/pods",
        "DELETE /api/v1/namespaces/work/pods/m-1-1-a1",
        "GET /api/v1/namespaces/work/pods/m-1-1-a1/log",
    }


def test_a_job_of_another_key_is_not_adopted(tmp_path: Path) -> None:
    rig = KubernetesRig(tmp_path)
    rig.launcher.start(JOB)
    with pytest.raises(ToolError) as error:
        rig.launcher.start(Launch(JOB.id, "m/other", ("true",)))
    rig.leave()
    assert str(error.value) == "host cluster: a Job m-1-1-a1 exists there that belongs to something else"


def test_a_refused_login_is_no_silence_and_silence_is_no_refusal(tmp_path: Path) -> None:
    rig = KubernetesRig(tmp_path)
    host = Host(
        "cluster",
        HostKind.KUBERNETES,
        address=rig.front.url,
        image="worker:1",
        namespace="work",
        token="env:T",  # noqa: S106 - a reference
    )
    launcher = KubernetesLauncher(host, environment={**os.environ, "T": "wrong"}, folder=tmp_path)
    with pytest.raises(ToolError, match="does not accept the login"):
        launcher.look([JOB.id])
    rig.front.answer = lambda _: Reply(503, {"message": "etcd has no leader"})
    with pytest.raises(UnreachableError, match="status 503: etcd has no leader"):
        launcher.look([JOB.id])
    rig.front.answer = lambda _: Reply(403, {"message": 'jobs.batch is forbidden: User "me" cannot list'})
    with pytest.raises(ToolError, match="cannot list"):
        launcher.look([JOB.id])
    rig.leave()


def test_only_the_authority_of_the_cluster_is_trusted_and_the_client_shows_its_certificate(tmp_path: Path) -> None:
    ours, other = trustme.CA(), trustme.CA()
    server, client = ours.issue_cert("kubernetes"), ours.issue_cert("me@example.org")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.configure_cert(tls)
    ours.configure_trust(tls)
    tls.verify_mode = ssl.CERT_REQUIRED
    client.private_key_and_cert_chain_pem.write_to_path(tmp_path / "client.pem")
    with loopback(lambda _: Reply(200, {"items": []}), tls) as front:
        url = front.url.replace("http://", "https://")
        for authority, name, works in (
            (ours, "kubernetes", True),
            (ours, "other", False),
            (other, "kubernetes", False),
        ):
            pem = base64.b64encode(authority.cert_pem.bytes()).decode()
            (tmp_path / "config").write_text(
                f"current-context: c\ncontexts: [{{name: c, context: {{cluster: c, user: c}}}}]\n"
                f"clusters: [{{name: c, cluster: {{server: '{url}', tls-server-name: {name},"
                f" certificate-authority-data: {pem}}}}}]\n"
                "users: [{name: c, user: {client-certificate: client.pem, client-key: client.pem}}]\n"
            )
            environment = {**os.environ, "KUBECONFIG": os.fspath(tmp_path / "config")}
            host = Host("cluster", HostKind.KUBERNETES, image="worker:1")
            launcher = KubernetesLauncher(host, environment=environment, folder=tmp_path)
            if works:
                assert launcher.look([JOB.id])[JOB.id].state is LaunchState.UNKNOWN
            else:
                with pytest.raises(UnreachableError, match="CERTIFICATE_VERIFY_FAILED"):
                    launcher.look([JOB.id])
            launcher.close()


def test_a_test_names_the_rights_that_are_missing(tmp_path: Path) -> None:
    rig = KubernetesRig(tmp_path)
    found = {one.name: one for one in rig.launcher.test({})}
    assert {name: one.ok for name, one in found.items()} == {
        "kubernetes": True,
        "rights": True,
        "job": True,
        "image": True,
    }
    assert found["kubernetes"].words == "v1.37.0, namespace work"
    rig.server.denied = {"create jobs", "delete pods"}
    found = {one.name: one for one in rig.launcher.test({})}
    rig.leave()
    assert found["rights"] == Finding(
        "rights",
        ok=False,
        words="you may not create jobs; delete pods",
        hint="ask for a role with these rights: docs/hosts.md has one",
    )
    assert "job" not in found


def test_a_program_that_is_killed_with_its_node_is_gone_and_a_forgotten_one_unknown(tmp_path: Path) -> None:
    rig = KubernetesRig(tmp_path)
    rig.launcher.start(JOB)
    assert rig.launcher.look([JOB.id]) == {JOB.id: LaunchLook(LaunchState.RUNNING, "", "node-1")}
    rig.kill_node(JOB.id)
    assert rig.launcher.look([JOB.id]) == {JOB.id: LaunchLook(LaunchState.GONE, "its node does not answer", "node-1")}
    rig.launcher.forget(JOB.id)
    assert rig.launcher.look([JOB.id]) == {JOB.id: LaunchLook(LaunchState.UNKNOWN)}
    rig.leave()
