"""The dated table of prices: what it says, who may change it, and that a settlement keeps the prices of its day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_host, make_mission
from tests.kit.fakes.others import NoPrices
from tests.kit.nightly import only_at_night
from tests.unit.test_forecast_shown import AGENT, host_with_agent
from tests.unit.test_report import shown

from mission_cli.adapters.money.genai import table_text
from mission_cli.adapters.money.table import PACKAGED, TablePrices, matches, read_table
from mission_cli.app.addressing import resolve
from mission_cli.app.commands import lifecycle
from mission_cli.app.forecasting.prices import prices_shown, prices_updated
from mission_cli.app.forecasting.spending import budget_report
from mission_cli.app.queries.status import status_of
from mission_cli.app.report.report import mission_report
from mission_cli.app.results.outlook import PricesApart
from mission_cli.domain.errors import MissionError, NotFoundError
from mission_cli.engine.loop import pulse
from mission_cli.ports.agents.usage import Prices
from mission_cli.settings import RunnerSettings, Settings, check, parse
from mission_cli.settings.money import prices_of
from mission_cli.surfaces.lines import plain
from mission_cli.surfaces.reporting.prices import prices_csv, prices_text
from mission_cli.surfaces.views.money.budget import budget_lines

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kit.fakes.host import Host

    from mission_cli.ports.executor import JobSpec

TABLE = """\
{"date": "2026-11-02", "source": "a test", "providers": {"acme": {"match": {"contains": "acme"}, "names": {"starts_with": "bi"}}, "shop": {"fallback": \
["acme"]}}, "models": {
"acme": [
["big-2026-01-02",{"or":[{"equals":"big"},{"starts_with":"big-2026-01-02"}]},"3","15","0.3","3.75"]
]
}}
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return tmp_path / "config" / "prices.json"


def test_a_model_is_found_as_agents_spell_it_and_an_unknown_one_is_not_free(own: Path) -> None:
    own.parent.mkdir()
    own.write_text(TABLE)
    table = read_table(own)
    assert table is not None
    for name in ("acme/big", "ACME/Big", "my-acme/big", "shop/big", "shop/vendor/big", "big", "acme/big-20260102-v1"):
        found = table.find(name)
        assert found is not None, name
        assert found.per_million == {
            "input": Decimal(3), "output": Decimal(15), "cache_read": Decimal("0.3"), "cache_write": Decimal("3.75")
        }  # fmt: skip
    for name in ("bigger", "large", "acme/small", "other/big", "", "/", "acme/"):
        assert table.find(name) is None, name
        assert TablePrices(own, {}).prices(name) == Prices()


def test_clauses_match_as_they_say() -> None:
    assert matches({"and": [{"starts_with": "A"}, {"ends_with": "C"}]}, "abc")
    assert not matches({"and": [{"starts_with": "a"}, {"ends_with": "b"}]}, "abc")
    assert matches({"regex": "^a.c$"}, "abc")
    assert not matches(None, "abc")
    assert not matches({}, "abc")


def test_the_newer_table_counts_and_a_broken_one_counts_for_nothing(own: Path) -> None:
    packaged = read_table(PACKAGED)
    assert packaged is not None
    assert packaged.told.models > 1000
    prices = TablePrices(own, {})
    assert prices.told() == packaged.told
    own.parent.mkdir()
    own.write_text(TABLE.replace("2026-11-02", "2099-01-01"))
    assert TablePrices(own, {}).told().date == "2099-01-01"
    assert TablePrices(own, {}).prices("acme/big").table == "2099-01-01"
    own.write_text(TABLE.replace("2026-11-02", "2020-01-01"))
    assert TablePrices(own, {}).told() == packaged.told
    for broken in ("", "{", "[]", '{"date": "soon"}', TABLE.replace('"models"', '"modles"'), TABLE[:200]):
        own.write_text(broken)
        assert TablePrices(own, {}).told() == packaged.told, broken
    own.write_text(TABLE.replace("2026-11-02", "2099-01-01").replace('"3",', '"much",'))
    assert TablePrices(own, {}).prices("acme/big") == Prices()


def test_a_price_of_the_settings_counts_before_the_table(own: Path) -> None:
    text = (
        '[prices."Acme/Big"]\ninput = 1\noutput = 2.5\n[prices."local/free"]\ninput = 0\noutput = 0\ncache_read = 0\n'
    )
    settings = parse(text, "x.toml")
    check(settings)
    found = TablePrices(own, prices_of(settings.prices))
    kinds = {"input": "1e-6", "output": "2.5e-6", "cache_read": "1e-6", "cache_write": "1e-6"}
    assert found.prices("acme/big") == Prices({kind: Decimal(one) for kind, one in kinds.items()}, "settings")
    assert found.prices("local/free").cost({"input": 10**6, "output": 10**6}) == 0
    assert list(found.listed())[:2] == ["acme/big", "local/free"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[prices."acme/big"]\ninput = 1', "`prices.acme/big` needs both `input` and `output`"),
        ('[prices."acme big"]\ninput = 1\noutput = 1', "'acme big' is not a model"),
        ('[prices."acme/big"]\ninput = -1\noutput = 1', "`prices.acme/big.input` is -1, not an amount above 0"),
        ('[prices."acme/big"]\ninput = true\noutput = 1', "`prices.acme/big.input` is True, not an amount above 0"),
        ('[prices."acme/big"]\nreasoning = 1', "unknown setting `prices.acme/big.reasoning`"),
    ],
)
def test_a_price_that_cannot_be_is_refused(text: str, words: str) -> None:
    with pytest.raises(MissionError) as caught:
        check(parse(text, "x.toml"))
    assert words in str(caught.value)


