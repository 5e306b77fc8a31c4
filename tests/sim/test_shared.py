"""Worlds of repositories that share budgets: at the same time, with deaths in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.kit.nightly import NIGHTLY
from tests.sim.shared import SharedSim

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("seed", range(60) if NIGHTLY else [3])
@pytest.mark.timeout(1800)
def test_no_intent_exceeds_a_budget_that_repositories_share(seed: int, tmp_path: Path) -> None:
    sim = SharedSim(seed, tmp_path)
    for _ in range(250 if NIGHTLY else 20):
        sim.tick()
    assert sim.counts["intents"] > 0
    if NIGHTLY:
        assert sim.counts["overtaken"] > 5
        assert sim.counts["deaths"] > 5
        assert sim.counts["held"] > 5
        sim.end()
