"""`mission budget`: estimates, what a budget buys, caps, the report with both figures, rows by hand, and accuracy."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.fakes.host import make_host, make_mission
from tests.kit.fakes.others import NoPrices
from tests.unit.test_forecast_shown import AGENT, PLAN, PRICES, go_on, host_with_agent, works

from mission_cli.app.addressing import resolve
from mission_cli.app.commands import lifecycle
from mission_cli.app.commands.undo import undo
from mission_cli.app.forecasting.accuracy import accuracy
from mission_cli.app.forecasting.buying import By, bargain, estimates, mission_forecast, recommended
from mission_cli.app.forecasting.results import BudgetReport, ByHand, Paid
from mission_cli.app.forecasting.spending import apart, budget_report, paid, record_spending
from mission_cli.app.forecasting.what_if import Changes, what_if
from mission_cli.app.queries.outlook import outlook
from mission_cli.document.runs.record import read_run
from mission_cli.domain.errors import BlockedError, MissionError, NotFoundError, UsageError
from mission_cli.domain.ids import Sha
from mission_cli.domain.runs.usage import Usage
from mission_cli.surfaces.reporting.budget import (
    accuracy_csv,
    accuracy_text,
    bargain_text,
    estimates_text,
    forecast_text,
    recommended_text,
    report_csv,
    report_text,
    what_if_text,
)
from mission_cli.surfaces.views.consent import consent_facts

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.kit.fakes.executor import Outcome
    from tests.kit.fakes.host import Host

    from mission_cli.app.addressing import Address
    from mission_cli.engine.context import Context
    from mission_cli.ports.agents.usage import Prices
    from mission_cli.ports.executor import JobSpec


class ListPrices(NoPrices):
    """One list price for every model."""

    def prices(self, model: str) -> Prices:
        """Those of `PRICES`."""
        assert model
        return PRICES


def of(host: Host, name: str = "m") -> tuple[Context, Address]:
    """The ports of a new process, and a mission."""
    ctx = host.context()
    return ctx, resolve(ctx.state.snapshot(), name)


@pytest.fixture(scope="module")
def planned() -> Host:
    """A mission with an agent, and no history."""
    host = host_with_agent()
    make_mission(host, AGENT)
    return host


def test_a_size_is_estimated_before_there_is_a_plan(planned: Host) -> None:
    found = estimates(planned.context(), 6, 2, By("opencode"))
    assert estimates_text(found) == snapshot("""\
features  milestones  money    tokens                          work                   until it is finished
6         2           unknown  14.3 M tokens to 43.9 M tokens  40 min to 15 h 53 min  40 min to 10 h 39 min
each range holds 8 of 10 such missions; no attempt has ended here yet: from 31 missions of another tool

what such a goal becomes:
working   14.3 M tokens to 43.9 M tokens and 40 min to 15 h 53 min of work, about 6 features
          in: the features of the goal, each with its criteria
          out: tests of whole journeys, documentation, errors that users can act on, deployment, monitoring, performance, security and accessibility
complete  22.9 M tokens to 64.7 M tokens and 1 h 56 s to 1 d 35 min of work, about 9 features
          in: tests of whole journeys, documentation, errors that users can act on
          out: deployment, monitoring, performance, security and accessibility
polished  37.3 M tokens to 96.9 M tokens and 1 h 43 min to 1 d 11 h of work, about 14 features
          in: deployment, monitoring, performance, security and accessibility\
""")
    sizes = estimates(planned.context(), None, None, By("opencode")).estimates
    assert [(one.features, one.milestones) for one in sizes] == [(1, 1), (3, 1), (5, 2), (10, 3), (20, 5)]
    middles = [one.forecast.tokens.p50 for one in sizes if one.forecast.tokens is not None]
    assert middles == sorted(middles)


def test_the_rest_is_compared_with_the_same_one_under_other_conditions(planned: Host) -> None:
    ctx, address = of(planned)
    found = what_if(ctx, address, Changes(parallel=8, cap=Decimal(50)))
    assert what_if_text(found) == snapshot("""\
                                 1 of 10 below  half below     9 of 10 below
as it is                 tokens  9.1 M tokens   16.5 M tokens  30.2 M tokens
                         work    26 min         2 h 7 min      10 h 9 min
                         to go   23 min         1 h 27 min     6 h 30 min
8 at once, a cap of $50  tokens  8.9 M tokens   16.2 M tokens  29.7 M tokens
                         work    24 min         2 h 23 s       9 h 57 min
                         to go   19 min         1 h 7 min      5 h 5 min
