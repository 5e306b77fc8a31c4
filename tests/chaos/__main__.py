"""A storm by hand: `python -m tests.chaos --rounds 1000 --seed 7` prints what died, and how it ended."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tests.chaos.storm import PLAN, WORKER, Storm, assert_nothing_was_lost
from tests.kit.people import make_person


def main() -> int:
    """Blow, and look at what is left."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HOME"] = folder
        Path(folder, ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.org\n")
        person = make_person(Path(folder, "repo"))
        person.worker(WORKER)
        person.plan(PLAN)
        person.start()
        storm = Storm(person, wanted.seed)
        try:
            storm.blow(wanted.rounds)
            storm.end()
            assert_nothing_was_lost(storm, person)
        finally:
            for thing, times in sorted(storm.done.items()):
                print(f"{times:5} {thing}")  # noqa: T201 - a command
            person.leave()
    print(f"nothing was lost (seed {wanted.seed}, {wanted.rounds} rounds)")  # noqa: T201 - see above
    return 0


if __name__ == "__main__":
    sys.exit(main())
