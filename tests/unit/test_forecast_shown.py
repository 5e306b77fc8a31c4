"""The forecast of a mission where people see it: from what, with which words, and kept until something changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.browsing import at_home
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import SETTINGS, Host, make_host, make_mission

from mission_cli._support.text import stamp
from mission_cli.app.addressing import resolve
from mission_cli.app.commands import lifecycle
from mission_cli.app.commands.set_value import set_value
from mission_cli.app.forecasting.buying import mission_forecast
from mission_cli.app.forecasting.expected import Worker, figures_of
from mission_cli.app.forecasting.remaining import work_of
from mission_cli.app.forecasting.spending import record_spending
from mission_cli.app.queries.outlook import outlook
from mission_cli.app.queries.status import status_of
from mission_cli.app.report.board import missions_here
from mission_cli.app.report.report import mission_report
from mission_cli.domain.forecast.figures import Past
from mission_cli.domain.forecast.priors import SOURCE
from mission_cli.domain.forecast.work import Stage, Unit
from mission_cli.domain.ids import MissionId
from mission_cli.engine.context import policy_of
from mission_cli.engine.loop import pulse
from mission_cli.engine.observing.observe import consider
from mission_cli.ports.agents.usage import Bill, Prices
from mission_cli.ports.git.state import Write
from mission_cli.settings import CurrencySettings, RunnerSettings
from mission_cli.surfaces.lines import Size, plain
from mission_cli.surfaces.views.consent import consent_lines
from mission_cli.surfaces.views.money.budget import budget_lines
from mission_cli.surfaces.views.page import status_lines

if TYPE_CHECKING:
    from mission_cli.app.results.views import MissionView
    from mission_cli.ports.executor import JobSpec

FEATURES = ", ".join(f'{{title: f{n}, criteria: ["file: `1.{n}.txt`"]}}' for n in range(1, 5))
PLAN = f"""\
title: Words
budget: {{money_usd: 100}}
preferences: {{runner: script, land: auto, max_parallel_workers: 2}}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features: [{FEATURES}]
"""
AGENT = PLAN.replace("runner: script", "runner: opencode")
PRICES = Prices({"input": Decimal("3e-6"), "output": Decimal("15e-6"), "cache_read": Decimal("3e-7")})


def works(spec: JobSpec) -> Outcome:
    """Take half an hour and $1.20 for each feature."""
    name = spec.program.env["MISSION_FEATURE"]
    return Outcome(1800.0, {f"{name}.txt": spec.key}, costs=(Decimal("0.5"), Decimal("0.7")), completes=name)


def host_with_agent() -> Host:
    """A host whose runner is an agent known by name."""
    host = make_host(works)
    agent = RunnerSettings(kind="opencode", command=("opencode",))
    host.settings = replace(SETTINGS, runners={**SETTINGS.runners, "opencode": agent})
    return host


def look(host: Host, name: str = "m") -> MissionView:
    """What `mission status` finds."""
    ctx = host.context()
    files = ctx.state.snapshot()
    return status_of(ctx, files, resolve(files, name))


def go_on(host: Host, rounds: int) -> None:
    """Let pulses and jobs go on, ten minutes each."""
    for _ in range(rounds):
        assert not pulse(host.context()).bugs
        host.jobs.clock.time.pass_by(timedelta(minutes=10))
        host.jobs.work()


def test_before_any_history_the_missions_of_others_are_named_as_such() -> None:
    host = host_with_agent()
    make_mission(host, AGENT)
    ctx = host.context()
    loaded = resolve(ctx.state.snapshot(), "m").loaded
    ahead = outlook(ctx, loaded.mission)
    found = ahead.forecast
    assert found is not None
    assert found.tokens is not None
    assert (found.usd, found.from_runs, found.from_missions, found.others) == (None, 0, 0, SOURCE)
    assert found.tokens.p10 < found.tokens.p50 < found.tokens.p90
    assert found.finish.p50 == ctx.clock.now() + found.left.p50
    line = next(line for line in plain(consent_lines(ctx, loaded, ahead, 0)).splitlines() if " forecast" in line)
    assert line == snapshot(
        " forecast  16.5 M tokens in all (9.1 M tokens to 30.2 M tokens in 8 of 10 cases), 1 h 27 min to go (23 min to 6 h 30 min); no attempt has ended here yet: from 31 missions of another tool"
    )
    assert look(host).forecast == found


def test_the_page_of_a_mission_says_of_time_and_money_what_status_says() -> None:
    host = make_host(works)
    host.settings = replace(host.settings, currency=CurrencySettings("EUR", Decimal("0.8"), "2026-11-02"))
    make_mission(host, PLAN)
    lifecycle.start(host.context(), "m")
    go_on(host, 7)
    set_value(host.context(), "m", "deadline", stamp(host.jobs.clock.now() + timedelta(minutes=20)))
    status = plain(status_lines(look(host), Size(0, 0), everything=True)).splitlines()
    times = status[1].split("  ")[3:-1]
    facts = [*times, *(line.partition(" ")[2] for line in status if line.startswith(("forecast", "EUR", "sandbox")))]
    assert facts == snapshot(
        [
            "1 h 10 min elapsed",
            "about 1 h 3 min left",
            "deadline in 20 min",
            "will miss its deadline by about 43 min (2 of 4 features took 1 h 10 min)",
            "$6.15 in all ($4.25 to $11.09 in 8 of 10 cases), 1 h 3 min to go (18 min to 3 h); from 2 attempts here and 31 missions of another tool",
            "spent 1.92, reserved 13.33, cap 80.00 ($1 = 0.8 EUR of 2026-11-02)",
            "off",
        ]
    )
    page = at_home(host).open("/missions/m").text
    assert [fact for fact in facts if fact not in page] == []


def test_curves_end_with_all_that_is_spent_and_begin_with_the_mission() -> None:
    host = make_host(works)
    make_mission(host, PLAN)
    lifecycle.start(host.context(), "m")
    go_on(host, 7)
    record_spending(host.context(), "m", {"usd": "3", "hours": "", "tokens": ""}, "a font", None)
    ctx = host.context()
    report = mission_report(ctx, resolve(ctx.state.snapshot(), "m"))
    drawn = [(point.at, point.usd) for point in report.points]
    assert drawn == snapshot(
        [
            ("2026-11-20T10:00:00Z", Decimal(0)),
            ("2026-11-20T10:00:00Z", Decimal(3)),
            ("2026-11-20T10:40:00Z", Decimal("4.2")),
            ("2026-11-20T10:40:00Z", Decimal("5.4")),
        ]
    )
    curve = missions_here(ctx)[0].curve
    assert (curve[0].at, [point.usd for point in curve]) == (report.points[0].at, [usd for _, usd in drawn])
    assert drawn[-1][1] == look(host).budget["usd"].spent


PURCHASES = """
## Purchases

