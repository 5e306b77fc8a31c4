"""Previews: each state has its way on, a report counts once, and people see where the work can be opened."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.fakes.executor import FIRST_PORT, Outcome
from tests.kit.fakes.host import Host, make_host, make_mission
from tests.kit.missions import EXIT, NOW, POLICY, WORK, feature, mission, plan_of
from tests.kit.served import SERVE as SERVER
from tests.kit.served import served
from tests.unit.test_keys_act import committed, honest

from mission_cli._support.dataclass import replace
from mission_cli._support.text import stamp
from mission_cli.adapters.git.state.merging import line_merge
from mission_cli.app.addressing import resolve
from mission_cli.app.commands import lifecycle
from mission_cli.app.commands.features import cancel
from mission_cli.app.commands.gates import decide_gate
from mission_cli.app.commands.steer.preview import report_preview, start_preview, stop_preview
from mission_cli.app.queries.status import status_of
from mission_cli.document.merging.mission import merge
from mission_cli.document.reading.load import load
from mission_cli.domain.errors import BlockedError, UsageError
from mission_cli.domain.ids import Sha
from mission_cli.domain.notice import Notice, advise
from mission_cli.domain.preview.rows import PreviewRow, PreviewStatus, Reported, job_key, report_line, reported_in
from mission_cli.domain.runs.jobs import Exit, Job
from mission_cli.domain.status import EndReason, HoldKind, JobState, MissionStatus
from mission_cli.engine.loop import pulse
from mission_cli.engine.preview.jobs import preview_job, token_of
from mission_cli.planner.core.moves.outside import WritePreview
from mission_cli.planner.core.policy import PreviewPolicy
from mission_cli.settings import PreviewSettings, parse

if TYPE_CHECKING:
    from mission_cli.planner.core.decisions import Decisions

P = PreviewStatus
UNKNOWN, WAITING = Job(JobState.UNKNOWN), Job(JobState.WAITING)
RUNNING, SERVES = Job(JobState.RUNNING), Job(JobState.RUNNING, port=24310)
GONE, AWAY = Job(JobState.GONE), Job(JobState.UNREACHABLE)
DEPLOYS, CLEANS = PreviewPolicy(deploys=True), PreviewPolicy(cleans=True)
LATE = stamp(NOW - timedelta(hours=25))
PRINTED = replace(EXIT, tail="uploading\nhttps://m.example.org/1\n")


def ended(code: int, tail: str = "", reason: EndReason = EndReason.EXIT, detail: str = "") -> Job:
    return Job(JobState.ENDED, Exit(reason, code, detail=detail), tail)


def row(status: PreviewStatus, **more: object) -> PreviewRow:
    values: dict[str, object] = {"url": "http://localhost:24310/", "since": stamp(NOW), **more}
    return PreviewRow(1, WORK, status, **values)  # type: ignore[arg-type]  # values of a case


def decided(
    one: PreviewRow, job: Job, rules: PreviewPolicy | None = None, cleanup: Job = UNKNOWN, **more: object
) -> Decisions:
    """What is decided about one preview."""
    some = mission(feature("1.1"), previews=(one,), status=more.pop("status", MissionStatus.ACTIVE))
    jobs = {"m/preview-1": job, "m/preview-1-cleanup": cleanup}
    policy = replace(POLICY, previews=rules or PreviewPolicy(), agree_after=timedelta(0))
    return plan_of(some, policy, previews=jobs, **more)


def way_on(found: Decisions) -> str:
    """The new status with its reason, or what is done."""
    moves = [f"{m.row.status}: {m.row.reason or m.row.url}" for m in found.transitions if isinstance(m, WritePreview)]
    acts = [type(a).__name__ for a in found.effects if "preview" in a.why]
    holds = [f"hold: {h.detail}" for h in found.holds if h.kind is HoldKind.PREVIEW]
    return "; ".join([*moves, *acts, *holds])


URL = "http://localhost:24310/"
CASES: dict[str, tuple[Decisions, str]] = {
    "planned": (decided(row(P.PLANNED), UNKNOWN), f"starting: {URL}"),
    "planned without a command": (
        decided(row(P.PLANNED), UNKNOWN, PreviewPolicy(obstacle=Notice("no command", advise("add one")))),
        "hold: the preview cannot start: no command",
    ),
    "planned while the remote is away": (
        decided(row(P.PLANNED), UNKNOWN, remote_problem="away"),
        "hold: the preview starts when the remote can be used",
    ),
    "starting, not submitted": (decided(row(P.STARTING), UNKNOWN), "StartPreview"),
    "starting, waiting": (decided(row(P.STARTING), WAITING), ""),
    "starting, running": (decided(row(P.STARTING), RUNNING), ""),
    "starting, listening": (decided(row(P.STARTING), SERVES), f"ready: {URL}"),
    "starting, its supervisor died": (decided(row(P.STARTING), GONE), "StartPreview"),
    "starting, not asked": (decided(row(P.STARTING), AWAY), ""),
    "starting, ended": (decided(row(P.STARTING), ended(3, "Error: no port\n")), "failed: it ended with 3: Error: no port"),
    "starting, too late": (
        decided(row(P.STARTING), ended(-15, "", EndReason.DEADLINE, "it did not listen within 60 s")),
        "failed: it did not listen within 60 s",
    ),
    "starting, killed": (decided(row(P.STARTING), ended(-9)), "failed: it was killed"),
    "starting, stopped": (decided(row(P.STARTING), ended(-15, "", EndReason.CANCELLED)), "closing: it was stopped"),
    "deployed, address printed": (decided(row(P.STARTING), PRINTED, DEPLOYS), "ready: https://m.example.org/1"),
    "deployed, failure printed": (
        decided(row(P.STARTING), replace(EXIT, tail="mission-preview: failed no quota\n"), DEPLOYS),
        "failed: no quota",
    ),
    "deployed, reported later": (decided(row(P.STARTING), EXIT, DEPLOYS), ""),
    "deployed, never reported": (
        decided(row(P.STARTING, since=LATE), EXIT, DEPLOYS),
        "failed: the deployment was not reported within 60 s",
    ),
    "deploying failed": (decided(row(P.STARTING), ended(1, "Error: denied"), DEPLOYS), "failed: it ended with 1: Error: denied"),
    "deploying takes too long": (
        decided(row(P.STARTING), ended(-15, "", EndReason.DEADLINE), DEPLOYS),
        "failed: it took too long",
    ),
    "a server that ends well is over": (decided(row(P.STARTING), PRINTED), "failed: it ended with 0: https://m.example.org/1"),
    "ready": (decided(row(P.READY, expires=stamp(NOW + timedelta(hours=1))), SERVES), ""),
    "ready, deployed": (decided(row(P.READY, expires=stamp(NOW + timedelta(hours=1))), EXIT, DEPLOYS), ""),
    "ready, died": (decided(row(P.READY), ended(1, "panic: x")), "failed: it ended with 1: panic: x"),
    "ready, its supervisor died": (decided(row(P.READY), GONE), "StartPreview"),
    "ready, lost": (
        decided(row(P.READY), ended(0, "", EndReason.LOST, "its supervisor died")),
        "failed: its supervisor died",
    ),
    "ready elsewhere": (decided(row(P.READY), UNKNOWN), "closing: nothing is known of it on this machine"),
    "ready, stopped with everything": (decided(row(P.READY), ended(-15, "", EndReason.CANCELLED)), "closing: it was stopped"),
    "ready, expired": (decided(row(P.READY, expires=LATE, since=LATE), SERVES), "closing: it has expired"),
    "ready, the mission is over": (
        decided(row(P.READY), SERVES, status=MissionStatus.CANCELLED),
        "closing: the mission is cancelled",
    ),
    "ready, the work moved": (
        decided(row(P.READY), SERVES, work=Sha("f" * 40)),
        "closing: the finished work has moved on to fffffff",
    ),
    "failed": (
        decided(row(P.FAILED, reason="no port"), ended(1)),
        "hold: preview 1 failed: no port",
    ),
    "failed, still running": (
        decided(row(P.FAILED, reason="no quota"), RUNNING),
        "Cancel; hold: preview 1 failed: no quota",
    ),
    "failed, the mission is over": (
        decided(row(P.FAILED, reason="no port"), ended(1), status=MissionStatus.COMPLETED),
        "closing: no port",
    ),
    "closing, running": (decided(row(P.CLOSING), SERVES), "Cancel"),
    "closing, not known": (decided(row(P.CLOSING, reason="x"), UNKNOWN), "closed: x; Cancel"),
    "closing, to be cleaned up without a slot": (decided(row(P.CLOSING), EXIT, CLEANS, free_checks=0), ""),
    "closing, its supervisor died": (decided(row(P.CLOSING), GONE), "StartPreview"),
    "closing, ended": (decided(row(P.CLOSING, reason="x"), ended(-15)), "closed: x"),
    "closing, to be cleaned up": (decided(row(P.CLOSING), EXIT, CLEANS), "CleanPreview"),
    "closing, being cleaned up": (decided(row(P.CLOSING), EXIT, CLEANS, RUNNING), ""),
    "closing, cleaned up": (decided(row(P.CLOSING, reason="x"), EXIT, CLEANS, EXIT), "closed: x"),
    "closing, not cleaned up": (
        decided(row(P.CLOSING), EXIT, CLEANS, ended(1, "Error: denied")),
        "closed: the cleanup failed: it ended with 1: Error: denied",
    ),
    "closed": (decided(row(P.CLOSED), UNKNOWN, status=MissionStatus.CANCELLED), ""),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_state_has_its_way_on(name: str) -> None:
    found, expected = CASES[name]
    assert way_on(found) == expected


def test_every_state_is_in_the_table() -> None:
    assert {str(status) for status in P} <= {name.split(",")[0].split(" ")[0] for name in CASES}


def test_the_next_one_waits_until_nothing_is_left_of_the_one_before() -> None:
    for before, expected in ((P.READY, "closing: a newer preview replaces it"), (P.CLOSED, "starting: ")):
        rows = (row(before), PreviewRow(2, WORK, since=stamp(NOW)))
        jobs = {job_key("m", 1): SERVES, job_key("m", 2): UNKNOWN}
        assert way_on(plan_of(mission(feature("1.1"), previews=rows), previews=jobs)) == expected


@pytest.mark.parametrize(
    ("output", "found"),
    [
        ("https://a.example/x?y=1\n\n", Reported(ready=True, words="https://a.example/x?y=1")),
        (report_line(Reported(ready=True, words="https://a.example")), Reported(ready=True, words="https://a.example")),
        (report_line(Reported(ready=False, words="no\nquota")), Reported(ready=False, words="no quota")),
        ("mission-preview: ready javascript:alert(1)", None),
        ("see https://a.example", None),
        ("https://a.example|evil", None),
        ("https://a.example\x1b[31m", None),
        ("file:///etc/passwd", None),
        ("", None),
    ],
)
def test_what_a_deploy_command_reports(output: str, found: Reported | None) -> None:
    assert reported_in(output) == found


def test_a_row_that_cannot_be_read_ends_its_preview_and_no_bad_address_is_shown() -> None:
    text = (
        "# T\n\n## Previews\n\n| # | Commit | Status | URL | Since | Expires | Reason |\n|---|---|---|---|---|---|---|\n"
        "| 1 | `aaa` | raedy | <javascript:x> | | | |\n| x | `aaa` | ready | | | | |\n| 2 | `bbb` | Ready | http://a | | | |\n"
    )
    rows = [(r.number, r.commit, r.status, r.url) for r in load(text, "m").mission.previews]
    assert rows == [(1, "aaa", P.CLOSING, ""), (2, "bbb", P.READY, "http://a")]


# A host in memory

SERVE = PreviewSettings(run="serve", path="/x")
DEPLOY = PreviewSettings(deploy="./deploy", ready=timedelta(minutes=5))
PLAN = """\
title: One file
budget: {time_hours: 10}
preferences: {runner: script}
milestones: [{name: Only, validation: ["manual: it looks good"], features: [{title: one, criteria: ["file: `x`"]}]}]
"""


def built(preview: PreviewSettings) -> Host:
    """A mission whose work waits for a person."""
    host = make_host(honest)
    host.settings = replace(host.settings, preview=preview)
    make_mission(host, PLAN, "m")
    lifecycle.start(host.context(), "m")
    settle(host)
    return host


def settle(host: Host, seconds: int = 180) -> None:
    """Let time pass, with a pulse after everything that happens."""
    for _ in range(seconds // 2):
        report = pulse(host.context())
        assert (report.bugs, report.troubles) == ([], [])
        host.jobs.clock.time.pass_by(timedelta(seconds=2))
        host.jobs.work()


def states(host: Host) -> list[tuple[int, str, str]]:
    return [(r.number, str(r.status), r.reason) for r in committed(host).previews]


def test_a_preview_is_shown_until_the_work_lands() -> None:
    host = built(SERVE)
    assert start_preview(host.context(), "m").words == snapshot("preview 1 of 07ac88a is planned")
    settle(host, 10)
    assert start_preview(host.context(), "m").words == snapshot(
        "preview 1 of 07ac88a is ready: http://localhost:24000/x"
    )
    ctx = host.context()
    view = status_of(ctx, ctx.state.snapshot(), resolve(ctx.state.snapshot(), "m"))
    assert view.preview is not None
    assert (view.preview.status, view.preview.url) == ("ready", f"http://localhost:{FIRST_PORT}/x")
    assert view.shown_as == "waiting", "a server that is up is no work in progress"
    cancel(host.context(), "m")
    settle(host, 10)
    assert states(host) == snapshot([(1, "closed", "the mission is cancelled")])
    assert host.jobs.supervisors == {}
    assert host.jobs.truth.starts.count("m/preview-1") == 1


def test_a_stopped_preview_is_closed_and_a_planned_one_never_starts() -> None:
    host = built(SERVE)
    start_preview(host.context(), "m")
    stop_preview(host.context(), "m")
    settle(host, 6)
    start_preview(host.context(), "m")
    settle(host, 6)
    stop_preview(host.context(), "m")
    settle(host, 6)
    assert states(host) == snapshot([(1, "closed", "stopped by Ada"), (2, "closed", "stopped by Ada")])
    assert [run for run in host.jobs.truth.starts if "preview" in run] == ["m/preview-2"]
    assert stop_preview(host.context(), "m").words == "m has no preview"


def test_a_report_counts_once_with_its_own_token_and_in_time() -> None:
    host = built(DEPLOY)
    host.jobs.shows = Outcome(seconds=1)
    start_preview(host.context(), "m")
    settle(host, 10)
    ctx, said = host.context(), Reported(ready=True, words="https://m.example.org/1")
    [one] = committed(host).previews
    token = token_of(ctx, "m", one)
    refusals = []
    with pytest.raises(UsageError, match="cannot be opened"):
        report_preview(ctx, "m", token, Reported(ready=True, words="javascript:alert(1)"))
    for wrong in ("", "x", token_of(ctx, "m", replace(one, number=2)), token_of(ctx, "other", one)):
        with pytest.raises(BlockedError) as refused:
            report_preview(ctx, "m", wrong, said)
        refusals.append(refused.value.message)
    report_preview(ctx, "m", token, said)
    for stale in (said, Reported(ready=False, words="no")):
        with pytest.raises(BlockedError) as refused:
            report_preview(ctx, "m", token, stale)
        refusals.append(refused.value.message)
    assert refusals == snapshot(
        [
            "the report does not count: its token belongs to no preview of this mission",
            "the report does not count: its token belongs to no preview of this mission",
            "the report does not count: its token belongs to no preview of this mission",
            "the report does not count: its token belongs to no preview of this mission",
            "the report does not count: preview 1 is ready, and its token counted only while it started",
            "the report does not count: preview 1 is ready, and its token counted only while it started",
        ]
    )
    assert states(host) == snapshot([(1, "ready", "asked for by Ada")])
    assert committed(host).previews[0].url == said.words
    recorded = [entry.details for entry in committed(host).progress if entry.event == "preview.refused"]
    assert len(recorded) == 5, "no number of wrong reports fills the file"


def test_a_late_report_is_refused_before_any_pulse_has_noticed() -> None:
    host = built(DEPLOY)
    host.jobs.shows = Outcome(seconds=1)
    start_preview(host.context(), "m")
    settle(host, 10)
    host.jobs.clock.time.pass_by(timedelta(minutes=6))
    token = token_of(host.context(), "m", committed(host).previews[0])
    with pytest.raises(BlockedError, match="has expired"):
        report_preview(host.context(), "m", token, Reported(ready=True, words="https://m.example.org/1"))
    settle(host, 40)
    assert states(host) == snapshot([(1, "failed", "the deployment was not reported within 300 s")])


def test_nothing_is_shown_where_nothing_can_be() -> None:
    host = make_host(honest)
    make_mission(host, PLAN, "m")
    messages = []
    for prepare in (
        lambda: None,
        lambda: lifecycle.start(host.context(), "m"),
        lambda: cancel(host.context(), "m"),
    ):
        prepare()
        with pytest.raises(BlockedError) as refused:
            start_preview(host.context(), "m")
        messages.append(f"{refused.value.message} ({refused.value.hint})")
    assert messages == snapshot(
        [
            "m has not been started (mission start m)",
            'no preview can start: the settings name no command for it (add `[preview]` with `run = "COMMAND"` to .mission.toml; the server listens on $MISSION_PORT)',
            "m is cancelled: a preview shows work before it lands (mission start m)",
        ]
    )


def test_the_settings_reach_the_job_and_the_policy() -> None:
    text = '[preview]\ndeploy = "./deploy.sh"\ncleanup = "./clean.sh"\nready = "5m"\nexpires = "2h"\nkeys = ["KEY"]\n'
    host = built(parse(text, "x").preview)
    start_preview(host.context(), "m")
    job = preview_job(host.context(), committed(host), committed(host).previews[0])
    assert job.caps.deadline_s == 300
    assert job.program.own == snapshot(
        {
            "KEY": "env:KEY",
            "MISSION_CALLBACK": "mission preview m --report",
            "MISSION_TOKEN": "token of preview m 1 07ac88a7b5fd16def48b9f11e735a3b8e6c1bb58",
        }
    )
    assert "./deploy.sh" in " ".join(job.program.argv)
    served = replace(SERVE, expires=timedelta(hours=2), health="/health")
    host.settings = replace(host.settings, preview=served)
    job = preview_job(host.context(), committed(host), committed(host).previews[0])
    assert (job.service.ready_s, job.service.health, job.program.own) == (60, "/health", {})
    assert job.caps.deadline_s == 2 * 3600 + 60 + 3600


@pytest.mark.parametrize(
    "text",
    [
        'run = "a"\ndeploy = "b"',
        'path = "login"',
        'health = "/a b"',
        'ready = "0s"',
        'expires = "0s"',
        "run = 3",
        'rum = "a"',
    ],
)
def test_a_mistake_in_the_table_is_refused(text: str) -> None:
    from mission_cli.domain.errors import MissionError
    from mission_cli.settings import check

    with pytest.raises(MissionError):
        check(parse(f"[preview]\n{text}\n", "x"))


# Phases

PHASES = """\
title: One
budget: {time_hours: 10}
preferences: {runner: script}
phases:
  - {name: building, worker: milestones}
  - {name: deploying, worker: preview, on_reject: building}
  - {name: previewing, gate: merge_approval, on_reject: building}
  - {name: merging, worker: landing}
