"""How long a forecast of 35 features in 7 milestones takes, and one of 5 features in 2; the median counts."""

from __future__ import annotations

import statistics
import time

from mission_cli.domain.forecast.priors import PRIOR
from mission_cli.domain.forecast.simulate import simulate
from mission_cli.domain.forecast.work import planned_work, spread_evenly

_TRIES = 7
_LONGEST = 1.0
"""Seconds for 35 features."""


def main() -> None:
    """Measure and print."""
    for features, milestones in ((5, 2), (35, 7)):
        work, taken = planned_work(spread_evenly(features, milestones), workers=4), []
        for at in range(_TRIES):
            before = time.process_time()
            found = simulate(work, PRIOR, str(at))
            taken.append(time.process_time() - before)
        median = statistics.median(taken)
        print(f"forecast of {features} features: {median:.2f} s of CPU, {found.runs} courses")
        assert median < _LONGEST


if __name__ == "__main__":
    main()
