"""Will a mission miss its deadline; and missions that wait for one another, with one slot for all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from inline_snapshot import snapshot
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import Host, make_host, make_mission
from tests.kit.fakes.others import ADA

from mission_cli._support.text import stamp
from mission_cli.app.addressing import resolve
from mission_cli.app.commands import features, lifecycle
from mission_cli.app.queries.status import status_of
from mission_cli.app.queries.why import explain
from mission_cli.app.results.outlook import FinishRange, Forecast, HoursRange, TimeRange
from mission_cli.engine.loop import pulse
from mission_cli.ports.git.state import Write
from mission_cli.surfaces.views.reasons import reasons

if TYPE_CHECKING:
    from mission_cli.app.results.views import MissionView
    from mission_cli.ports.executor import JobSpec

H, ZERO = timedelta(hours=1), Decimal(0)


def test_the_words_say_by_how_much_a_deadline_is_missed() -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    finish, left = FinishRange(now, now, now), TimeRange(H, 2 * H, 3 * H)
    found = Forecast(
        None,
        None,
        finish,
        left,
        HoursRange(ZERO, ZERO, ZERO),
        5,
        0,
        "",
        misses_by=10 * H,
        at_least=H,
        done=2,
        planned=8,
        took=4 * H,
    )
    assert found.words == snapshot("will miss its deadline by 1 h at least, by about 10 h (2 of 8 features took 4 h)")
    assert replace(found, at_least=0 * H, took=None).words == snapshot(
        "will miss its deadline by about 10 h (2 of 8 features are done)"
    )
    assert replace(found, misses_by=None).words == ""


FEATURES = ", ".join(f'{{title: f{n}, criteria: ["file: `1.{n}.txt`"]}}' for n in range(1, 6))
PLAN = f"""\
title: Words
budget: {{time_hours: 100}}
preferences: {{runner: script, land: auto, max_parallel_workers: 1}}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features: [{FEATURES}]
"""


def works(spec: JobSpec) -> Outcome:
    """Take an hour for each feature."""
    name = spec.program.env["MISSION_FEATURE"]
    return Outcome(3500.0, {f"{name}.txt": spec.key}, completes=name)


def go_on(host: Host, rounds: int, minutes: int = 20) -> None:
    """Let pulses and jobs go on."""
    for _ in range(rounds):
        report = pulse(host.context())
        assert not report.bugs
        assert not report.troubles
        host.jobs.clock.time.pass_by(timedelta(minutes=minutes))
        host.jobs.work()


def misses(view: MissionView) -> str:
    """What is said about its deadline."""
    return view.forecast.words if view.forecast is not None else ""


def test_status_and_why_say_that_the_deadline_will_be_missed() -> None:
    host = make_host(works)
    over = host.context().clock.now() + 4 * H
    make_mission(host, f'deadline: "{stamp(over)}"\n{PLAN}')
    lifecycle.start(host.context(), "m")
    go_on(host, 4, 10)
    ctx = host.context()
    files = ctx.state.snapshot()
    assert misses(status_of(ctx, files, resolve(files, "m"))) == ""
    go_on(host, 16, 10)
    ctx = host.context()
    files = ctx.state.snapshot()
    view, why = status_of(ctx, files, resolve(files, "m")), explain(ctx, files, resolve(files, "m"))
    assert view.forecast == why.forecast
    assert view.forecast is not None
    assert view.forecast.words == snapshot(
        "will miss its deadline by 59 min at least, by about 3 h 33 min (2 of 5 features took 3 h 20 min)"
    )
    lines = "".join(text for text, _ in reasons(why, ctx.clock.now()))
    assert f"m {view.forecast.words}" in " ".join(lines.split())
    features.pause(host.context(), "m")
    ctx = host.context()
    files = ctx.state.snapshot()
    assert misses(status_of(ctx, files, resolve(files, "m"))) == ""


SHORT = PLAN.replace(FEATURES, '{title: f1, criteria: ["file: `1.1.txt`"]}')


def waits(host: Host, name: str, event: str) -> None:
    """Let the feature of a mission wait."""
    state = host.context().state
    stored = next(one for key, one in state.snapshot().missions.items() if key == name)
    table = f"\n## Waits\n\n| Feature | Waiting for | Since | Timeout | Status |\n|---|---|---|---|---|\n| 1.1 | {event} | | 90d | open |\n"
    writes = [Write(stored.path, stored.text.rstrip("\n") + "\n" + table, stored.text)]
    state.commit(writes, message="Wait\n", expect=state.head(), author=ADA)


def test_an_urgent_mission_that_waits_for_another_leaves_the_slot_to_the_rest_and_is_first_when_it_may() -> None:
    begun: list[str] = []

    def noting(spec: JobSpec) -> Outcome:
        begun.append(spec.program.env["MISSION_ID"])
        return replace(works(spec), seconds=900.0)

    host = make_host(noting)
    host.jobs.slots = 1
    for name, priority in (("low", "low"), ("second", "normal"), ("first", "high"), ("urgent", "urgent")):
        make_mission(host, f"priority: {priority}\n{SHORT}", name)
    waits(host, "urgent", "mission:first")
    for name in ("low", "second", "first", "urgent"):
        lifecycle.start(host.context(), name)
    go_on(host, 40, minutes=2)
    assert begun == ["first", "second", "urgent", "low"]  # the second one uses the slot while the first one lands
