"""Deployments: each state has its way on, nothing is deployed twice, and production waits for a person."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import Host, make_host, make_mission
from tests.kit.missions import EXIT, NOW, POLICY, WORK, feature, milestone, mission, plan_of
from tests.kit.nightly import only_at_night
from tests.unit.test_keys_act import committed, honest
from tests.unit.test_previews import GONE, RUNNING, UNKNOWN, ended, settle

from mission_cli._support.dataclass import replace
from mission_cli._support.text import stamp
from mission_cli.adapters.git.state.merging import line_merge
from mission_cli.app.addressing import resolve
from mission_cli.app.commands import lifecycle
from mission_cli.app.commands.features import answer, cancel
from mission_cli.app.deploys.commands import deploy, drop, roll_back, to_deploy
from mission_cli.app.queries.status import status_of
from mission_cli.document.merging.mission import merge
from mission_cli.document.reading.load import load
from mission_cli.domain.branches.landing import Landing, LandState
from mission_cli.domain.deploys.rows import DeployRow, DeployStatus, health_key, job_key, printed, rollback_key
from mission_cli.domain.deploys.targets import After, Target, TargetKind
from mission_cli.domain.errors import BlockedError, MissionError, UsageError
from mission_cli.domain.ids import Sha
from mission_cli.domain.notice import Notice, advise
from mission_cli.domain.resources.rows import Resource, ResourceStatus
from mission_cli.domain.status import EndReason, HoldKind, MilestoneStatus, MissionStatus, RequestStatus
from mission_cli.domain.tables import InputRequest
from mission_cli.engine.deploys.jobs import deploy_job
from mission_cli.planner.core.effects import DeployPart, RunDeploy
from mission_cli.planner.core.moves.outside import WriteDeploy
from mission_cli.planner.core.moves.waiting import Ask, MoveRequest
from mission_cli.settings import check, parse

if TYPE_CHECKING:
    from mission_cli.planner.core.decisions import Decisions
    from mission_cli.ports.executor import JobSpec

D = DeployStatus
BARE = Target("staging")
FULL = Target("staging", url="https://s.example", checks=True, returns=True)
HOSTING = Resource("Hosting", reference="env:HOST_KEY")
LIVE = Target("live", TargetKind.PRODUCTION, confirm=True)
NEW, OLD, HEALTH, BACK = job_key("m", 2), job_key("m", 1), health_key("m", 2, 1), rollback_key("m", 2)
LOST = ended(0, "", EndReason.LOST, "its supervisor died")


def row(status: DeployStatus, number: int = 2, **more: object) -> DeployRow:
    values: dict[str, object] = {"target": "staging", "commit": WORK, "since": stamp(NOW), **more}
    return DeployRow(number, status=status, **values)  # type: ignore[arg-type]  # values of a case


def decided(*rows: DeployRow, target: Target = BARE, jobs: object = None, **more: object) -> Decisions:
    """What is decided about some deployments."""
    kept = {name: more.pop(name) for name in ("requests", "status", "resources") if name in more}
    some = mission(feature("1.1"), deploys=rows, **{"status": MissionStatus.ACTIVE, **kept})
    policy = replace(POLICY, targets={target.name: target})
    return plan_of(some, policy, previews=jobs or {}, **more)


def way_on(found: Decisions) -> str:
    """The new status with its reason, or what is done, asked or waited for."""
    moves = [
        f"{m.row.number} {m.row.status}: {m.row.reason or m.row.url}"
        for m in found.transitions
        if isinstance(m, WriteDeploy)
    ]
    asked = [f"asks {m.request.urgency}: {m.request.prompt}" for m in found.transitions if isinstance(m, Ask)]
    asked += [f"request {m.number} {m.to}" for m in found.transitions if isinstance(m, MoveRequest)]
    acts = [f"{a.part} {a.attempt}" for a in found.effects if isinstance(a, RunDeploy)]
    kinds = {HoldKind.DEPLOY, HoldKind.RESOURCE, HoldKind.REQUEST}
    holds = [f"hold: {h.detail}" for h in found.holds if h.kind in kinds and not h.subject]
    return "; ".join([*moves, *asked, *acts, *holds])  # fmt: skip


def request(prompt: str, response: str = "") -> InputRequest:
    status = RequestStatus.ANSWERED if response else RequestStatus.OPEN
    options = ("deploy", "reject") if "rollback" not in prompt else ("resolved",)
    return InputRequest(7, stamp(NOW), "", prompt, options, status=status, response=response)


WANTED = "Deployment 2 to live: deploy 1111111? The reason: a person asked"
BROKEN = "Deployment 2 to staging: its rollback failed. Repair staging by hand, then say so here"
OTHER = row(D.LIVE, 1, target="live", commit="a" * 40)
CASES: dict[str, Decisions] = {
    "planned": decided(row(D.PLANNED)),
    "planned, approved by a command": (decided(row(D.PLANNED, target="live", by="Ada"), target=LIVE)),
    "planned, to production": (decided(OTHER, row(D.PLANNED, target="live"), target=LIVE)),
    "planned, asked": (decided(row(D.PLANNED, target="live"), target=LIVE, requests=(request(WANTED),))),
    "planned, approved": (
        decided(row(D.PLANNED, target="live"), target=LIVE, requests=(request(WANTED, "deploy, please"),))
    ),
    "planned, rejected": (decided(row(D.PLANNED, target="live"), target=LIVE, requests=(request(WANTED, "reject"),))),
    "planned, production without confirmation": (
        decided(row(D.PLANNED, target="live"), target=replace(LIVE, confirm=False))
    ),
    "planned, replaced": (
        decided(
            row(D.PLANNED, 1, target="live"),
            row(D.LIVE, 2, target="live"),
            target=LIVE,
            requests=(request(WANTED.replace("2", "1")),),
        )
    ),
    "planned, another runs": (decided(row(D.DEPLOYING, 1), row(D.PLANNED), jobs={OLD: RUNNING})),
    "planned, one is stuck": (decided(row(D.STUCK, 1), row(D.PLANNED), requests=(request(BROKEN.replace("2", "1")),))),
    "planned, another mission deploys there": (decided(row(D.PLANNED), deploying={"staging": "words"})),
    "planned, the remote is away": (decided(row(D.PLANNED), remote_problem="away")),
    "planned, a resource lacks": (
        decided(row(D.PLANNED), target=replace(BARE, needs=("hosting",)), resources=(HOSTING,))
    ),
    "planned, no such target": (decided(row(D.PLANNED, target="gone"))),
    "planned, an obstacle": (decided(row(D.PLANNED), target=replace(BARE, obstacle=Notice("no network", advise("x"))))),
    "planned, the mission is cancelled": (decided(row(D.PLANNED), status=MissionStatus.CANCELLED)),
    "planned, the mission is completed": (decided(row(D.PLANNED), status=MissionStatus.COMPLETED)),
    "deploying, not submitted": (decided(row(D.DEPLOYING), jobs={NEW: UNKNOWN})),
    "deploying, its supervisor died": (decided(row(D.DEPLOYING), jobs={NEW: GONE})),
    "deploying, running": (decided(row(D.DEPLOYING), jobs={NEW: RUNNING})),
    "deploying, ended": (decided(row(D.DEPLOYING), jobs={NEW: EXIT})),
    "deploying, ended, address printed": (
        decided(row(D.DEPLOYING), jobs={NEW: replace(EXIT, tail="up\nversion: 1.4.2\nhttps://x.example/1\n")})
    ),
    "deploying, ended, to be checked": (decided(row(D.DEPLOYING), target=FULL, jobs={NEW: EXIT})),
    "deploying, failed": (decided(row(D.DEPLOYING), jobs={NEW: ended(3, "Error: no quota")})),
    "deploying, failed, with a rollback": (
        decided(row(D.DEPLOYING), target=FULL, jobs={NEW: ended(3, "Error: no quota")})
    ),
    "deploying, never started": (
        decided(row(D.DEPLOYING), target=FULL, jobs={NEW: ended(0, "", EndReason.NOT_STARTED, "claimed elsewhere")})
    ),
    "deploying, lost": (decided(row(D.DEPLOYING), target=FULL, jobs={NEW: LOST})),
    "deploying, too late": (decided(row(D.DEPLOYING), jobs={NEW: ended(-15, "", EndReason.DEADLINE)})),
    "deploying, its target is gone": (decided(row(D.DEPLOYING, target="gone"), jobs={NEW: EXIT})),
    "deploying, ended, no address for its health": decided(
        row(D.DEPLOYING), target=replace(FULL, url="", at_url=True), jobs={NEW: EXIT}
    ),
    "checking": (decided(row(D.CHECKING), target=FULL, jobs={HEALTH: UNKNOWN})),
    "checking, no slot": (decided(row(D.CHECKING), target=FULL, jobs={HEALTH: UNKNOWN}, free_checks=0)),
    "checking, running": (decided(row(D.CHECKING), target=FULL, jobs={HEALTH: RUNNING})),
    "checking, healthy": (decided(row(D.CHECKING), target=FULL, jobs={HEALTH: EXIT})),
    "checking, interrupted": (decided(row(D.CHECKING), target=FULL, jobs={HEALTH: LOST})),
    "checking, interrupted three times": (
        decided(row(D.CHECKING), target=FULL, jobs={health_key("m", 2, n): LOST for n in (1, 2, 3)})
    ),
    "checking, sick": (decided(row(D.CHECKING), target=FULL, jobs={HEALTH: ended(1, "found 502")})),
    "recovering": (decided(row(D.RECOVERING, reason="x"), target=FULL, jobs={BACK: UNKNOWN})),
    "recovering, ended": (decided(row(D.RECOVERING, reason="x"), target=FULL, jobs={BACK: EXIT})),
    "recovering, failed": (decided(row(D.RECOVERING, reason="x"), target=FULL, jobs={BACK: ended(1, "Error: y")})),
    "recovering, without a command": (decided(row(D.RECOVERING, reason="x"), jobs={BACK: UNKNOWN})),
    "rolling back": (decided(row(D.ROLLING_BACK), target=FULL, jobs={BACK: UNKNOWN})),
    "rolling back, ended": (decided(row(D.ROLLING_BACK), target=FULL, jobs={BACK: EXIT})),
    "failed": (decided(row(D.FAILED, reason="x"))),
    "failed, and a newer one is live": (decided(row(D.FAILED, 1, reason="x"), row(D.LIVE))),
    "stuck": (decided(row(D.STUCK, reason="x"))),
    "stuck, asked": (decided(row(D.STUCK, reason="x"), requests=(request(BROKEN),))),
    "stuck, resolved": (decided(row(D.STUCK, reason="x"), requests=(request(BROKEN, "resolved"),))),
    "live": (decided(row(D.LIVE))),
    "rolled back": (decided(row(D.ROLLED_BACK))),
    "dropped": (decided(row(D.DROPPED))),
}


def test_each_state_has_its_way_on() -> None:
    assert {name: way_on(found) for name, found in CASES.items()} == snapshot(
        {
            "planned": "2 deploying: ",
            "planned, approved by a command": "2 deploying: ",
            "planned, to production": "asks high: Deployment 2 to live: deploy aaaaaaa, instead of aaaaaaa? The reason: a person asked; hold: deployment 2 of aaaaaaa to live waits for an approval",
            "planned, asked": "hold: deployment 2 of aaaaaaa to live waits for an approval",
            "planned, approved": "2 deploying: ",
            "planned, rejected": "2 dropped: request 7 was answered with reject",
            "planned, production without confirmation": "2 deploying: ",
            "planned, replaced": "1 dropped: deployment 2 replaces it; request 7 withdrawn",
            "planned, another runs": "hold: deployment 1 to staging runs; hold: deployment 2 to staging starts when deployment 1 is over",
            "planned, one is stuck": "hold: staging is in an unknown state: ; hold: deployment 2 to staging starts when deployment 1 is over",
            "planned, another mission deploys there": "hold: deployment 2 to staging starts when the one of words is over",
            "planned, the remote is away": "hold: deployment 2 to staging starts when the remote can be used",
            "planned, a resource lacks": "hold: deployment 2 to staging waits: the resource `Hosting` is needed",
            "planned, no such target": "hold: deployment 2 cannot start: the settings have no target gone",
            "planned, an obstacle": "hold: deployment 2 to staging cannot start: no network",
            "planned, the mission is cancelled": "2 dropped: the mission is cancelled",
            "planned, the mission is completed": "2 deploying: ",
            "deploying, not submitted": "deploy 1",
            "deploying, its supervisor died": "deploy 1",
            "deploying, running": "hold: deployment 2 to staging runs",
            "deploying, ended": "2 live: ",
            "deploying, ended, address printed": "2 live: https://x.example/1",
            "deploying, ended, to be checked": "2 checking: ",
            "deploying, failed": "2 failed: it ended with 3: Error: no quota",
            "deploying, failed, with a rollback": "2 recovering: it ended with 3: Error: no quota",
            "deploying, never started": "2 failed: claimed elsewhere",
            "deploying, lost": "2 recovering: its supervisor died",
            "deploying, too late": "2 failed: it took too long",
            "deploying, its target is gone": "2 live: ",
            "deploying, ended, no address for its health": "2 recovering: its command printed no URL, so its health cannot be checked",
            "checking": "health 1",
            "checking, no slot": "",
            "checking, running": "hold: the health of deployment 2 to staging is checked",
            "checking, healthy": "2 live: ",
            "checking, interrupted": "health 2",
            "checking, interrupted three times": "2 recovering: its health check failed: its supervisor died",
            "checking, sick": "2 recovering: its health check failed: it ended with 1: found 502",
            "recovering": "rollback 1",
            "recovering, ended": "2 failed: x; rolled back",
            "recovering, failed": "2 stuck: x; the rollback failed: it ended with 1: Error: y",
            "recovering, without a command": "2 stuck: x",
            "rolling back": "rollback 1",
            "rolling back, ended": "2 rolled back: ",
            "failed": "hold: deployment 2 of aaaaaaa to staging failed: x",
            "failed, and a newer one is live": "",
            "stuck": "asks urgent: Deployment 2 to staging: its rollback failed. Repair staging by hand, then say so here; hold: staging is in an unknown state: x",
            "stuck, asked": "hold: staging is in an unknown state: x",
            "stuck, resolved": "2 dropped: x",
            "live": "",
            "rolled back": "",
            "dropped": "",
        }
    )


def test_every_state_is_in_the_table() -> None:
    assert {str(status) for status in D} <= {name.split(",")[0] for name in CASES}


def planned(after: After, *, passed: str = WORK, landed: bool = False, rows: tuple[DeployRow, ...] = ()) -> list[str]:
    """What a mission with a target of its own plans to deploy."""
    some = mission(
        milestones=(milestone(1, MilestoneStatus.PASSED, feature("1.1"), passed_at=passed),),
        deploys=rows,
    )
    some = replace(some, preferences=replace(some.preferences, deploy_targets=("staging", "unknown")))
    policy = replace(POLICY, targets={"staging": replace(BARE, after=after)})
    landing = Landing(LandState.LANDED if landed else LandState.NOTHING)
    found = plan_of(some, policy, base=Sha("b" * 40), target=WORK, landing=landing)
    moves = [m for m in found.transitions if isinstance(m, WriteDeploy) and m.row.status is D.PLANNED]
    return [f"{m.row.number} {m.row.commit[:3]} {m.row.because}" for m in moves]


def test_a_mission_deploys_each_passed_milestone_and_what_has_landed_once() -> None:
    other = row(D.FAILED, 1, commit="c" * 40, because=f"landing of {WORK[:12]}")
    assert [
        planned(After.MILESTONE),
        planned(After.MILESTONE, rows=(row(D.FAILED, 1),)),
        planned(After.MILESTONE, rows=(row(D.LIVE, 1, target="live"),)),
        planned(After.LANDED),
        planned(After.LANDED, landed=True),
        planned(After.LANDED, landed=True, rows=(other,)),
        planned(After.LANDED, landed=True, rows=(row(D.DROPPED, 1, commit="b" * 40),)),
        planned(After.MANUAL, landed=True),
    ] == snapshot([["1 aaa milestone 1"], [], ["2 aaa milestone 1"], [], ["1 bbb landing of aaaaaaaaaaaa"], [], [], []])


@pytest.mark.parametrize(
    ("output", "found"),
    [
        ("up\nversion: 1.4.2\nhttps://a.example/x\n\n", ("https://a.example/x", "1.4.2")),
        ("https://a.example\nversion: v2+b.1\n", ("https://a.example", "v2+b.1")),
        ("https://a.example\ndone\n", ("", "")),
        ("version: $(id)\n", ("", "")),
        ("javascript:alert(1)\n", ("", "")),
        ("", ("", "")),
    ],
)
def test_what_a_command_prints_last(output: str, found: tuple[str, str]) -> None:
    assert printed(output) == found


def test_a_row_that_cannot_be_read_is_stuck_and_a_merge_keeps_the_later_state() -> None:
    head = "# T\n\n## Deployments\n\n| # | Target | Commit | Status | URL |\n|---|---|---|---|---|\n"
    text = f"{head}| 1 | live | `aaa` | lvie | <javascript:x> |\n| x | live | `b` | live | |\n| 2 | live | `c` | Rolled back | |\n"
    rows = [(r.number, r.commit, r.status, r.url) for r in load(text, "m").mission.deploys]
    assert rows == [(1, "aaa", D.STUCK, ""), (2, "c", D.ROLLED_BACK, "")]
    base, ours, theirs = (f"{head}| 1 | live | `a` | {s} | |\n" for s in ("planned", "dropped", "deploying"))
    merged = merge(base, ours, theirs, line_merge(0))
    assert merged is not None
    assert [(one.number, one.status) for one in load(merged.text, "m").mission.deploys] == [(1, D.DROPPED)]


# A host in memory

TARGETS = """\
[deploy.staging]
command = "./deploy.sh"
health = "/health"
after = "milestone"
rollback = "./back.sh"
keys = ["TOKEN"]

