"""Deaths by hand: `python -m tests.crash --pairs 20000 --seed 7` prints how many there were, and that all ended well."""

from __future__ import annotations

import argparse
import sys

from tests.crash.deaths import Deaths
from tests.kit.fakes.life import Kind


def main() -> int:
    """Let everything die, and count."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--pairs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args()
    deaths = Deaths()
    for kind in Kind:
        deaths.every(kind)
    deaths.kills_without_end()
    deaths.pairs(wanted.pairs, wanted.seed)
    deaths.within_the_caps()
    for what, times in deaths.counts.items():
        print(f"{times:7} {what}")  # noqa: T201 - a command
    print(f"every one of them ended like this: {deaths.expected}")  # noqa: T201 - see above
    return 0


if __name__ == "__main__":
    sys.exit(main())