def test_the_table_of_the_package_says_what_genai_prices_says() -> None:
    """On a sample: every seventh model, with each kind of tokens; a model without a price is not in the table."""
    from genai_prices import Usage
    from genai_prices.data import providers

    at = datetime(2026, 11, 29, tzinfo=UTC)
    made = table_text(providers[:7], "the installed package", at)
    table = read_table(PACKAGED)
    assert table is not None
    seen = 0
    for provider in providers[:7]:
        for model in provider.models[::7]:
            entry = next((e for e in table.all() if e.name == f"{provider.id}/{model.id}"), None)
            if entry is None or isinstance(model.prices, list):
                continue
            usage = Usage(input_tokens=3000, cache_read_tokens=1000, output_tokens=500)
            found = model.calc_price(usage, provider, genai_request_timestamp=at, auto_update_timestamp=None)
            mine = entry.per_million
            assert mine["input"] * 2000 + mine["cache_read"] * 1000 + mine["output"] * 500 == found.total_price * 10**6
            assert f'"{model.id}"' in made
            seen += 1
    assert seen > 10


@only_at_night
def test_an_update_writes_the_users_table_once_and_whole(own: Path) -> None:
    host = host_with_agent()
    later = datetime(2099, 5, 6, 7, tzinfo=UTC)
    host.jobs.clock.time.pass_by(later - host.jobs.clock.now())
    ctx = replace(host.context(), prices=TablePrices(own, {}))
    words = prices_updated(ctx, fetch=False)
    assert words.startswith(f"{own}: prices of ")
    assert "of 2099-05-06, from genai-prices " in words
    assert TablePrices(own, {}).told().date == "2099-05-06"
    assert [one.name for one in own.parent.iterdir()] == ["prices.json"]


def test_prices_are_shown_with_their_day_and_source(own: Path) -> None:
    own.parent.mkdir()
    own.write_text(TABLE.replace("2026-11-02", "2099-01-01"))
    host = host_with_agent()
    runner = RunnerSettings(models={"sonnet": "acme/big", "haiku": "acme/small"})
    host.settings = replace(host.settings, runners={"opencode": runner})
    ctx = replace(host.context(), prices=TablePrices(own, {}))
    found = prices_shown(ctx, "")
    assert prices_text(found).replace(str(own), "PLACE") == snapshot("""\
model       input    output   cache read  cache write  prices of
acme/big    $3       $15      $0.3        $3.75        2099-01-01
acme/small  unknown  unknown  unknown     unknown      unknown

dollars per million tokens, of 1 known model, from a test
table of 2099-01-01: PLACE\
""")
    assert prices_csv(found) == snapshot("""\
model,input,output,cache_read,cache_write,table
acme/big,3,15,0.3,3.75,2099-01-01
acme/small,,,,,
""")
    assert [one.model for one in prices_shown(ctx, "BIG").prices] == ["acme/big-2026-01-02"]
    assert [one.model for one in prices_shown(ctx, "shop/big").prices] == ["shop/big"]
    with pytest.raises(NotFoundError) as caught:
        prices_shown(ctx, "acme/bag")
    assert caught.value.message == "no price of acme/bag is known"


class Dated(NoPrices):
    """One price for every model, of a day."""

    def __init__(self, price: str, day: str) -> None:
        self._found = Prices(dict.fromkeys(("input", "output"), Decimal(price)), day)

    def prices(self, model: str) -> Prices:
        """The price."""
        del model
        return self._found


def _works(spec: JobSpec) -> Outcome:
    name = spec.program.env["MISSION_FEATURE"]
    made = {f"{name}.txt": spec.key}
    return Outcome(60.0, made, costs=(Decimal("1.5"),), tokens={"input": 900_000, "output": 100_000}, completes=name)


def _served(host: Host, rounds: int, prices: NoPrices) -> None:
    for _ in range(rounds):
        assert not pulse(replace(host.context(), prices=prices)).bugs
        host.jobs.clock.time.pass_by(timedelta(minutes=10))
        host.jobs.work()


def test_a_settlement_keeps_the_prices_of_its_day() -> None:
    host = make_host(_works)
    agent = RunnerSettings(kind="opencode", command=("opencode",), models={"sonnet": "acme/big"})
    host.settings = replace(host.settings, runners={"opencode": agent})
    make_mission(host, AGENT.replace("max_parallel_workers: 2", "max_parallel_workers: 1"))
    lifecycle.start(host.context(), "m")
    _served(host, 8, Dated("1e-6", "2026-11-02"))
    ctx = replace(host.context(), prices=Dated("7e-6", "2099-01-01"))
    address = resolve(ctx.state.snapshot(), "m")
    first = budget_report(ctx, address).attempts[0]
    assert (first.listed_usd, first.prices, first.differs_by) == (Decimal(1), "2026-11-02", 50)
    assert next(notice.text for notice in budget_report(ctx, address).notices) == snapshot(
        "m/1.1-a1 cost $1.50 by its agent, $1 by list prices of 2026-11-02 (+50 %)"
    )
    view = status_of(ctx, ctx.state.snapshot(), address)
    assert plain(budget_lines(view, 0)).splitlines()[-1] == snapshot(
        "prices   2 attempts cost $3 by the agent, $2 by list prices → mission budget report m"
    )
    assert mission_report(ctx, address).listPrices == PricesApart(2, Decimal(3), Decimal(2))
    assert "List prices" in shown(mission_report(ctx, address), "md")


def test_no_setting_means_no_price_of_ones_own() -> None:
    assert prices_of(Settings().prices) == {}
