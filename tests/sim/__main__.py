"""Worlds by hand: `python -m tests.sim --ticks 100000 --seed 7` prints what happened; a failure is shrunk and shown."""

from __future__ import annotations

import argparse
import sys
from collections import Counter

from tests.sim.clumsy import TICKS, run_clumsily
from tests.sim.phased import PhaseSim
from tests.sim.pulled import PullSim
from tests.sim.run import LENGTH, run
from tests.sim.sim import RecurringSim, ReviewSim, Sim


def main() -> int:
    """Run worlds of one seed after the other."""
    parser = argparse.ArgumentParser(prog="python -m tests.sim", description=__doc__)
    parser.add_argument("--ticks", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--recurring", action="store_true", help="the mission is run through every eight hours")
    parser.add_argument("--reviews", action="store_true", help="agents review what others made")
    parser.add_argument("--clumsy", action="store_true", help="a person makes mistakes, and nothing else goes wrong")
    parser.add_argument("--phases", action="store_true", help="the mission has phases, and people decide at gates")
    parser.add_argument("--pulls", action="store_true", help="each feature is merged by a pull request")
    wanted = parser.parse_args()
    kinds = {"recurring": RecurringSim, "reviews": ReviewSim, "pulls": PullSim, "phases": PhaseSim}
    kind = next((kind for name, kind in kinds.items() if getattr(wanted, name)), Sim)
    length = TICKS if wanted.clumsy else LENGTH
    ticks = wanted.ticks or (length if wanted.clumsy else 2_000)
    counts: Counter[str] = Counter()
    for seed in range(wanted.seed, wanted.seed + max(1, ticks // length)):
        counts += run_clumsily(seed, length, shrink=True) if wanted.clumsy else run(seed, length, kind, shrink=True)
    for what, times in sorted(counts.items()):
        print(f"{times:7} {what}")  # noqa: T201 - a command
    return 0


if __name__ == "__main__":
    sys.exit(main())
