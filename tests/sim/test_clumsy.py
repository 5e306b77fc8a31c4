"""A person who makes single mistakes: no cap widens, nothing ends in silence, and each command that `why` names works."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.kit.nightly import NIGHTLY
from tests.sim.clumsy import TICKS, run_clumsily

if TYPE_CHECKING:
    from collections.abc import Callable

WORLDS = 100_000 // TICKS if NIGHTLY else 12
FOUND = (40, 63, 66, 5009, 5051, 20046, 20055, 20125, 40000, 40015, 40041, 40075)
"""Worlds in which a law did not hold once."""


@pytest.mark.parametrize("seed", [*range(WORLDS), *([] if NIGHTLY else FOUND)])
@pytest.mark.timeout(1800)
def test_no_single_mistake_widens_a_cap_or_ends_in_silence(
    seed: int, record_property: Callable[[str, object], None]
) -> None:
    counts = run_clumsily(seed, TICKS, shrink=NIGHTLY)
    record_property("counts", {f"clumsy: {what}": times for what, times in counts.items()})
