"""Six features in two milestones: whoever dies at whatever step, the mission ends as if nobody had."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.crash.deaths import Deaths
from tests.crash.lives import End
from tests.kit.fakes.life import Kind
from tests.kit.nightly import EACH, NIGHTLY, by_day

if TYPE_CHECKING:
    from collections.abc import Callable

PAIRS = 1_000 if NIGHTLY else 30
SEEDS = range(20) if NIGHTLY else range(1)
FILES = ("1.1.txt", "1.2.txt", "1.3.txt", "2.1.txt", "2.2.txt", "2.3.txt")
AS_IF_NOTHING_HAD_HAPPENED = End(
    status="completed",
    milestones=("passed", "passed"),
    features=tuple((name.removesuffix(".txt"), "done") for name in FILES),
    base=(*((name, "good\n") for name in FILES), ("notes.txt", "hello\n")),
    open_runs=0,
    edits=0,
)


@pytest.fixture(scope="module")
def known() -> Deaths:
    """What the tests of one process have found out: what follows from a state need not be lived through again."""
    return Deaths()


@pytest.fixture
def deaths(known: Deaths) -> Deaths:
    return Deaths(begun=known.begun, lives=known.lives)


@pytest.mark.parametrize("kind", by_day([Kind.POWER_CUT, Kind.KILL], 1))
@pytest.mark.timeout(3600)
def test_a_death_at_every_step(kind: Kind, deaths: Deaths, record_property: Callable[[str, object], None]) -> None:
    """By day the power is cut; the tests below kill."""
    deaths.every(kind, each=EACH)
    deaths.within_the_caps()
    deaths.learns()
    assert deaths.counts["ends that learned"] > 1
    assert deaths.expected == AS_IF_NOTHING_HAD_HAPPENED
    assert deaths.counts[f"deaths by {kind}"] > 3_000 / EACH
    assert deaths.counts[f"states left by {kind}"] > 200 / EACH
    record_property("counts", dict(deaths.counts))


@pytest.mark.timeout(3600)
def test_kills_of_pulses_as_often_as_you_like(deaths: Deaths, record_property: Callable[[str, object], None]) -> None:
    deaths.kills_without_end(None if NIGHTLY else 100)
    deaths.within_the_caps()
    assert deaths.expected == AS_IF_NOTHING_HAD_HAPPENED
    record_property("counts", dict(deaths.counts))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.timeout(3600)
def test_two_deaths_in_one_life(seed: int, deaths: Deaths, record_property: Callable[[str, object], None]) -> None:
    deaths.pairs(PAIRS, seed)
    deaths.within_the_caps()
    assert deaths.expected == AS_IF_NOTHING_HAD_HAPPENED
    record_property("counts", dict(deaths.counts))


@pytest.mark.parametrize("forgotten", by_day([("code/refs/heads/mission/",), ("jobs/", "code/refs/claims/")], 1))
def test_what_is_not_synced_would_be_found_out(forgotten: tuple[str, ...]) -> None:
    deaths = Deaths(lazy=forgotten)
    with pytest.raises((AssertionError, KeyError)):
        deaths.every(Kind.POWER_CUT, each=EACH)
