"""Three machines in network namespaces, one of which is cut off while it drives: what it did is kept, and once."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from tests.chaos.storm import FEATURES, PLAN
from tests.kit.hosts import network
from tests.kit.nightly import only_at_night

from mission_cli.wiring.compose import open_repository

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from tests.kit.hosts import Host

SEEDS = range(10)
WORKER = """\
if FEATURE == "1.2" and ATTEMPT == 1:
    os.mkfifo(OUTSIDE / "arrived")
    (OUTSIDE / "waits").touch()
    with open(OUTSIDE / "arrived", "w") as gate:
        gate.write("here")
    time.sleep(300)
write(f"{FEATURE}.txt", f"{FEATURE} by attempt {ATTEMPT} of {RUN}\\n")
commit()
"""
_MOST_PULSES = 60


def host_of(person: Host) -> str:
    return open_repository(person.repo).context.machine.me().rpartition(":")[2]


def pulses(dice: random.Random, people: list[Host]) -> None:
    """Let them all pulse at the same time, some of them twice."""
    begun: list[subprocess.Popen[bytes]] = [
        person.begin("pulse") for person in people for _ in range(dice.choice([1, 1, 2]))
    ]
    for pulse in begun:
        pulse.wait()


def write_thought(person: Host, heading: str, words: str) -> None:
    """A person's edit under a heading, committed beside whatever the loop commits."""
    file = person.file()
    text = file.read_text(encoding="utf-8")
    assert heading in text
    file.write_text(text.replace(heading, f"{heading}\n{words}\n", 1), encoding="utf-8")
    person.git("commit", "--quiet", "--only", "-m", words, "--", "m/mission.md", cwd=person.repo / "missions")


@only_at_night
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.timeout(600)
def test_one_of_three_is_cut_off(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - dice
    with network(tmp_path, ["ada", "ben", "eve"], worker=WORKER) as people:
        ada, ben, eve = people
        begin(dice, people)

        write_thought(eve, "# Eight files\n", "Eve's thought.")
        ada.cut_off()
        write_thought(ada, "## Progress Log\n", "Ada's thought, alone.")
        for _ in range(4):
            pulses(dice, people)
        assert "whose heartbeat was not renewed" in ben.mission("why", "m").out
        taken = [person.begin("takeover", "m") for person in (ben, eve)]
        codes = sorted(one.wait() for one in taken)
        assert codes in ([0, 0], [0, 4]), "both may have it, one after the other; never both at once"
        go_on(dice, people, ben)

        ada.connect()
        for _ in range(3):
            for person in people:
                (person.runtime / "kick").touch()  # where all is over, nobody asks the remote for a quarter of an hour
                person.mission("pulse")
                person.rest()
        assert_nothing_was_lost(people)


def begin(dice: random.Random, people: list[Host]) -> None:
    """The first starts a mission, all see it; return when a worker is at work that goes on for long."""
    ada = people[0]
    ada.plan(PLAN)
    ada.start()
    for person in people[1:]:
        person.git("fetch", "--quiet")
        person.mission("list")
    wait = ada.repo.parent / "arrived"
    for _ in range(_MOST_PULSES):
        pulses(dice, people)
        if wait.exists():
            break
    assert wait.read_text() == "here"


def go_on(dice: random.Random, people: list[Host], ben: Host) -> None:
    """Pulse until the mission is over for those who are not cut off."""
    for _ in range(_MOST_PULSES):
        pulses(dice, people)
        for person in people[1:]:
            person.rest()
        if str(ben.loaded().mission.status) == "completed":
            return


def assert_nothing_was_lost(people: list[Host]) -> None:
    """All have the same, and it is as if one had done it in a calm night."""
    ada = people[0]
    assert len({person.state_head() for person in people}) == 1
    assert ada.features() == dict.fromkeys(FEATURES, "done")
    began = Counter(run for person in people for run in person.starts())
    assert {run: times for run, times in began.items() if times > 1} == {}
    assert {cause for _, cause in ada.causes()} == {"done", "lost"}
    text = ada.git("show", "missions:m/mission.md", cwd=ada.repo / "missions")
    assert [words for words in ("Eve's thought.", "Ada's thought, alone.") if words not in text] == []
    driver = next(p for p in people if host_of(p) == ada.loaded().mission.host.rpartition(":")[2])
    assert driver is not ada
    for feature in FEATURES:
        assert driver.git("show", f"main:{feature}.txt").startswith(f"{feature} by attempt ")
