"""Small things that a death must not change, each found by letting pulses die at every step."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.crash.lives import PLAN, act, status_of, works
from tests.kit.fakes.executor import JOBS, Outcome
from tests.kit.fakes.host import Host, make_host, make_mission
from tests.kit.fakes.life import Death, Fate, Kind

from mission_cli.app.commands import lifecycle
from mission_cli.domain.status import Cause, MissionStatus
from mission_cli.engine.loop import pulse
from mission_cli.ports.executor import JobSpec

ASKS = "executor.poll:before"


def begun(deaths: str = "") -> Host:
    """A mission whose first pulse runs to its end, or dies at the first step of that name."""
    host = make_host(works)
    make_mission(host, PLAN)
    lifecycle.start(host.context(), "m")
    host.jobs.fate.watch = lambda name: die_at(host.jobs.fate, name == deaths)
    try:
        pulse(host.context())
    except Death:
        host.jobs.fate.watch = None
        pulse(host.context())
    return host


def die_at(fate: Fate, now: bool) -> None:  # noqa: FBT001 - said in one place
    """Let a process die at this step."""
    if now:
        fate.deaths = {fate.steps - 1: Kind.KILL}


def test_what_is_submitted_again_is_what_was_submitted_first() -> None:
    specs = [
        host.jobs.disk.read(f"{JOBS}/m/1.1-a1/spec", JobSpec) for host in (begun(), begun("executor.submit:before"))
    ]
    assert specs[0] is not None
    assert specs[0].program.stdin.startswith("# 1.1 one\n")
    assert specs[0] == specs[1]


def test_a_person_is_told_of_the_end_by_the_next_pulse() -> None:
    host = begun()
    host.jobs.fate.watch = lambda name: die_at(host.jobs.fate, name == "notifier.tell:before" and is_over(host))
    with pytest.raises(Death):
        run_on(host)
    host.jobs.fate.watch = None
    assert "completed" not in [news.event for news in host.news.told]
    assert act(host)
    assert [news.event for news in host.news.told][-1] == "completed"


def run_on(host: Host) -> None:
    """Let everything happen until nothing is left."""
    while act(host):
        pass


def is_over(host: Host) -> bool:
    """Whether the mission is completed."""
    return status_of(host) is MissionStatus.COMPLETED


def test_each_judgment_is_asked_for_once_in_a_look() -> None:
    host = make_host(works)
    make_mission(host, PLAN)
    lifecycle.start(host.context(), "m")
    steps: list[str] = []
    host.jobs.fate.watch = steps.append
    pulse(host.context())
    looks = "".join("L" if s == "code.heads:before" else "a" for s in steps if s in {"code.heads:before", ASKS})
    assert max(map(len, looks.split("L"))) == 2


THREE = """\
title: Three files
budget: {money_usd: 20, per_feature_usd: 2, time_hours: 20}
preferences: {land: auto, runner: script, max_parallel_workers: 1}
milestones:
  - name: Only
    validation: ["file: `1.1.txt` `1.2.txt`"]
    features:
      - {title: one, criteria: ["grep: `good` in `1.1.txt`"]}
      - {title: two, criteria: ["grep: `good` in `1.2.txt`"]}
"""


@pytest.mark.parametrize(
    ("first", "order"),
    [
        (Outcome(60.0, {"1.1.txt": "good\n"}), ["executor.submit:before", "code.evidence:before"]),
        (Outcome(60.0, {"1.1.txt": "good\n"}, code=1), ["code.evidence:before", "executor.submit:before"]),
        (Outcome(60.0, {"1.1.txt": "good\n"}, cause=Cause.AUTH), ["code.evidence:before", "executor.submit:before"]),
    ],
    ids=["that went well", "that says it did not", "whose runner has no login"],
)
def test_a_free_slot_is_filled_before_anybody_looks_at_what_an_attempt_left(first: Outcome, order: list[str]) -> None:
    host = make_host(
        lambda spec: first if spec.program.env["MISSION_FEATURE"] == "1.1" else Outcome(60.0, {"1.2.txt": "good\n"})
    )
    make_mission(host, THREE)
    lifecycle.start(host.context(), "m")
    pulse(host.context())
    steps: list[str] = []
    while not steps:
        jobs = host.jobs
        due = jobs.next_due()
        assert due is not None
        jobs.clock.time.pass_by(max(timedelta(0), due - jobs.clock.now()))
        jobs.work()
        if jobs.disk.has(f"{JOBS}/m/1.1-a1/exit"):
            jobs.fate.watch = steps.append
            pulse(host.context())
    assert [step for step in steps if step in order][:2] == order