milestones: [{name: Only, validation: ["file: `x`"], features: [{title: one, criteria: ["file: `1.1.txt`"]}]}]
"""


def phased(preview: PreviewSettings) -> Host:
    """A mission in which the work is shown before a person approves it."""
    host = make_host(honest)
    host.settings = replace(host.settings, preview=preview)
    make_mission(host, PHASES, "m")
    lifecycle.start(host.context(), "m")
    settle(host, 240)
    return host


def phases(host: Host) -> list[tuple[str, str, str]]:
    return [(p.name, str(p.status), p.result) for p in committed(host).phases]


def waits_for(host: Host) -> list[str]:
    ctx = host.context()
    snapshot_ = ctx.state.snapshot()
    return [one.name for one in status_of(ctx, snapshot_, resolve(snapshot_, "m")).waiting_for]


def test_the_phase_is_done_when_the_work_can_be_opened_and_its_preview_ends_with_the_approval() -> None:
    host = phased(SERVE)
    assert phases(host)[1:3] == [
        ("deploying", "done", f"http://localhost:{FIRST_PORT}/x"),
        ("previewing", "waiting", ""),
    ]
    assert waits_for(host) == snapshot(
        ["the gate `merge_approval` waits for 1 approval of 07ac88a, shown at http://localhost:24000/x"]
    )
    decide_gate(host.context(), "m", "merge_approval", approved=True)
    settle(host, 60)
    assert committed(host).status is MissionStatus.COMPLETED
    assert [(r.phase, str(r.status), r.reason) for r in committed(host).previews] == snapshot(
        [("deploying", "closed", "the gate merge_approval is decided")]
    )
    assert host.jobs.supervisors == {}


def test_a_rejection_ends_the_preview_and_the_next_work_is_shown_again() -> None:
    host = phased(SERVE)
    [before] = committed(host).previews
    decide_gate(host.context(), "m", "merge_approval", approved=False, comment="it is blue")
    settle(host, 240)
    first, second = committed(host).previews
    assert (first.status, first.reason) == (P.CLOSED, "the phase deploying was left")
    assert (second.status, second.commit == before.commit) == (P.READY, False)
    assert second.url == before.url


def test_a_preview_that_fails_goes_back_with_what_it_printed() -> None:
    host = make_host(honest)
    host.settings = replace(host.settings, preview=SERVE)
    host.jobs.shows = Outcome(seconds=1, code=3, prints=("Error: cannot find module express",))
    make_mission(host, PHASES, "m")
    lifecycle.start(host.context(), "m")
    settle(host, 900)
    mission_ = committed(host)
    fixes = [f for f in mission_.features() if f.fixes]
    assert {row.reason for row in mission_.previews} == {"it ended with 3: Error: cannot find module express"}
    assert "cannot find module express" in fixes[0].description
    starts = [run for run in host.jobs.truth.starts if "preview" in run]
    assert starts == [f"m/preview-{row.number}" for row in mission_.previews]
    assert (len(starts), phases(host)[1][1]) == (4, "failed"), "after three revisions a person decides"


def test_without_a_command_a_person_decides_and_nothing_passes_silently() -> None:
    host = phased(PreviewSettings())
    assert phases(host)[1:3] == [("deploying", "active", ""), ("previewing", "pending", "")]
    assert waits_for(host) == snapshot(["no preview can start: the settings name no command for it"])
    assert states(host) == []


# From outside


def test_a_deployment_reports_to_the_server_with_its_token_and_nobody_else_does() -> None:
    host = built(DEPLOY)
    host.settings = replace(host.settings, serve=SERVER)
    host.jobs.shows = Outcome(seconds=1)
    start_preview(host.context(), "m")
    settle(host, 10)
    [one] = committed(host).previews
    job = preview_job(host.context(), committed(host), one)
    assert job.program.own["MISSION_CALLBACK_URL"] == "https://missions.example.org/hooks/preview/m"
    token = {"Authorization": f"Bearer {token_of(host.context(), 'm', one)}"}
    ready = {"state": "ready", "url": "https://m.example.org/1"}
    with served() as server:
        web = server.show(host)
        found = [
            web.ask("POST", f"/hooks/preview/{mission}", json=body, headers=headers).status_code
            for mission, body, headers in (
                ("m", ready, {}),
                ("m", ready, {"Authorization": "Bearer x"}),
                ("other", ready, token),
                ("m", {"state": "ready", "url": "javascript:x"}, token),
                ("m", {"state": "perhaps"}, token),
                ("m", [], token),
                ("m", ready, token),
                ("m", ready, token),
            )
        ]
        assert web.ask("GET", "/hooks/preview/m", headers=token).status_code == 405
        assert web.ask("POST", "/api/v1/ai/missions/m/deploy_callback", json=ready, headers=token).status_code == 401
    assert found == snapshot([401, 401, 401, 422, 422, 422, 200, 401])
    assert (committed(host).previews[0].status, committed(host).previews[0].url) == (P.READY, ready["url"])
    assert str(host.context().state.history()[0].author).startswith("deployment <")


def test_of_two_rows_with_one_number_a_merge_keeps_the_one_that_still_runs() -> None:
    head = (
        "# T\n\n## Previews\n\n| # | For | Commit | Status | URL | Since | Expires | Reason |\n"
        "|---|---|---|---|---|---|---|---|\n| 1 |  | `a` | closed |  | t1 |  | x |\n"
    )
    runs = head + "| 2 |  | `b` | ready | <http://localhost:24001/> | t2 | t9 | asked for by Ada |\n"
    over = head + "| 2 | deploying | `c` | closed | <http://localhost:24002/> | t3 |  | stopped by Bob |\n"
    for ours, theirs in ((runs, over), (over, runs)):
        merged = merge(head, ours, theirs, line_merge())
        assert merged is not None
        assert (merged.conflicts, merged.text) == (0, runs)
