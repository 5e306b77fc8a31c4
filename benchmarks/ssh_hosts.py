"""What hosts that `ssh` reaches cost: seconds per job, and the makespan of a mission as a ratio.

    python benchmarks/ssh_hosts.py [ROUNDS] [FEATURES] [SECONDS]

Starts three machines with an sshd in namespaces; needs root, openssh-server and iproute2. Runs a job that does nothing
here and on a machine, so many times each (7), and prints the difference of the medians; each job on the machine has to
connect first. Then runs a mission of so many equal features (12) of so many seconds (45) on three machines with two
slots each, and prints how much longer it took than the work itself. Nothing else may use the processors meanwhile.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, os.fspath(Path(__file__).parents[1]))

import pytest
from tests.kit.ssh_missions import Fleet, fleet

from mission_cli.domain.status import JobKind, JobState
from mission_cli.ports.executor import JobSpec, Program, Tree
from mission_cli.wiring.compose import open_repository

TARGET_S, TARGET_RATIO = 2.0, 1.1
WORK = """\
time.sleep({seconds})  # its work
write(f"{{FEATURE}}.txt", "x\\n")
commit()
"""


def took(one: Fleet, number: int, place: str) -> float:
    """Run a job that does nothing; return the seconds from its submission to its end."""
    executor = open_repository(one.person.repo, create=True, ticking=False).context.executor
    key = f"m/1.1-a{number}"
    base = one.person.git("rev-parse", "HEAD")
    spec = JobSpec(
        key=key,
        kind=JobKind.WORKER,
        tree=Tree(commit=base, branch=f"mission/{key}"),
        program=Program(argv=("true",), env={"MISSION_RUN": key, "MISSION_FEATURE": "1.1", "MISSION_ATTEMPT": "1"}),
        place=place,
    )
    began = time.monotonic()
    executor.submit(spec)
    while executor.poll([key])[key].state is not JobState.ENDED:
        executor.wait(key)
    end = executor.poll([key])[key].exit
    assert end is not None
    assert end.code == 0, end
    return time.monotonic() - began


def overhead(one: Fleet, rounds: int) -> None:
    """Print what a job on a machine costs beyond one here."""
    numbers = iter(range(1, 1000))
    took(one, next(numbers), "a")
    pairs = [(took(one, next(numbers), ""), took(one, next(numbers), "a")) for _ in range(rounds)]
    here, there = (statistics.median(side) for side in zip(*pairs, strict=True))
    print(f"job here {here:.2f} s, there {there:.2f} s: {there - here:.2f} s more (target {TARGET_S:.1f})")


def makespan(one: Fleet, features: int, seconds: float) -> None:
    """Print how long a mission took against the time of its work."""
    one.plan(features)
    one.person.run()
    done = one.done()
    assert len(done) == features
    first, last = min(work.began for work in done), max(work.ended for work in done)
    slots = one.workers * len(one.names)
    ideal = seconds * -(-features // slots)
    ratio = (last - first) / ideal
    print(f"{features} features of {seconds:.0f} s on {slots} slots: {ratio:.2f} of the ideal (target {TARGET_RATIO})")


def main() -> None:
    """Measure."""
    words = [float(word) for word in sys.argv[1:]]
    rounds, features, seconds = [*words, *(7, 12, 45.0)[len(words) :]]
    with tempfile.TemporaryDirectory() as place:
        home = Path(place, "home")
        home.mkdir()
        (home / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.org\n")
        os.environ["HOME"] = os.fspath(home)
        try:
            with fleet(Path(place, "one"), ["a"]) as one:
                overhead(one, int(rounds))
            with fleet(Path(place, "three"), source=WORK.format(seconds=seconds)) as three:
                makespan(three, int(features), seconds)
        except pytest.skip.Exception as missing:
            print(f"not measured: {missing}")


if __name__ == "__main__":
    main()
