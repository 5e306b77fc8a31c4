"""What a list shows, and that files whose folders have not changed are not read again."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_host, make_mission

from mission_cli.app.addressing import resolve
from mission_cli.app.commands import features, lifecycle
from mission_cli.app.queries.listing import lines_of
from mission_cli.app.queries.status import status_of
from mission_cli.domain.ids import MissionId
from mission_cli.domain.runs.usage import Tally
from mission_cli.engine.loop import pulse
from mission_cli.ports.runtime import Trouble
from mission_cli.surfaces.views.features import facts_of

if TYPE_CHECKING:
    from mission_cli.ports.executor import JobSpec

PLAN = """\
title: Two
budget: {money_usd: 9}
preferences: {runner: script}
milestones:
  - name: Only
    features:
      - {title: one, criteria: ["file: `1.1.txt`"]}
      - {title: two, depends: ["1.1"], criteria: ["file: `1.2.txt`"]}
"""
M, N = MissionId("m"), MissionId("n")


def slow(_spec: JobSpec) -> Outcome:
    return Outcome(2000.0, costs=(Decimal("0.25"),) * 4, prints=("edit app.py",))


def test_a_list_is_the_same_whether_files_are_read_or_what_was_noted_of_them() -> None:
    host = make_host(slow)
    make_mission(host, PLAN, "m")
    make_mission(host, PLAN, "n")
    first = lines_of(host.context())
    assert set(host.context().runtime.listed()) == {M, N}
    assert lines_of(host.context()) == first
    assert [(one.id, one.status, one.done, one.planned, one.running) for one in first] == [
        ("m", "planning", 0, 2, ()),
        ("n", "planning", 0, 2, ()),
    ]
    noted = host.context().runtime.listed()
    features.cancel(host.context(), "m")
    assert [one.status for one in lines_of(host.context())] == ["planning", "cancelled"], "what is over comes last"
    assert host.context().runtime.listed()[M] != noted[M]
    assert host.context().runtime.listed()[N] == noted[N]


def test_what_runs_and_what_is_in_trouble_is_looked_at_each_time() -> None:
    host = make_host(slow)
    make_mission(host, PLAN, "m")
    make_mission(host, PLAN, "n")
    lines_of(host.context())
    lifecycle.start(host.context(), "m")
    pulse(host.context())
    host.jobs.work()
    for _ in range(2):
        m, n = lines_of(host.context())
        [running] = m.running
        assert running.run == "m/1.1-a1"
        assert running.tally is not None
        assert running.tally.action == "edit app.py"
        assert m.usd == running.tally.usd
        assert n.running == ()
    assert set(host.context().runtime.listed()) == {N}
    host.context().runtime.note_troubles([Trouble("", "it is broken", "", "n")])
    first = lines_of(host.context())[0]
    assert (first.id, first.needs_attention, "it is broken" in first.error) == ("n", True, True)
    assert host.context().runtime.listed() == {}
    host.context().runtime.note_troubles([])
    assert lines_of(host.context())[1].error == ""


def test_status_shows_what_is_done_before_a_worker_starts() -> None:
    host = make_host(slow)
    make_mission(host, PLAN, "m")
    lifecycle.start(host.context(), "m")
    pulse(host.context())
    ctx = host.context()
    snapshot = ctx.state.snapshot()
    [one, two] = status_of(ctx, snapshot, resolve(snapshot, "m")).milestones[0].features
    assert (one.running_for, one.tally) == ("", Tally(action="making its tree"))
    assert [text for text, _ in facts_of(one)] == ["making its tree"]
    assert two.tally is None


def test_the_time_of_a_mission_ends_with_it() -> None:
    host = make_host(slow)
    make_mission(host, PLAN, "m")

    def elapsed() -> timedelta | None:
        ctx = host.context()
        snapshot = ctx.state.snapshot()
        return status_of(ctx, snapshot, resolve(snapshot, "m")).elapsed

    assert elapsed() is None
    lifecycle.start(host.context(), "m")
    host.jobs.clock.time.pass_by(timedelta(minutes=5))
    assert elapsed() == timedelta(minutes=5)
    features.cancel(host.context(), "m")
    assert elapsed() is None
