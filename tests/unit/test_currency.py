"""Another currency: shown beside dollars with its rate, typed by a person, never mixed with dollars."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from inline_snapshot import snapshot
from tests.kit.fakes.host import Host, make_host, make_mission
from tests.unit.test_budget_commands import of
from tests.unit.test_forecast_shown import PLAN, go_on, works

from mission_cli.app.commands import lifecycle
from mission_cli.app.commands.set_value import set_value
from mission_cli.app.forecasting.buying import mission_forecast
from mission_cli.app.forecasting.currency import in_dollars
from mission_cli.app.forecasting.spending import budget_report, record_spending
from mission_cli.app.queries.status import status_of
from mission_cli.document.syntax import vocabulary
from mission_cli.domain.budget.amounts import parse_amount, why_no_amount
from mission_cli.domain.errors import MissionError, UsageError
from mission_cli.settings import CurrencySettings, check, parse
from mission_cli.surfaces.lines import plain
from mission_cli.surfaces.reporting.budget import forecast_text, report_text
from mission_cli.surfaces.views.money.budget import budget_lines

EURO = CurrencySettings("EUR", Decimal("0.8"), "2026-11-02")


@pytest.fixture
def host() -> Host:
    made = make_host(works)
    made.settings = replace(made.settings, currency=EURO)
    make_mission(made, PLAN)
    return made


def test_amounts_are_shown_with_the_rate_and_its_day_and_kept_in_dollars(host: Host) -> None:
    lifecycle.start(host.context(), "m")
    go_on(host, 7)
    record_spending(host.context(), "m", {"usd": "10 EUR", "hours": "", "tokens": ""}, "a licence", None)
    ctx, address = of(host)
    assert [row.amount for row in address.mission.spends if row.description.startswith("by hand")] == [Decimal("12.5")]
    report = report_text(budget_report(ctx, address))
    assert next(line for line in report.splitlines() if line.startswith("EUR")) == snapshot(
        "EUR     spent 11.92, reserved 13.33, cap 80.00 ($1 = 0.8 EUR of 2026-11-02)"
    )
    text = forecast_text(mission_forecast(ctx, address))
    assert "EUR     spent" in text
    view = status_of(ctx, ctx.state.snapshot(), address)
    assert plain(budget_lines(view, 0)).splitlines()[-1] == snapshot(
        "EUR spent 11.92, reserved 13.33, cap 80.00 ($1 = 0.8 EUR of 2026-11-02)"
    )
    assert set_value(ctx, "m", "budget.money_usd", "80 EUR").words == snapshot("budget.money_usd is 100 already")
    assert set_value(ctx, "m", "budget.per_feature_usd", "€16").words == snapshot("m: budget.per_feature_usd: 0 → 20")


def test_without_a_currency_nothing_more_is_shown_and_another_one_is_refused() -> None:
    host = make_host(works)
    make_mission(host, PLAN)
    ctx, address = of(host)
    assert budget_report(ctx, address).currency is None
    assert status_of(ctx, ctx.state.snapshot(), address).currency is None
    for text in ("20 EUR", "€20", "20€", "20 gbp", "CHF 20"):
        with pytest.raises(UsageError) as caught:
            set_value(ctx, "m", "budget.money_usd", text)
        assert caught.value.message == f"`{text}` is not in US dollars"
    with pytest.raises(UsageError):
        in_dollars(EURO, "20 GBP")
    with pytest.raises(UsageError, match="can be read in two ways"):
        in_dollars(EURO, "20,50 EUR")


@pytest.mark.parametrize(
    ("text", "dollars"),
    [("20", "20"), ("$20", "$20"), ("20 USD", "20"), ("12k EUR", "15000"), ("EUR 4", "5"), ("unlimited", "unlimited")],
)
def test_an_amount_becomes_dollars_by_the_rate(text: str, dollars: str) -> None:
    assert in_dollars(EURO, text) == dollars


@pytest.mark.parametrize("text", ["€20", "20 €", "20 EUR", "£ 7", "-€3"])
def test_another_currency_in_a_file_is_not_read_as_dollars(text: str) -> None:
    assert parse_amount(text) is None
    assert why_no_amount(text) in {"is not in US dollars", "is below zero"}
    assert vocabulary.number(text) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[currency]\ncode = "EUR"', "the settings `currency.code` and `currency.rate` belong together"),
        ("[currency]\nrate = 0.9", "the settings `currency.code` and `currency.rate` belong together"),
        ('[currency]\ncode = "USD"\nrate = 1', "the settings `currency.code` and `currency.rate` belong together"),
        ('[currency]\ncode = "euro"\nrate = 1', "the setting `currency.code` is 'euro'"),
        ('[currency]\ncode = "EUR"\nrate = 0', "`currency.rate` is 0, not an amount above 0"),
        ('[currency]\ncode = "EUR"\nrate = 1\ndate = "today"', "the setting `currency.date` is 'today'"),
    ],
)
def test_a_currency_without_a_rate_is_refused(text: str, words: str) -> None:
    with pytest.raises(MissionError) as caught:
        check(parse(text, "x.toml"))
    assert words in str(caught.value)
