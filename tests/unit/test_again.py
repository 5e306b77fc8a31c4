"""What no watched file tells of is looked at by each pulse: the signature of the last one never says idle meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_host, make_mission
from tests.kit.fakes.others import RoomyMachine
from tests.kit.fakes.runtime import is_idle
from tests.sim.sim import PLAN

from mission_cli._support.dataclass import replace
from mission_cli.app.commands import lifecycle
from mission_cli.engine.loop import pulse

if TYPE_CHECKING:
    from mission_cli.ports.executor import JobSpec

SHORT = "only 1 MiB of disk space are free; 2048 MiB are required"


def work(spec: JobSpec) -> Outcome:
    return Outcome(60.0, {f"{spec.program.env['MISSION_FEATURE']}.txt": "good\n"})


def test_room_on_a_machine_is_noticed_by_the_next_pulse() -> None:
    host = make_host(work)
    make_mission(host, PLAN)
    lifecycle.start(host.context(), "m")
    report = pulse(replace(host.context(), machine=RoomyMachine(host.jobs, short_of=SHORT)))
    [case] = report.cases.values()
    assert {(hold.kind, hold.detail) for hold in case.plan.holds if hold.kind == "machine"} == {("machine", SHORT)}
    assert not host.jobs.truth.starts
    assert not is_idle(host.jobs)
    pulse(host.context())
    host.jobs.work()
    assert sorted(host.jobs.truth.starts) == ["m/1.1-a1", "m/1.2-a1"]
