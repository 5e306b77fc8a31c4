"""A mission that pauses at a time that a person has set, and one that does not go on by itself after a limit."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_host, make_mission
from tests.unit.test_budgets_across import PLAN, host_with, started

from mission_cli._support.text import stamp
from mission_cli.app.addressing import resolve
from mission_cli.app.commands import features, lifecycle
from mission_cli.app.commands.set_value import set_value
from mission_cli.app.commands.start_checks import moment_ahead
from mission_cli.domain.errors import UsageError
from mission_cli.domain.status import Cause, MissionStatus
from mission_cli.engine.loop import pulse

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kit.fakes.host import Host

    from mission_cli.domain.mission import Mission
    from mission_cli.ports.executor import JobSpec

HOUR = timedelta(hours=1)


def works(spec: JobSpec) -> Outcome:
    name = spec.program.env["MISSION_FEATURE"]
    return Outcome(1800.0, {f"{name}.txt": spec.key}, costs=(Decimal("0.5"),), completes=name)


def limited(spec: JobSpec) -> Outcome:
    """The first attempt ends at a usage limit until 11:00, the next ones work."""
    if spec.key.endswith("1.1-a1"):
        return Outcome(60.0, costs=(Decimal("0.1"),), cause=Cause.RATE_LIMIT, reset_at="2026-11-20T11:00:00Z", code=1)
    return works(spec)


def serve(host: Host, span: timedelta, minutes: int = 10) -> Mission:
    """Let time pass, with a pulse every so many minutes; return the mission `m`."""
    ends = host.jobs.clock.now() + span
    while host.jobs.clock.now() < ends:
        assert not pulse(host.context()).bugs
        host.jobs.clock.time.pass_by(timedelta(minutes=minutes))
        host.jobs.work()
        if mission(host).status is not MissionStatus.ACTIVE and not host.jobs.supervisors:
            break
    return mission(host)


def mission(host: Host) -> Mission:
    return resolve(host.context().state.snapshot(), "m").mission


def paused_because(host: Host) -> str:
    return [row.details for row in mission(host).progress if row.event == "mission.paused"][-1]


def test_it_pauses_at_the_time_and_goes_on_when_a_person_resumes_it() -> None:
    host = make_host(works)
    make_mission(host, PLAN, "m")
    begin = host.jobs.clock.now()
    lifecycle.start(host.context(), "m", until="10:30")
    assert mission(host).pause_at == stamp(begin + HOUR / 2)
    assert serve(host, HOUR / 3).status is MissionStatus.ACTIVE
    assert serve(host, HOUR / 2).status is MissionStatus.PAUSED
    assert paused_because(host) == snapshot("it was to run until Fri 2026-11-20 10:30: continue (mission resume m)")
    assert started(host) == ["m/1.1-a1"]
    features.resume(host.context(), "m", until="8h")
    assert mission(host).pause_at == stamp(host.jobs.clock.now() + 8 * HOUR)
    assert serve(host, 3 * HOUR).status is MissionStatus.COMPLETED


def test_an_active_mission_gets_another_time_and_a_past_one_is_refused() -> None:
    host = make_host(works)
    make_mission(host, PLAN, "m")
    ctx = host.context()
    lifecycle.start(ctx, "m")
    assert mission(host).pause_at == ""
    assert lifecycle.start(host.context(), "m", until="tomorrow 09:00").words == "m is active already"
    assert mission(host).pause_at == "2026-11-21T09:00:00Z"
    set_value(host.context(), "m", "pause_at", "2026-11-22")
    assert mission(host).pause_at == "2026-11-22"
    assert moment_ahead(ctx, "09:00") == "2026-11-21T09:00:00Z"
    for text in ("soon", "2020-01-01", "-3h", "25:00"):
        with pytest.raises(UsageError) as caught:
            lifecycle.start(host.context(), "m", until=text)
        assert caught.value.message == f"`{text}` is not a time in the future"


@pytest.mark.parametrize("alone", [True, False])
def test_after_a_usage_limit_it_goes_on_by_itself_unless_a_person_wants_to_decide(*, alone: bool) -> None:
    host = make_host(limited)
    make_mission(host, PLAN, "m")
    if not alone:
        set_value(host.context(), "m", "preferences.auto_resume", "false")
    lifecycle.start(host.context(), "m")
    found = serve(host, 5 * HOUR)
    if alone:
        assert found.status is MissionStatus.COMPLETED
        return
    assert found.status is MissionStatus.PAUSED
    assert paused_because(host) == snapshot(
        "`script` is at its usage limit until Fri 2026-11-20 11:00; it waits for you (preferences.auto_resume): mission resume m"
    )
    assert started(host) == ["m/1.1-a1"]
    host.jobs.clock.time.pass_by(HOUR)
    features.resume(host.context(), "m")
    assert serve(host, 3 * HOUR).status is MissionStatus.COMPLETED


def test_where_a_shared_budget_is_used_up_it_waits_for_a_person_too(tmp_path: Path) -> None:
    host = host_with(tmp_path, '[budgets.five]\nusd = 5\nevery = "5h"\n')
    make_mission(host, PLAN, "m")
    set_value(host.context(), "m", "preferences.auto_resume", "false")
    lifecycle.start(host.context(), "m")
    assert serve(host, 2 * HOUR).status is MissionStatus.PAUSED
    assert paused_because(host) == snapshot(
        "the budget `five` (this repository, in any 5h): $4 spent of $5; the remaining $1 does not pay for the next step (a step has cost $0.50) until Fri 2026-11-20 15:40; it waits for you (preferences.auto_resume): mission resume m"
    )


def test_a_limit_that_an_agent_reports_holds_its_runner_in_other_missions(tmp_path: Path) -> None:
    host = host_with(tmp_path, "[budgets.all]\nusd = 500\n")
    host.jobs.script = limited
    for name in ("m", "n"):
        make_mission(host, PLAN, name)
    lifecycle.start(host.context(), "m")
    serve(host, HOUR / 3)
    host.jobs.script = works
    lifecycle.start(host.context(), "n")
    serve(host, HOUR / 3)
    assert started(host) == ["m/1.1-a1"]
    without = replace(host.settings, budgets={})
    host.settings = without
    serve(host, HOUR / 2)
    assert "n/1.1-a1" in started(host)