no attempt has ended here yet: from 31 missions of another tool
note: this machine runs at most 4 at once: `machine_workers` in the settings\
""")
    assert found.as_it_is is not None
    assert found.then.left.p50 < found.as_it_is.left.p50
    assert of(planned)[1].mission == address.mission


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (Changes(), "what would be different?"),
        (Changes(parallel=0), "0 is not a number of workers"),
        (Changes(runner="nope"), "the runner `nope` is not configured"),
    ],
)
def test_a_change_that_cannot_be_is_refused(planned: Host, changes: Changes, words: str) -> None:
    with pytest.raises(UsageError) as raised:
        what_if(*of(planned), changes)
    assert raised.value.message == words


@pytest.mark.parametrize(
    ("ask", "error", "words"),
    [
        (lambda ctx: estimates(ctx, 0, None), UsageError, "0 is not a number of features"),
        (lambda ctx: estimates(ctx, 2, 3), UsageError, "3 is not a number of milestones"),
        (lambda ctx: estimates(ctx, 2, 1, By("nope")), UsageError, "the runner `nope` is not configured"),
        (lambda ctx: estimates(ctx, 2, 1, By("script")), BlockedError, "nothing is known about script"),
        (
            lambda ctx: bargain(ctx, {"usd": Decimal(9)}, None, By("opencode")),
            BlockedError,
            "it is not known what a feature costs in dollars here",
        ),
        (lambda ctx: record_spending(ctx, "m", {"usd": "5"}, " ", None), UsageError, "say what it was spent on"),
        (lambda ctx: record_spending(ctx, "m", {"usd": "-5"}, "x", None), UsageError, "`-5` is below zero"),
        (lambda ctx: record_spending(ctx, "m", {"usd": "much"}, "x", None), UsageError, "`much` is not a number"),
        (lambda ctx: record_spending(ctx, "m", {"tokens": "0.2"}, "x", None), UsageError, "`0.2` is nothing"),
        (lambda ctx: record_spending(ctx, "m", {"usd": ""}, "x", None), UsageError, "no amount is given"),
        (lambda ctx: record_spending(ctx, "m", {"usd": "5"}, "x", 7), NotFoundError, "m has no milestone 7"),
    ],
)
def test_bad_input_is_refused_with_a_hint(
    planned: Host, ask: Callable[[Context], object], error: type[MissionError], words: str
) -> None:
    with pytest.raises(error) as caught:
        ask(planned.context())
    assert words in str(caught.value)
    assert caught.value.hint


def test_a_budget_buys_features_in_their_order(planned: Host) -> None:
    ctx, address = of(planned)
    found = bargain(ctx, {"tokens": Decimal(12_000_000)}, address)
    assert bargain_text(found) == snapshot("""\
12 M tokens for m buy:
safe     1 feature, in 9 of 10 cases
           1.1 f1
likely   2 more features, in half of all cases
           1.2 f2
           1.3 f3
stretch  1 more feature, in 1 of 10 cases
           1.4 f4
no attempt has ended here yet: from 31 missions of another tool\
""")
    assert sum(one.features for one in found.bought) == 4
    nothing = bargain(ctx, {"tokens": Decimal(1)}, address)
    assert [one.features for one in nothing.bought] == [0, 0, 0, 4]


def test_caps_are_compared_and_recommended(planned: Host) -> None:
    ctx, address = of(planned)
    assert forecast_text(mission_forecast(ctx, address)) == snapshot("""\
money   $0 spent of $100
time    0 s spent, no cap
tokens  0 tokens spent, no cap
        1 of 10 below  half below     9 of 10 below
tokens  9.1 M tokens   16.5 M tokens  30.2 M tokens
work    26 min         2 h 7 min      10 h 9 min
to go   23 min         1 h 27 min     6 h 30 min
money: unknown, because no price is known
no attempt has ended here yet: from 31 missions of another tool\
""")
    assert recommended_text(recommended(ctx, address)) == snapshot("""\
with these caps, nine of ten such missions end before they pause for their budget:
  mission set m budget.time_hours 13
  mission set m budget.token_limit 37800000
