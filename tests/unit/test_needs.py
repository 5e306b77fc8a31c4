"""What needs a person, for every surface: the operations behind its buttons, its age, and what waits for it."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import Host, make_host, make_mission
from tests.kit.nightly import NIGHTLY
from tests.kit.served import go_on
from tests.sim.asked import AskSim
from tests.sim.events import events_of
from tests.sim.mailed import MailSim
from tests.sim.phased import PhaseSim
from tests.sim.pressed import press_all
from tests.sim.previewed import PreviewSim
from tests.sim.pulled import PullSim
from tests.sim.sim import RecurringSim, ReviewSim, Sim

from mission_cli.app.commands import lifecycle
from mission_cli.app.commands.features import pause
from mission_cli.app.queries.inbox import inbox_of
from mission_cli.app.queries.needs.actions import actions_of
from mission_cli.domain.notice import advise, do
from mission_cli.domain.status import HoldKind
from mission_cli.surfaces.as_json import as_json
from mission_cli.surfaces.http.api.input import path_fields, query_fields
from mission_cli.surfaces.http.api.routes import operations

if TYPE_CHECKING:
    from collections.abc import Callable

PLAN = """\
title: m
budget: {money_usd: 9}
preferences: {runner: script}
gates:
  - {name: look, kind: approval, after: ["1.1"], blocks: ["1.2"]}
milestones:
  - name: First
    features: [{title: a}, {title: b}, {title: c, depends: ["1.2"]}]
  - name: Second
    features: [{title: d}]
