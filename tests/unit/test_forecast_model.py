"""The forecast against data: a back test on real missions, simulated missions that differ from the priors, and laws."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tests.kit.nightly import only_at_night

from mission_cli.domain.forecast.figures import Figures, Past, Spread, fitted, learned
from mission_cli.domain.forecast.outcomes import NOTHING_YET, Range, SoFar
from mission_cli.domain.forecast.priors import CACHE_SHARES, PRICE_SPREAD, PRIOR
from mission_cli.domain.forecast.simulate import range_of, simulate
from mission_cli.domain.forecast.work import Stage, Unit, Work, planned_work, spread_evenly

KINDS = ("input", "cache_read", "cache_write", "output")
with (Path(__file__).parents[1] / "data" / "missions.csv").open(encoding="utf-8") as file:
    ROWS = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
REAL = [
    Past(
        int(row["features"]),
        int(row["fixes"]),
        int(row["attempts"]),
        sum(row[kind] for kind in KINDS),
        row["minutes"],
        row["usd"],
    )
    for row in ROWS
]
EXACT = Figures(Spread(0, 0, 0, 0), Spread(math.log(10), 0, 0, 0), fixes=0, fix_shape=1, again=0, judging=1)
"""Every attempt takes 10 minutes and a token, judging a minute; nothing fails."""


def exactly(value: float) -> Range:
    """The range of an outcome that is certain."""
    one: Any = pytest.approx(value)
    return Range(one, one, one)


def test_the_priors_are_what_the_data_says() -> None:
    found = fitted(REAL, PRIOR)
    assert found.tokens is not None
    assert PRIOR.tokens is not None
    for here, there in ((found.tokens, PRIOR.tokens), (found.minutes, PRIOR.minutes)):
        assert (here.mean, here.missions, here.unsure) == pytest.approx(
            (there.mean, there.missions, there.unsure), abs=6e-4
        )
    assert (found.fixes, found.fix_shape, found.again) == pytest.approx(
        (PRIOR.fixes, PRIOR.fix_shape, PRIOR.again), abs=6e-4
    )
    total = sum(past.tokens for past in REAL)
    assert {kind: sum(row[kind] for row in ROWS) / total for kind in KINDS} == pytest.approx(CACHE_SHARES, abs=6e-5)
    prices = [math.log(past.usd / past.tokens) for past in REAL]
    mean = sum(prices) / len(prices)
    spread = math.sqrt(sum((price - mean) ** 2 for price in prices) / (len(prices) - 1))
    assert spread == pytest.approx(PRICE_SPREAD, abs=6e-3)


def test_each_real_mission_is_forecast_from_the_others_by_its_features_and_milestones_alone() -> None:
    below, within = 0, 0
    for at, (row, past) in enumerate(zip(ROWS, REAL, strict=True)):
        figures = fitted(REAL[:at] + REAL[at + 1 :], PRIOR)
        work = planned_work(spread_evenly(past.planned, int(row["milestones"])), workers=2)
        tokens = simulate(work, figures, f"back test {at}", runs=300).tokens
        assert tokens is not None
        below += past.tokens <= tokens.p50
        within += past.tokens <= tokens.p90
    assert 0.40 <= below / len(REAL) <= 0.60
    assert 0.85 <= within / len(REAL) <= 0.95


class Truth:
    """How missions really are somewhere: unlike the priors."""

    def __init__(
        self,
        *,
        mean: float = PRIOR.tokens.mean if PRIOR.tokens else 0,
        missions: float = 0.26,
        attempts: float = 0.5,
        fixes: float = 0.277,
        again: float = 0.14,
        shape: float = 0.79,
    ) -> None:
        self.mean, self.missions, self.attempts = mean, missions, attempts
        self.fixes, self.again, self.shape = fixes, again, shape

    def mission(self, draw: Random) -> Past:
        """Draw a mission that has ended."""
        planned, size = draw.randint(2, 9), draw.gauss(self.mean, self.missions)
        rate = draw.gammavariate(self.shape, self.fixes / self.shape) * planned
        fixes, waited = 0, draw.expovariate(1)
        while waited < rate:
            fixes, waited = fixes + 1, waited + draw.expovariate(1)
        attempts = 0
        for _ in range(planned + fixes):
            attempts += 1 + next((n for n in range(2) if draw.random() >= self.again), 2)
        tokens = sum(math.exp(draw.gauss(size, self.attempts)) for _ in range(attempts))
        return Past(planned, fixes, attempts, tokens)


MEAN = Truth().mean
TRUTHS = {
    "five times as much": Truth(mean=MEAN + math.log(5)),
    "twice as much": Truth(mean=MEAN + math.log(2)),
    "a fifth more": Truth(mean=MEAN + math.log(1.2)),
    "a third of it": Truth(mean=MEAN - math.log(3)),
    "more alike": Truth(missions=0.1, attempts=0.3),
    "less alike": Truth(missions=0.6),
    "more fixes": Truth(fixes=0.8),
    "few fixes and retries": Truth(fixes=0.05, again=0.02),
    "more retries": Truth(again=0.35),
    "half, and more alike": Truth(mean=MEAN - math.log(2), missions=0.15, attempts=0.4, fixes=0.15),
}


def shares(name: str, missions: int, history: int) -> tuple[float, float]:
    """Return the shares of simulated missions that used at most P50, and at most P90."""
    truth, draw = TRUTHS[name], Random(name)  # noqa: S311 - statistics
    below, within = 0, 0
    for at in range(missions):
        figures = learned(PRIOR, [truth.mission(draw) for _ in range(history)])
        mission = truth.mission(draw)
        tokens = simulate(planned_work((mission.planned,)), figures, f"{name} {at}", runs=200).tokens
        assert tokens is not None
        below += mission.tokens <= tokens.p50
        within += mission.tokens <= tokens.p90
    return below / missions, within / missions


def over_all(missions: int) -> tuple[float, float]:
    """Return the shares over all truths, with ten missions of history."""
    found = [shares(name, missions, 10) for name in TRUTHS]
    return sum(low for low, _ in found) / len(found), sum(high for _, high in found) / len(found)


@only_at_night
@pytest.mark.timeout(280)
def test_after_ten_missions_forecasts_hold_where_the_truth_is_another() -> None:
    below, within = over_all(200)
    assert 0.45 <= below <= 0.55
    assert 0.85 <= within <= 0.95


def test_after_ten_missions_forecasts_hold_in_a_sample() -> None:
    below, within = over_all(4)
    assert 0.36 <= below <= 0.64
    assert 0.80 <= within <= 1


def test_one_mission_weighs_a_little_and_a_clear_contradiction_weighs_a_lot() -> None:
    assert PRIOR.tokens is not None
    assert learned(PRIOR, []) == PRIOR
    typical = math.exp(PRIOR.tokens.mean + PRIOR.tokens.attempts**2 / 2)
    few = learned(PRIOR, [Past(100, 28, 149, 149 * typical * 1.1, 149 * 18)]).tokens
    assert few is not None
    moved = (few.mean - PRIOR.tokens.mean) / math.log(1.1)
    assert moved == pytest.approx(1 / 11, abs=0.01)
    much = learned(PRIOR, [Past(5, 0, 5, 5 * typical * 20)] * 3).tokens
    assert much is not None
    assert (much.mean - PRIOR.tokens.mean) / math.log(20) > 0.9
    assert learned(PRIOR, [Past(4, 1, 6)] * 4).tokens == PRIOR.tokens  # their tokens are unknown
    assert learned(PRIOR, [Past(4, 1, 6)] * 4).missions == 4


@pytest.mark.parametrize(
    ("work", "minutes"),
    [
        (planned_work((1,)), 12),
        (planned_work((4,), workers=1), 42),
        (planned_work((4,), workers=2), 23),  # the merges of two that end at once wait for one another
        (planned_work((4,), workers=4), 15),
        (planned_work((2, 2), workers=4), 26),
        (Work((Stage((Unit(), Unit(needs=(0,)), Unit(needs=(1,))), 3),), workers=3), 34),
        (Work((Stage((Unit(running=4), Unit(judged=True)), 2),)), 8),
        (Work((Stage((Unit(opens=60),), 1),)), 72),
        (Work((Stage((Unit(), Unit()), 2),), windows=((600, 605),), minute=540), 1440 + 60 + 12),
        (Work((Stage((Unit(),), 1),), windows=((1320, 420),), minute=0), 12),
        (Work((Stage((), 3),)), 1),
        (Work(()), 0),
    ],
)
def test_the_graph_slots_windows_waits_and_merges_decide_when_it_ends(work: Work, minutes: float) -> None:
    assert simulate(work, EXACT, "x", runs=3).minutes == exactly(minutes)


def test_what_runs_already_and_what_is_done_counts() -> None:
    assert PRIOR.tokens is not None
    fresh = simulate(planned_work((4,)), PRIOR, "x", runs=400)
    half = simulate(Work((Stage((Unit(), Unit()), planned=4),)), PRIOR, "x", runs=400)
    dear = SoFar(attempts=8, tokens=8 * 4 * math.exp(PRIOR.tokens.mean), minutes=8 * 18)
    after = simulate(Work((Stage((Unit(), Unit()), planned=4),)), PRIOR, "x", dear, runs=400)
    assert fresh.tokens is not None
    assert half.tokens is not None
    assert after.tokens is not None
    assert half.tokens.p50 < 0.7 * fresh.tokens.p50
    assert after.tokens.p50 > 2 * half.tokens.p50
    late = replace(EXACT, minutes=Spread(math.log(10), 0, 1, 0))
    waiting = simulate(Work((Stage((Unit(running=600),), 1),)), late, "x").minutes.p50
    assert waiting > simulate(Work((Stage((Unit(running=1),), 1),)), late, "x").minutes.p50


def test_retries_fix_features_and_prices_count() -> None:
    plain = simulate(planned_work((5,)), EXACT, "x")
    more = simulate(planned_work((5,)), replace(EXACT, again=0.5, fixes=0.8), "x", runs=400)
    assert plain.tokens == Range(5, 5, 5)
    assert more.tokens is not None
    assert more.tokens.p90 > more.tokens.p50 > 5
    assert more.minutes.p50 > plain.minutes.p50
    fixed = Work((Stage((Unit(),) * 5, planned=5, fixes=100),))
    assert simulate(fixed, replace(EXACT, fixes=0.8), "x").tokens == Range(5, 5, 5)
    priced = replace(EXACT, usd_per_token=Spread(math.log(2), 0, 0, 0))
    assert simulate(planned_work((5,)), priced, "x").usd == exactly(10)
    dollars = replace(EXACT, tokens=None, usd=Spread(math.log(3), 0, 0, 0))
    assert simulate(planned_work((5,)), dollars, "x").usd == exactly(15)
    assert simulate(planned_work((5,)), dollars, "x").tokens is None


def test_equal_states_give_equal_forecasts() -> None:
    work = planned_work(spread_evenly(11, 3), workers=2)
    assert simulate(work, PRIOR, "a", runs=50) == simulate(work, PRIOR, "a", NOTHING_YET, runs=50)
    assert simulate(work, PRIOR, "a", runs=50) != simulate(work, PRIOR, "b", runs=50)
    assert [simulate(planned_work((n,)), EXACT, "a").runs for n in (1, 20, 100)] == [2000, 1000, 500]


@pytest.mark.parametrize(
    ("features", "milestones", "found"), [(1, 1, (1,)), (7, 3, (3, 2, 2)), (2, 5, (1, 1)), (3, 0, (3,))]
)
def test_features_are_spread_over_milestones(features: int, milestones: int, found: tuple[int, ...]) -> None:
    assert spread_evenly(features, milestones) == found


def test_a_range_is_a_tenth_a_half_and_nine_tenths() -> None:
    assert range_of(range(101)) == Range(10, 50, 90)
    assert range_of([3.0]) == Range(3, 3, 3)
