"""The launcher of Ray, against recorded answers of a real cluster: `tests/data/ray/README.md` says of which."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.kit.loopback import Asked, Loopback, Reply, loopback

from mission_cli.adapters.executors.hosts.ray.launcher import RayLauncher
from mission_cli.adapters.executors.remote.launcher import (
    Exchange,
    Launch,
    LaunchLook,
    LaunchState,
    UnreachableError,
)
from mission_cli.domain.errors import ToolError
from mission_cli.domain.hosts.host import Host, HostKind, Needed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ANSWERS: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "data/ray/answers.json").read_text(encoding="utf-8")
)
NODE = "4ef9235c08f30d5ac5d6e21a607083c5690966f7a8a395fd97dc3547"
KEY = "1.1-a1"
REFERENCE = "env:TOKEN"


class Cluster:
    """A dashboard that gives recorded answers, and the launcher that asks it."""

    server: Loopback

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.replies: dict[str, list[Reply]] = {}
        self.now = 1000.0

    def says(self, *names: str, ask: str = "") -> None:
        """Let the next requests like those of these answers get them, the last one again and again."""
        for name in names:
            one = ANSWERS[name]
            reply = Reply(one["status"], one["body"].encode())
            self.replies.setdefault(ask or f"{one['method']} {one['path']}", []).append(reply)

    def answer(self, asked: Asked) -> Reply:
        """Give the next answer."""
        replies = self.replies.get(f"{asked.method} {asked.path}", [])
        if not replies:
            return Reply(404, b"<html>not here</html>")
        return replies.pop(0) if len(replies) > 1 else replies[0]

    def launcher(self, **facts: Any) -> RayLauncher:
        """A new one, with a clock of its own."""
        host = replace(Host("cluster", HostKind.RAY, self.server.url, exchange="/shared/x.git", workers=2), **facts)
        return RayLauncher(host, environment={"TOKEN": "secret-1"}, folder=self._folder, clock=lambda: self.now)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """One without answers yet."""
    made = Cluster(tmp_path)
    with loopback(made.answer) as server:
        made.server = server
        yield made


def test_each_state_of_a_job_is_told(cluster: Cluster) -> None:
    jobs = {
        "pending": "fine",
        "running": "fine",
        "succeeded": "fine",
        "stopped": "",
        "failed": "",
        "late": "",
        "lost": "",
        "no package": "no-package",
    }
    looks = {}
    for name, job in jobs.items():
        cluster.replies.clear()
        cluster.says(name)
        looks[name] = cluster.launcher().look([job or name])[job or name]
    waits = "Job has not started yet. It may be waiting for resources (CPUs, GPUs, memory, custom resources) to become available."
    assert {name: (look.state, look.node[:4]) for name, look in looks.items()} == {
        "pending": (LaunchState.PENDING, ""),
        "running": (LaunchState.RUNNING, NODE[:4]),
        "succeeded": (LaunchState.ENDED, NODE[:4]),
        "stopped": (LaunchState.ENDED, NODE[:4]),
        "failed": (LaunchState.ENDED, NODE[:4]),
        "late": (LaunchState.UNKNOWN, ""),
        "lost": (LaunchState.GONE, "4607"),
        "no package": (LaunchState.GONE, ""),
    }
    assert looks["pending"].detail == waits
    assert (looks["failed"].detail, looks["succeeded"].detail) == ("exit code 3", "")
    assert "because its node has died" in looks["lost"].detail
    assert "\n" not in looks["lost"].detail + looks["no package"].detail


def test_many_ids_are_one_request_and_what_ray_leaves_behind_is_no_job(cluster: Cluster) -> None:
    cluster.says("list")
    looks = cluster.launcher().look(["fine", "failed", "huge", "stopped", "never"])
    assert {job: look.state for job, look in looks.items()} == {
        "fine": LaunchState.ENDED,
        "failed": LaunchState.ENDED,
        "huge": LaunchState.PENDING,
        "stopped": LaunchState.UNKNOWN,
        "never": LaunchState.UNKNOWN,
    }
    assert cluster.server.lines == ["GET /api/jobs/"]


def test_a_job_that_is_called_running_on_a_lost_node_is_gone(cluster: Cluster) -> None:
    running = json.loads(ANSWERS["running"]["body"]) | {
        "driver_node_id": json.loads(ANSWERS["lost"]["body"])["driver_node_id"]
    }
    cluster.replies["GET /api/jobs/fine"] = [Reply(200, running)]
    cluster.says("dead nodes")
    launcher = cluster.launcher()
    node = running["driver_node_id"]
    assert launcher.look(["fine"]) == {"fine": LaunchLook(LaunchState.GONE, "its node is lost", node)}
    launcher.look(["fine"])
    assert cluster.server.lines == ["GET /api/jobs/fine", f"GET {ANSWERS['dead nodes']['path']}", "GET /api/jobs/fine"]


def test_a_job_is_submitted_with_everything_that_it_needs(cluster: Cluster) -> None:
    cluster.says("package missing", ask="GET /api/packages/gcs/mission_abc.zip")
    cluster.replies["GET /api/packages/gcs/mission_abc.zip"].append(Reply(200))
    cluster.replies["PUT /api/packages/gcs/mission_abc.zip"] = [Reply(200)]
    cluster.says("submitted")
    launcher = cluster.launcher(needed=Needed(cpus=2, memory_mb=512, gpus=0.5), python="python3.12", token=REFERENCE)
    argv = launcher.prepare(b"PK", "abc")
    assert argv == ("python3.12", "mission-abc.pyz")
    launcher.start(Launch("fine", KEY, (*argv, "_node", "run", "a b"), {"B": "${HOME}", "A": "x y"}))
    assert cluster.server.lines == [
        "GET /api/packages/gcs/mission_abc.zip",
        "PUT /api/packages/gcs/mission_abc.zip",
        "GET /api/packages/gcs/mission_abc.zip",
        "POST /api/jobs/",
    ]
    assert {one.headers.get("authorization") for one in cluster.server.asked} == {"Bearer secret-1"}
    body = cluster.server.asked[-1].json
    assert body.pop("entrypoint").startswith(
        "exec env -u PYTHONBREAKPOINT -u PYTHONPATH -u RAY_ADDRESS -u RAY_AUTH_TOKEN "
    )
    assert (
        cluster.server.asked[-1]
        .json["entrypoint"]
        .endswith(" -u RAY_worker_niceness 'A=x y' 'B=${HOME}' python3.12 mission-abc.pyz _node run 'a b'")
    )
    assert body == {
        "submission_id": "fine",
        "metadata": {"key": KEY, "digest": "abc"},
        "runtime_env": {"env_vars": {"RAY_JOB_STOP_WAIT_TIME_S": "120"}, "working_dir": "gcs://mission_abc.zip"},
        "entrypoint_num_cpus": 2,
        "entrypoint_memory": 512 << 20,
        "entrypoint_num_gpus": 0.5,
    }


def test_what_needs_nothing_still_reserves_a_cpu_lest_it_runs_on_the_head(cluster: Cluster) -> None:
    cluster.says("submitted")
    cluster.launcher().start(Launch("fine", KEY, ("true",)))
    assert cluster.server.asked[-1].json["entrypoint_num_cpus"] == 1


def test_an_id_that_exists_is_adopted_by_its_key(cluster: Cluster) -> None:
    cluster.says("taken", "running")
    cluster.launcher().start(Launch("fine", KEY, ("true",)))
    assert cluster.server.lines == ["POST /api/jobs/", "GET /api/jobs/fine"]
    with pytest.raises(ToolError, match="the id fine belongs to another job there"):
        cluster.launcher().start(Launch("fine", "9.9-a1", ("true",)))


def test_a_job_that_waited_too_long_is_submitted_again(cluster: Cluster) -> None:
    cluster.says("taken", "submitted", "late")
    cluster.replies["DELETE /api/jobs/late"] = [Reply(200, {"deleted": True})]
    cluster.launcher().start(Launch("late", KEY, ("true",)))
    assert cluster.server.lines == ["POST /api/jobs/", "GET /api/jobs/late", "DELETE /api/jobs/late", "POST /api/jobs/"]


def test_a_program_is_asked_for_again_before_ray_may_have_removed_it(cluster: Cluster) -> None:
    there = "GET /api/packages/gcs/mission_abc.zip"
    cluster.replies[there] = [Reply(200)]
    cluster.says("submitted")
    launcher = cluster.launcher()
    launcher.prepare(b"PK", "abc")
    launch = Launch("fine", KEY, ("python3", "mission-abc.pyz"))
    launcher.start(launch)
    cluster.now += 300
    launcher.start(launch)
    assert cluster.server.lines == [there, "POST /api/jobs/", there, "POST /api/jobs/"]
    cluster.says("no package")
    launcher.look(["no-package"])
    launcher.start(launch)
    assert cluster.server.lines[4:] == ["GET /api/jobs/no-package", there, "POST /api/jobs/"]


def test_a_log_is_read_as_it_is_and_not_more_often_than_it_is_worth(cluster: Cluster) -> None:
    cluster.says("running", "succeeded")
    log = f"GET /api/v0/logs/file?node_id={NODE}&filename=job-driver-fine.log&lines=-1"
    said = ANSWERS["log"]["body"].encode()
    head, _, tail = said.partition(b"Running")
    cluster.replies[log] = [
        Reply(200, head + b"early\xff" + b"Running" + tail),
        Reply(200, head + b"early\xffRunning" + tail + b"late"),
    ]
    launcher = cluster.launcher()
    assert launcher.output("fine", 0) == (b"early\xffhello\n", 12)
    assert launcher.output("fine", 12) == (b"", 12)
    cluster.now += 2
    assert launcher.output("fine", 12) == (b"late", 16)
    assert launcher.look(["fine"])["fine"].state is LaunchState.ENDED
    assert launcher.output("fine", 12) == (b"late", 16)
    assert cluster.server.lines.count(log) == 3


def test_a_log_that_is_lost_with_its_node_is_empty(cluster: Cluster) -> None:
    cluster.says("lost", "log of a lost node")
    assert cluster.launcher().output("lost", 7) == (b"", 7)


def test_what_is_unknown_can_be_canceled_and_forgotten(cluster: Cluster) -> None:
    cluster.says("stop unknown", "stop", "delete unknown")
    launcher = cluster.launcher()
    launcher.cancel("stopped")
    launcher.forget("stopped")
    assert launcher.look(["stopped"]) == {"stopped": LaunchLook(LaunchState.UNKNOWN)}
    assert cluster.server.lines == ["POST /api/jobs/stopped/stop"]
    cluster.now += 10
    launcher.close()
    assert cluster.server.lines[1:] == ["DELETE /api/jobs/stopped"]


def test_a_job_that_is_canceled_while_it_waits_does_not_wait_any_longer(cluster: Cluster) -> None:
    cluster.says("pending", "cannot be deleted")
    cluster.says("stop", ask="POST /api/jobs/fine/stop")
    launcher = cluster.launcher()
    assert launcher.look(["fine"])["fine"].state is LaunchState.PENDING
    launcher.cancel("fine")
    assert launcher.look(["fine"])["fine"].state is LaunchState.UNKNOWN
    launcher.forget("fine")
    cluster.now += 10
    assert launcher.look(["fine"])["fine"].state is LaunchState.UNKNOWN
    cluster.now += 100
    launcher.close()
    assert cluster.server.lines.count("DELETE /api/jobs/fine") == 2


@pytest.mark.parametrize(
    ("answer", "facts", "free"),
    [
        ("status", {}, 3),
        ("status", {"needed": Needed(cpus=2)}, 1),
        ("status", {"needed": Needed(gpus=1)}, 0),
        ("full status", {}, 3),
        ("full status", {"needed": Needed(cpus=4)}, 0),
    ],
)
def test_what_is_free_is_counted_node_by_node(cluster: Cluster, answer: str, facts: dict[str, Any], free: int) -> None:
    said = json.loads(ANSWERS[answer]["body"])
    demand = said["data"]["clusterStatus"]["loadMetricsReport"]["resourceDemand"]
    demand[:] = [*demand, [{"CPU": 1.0}, 1]] if answer == "status" else demand
    cluster.replies["GET /api/cluster_status"] = [Reply(200, said)]
    assert cluster.launcher(**facts).free() == free


def test_a_full_cluster_that_may_grow_does_not_say_that_nothing_is_free(cluster: Cluster) -> None:
    said = json.loads(ANSWERS["status"]["body"])
    types = said["data"]["clusterStatus"]["autoscalerReport"]["nodeTypeMapping"]
    types[NODE] = "worker-group"
    cluster.replies["GET /api/cluster_status"] = [Reply(200, said)]
    assert cluster.launcher().free() == 4
    assert cluster.launcher(needed=Needed(gpus=1)).free() is None


BROKEN = {
    "closed": Reply(0),
    "proxy": Reply(502, b"<html>"),
    "no agent": Reply(500, b"No available agent to submit job, please try again later."),
}
ASKED: dict[str, Callable[[RayLauncher], object]] = {
    "one": lambda launcher: launcher.look(["a"]),
    "many": lambda launcher: launcher.look(["a", "b", "c"]),
    "start": lambda launcher: launcher.start(Launch("a", "k", ("true",))),
    "cancel": lambda launcher: launcher.cancel("a"),
    "free": lambda launcher: launcher.free(),
    "prepare": lambda launcher: launcher.prepare(b"PK", "abc"),
}


@pytest.mark.parametrize("ask", ASKED)
def test_nothing_is_concluded_from_a_broken_dashboard(tmp_path: Path, ask: str) -> None:
    cluster, replies = Cluster(tmp_path), iter(BROKEN.values())
    with loopback(lambda _: next(replies)) as cluster.server:
        for _ in BROKEN:
            with pytest.raises(UnreachableError, match=r"^host cluster: "):
                ASKED[ask](cluster.launcher())
    with pytest.raises(UnreachableError, match=r"^host cluster: .*: no connection$"):
        ASKED[ask](cluster.launcher())


def test_a_page_of_a_proxy_is_not_the_answer_that_a_job_is_unknown(cluster: Cluster) -> None:
    with pytest.raises(ToolError, match="Ray refuses a request with status 404"):
        cluster.launcher().look(["a"])
    cluster.replies["GET /api/jobs/a"] = [Reply(200, b"<html>log in</html>")]
    with pytest.raises(UnreachableError, match="what answers is not the dashboard of Ray"):
        cluster.launcher().look(["a"])


def test_a_request_that_ray_refuses_is_an_error_for_people(cluster: Cluster) -> None:
    cluster.says("bad meta")
    with pytest.raises(ToolError, match="status 400: TypeError: metadata values must be strings, got <class 'int'>"):
        cluster.launcher().start(Launch("a", "k", ("true",)))


def test_a_token_that_is_missing_or_wrong_is_an_error_that_names_the_setting(cluster: Cluster) -> None:
    cluster.says("no token", "wrong token")
    with pytest.raises(ToolError) as missing:
        cluster.launcher().look(["a", "b", "c"])
    with pytest.raises(ToolError) as wrong:
        cluster.launcher(token=REFERENCE).look(["a", "b", "c"])
    told = [(error.value.message, str(error.value.hint)) for error in (missing, wrong)]
    hint = "set `token` in [hosts.cluster] to a reference: env:NAME or file:PATH"
    assert told == [
        ("host cluster: Ray wants a token (Unauthorized: Missing authentication token)", hint),
        ("host cluster: Ray refuses the token (Forbidden: Invalid authentication token)", hint),
    ]
    for bad in ("secret-1", "env:NOTHING", "file:/nowhere/token"):
        with pytest.raises(ToolError) as error:
            cluster.launcher(token=bad).look(["a"])
        assert "secret-1" not in error.value.message + str(error.value.hint)
    assert len(cluster.server.asked) == 2


@pytest.mark.parametrize(
    "address", ["", "ray-head", "ray://head:10001", "http://me:secret@head:8265", "http://h?token=a"]
)
def test_an_address_that_is_not_the_url_of_a_dashboard_is_refused(tmp_path: Path, address: str) -> None:
    launcher = RayLauncher(Host("cluster", HostKind.RAY, address=address), environment={}, folder=tmp_path)
    with pytest.raises(ToolError, match="`address` is not the URL of a Ray dashboard"):
        launcher.free()


def test_a_cluster_needs_a_repository_that_both_sides_reach(cluster: Cluster) -> None:
    assert cluster.launcher().exchange() == Exchange("/shared/x.git", "/shared/x.git")
    with pytest.raises(ToolError, match="host cluster: a Ray cluster needs `exchange`"):
        cluster.launcher(exchange="").exchange()


def test_without_httpx_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    launcher = RayLauncher(Host("cluster", HostKind.RAY, address="http://h:8265"), environment={}, folder=tmp_path)
    with pytest.raises(ToolError) as error:
        launcher.free()
    words = "host cluster: Ray needs the Python package httpx, which is not installed (extra ray)"
    assert (error.value.message, str(error.value.hint)) == (words, "install it: pip install httpx")