| # | Asked | Merchant | Amount | Purpose | Status | By | Reserved | Paid | Reference |
|---|---|---|---|---|---|---|---|---|---|
| 1 | 2026-11-20T10:00:00Z | Domains | 10.00 USD | a domain | paid | Ada | 10.00 | 9.00 USD | ref1 |
"""


def test_forecasts_contain_a_purchase_whose_row_was_removed_from_the_spend_log() -> None:
    host = make_host(works)
    make_mission(host, PLAN)
    lifecycle.start(host.context(), "m")
    go_on(host, 7)
    ctx = host.context()
    stored = ctx.state.snapshot().missions[MissionId("m")]
    ctx.state.commit([Write(stored.path, stored.text + PURCHASES, stored.text)], message="Buy", expect=ctx.state.head())
    spent = look(host).budget["usd"].spent
    assert spent == Decimal("11.40")
    found = mission_forecast(host.context(), resolve(host.context().state.snapshot(), "m"))
    assert found.spent["usd"] == spent
    for ahead in (found.forecast, look(host).forecast):
        assert ahead is not None
        assert ahead.usd is not None
        assert ahead.usd.p10 > spent


def test_nothing_is_said_of_a_program_until_it_has_worked_twice() -> None:
    host = make_host(works)
    make_mission(host, PLAN)
    assert look(host).forecast is None
    lifecycle.start(host.context(), "m")
    go_on(host, 2)
    assert look(host).forecast is None
    go_on(host, 5)
    view = look(host)
    assert view.forecast is not None
    assert view.forecast.usd is not None
    assert (view.forecast.from_runs, view.forecast.tokens) == (2, None)
    assert Decimal("2.40") < view.forecast.usd.p10 < Decimal("4.80") < view.forecast.usd.p90
    assert plain(budget_lines(view, 0)).splitlines()[-1] == snapshot(
        "forecast $6.15 in all ($4.25 to $11.09 in 8 of 10 cases), 1 h 3 min to go (18 min to 3 h); from 2 attempts here and 31 missions of another tool"
    )
    go_on(host, 10)
    assert look(host).status == "completed"
    assert look(host).forecast is None


def test_an_own_mission_that_has_ended_counts_for_the_next_one() -> None:
    host = make_host(works)
    make_mission(host, PLAN, "first")
    lifecycle.start(host.context(), "first")
    go_on(host, 14)
    assert look(host, "first").status == "completed"
    make_mission(host, PLAN)
    ctx = host.context()
    found = outlook(ctx, resolve(ctx.state.snapshot(), "m").mission).forecast
    assert found is not None
    assert found.usd is not None
    assert (found.from_runs, found.from_missions) == (4, 1)
    assert Decimal("3.5") < found.usd.p50 < Decimal(8)


def test_the_same_state_is_simulated_once_and_pulses_never_simulate() -> None:
    host = make_host(works)
    make_mission(host, PLAN)
    lifecycle.start(host.context(), "m")
    go_on(host, 7)
    assert host.context().runtime.forecasts().simulated == {}
    before = look(host).forecast
    noted = host.context().runtime.forecasts()
    assert set(noted.simulated) == {"m"}
    host.jobs.clock.time.pass_by(timedelta(minutes=3))
    assert look(host).forecast is not None
    assert host.context().runtime.forecasts() == noted
    go_on(host, 2)
    assert host.context().runtime.forecasts() == noted
    after = look(host).forecast
    assert after != before
    assert host.context().runtime.forecasts() != noted


def test_what_is_left_is_read_from_the_mission() -> None:
    host = make_host(works)
    more = ", ".join(
        f'{{title: g{n}, depends: ["{on}"], criteria: ["file: `x`"]}}' for n, on in ((1, "2.2"), (2, "1.4"))
    )
    make_mission(host, f"{PLAN}  - name: More\n    features: [{more}]\n")
    host.settings = replace(host.settings, hours="22:00-07:00")
    ctx = host.context()
    mission = resolve(ctx.state.snapshot(), "m").mission
    work = work_of(ctx, policy_of(ctx), mission, now=ctx.clock.now())
    assert work is not None
    assert work.stages == (Stage((Unit(),) * 4, 4, 0), Stage((Unit(needs=(5,)), Unit(needs=(3,))), 2, 0))
    assert (work.workers, work.attempts, work.delays) == (2, 3, (1, 4, 16))
    assert (work.windows, work.minute) == (((22 * 60, 7 * 60),), 600)


def test_running_and_ended_attempts_are_known_to_the_simulation() -> None:
    host = make_host(works)
    make_mission(host, PLAN)
    lifecycle.start(host.context(), "m")
    units = []
    for rounds in (2, 2, 5):
        go_on(host, rounds)
        ctx = host.context()
        files = ctx.state.snapshot()
        address = resolve(files, "m")
        case = consider(ctx, policy_of(ctx), files, address.stored, address.loaded, look_only=True)
        seen = case.observation
        work = work_of(ctx, policy_of(ctx), case.mission, records=seen.records, jobs=seen.jobs, now=seen.now)
        units.append([] if work is None else [(u.running, u.judged, u.tries) for u in work.stages[0].units])
    assert units == snapshot(
        [
            [(10.0, False, 0), (10.0, False, 0), (None, False, 0), (None, False, 0)],
            [(None, True, 0), (None, True, 0), (None, False, 0), (None, False, 0)],
            [(None, True, 0), (None, True, 0)],
        ]
    )


WORKER = Worker("development", "opencode gpt", Bill.TOKENS, lambda: PRICES)
OWN = Past(5, 1, 7, 7e6, 140, 14, 1, "development", "opencode gpt")
OTHER = Past(5, 1, 7, 70e6, 140, 14, 1, "research", "claude opus")


def test_missions_of_the_same_kind_and_model_count_most() -> None:
    means = []
    for pasts in ([OWN] * 6, [OTHER] * 6, [*[OTHER] * 6, *[OWN] * 6]):
        tokens = figures_of(pasts, None, WORKER).tokens
        assert tokens is not None
        means.append(tokens.mean)
    alike, unlike, both = means
    assert abs(both - alike) < 0.2 * (unlike - alike)


@pytest.mark.parametrize(
    ("pasts", "mine", "worker", "usd"),
    [
        ([OWN] * 3, None, WORKER, 2e-6),
        ([OTHER], OWN, WORKER, 2e-6),
        ([], None, WORKER, 4.24e-7),
        ([replace(OWN, usd=0)], None, WORKER, 4.24e-7),
        ([], None, replace(WORKER, prices=Prices), None),
    ],
)
def test_a_token_costs_what_it_cost_here_or_else_its_list_price(
    pasts: list[Past], mine: Past | None, worker: Worker, usd: float | None
) -> None:
    from math import exp

    price = figures_of(pasts, mine, worker).usd_per_token
    assert (None if price is None else exp(price.mean)) == (None if usd is None else pytest.approx(usd, rel=0.01))