[deploy.live]
command = "./deploy.sh live"
kind = "production"
after = "landed"
url = "https://live.example"
"""
PLAN = """\
title: Two files
budget: {time_hours: 10}
preferences: {runner: script, land: auto, deploy_target: "staging, live"}
milestones:
  - {name: First, validation: ["file: `1.1.txt`"], features: [{title: one, criteria: ["file: `1.1.txt`"]}]}
  - {name: Second, validation: ["file: `2.1.txt`"], features: [{title: two, criteria: ["file: `2.1.txt`"]}]}
"""


ONE = "".join(line for line in PLAN.splitlines(keepends=True) if "Second" not in line)


def host_that(prints: str = "https://s.example", *, codes: tuple[int, ...] = (0, 0), plan: str = PLAN) -> Host:
    """A host whose deploy command prints an address; `codes`: how deploying and rolling back end."""

    def work(spec: JobSpec) -> Outcome:
        if "MISSION_DEPLOY" not in spec.program.env:
            return honest(spec)
        return Outcome(20.0, code=codes["back" in " ".join(spec.program.argv)], prints=(prints,))

    host = make_host(work)
    host.settings = replace(host.settings, deploy=parse(TARGETS, "x").deploy)
    make_mission(host, plan, "m")
    lifecycle.start(host.context(), "m")
    settle(host, 120 * plan.count("validation"))
    return host


def states(host: Host) -> list[tuple[int, str, str, str, str, str]]:
    return [(r.number, r.target, str(r.status), r.because, r.by, r.reason) for r in committed(host).deploys]


def test_milestones_go_to_staging_and_production_waits_for_a_person() -> None:
    host = host_that()
    assert states(host) == snapshot(
        [
            (1, "staging", "live", "milestone 1", "", ""),
            (2, "live", "dropped", "landing of 07ac88a7b5fd", "", "deployment 4 replaces it"),
            (3, "staging", "live", "milestone 2", "", ""),
            (4, "live", "planned", "landing of d64fc463ec6e", "", ""),
        ]
    )
    assert committed(host).status is MissionStatus.ACTIVE, "the mission does not end before its deployment"
    [asked] = committed(host).open_requests()
    assert (asked.urgency, asked.options, asked.prompt) == snapshot(
        (
            "high",
            ("deploy", "reject"),
            "Deployment 4 to live: deploy d64fc46 (https://live.example)? The reason: landing of d64fc463ec6e",
        )
    )
    answer(host.context(), "m", asked.number, "deploy")
    settle(host, 60)
    assert states(host)[-1] == snapshot((4, "live", "live", "landing of d64fc463ec6e", "request 2", ""))
    assert committed(host).status is MissionStatus.COMPLETED
    starts = [run for run in host.jobs.truth.starts if "deploy" in run]
    assert starts == snapshot(["m/deploy-1", "m/deploy-3", "m/deploy-4"])
    ctx = host.context()
    view = status_of(ctx, ctx.state.snapshot(), resolve(ctx.state.snapshot(), "m"))
    assert [(one.target, one.status, one.url) for one in view.deployments] == snapshot(
        [("live", "live", "https://s.example"), ("staging", "live", "https://s.example")]
    )
    outcomes = [row.cells for row in committed(host).kept if row.section == "Outcomes"]
    assert [(one["type"], one["label"], one["value"]) for one in outcomes] == snapshot(
        [
            ("url", "staging, deployment 1: 07ac88a7b5fd", "https://s.example"),
            ("url", "staging, deployment 3: d64fc463ec6e", "https://s.example"),
            ("url", "live, deployment 4: d64fc463ec6e", "https://s.example"),
        ]
    )


@only_at_night
def test_a_sick_deployment_is_rolled_back_once_and_a_person_decides_what_follows() -> None:
    host = host_that("https://sick.example")
    assert [(number, status, reason) for number, _, status, _, _, reason in states(host)][:1] == snapshot(
        [(1, "failed", "its health check failed: it ended with 1: expected 200, found 502; rolled back")]
    )
    assert [run for run in host.jobs.truth.starts if "deploy-1" in run] == ["m/deploy-1", "m/deploy-1-rollback"]
    assert deploy(host.context(), to_deploy(host.context(), "m", "staging")).words == snapshot(
        "deployment 5 of d64fc46 to staging is planned"
    )
    drop(host.context(), "m", "staging")
    settle(host, 20)
    assert states(host)[-1] == snapshot((5, "staging", "dropped", "asked for by Ada", "Ada", "dropped"))


def test_a_rollback_that_fails_is_asked_about_at_once_and_blocks_its_target() -> None:
    host = host_that(codes=(1, 1), plan=ONE)
    asked = committed(host).open_requests()[0]
    assert (asked.urgency, asked.options, asked.prompt) == snapshot(
        (
            "urgent",
            ("resolved",),
            "Deployment 1 to staging: its rollback failed. Repair staging by hand, then say so here",
        )
    )
    deploy(host.context(), to_deploy(host.context(), "m", "staging"))
    settle(host, 60)
    assert [run for run in host.jobs.truth.starts if "deploy" in run] == ["m/deploy-1", "m/deploy-1-rollback"]
    answer(host.context(), "m", asked.number, "resolved")
    settle(host, 20)
    assert [run for run in host.jobs.truth.starts if "deploy" in run][2:] == snapshot(["m/deploy-3"])


@only_at_night
def test_a_person_takes_back_what_is_live() -> None:
    host = host_that()
    with pytest.raises(BlockedError, match="no command for a rollback"):
        roll_back(host.context(), "m", "live")
    assert deploy(host.context(), to_deploy(host.context(), "m", "staging")).words == snapshot(
        "d64fc46 is live at staging"
    )
    roll_back(host.context(), "m", "staging")
    settle(host, 60)
    assert [one[2] for one in states(host) if one[1] == "staging"] == ["live", "rolled back"]
    with pytest.raises(BlockedError, match="nothing can be rolled back"):
        roll_back(host.context(), "m", "staging")


def test_nothing_is_deployed_where_nothing_can_be() -> None:
    host = make_host(honest)
    make_mission(host, PLAN, "m")
    messages = []
    for prepare in (
        lambda: None,
        lambda: setattr(host, "settings", replace(host.settings, deploy=parse(TARGETS, "x").deploy)),
        lambda: cancel(host.context(), "m"),
    ):
        prepare()
        for name in ("live", "stagign"):
            with pytest.raises(MissionError) as refused:
                to_deploy(host.context(), "m", name)
            messages.append(f"{refused.value.message} ({refused.value.hint})")
    assert messages == snapshot(
        [
            "the settings have no target 'live' (add a table [deploy.live] to .mission.toml)",
            "the settings have no target 'stagign' (add a table [deploy.stagign] to .mission.toml)",
            "m is planning (mission start m)",
            "the settings have no target 'stagign' (did you mean `staging`?)",
            "m is cancelled (mission start m)",
            "the settings have no target 'stagign' (did you mean `staging`?)",
        ]
    )


def test_the_settings_reach_the_jobs() -> None:
    host = make_host(honest)
    host.settings = replace(host.settings, deploy=parse(TARGETS, "x").deploy)
    first, told = row(D.DEPLOYING, 3), replace(host.settings.deploy["staging"], needs=("hosting", "other"))
    some = mission(
        feature("1.1"),
        deploys=(row(D.LIVE, 1, commit="c" * 40), row(D.FAILED), first),
        resources=(replace(HOSTING, status=ResourceStatus.AVAILABLE), Resource("Other", reference="env:OTHER")),
    )
    jobs = [deploy_job(host.context(), some, first, told, RunDeploy(2, part, 1, "")) for part in DeployPart]
    assert [
        (job.key, str(job.kind), {**job.program.own, **job.program.secrets}, job.caps.deadline_s) for job in jobs
    ] == snapshot(
        [
            ("m/deploy-3", "hook", {"TOKEN": "env:TOKEN", "HOSTING": "env:HOST_KEY", "OTHER": "env:OTHER"}, 1800),
            ("m/deploy-3-health.1", "check", {}, 180),
            (
                "m/deploy-3-rollback",
                "hook",
                {"TOKEN": "env:TOKEN", "HOSTING": "env:HOST_KEY", "OTHER": "env:OTHER"},
                1800,
            ),
        ]
    )
    told = replace(told, health_status=204, health_contains="ok", health_timeout=timedelta(seconds=9))
    asked = deploy_job(
        host.context(), some, replace(first, url="https://s.example/"), told, RunDeploy(2, DeployPart.HEALTH, 1, "")
    )
    check_ = json.loads(asked.program.argv[-1])["http"]
    assert (check_["url"], check_["statuses"], check_["wait_s"], asked.caps.deadline_s) == snapshot(
        ("https://s.example/health", [[204, 204]], 9, 69)
    )
    assert [one["value"] for one in check_["expectations"]] == ["ok"]
    facts = {name: text[:24] for name, text in jobs[0].program.env.items()}
    assert facts == snapshot(
        {
            "MISSION_ID": "m",
            "MISSION_DEPLOY": "3",
            "MISSION_TARGET": "staging",
            "MISSION_COMMIT": "aaaaaaaaaaaaaaaaaaaaaaaa",
            "MISSION_PREVIOUS": "cccccccccccccccccccccccc",
            "MISSION_BASE": "main",
            "MISSION_URL": "",
        }
    )


@pytest.mark.parametrize(
    "text",
    [
        'command = ""',
        'command = "a"\nkind = "prod"',
        'command = "a"\nafter = "landing"',
        'command = "a"\nurl = "javascript:x"',
        'command = "a"\nhealth = "health"',
        'command = "a"\nhealth_status = 99',
        'command = "a"\ntimeout = "0s"',
        'command = "a"\nhealth_timeout = "0s"',
        "command = 3",
    ],
)
def test_a_mistake_in_a_table_is_refused(text: str) -> None:
    with pytest.raises(MissionError):
        check(parse(f"[deploy.live]\n{text}\n", "x"))
    with pytest.raises(UsageError):
        check(parse('[deploy."a b"]\ncommand = "a"\n', "x"))