"""
SOURCE = Path(__file__).parents[2] / "src/mission_cli"


def waiting_host() -> Host:
    host = make_host(lambda spec: Outcome(30.0, {f"{spec.program.env.get('MISSION_FEATURE', 'x')}.txt": "x\n"}))
    make_mission(host, PLAN)
    lifecycle.start(host.context(), "m")
    go_on(host)
    return host


def test_each_thing_says_since_when_what_waits_for_it_and_what_a_button_calls() -> None:
    host = waiting_host()
    ctx = host.context()
    ctx.runtime.press_stop(on=True, by="Ada")
    shown = [{k: v for k, v in as_json(one).items() if v} for one in inbox_of(host.context()).inbox]
    assert shown == snapshot(
        [
            {
                "id": "m",
                "kind": "stopped",
                "name": "everything in this repository is stopped by Ada",
                "since": "2026-11-20T10:10:00Z",
                "unblock": "mission resume --all",
                "actions": [{"operation": "lift_stop", "label": "Lift STOP", "parameters": {}, "asks": []}],
            },
            {
                "id": "m",
                "kind": "approval",
                "name": "`look` waits for a person",
                "since": "2026-11-20T10:02:00Z",
                "unblock": "mission approve m look",
                "waits": ["1.2", "1.3", "2.1"],
                "actions": [
                    {
                        "operation": "approve_gate",
                        "label": "Approve",
                        "parameters": {"id": "m", "gate": "look"},
                        "asks": [],
                    },
                    {
                        "operation": "reject_gate",
                        "label": "Reject",
                        "parameters": {"id": "m", "gate": "look"},
                        "asks": ["comment"],
                    },
                ],
            },
        ]
    )


def test_a_paused_mission_needs_one_decision_and_everything_waits_for_it() -> None:
    host = waiting_host()
    pause(host.context(), "m", reason="lunch")
    found = {one.kind: (one.name, list(one.waits)) for one in inbox_of(host.context()).inbox}
    assert found == snapshot(
        {
            HoldKind.PAUSED: ("m is paused: lunch (by Ada)", ["1.2", "1.3", "2.1"]),
            HoldKind.APPROVAL: ("`look` waits for a person", ["1.2", "1.3", "2.1"]),
        }
    )


def test_a_server_of_several_repositories_names_the_one_of_each_need() -> None:
    [one, *_] = inbox_of(waiting_host().context(), repo="/r").inbox
    assert one.repo == "/r"
    assert {action.parameters["repo"] for action in one.actions} == {"/r"}


ADVICE = [
    do("approve", "m", "look"),
    advise(do("show", "m", "--suggestions"), ", then ", do("approve", "m", "look", "--choose", "N")),
    do("answer", "m", 3, "TEXT"),
    do("resume", "m"),
    do("resume", "--all"),
    do("start", "m"),
    do("land", "m"),
    advise(do("retry", "m/1.2"), ", or ", do("skip", "m/1.2")),
    advise(do("retry", "m", "--phase"), ", or ", do("skip", "m", "--phase", "testing", "--reason", "TEXT")),
    do("signal", "m/1.2"),
    advise(do("mail", "m", 2, "--sent"), " or ", do("mail", "m", 2, "--again")),
    do("mail", "m", 2, "--approve"),
    do("set", "m", "budget.money_usd", "USD"),
    do("set", "m", "budget.money_usd", "12"),
    do("preview", "m", "--restart"),
    do("deploy", "m", "staging"),
    do("deploy", "m", "staging", "--drop"),
    advise(do("note", "m", "still wanted"), ", or ", do("archive", "m")),
    do("archive", "m", "--restore"),
    do("advance", "m", "--expected-phase", "analysis"),
    do("add", "m"),
]
TERMINAL = [
    advise("pay it, then: ", do("purchase", "paid", "m", 1, "--amount", "20.00 EUR", "--receipt", "FILE")),
    do("purchase", "stop", "--lift"),
    do("agents", "discard", "m", "change-log"),
    do("edit", "m"),
    do("lint", "m"),
    do("doctor"),
    do("takeover", "m"),
    do("handback", "m/1.2"),
    do("hold-out", "m"),
    do("resource", "provide", "m", "stripe-key"),
    do("resource", "add", "m", "stripe-key"),
]
SHOWING = [
    do("why", "m/1.2"),
    do("logs", "m/1.2"),
    do("add-milestone", "m"),
    do("budget", "limits"),
    do("replan", "m"),
    do("agents", "discard", "m", "x"),
    do("hosts", "list"),
    do("hosts", "test", "big-box"),
    do("hosts", "drain", "big-box", "--undo"),
]


@pytest.mark.parametrize("advice", ADVICE, ids=str)
def test_what_a_button_calls_is_an_operation_with_everything_that_it_needs(advice: object) -> None:
    known = {one.name: one for one in operations()}
    found = actions_of(advice)  # type: ignore[arg-type]  # a list of advice, which mypy takes for objects
    assert found
    for action in found:
        operation = known[action.operation]
        fields = {f.name: f for f in (*path_fields(operation.path), *query_fields(operation), *operation.body)}
        assert {*action.parameters, *action.asks} <= fields.keys()
        assert {f.name for f in fields.values() if f.required} <= {*action.parameters, *action.asks}
        for name, value in action.parameters.items():
            fields[name].checked(value)


@pytest.mark.parametrize("advice", [*TERMINAL, *SHOWING], ids=str)
def test_what_only_a_terminal_can_do_has_no_button(advice: object) -> None:
    assert actions_of(advice) == ()  # type: ignore[arg-type]  # as above


WORLDS = (AskSim, Sim, PhaseSim, MailSim, PreviewSim, PullSim, ReviewSim, RecurringSim)
NOT_HERE = "is not in this clone"
"""Only the clone that did the work knows it."""


@pytest.mark.parametrize("kind", WORLDS if NIGHTLY else WORLDS[:1])
@pytest.mark.timeout(1200)
def test_every_button_that_is_shown_is_accepted(
    kind: type[Sim], record_property: Callable[[str, object], None]
) -> None:
    """In worlds of the simulator, now and then: each in a copy of the world."""
    pressed: Counter[str] = Counter()
    for seed in range(300, 308) if NIGHTLY else [306]:
        sim = kind(seed)
        for number, event in enumerate(events_of(seed, 120 if NIGHTLY else 40), 1):
            sim.tick(event)
            if number % 20 == 0:
                for operation, refused in press_all(sim):
                    assert not refused or NOT_HERE in refused, (seed, number, operation)
                    pressed[operation] += 1
    assert pressed
    record_property("counts", {f"buttons: {name}": times for name, times in pressed.items()})


def test_every_command_that_a_planner_advises_is_known_here() -> None:
    said = {w for f in (SOURCE / "planner").rglob("*.py") for w in re.findall(r'\bdo\(\s*"([a-z -]+)"', f.read_text())}
    known = {remedy.command for one in (*ADVICE, *TERMINAL, *SHOWING) for remedy in one.remedies}
    assert said - known == set()