16.5 M tokens in all (9.1 M tokens to 30.2 M tokens in 8 of 10 cases), 1 h 27 min to go (23 min to 6 h 30 min); no attempt has ended here yet: from 31 missions of another tool\
""")
    host = host_with_agent()
    make_mission(host, AGENT)
    dear = replace(host.context(), prices=ListPrices())
    tight = replace(address.mission, limits=replace(address.mission.limits, usd=Decimal(5)))
    found = mission_forecast(dear, replace(address, loaded=replace(address.loaded, mission=tight)))
    assert [(notice.text, str(notice.remedy)) for notice in found.notices] == snapshot(
        [("nine of ten such missions use at most $14.37, and its cap is $5", "mission set m budget.money_usd 15")]
    )


def test_what_is_spent_by_hand_counts_and_can_be_undone(planned: Host) -> None:
    done = record_spending(planned.context(), "m", {"usd": "$12.50", "hours": "1.5", "tokens": ""}, "a\nserver", 1)
    assert done.words == "m: $12.50 and 1 h 30 min recorded, for a server"
    ctx, address = of(planned)
    found = budget_report(ctx, address)
    assert (found.spent["usd"], found.spent["hours"]) == (Decimal("12.50"), Decimal("1.5"))
    assert found.by_hand == [
        ByHand("2026-11-20", "usd", Decimal("12.50"), "by hand: a server", "1"),
        ByHand("2026-11-20", "hours", Decimal("1.5"), "by hand: a server", "1"),
    ]
    text = address.stored.text
    assert "| Money (USD) | $100 | $12.50 | $87.50 | 12% |" in " ".join(text.split())
    assert "budget.recorded" in str(ctx.state.history(address.stored, limit=1)[0])
    undo(planned.context(), "m")
    ctx, address = of(planned)
    assert budget_report(ctx, address).by_hand == []


def test_the_report_shows_every_attempt_and_adds_nothing_twice() -> None:
    host = make_host(works)
    make_mission(host, PLAN)
    lifecycle.start(host.context(), "m")
    record_spending(host.context(), "m", {"usd": "3"}, "a licence", None)
    go_on(host, 14)
    ctx, address = of(host)
    found = budget_report(ctx, address)
    assert [(one.run, one.usd) for one in found.attempts] == [(f"m/1.{n}-a1", Decimal("1.2")) for n in (1, 2, 3, 4)]
    assert [(row.amount, row.description) for row in found.by_hand] == [(Decimal(3), "by hand: a licence")]
    assert found.spent["usd"] == Decimal("7.8")
    rows = list(csv.DictReader(io.StringIO(report_csv(found))))
    assert sum(Decimal(row["usd"]) for row in rows) == found.spent["usd"]
    assert sum(Decimal(row["hours"] or 0) for row in rows) == found.spent["hours"]
    compared = accuracy(ctx)
    assert compared.missions == []  # nothing was known before
    assert accuracy_text(compared) == "no ended mission can be compared with a forecast yet"


PAID = Paid(
    "m/1.1-a1",
    "opencode",
    "gpt",
    "2026-11-20T10:00:00Z",
    Decimal("0.5"),
    {"input": 1000, "output": 200},
    None,
    None,
    None,
    "2026-11-29",
    "",
)


def test_costs_that_differ_from_list_prices_are_named_with_both_figures() -> None:
    costs = [("1.05", 5), ("1.10", 10), ("1.2", 20), ("0.8", -20)]
    costly = [replace(PAID, usd=Decimal(usd), listed_usd=Decimal(1), differs_by=pct) for usd, pct in costs]
    assert [notice.text for notice in apart([*costly, PAID])] == snapshot(
        [
            "m/1.1-a1 cost $1.20 by its agent, $1 by list prices of 2026-11-29 (+20 %)",
            "m/1.1-a1 cost $0.80 by its agent, $1 by list prices of 2026-11-29 (-20 %)",
        ]
    )


def test_the_report_reads_as_a_table_and_no_cell_is_a_formula() -> None:
    odd = ByHand("2026-11-20", "usd", Decimal(2), "=HYPERLINK(1)\x1b[31m", "")
    one = replace(PAID, usd=Decimal("0.02"), listed_usd=Decimal("0.01"), differs_by=100, source="-1+2")
    caps = {"usd": Decimal(9), "hours": None, "tokens": None}
    sums = {"usd": Decimal("2.02"), "hours": Decimal("0.5"), "tokens": Decimal(1200)}
    found = BudgetReport(
        "m",
        caps,
        sums,
        {"usd": Decimal(1), "hours": Decimal(0), "tokens": Decimal(0)},
        Decimal("0.01"),
        [one],
        [odd],
        None,
        [],
    )
    assert report_text(found) == snapshot("""\
