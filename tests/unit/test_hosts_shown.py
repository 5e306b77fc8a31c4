"""What people see of hosts: lists, tests, problems of a mission file, and news."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_host, make_mission
from tests.kit.fakes.hosts import Elsewhere, Park
from tests.kit.missions import NOW, POLICY, feature, mission, observation

from mission_cli._support.text import stamp
from mission_cli.app.addressing import resolve
from mission_cli.app.commands import lifecycle
from mission_cli.app.hosts import commands
from mission_cli.app.hosts.commands import drain, listed, shown
from mission_cli.app.hosts.problems import host_findings, host_problems, why_nowhere
from mission_cli.app.hosts.results import HostList
from mission_cli.app.queries.diagnosis.runners import runner_findings, unfinished
from mission_cli.app.queries.status import status_of
from mission_cli.app.queries.why import explain
from mission_cli.document.reading.load import load
from mission_cli.domain.errors import BlockedError, NotFoundError
from mission_cli.domain.hosts.host import HostKind
from mission_cli.domain.hosts.look import HostLook
from mission_cli.domain.ids import MissionId
from mission_cli.domain.mission import Preferences
from mission_cli.engine.loop import pulse
from mission_cli.engine.news.hosts import host_news
from mission_cli.planner.decide import decide
from mission_cli.settings import RunnerSettings
from mission_cli.surfaces.reporting import hosts as texts
from mission_cli.surfaces.reporting.hosts import drained_text, listed_text

if TYPE_CHECKING:
    from tests.kit.fakes.host import Host

BOX = HostLook(
    "box", where="me@box", workers=2, labels=("gpu",), checked=stamp(NOW), since=stamp(NOW - timedelta(hours=2))
)
AWAY = replace(BOX, name="farm", kind=HostKind.RAY, where="http://farm:8265", labels=(), problem="no route to host")
PLAN = """\
title: Two
budget: {money_usd: 5}
preferences: {runner: script}
milestones:
  - name: Only
    features: [{title: one, on: [gpu]}, {title: two, on: [tpu]}]
"""


def world(**hosts: Elsewhere) -> Host:
    """A clone with hosts and a mission whose features ask for labels."""
    host = make_host(lambda spec: Outcome(60.0, {f"{spec.program.env['MISSION_FEATURE']}.txt": "x"}))
    host.jobs.park = Park({one.name: one for one in hosts.values()})
    make_mission(host, PLAN)
    return host


def test_a_list_shows_what_runs_where_and_why_a_host_cannot_be_reached() -> None:
    drained = replace(BOX, name="lab", drained=True, labels=("gpu", "big"), jobs=("m/1.1-a1",), workers=3, skew_s=-75.4)
    found = HostList([shown(one) for one in (replace(BOX, jobs=("m/1.2-a1",), free=0), AWAY, drained)])
    assert listed_text(found, NOW) == (
        "NAME  KIND  WHERE             RUNNING  FREE  LABELS    STATE\n"
        "box   ssh   me@box            1 of 2   0     gpu       ready for 2 h\n"
        "farm  ray   http://farm:8265  0 of 2   0     –         unreachable for 2 h\n"
        "  no route to host: mission hosts test farm\n"
        "lab   ssh   me@box            1 of 3   0     gpu, big  drained\n"
        "  its clock is 1 min behind"
    )
    none = "there are no hosts: every attempt runs on this machine\n  mission hosts add NAME me@machine"
    assert listed_text(HostList([]), NOW) == none


def test_a_test_says_what_is_missing_and_a_host_that_is_back_starts_a_pulse() -> None:
    host = world(box=Elsewhere("box", there=False), lab=Elsewhere("lab"))
    ctx = host.context()
    found = commands.examined(ctx, [])
    assert (found.ok, texts.tested_text(found.hosts)) == (
        False,
        "box: not ready\n  FAIL  reachable  no route to host\nlab: ready\n  ok    reachable  it answers",
    )
    assert [one.state for one in listed(ctx).hosts] == ["unreachable", "ready"]
    assert not ctx.runtime.take_pulse_request()
    assert host.jobs.park is not None
    host.jobs.park.hosts["box"].there = True
    assert commands.examined(ctx, ["box"]).ok
    assert ctx.runtime.take_pulse_request()
    with pytest.raises(NotFoundError, match="there is no host `boxx`"):
        commands.examined(ctx, ["boxx"])


def test_a_drained_host_gets_nothing_new_until_that_is_taken_back() -> None:
    host = world(box=Elsewhere("box", labels=("gpu",)))
    ctx = host.context()
    undo = "to take it back: mission hosts drain box --undo"
    assert drained_text(drain(ctx, "box", on=True)) == f"box takes nothing new; {undo}"
    lifecycle.start(host.context(), "m")
    pulse(host.context())
    assert not host.jobs.placed()
    snapshot = ctx.state.snapshot()
    reason = explain(ctx, snapshot, resolve(snapshot, "m/1.1")).reason
    assert reason is not None
    assert (str(reason.kind), reason.detail) == ("place", "`box` is drained")
    assert drained_text(drain(ctx, "box", on=False)) == "box takes attempts again"
    pulse(host.context())
    assert host.jobs.placed() == {"box": ["m/1.1-a1"]}
    assert drained_text(drain(ctx, "box", on=True)) == f"box takes nothing new; 1 attempt there goes on; {undo}"
    snapshot = ctx.state.snapshot()
    [one, _] = status_of(host.context(), snapshot, resolve(snapshot, "m")).milestones[0].features
    assert (one.worker, one.ran_on) == ("script a1 on box", "box")


def test_what_a_mission_file_asks_for_and_nothing_offers_is_named_with_its_line() -> None:
    host = world(box=Elsewhere("box", labels=("gpu",)))
    ctx = host.context()
    text = (
        ctx.state.snapshot()
        .missions[MissionId("m")]
        .text.replace('runner: "script"', "hosts: [boxx, local]\n  runner: script")
    )
    loaded = load(text, "m")
    found = [(problem.message, problem.hint) for problem in host_problems(ctx, loaded)]
    assert found == [
        ("there is no host `boxx`", "did you mean `box`?"),
        ("1.1 runs nowhere: `preferences.hosts` names no host that offers `gpu`", "hosts offer box, gpu"),
        ("1.2 runs nowhere: no host offers `tpu`", "hosts offer box, gpu"),
    ]
    line = next(n for n, words in enumerate(text.splitlines(), 1) if "hosts:" in words)
    assert next(problem.line for problem in host_problems(ctx, loaded)) == line


@pytest.mark.parametrize(
    ("hosts", "mode", "on", "expected"),
    [
        ((), "full", (), ""),
        ((), "full", ("local",), ""),
        ((), "full", ("gpu",), ""),
        ((), "poc", ("gpu",), "a POC uses only hosts that `preferences.hosts` names"),
        (("box",), "poc", ("gpu",), ""),
        (("lost",), "full", (), "none of the hosts of the mission is configured"),
    ],
)
def test_whether_any_machine_will_ever_take_a_feature(
    hosts: tuple[str, ...], mode: str, on: tuple[str, ...], expected: str
) -> None:
    one = feature("1.1", on=on)
    some = mission(one, mode=mode, preferences=Preferences(runner="script", hosts=hosts))
    assert why_nowhere(some, one, (BOX,)) == expected


def test_doctor_names_hosts_that_are_away_untested_drained_or_off_the_time() -> None:
    host = world(box=Elsewhere("box", there=False), lab=Elsewhere("lab", drained=True), new=Elsewhere("new"))
    ctx = host.context()
    commands.examined(ctx, ["box"])
    found = [(one.subject, one.words, str(one.todo)) for one in host_findings(ctx)]
    since = listed(ctx).hosts[0].since
    assert found == [
        ("host box", f"it cannot be reached since {since}: no route to host", "mission hosts test box"),
        ("host lab", "it is drained: nothing new starts there", "mission hosts drain lab --undo"),
        ("host new", "it was never tested", "mission hosts test new"),
    ]


HERE_NOT = "`no-such` is not on PATH"
NO_TEST = (f"{HERE_NOT}, and `box` was not tested for it", "mission hosts test box")
NOT_FOUND = (f"{HERE_NOT}, and the last test of `box` did not find it", "install it there, then mission hosts test box")
NOT_NAMED = (
    f"{HERE_NOT}, and `runners` of `box` does not name `script`",
    "add it to hosts.box.runners if it is there, or here: install it",
)


@pytest.mark.parametrize(
    ("host", "change", "expected"),
    [
        (Elsewhere("box", found=("script",)), "", None),
        (Elsewhere("box", runners=("scr*",)), "", None),
        (Elsewhere("box", there=False, found=("script",)), "", None),
        (Elsewhere("box"), "", NO_TEST),
        (Elsewhere("box", missing=("script",)), "", NOT_FOUND),
        (Elsewhere("box", runners=("script",), missing=("script",)), "", NOT_FOUND),
        (Elsewhere("box", runners=("codex",), found=("codex",)), "", NOT_NAMED),
        (Elsewhere("box", found=("script",)), "on: [local]", (f"{HERE_NOT}, and 1.1 runs on this machine only", "install it")),
        (Elsewhere("box", found=("script",)), "mode: poc", (HERE_NOT, "install it")),
        (Elsewhere("box", found=("script",)), "hosts: [local]", (HERE_NOT, "install it")),
        (Elsewhere("box", found=("script",)), "reviewers", (f"{HERE_NOT}, and reviews run on this machine only", "install it")),
    ],
)  # fmt: skip
def test_a_runner_that_only_hosts_have_is_enough_for_a_start(
    host: Elsewhere, change: str, expected: tuple[str, str] | None
) -> None:
    clone = make_host(lambda _: Outcome(60.0, {}))
    clone.settings = replace(clone.settings, runners={"script": RunnerSettings(kind="command", command=("no-such",))})
    clone.jobs.park = Park({"box": host})
    plan = PLAN.replace("{title: one, on: [gpu]}, {title: two, on: [tpu]}", "{title: one}")
    if change.startswith("on"):
        plan = plan.replace("{title: one}", f"{{title: one, {change}}}")
    elif change.startswith("mode"):
        plan = f"{change}\n{plan}"
    elif change.startswith("hosts"):
        plan = plan.replace("{runner: script}", f"{{runner: script, {change}}}")
    elif change:
        plan = f"{plan}reviews: {{reviewers: ['script:']}}\n"
    make_mission(clone, plan)
    ctx = clone.context()
    found = None
    try:
        lifecycle.start(ctx, "m")
    except BlockedError as error:
        found = (error.message, str(error.hint))
    assert found == expected
    [finding] = runner_findings(ctx, None, unfinished(ctx))  # type: ignore[arg-type]  # it has nothing to examine
    words = (finding.words, str(finding.todo))
    assert words == (expected or (f"on box; not here: {HERE_NOT}", ""))


class _Case:
    """As much of a case as the news read."""

    def __init__(self, *hosts: HostLook, **more: Any) -> None:
        self.observation = observation(hosts=hosts, **more)
        self.plan = decide(mission(feature("1.1", on=("farm",))), self.observation, POLICY)


def test_people_hear_once_that_a_host_is_away_and_once_that_it_is_back() -> None:
    before: dict[str, str] = {}
    told = []
    for host in (AWAY, replace(AWAY, problem="timed out"), replace(AWAY, problem=""), replace(AWAY, problem=""), AWAY):
        now = host_news(_Case(host), before)  # type: ignore[arg-type]  # a part of a case
        told.append([event for event, words in now.items() if before.get(event) != words])
        before = now
    assert told == [["unreachable farm"], [], ["reachable farm"], [], ["unreachable farm"]]
    assert before["unreachable farm"] == f"the host `farm` cannot be reached since {AWAY.since}: no route to host"
    idle = host_news(_Case(replace(AWAY, name="other")), {})  # type: ignore[arg-type]  # a part of a case
    assert idle == {}, "nothing of the mission waits for it"