money   $2.02 spent of $9, $1 reserved
time    30 min spent, no cap
tokens  1.2 k tokens spent, no cap

attempt   model  time    tokens        money  list price
m/1.1-a1  gpt    30 min  1.2 k tokens  $0.02  $0.01

by hand
2026-11-20  $2  =HYPERLINK(1)�[31m\
""")
    assert report_csv(found) == snapshot("""\
mission,what,date,runner,model,hours,input,output,cache_read,cache_write,reasoning,tokens,usd,listed_usd,prices,source
m,m/1.1-a1,2026-11-20T10:00:00Z,opencode,gpt,0.5,1000,200,0,0,0,1200,0.02,0.01,2026-11-29,'-1+2
m,'=HYPERLINK(1)�[31m,2026-11-20,,,,,,,,,,2,,,by hand
""")


def test_ended_missions_are_compared_with_what_was_known_before_them() -> None:
    def named(spec: JobSpec) -> Outcome:
        done = works(spec)
        name = spec.program.env["MISSION_ID"]
        return replace(done, files={f"{name}-{path}": text for path, text in done.files.items()})

    host = make_host(named)
    for name in ("a", "b", "c"):
        make_mission(host, PLAN.replace("file: `", f"file: `{name}-"), name)
        lifecycle.start(host.context(), name)
        go_on(host, 14)
    found = accuracy(host.context())
    assert [(one.id, one.features, one.from_missions) for one in found.missions] == [("b", 4, 1), ("c", 4, 2)]
    assert (found.compared, found.within_p90) == (
        {"usd": 2, "hours": 2, "tokens": 0},
        {"usd": 2, "hours": 2, "tokens": 0},
    )
    rows = list(csv.DictReader(io.StringIO(accuracy_csv(found))))
    assert [(row["mission"], row["missions_before"], row["usd_used"], row["tokens_p90"]) for row in rows] == snapshot(
        [("b", "1", "4.8", ""), ("c", "2", "4.8", "")]
    )
    assert accuracy_text(found) == snapshot("""\
mission  features  forecast                 used
b        4         $3.59 to $12.47          $4.80
b        4         29 min to 10 h 40 min    2 h
c        4         $3.79 to $11.16          $4.80
c        4         1 h 4 min to 3 h 53 min  2 h
money: 2 of 2 at most the middle of the forecast, 2 of 2 at most its upper end (good forecasts: half, and 9 of 10)
time: 2 of 2 at most the middle of the forecast, 2 of 2 at most its upper end (good forecasts: half, and 9 of 10)\
""")


def test_an_attempt_of_an_agent_is_shown_with_its_list_price() -> None:
    host = make_host(works)
    make_mission(host, PLAN)
    lifecycle.start(host.context(), "m")
    go_on(host, 8)
    ctx, address = of(host)
    records = ctx.state.runs(address.stored, ctx.state.snapshot().head or Sha(""))
    record = next(found for text in records.values() if (found := read_run(text)) is not None and not found.open)
    tokens = {"input": 1000, "output": 200, "reasoning": 100, "cache_read": 10_000}
    priced = replace(ctx, prices=ListPrices())
    one = paid(priced, replace(record, model="gpt", usage=Usage(Decimal("0.0147"), Decimal(1), tokens, "opencode")))
    assert (one.listed_usd, one.differs_by) == (Decimal("0.0105"), 40)
    unknown = paid(priced, replace(record, model="gpt", usage=Usage(None, Decimal(1), tokens, "opencode")))
    assert (unknown.usd, unknown.listed_usd, unknown.differs_by) == (None, Decimal("0.0105"), None)
    other = paid(ctx, replace(record, model="gpt", usage=Usage(Decimal(1), Decimal(1), tokens, "opencode")))
    assert (other.listed_usd, other.differs_by) == (None, None)


def test_start_says_which_features_the_caps_pay_for() -> None:
    host = host_with_agent()
    for name, limit in (("m", 12_000_000), ("n", 900_000_000)):
        make_mission(host, AGENT.replace("money_usd: 100", f"token_limit: {limit}"), name)
    ctx, address = of(host)
    facts = dict(consent_facts(ctx, address.loaded, outlook(ctx, address.mission)))
    assert facts["pays for"] == snapshot("1.1 in 9 of 10 cases; 1.2, 1.3 in half of all cases; 1.4 in 1 of 10 cases")
    ctx, address = of(host, "n")
    assert "pays for" not in dict(consent_facts(ctx, address.loaded, outlook(ctx, address.mission)))
