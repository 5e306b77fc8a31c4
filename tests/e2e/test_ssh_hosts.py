"""Missions whose workers run on three machines with a real sshd."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from tests.kit.nightly import only_at_night
from tests.kit.ssh_missions import Fleet, fleet, until

from mission_cli.adapters.executors.remote.followed import open_marks
from mission_cli.adapters.executors.remote.host_state import read_state

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PATIENCE = 40
ADOPTED_AFTER = 2
"""Pulses."""
SLOW = """\
time.sleep(2)  # its work: something dies meanwhile
write(f"{FEATURE}.txt", f"{FEATURE} by attempt {ATTEMPT}\\n")
commit()
"""


@only_at_night
def test_twelve_features_are_built_on_three_machines(tmp_path: Path) -> None:
    with fleet(tmp_path, source=SLOW) as three:
        three.plan(12)
        three.person.run()
        assert set(three.person.features().values()) == {"done"}
        assert three.person.loaded().mission.status == "completed"
        by_host = Counter(work.host for work in three.done())
        assert (sum(by_host.values()), set(by_host)) == (12, {"a", "b", "c"})
        assert min(by_host.values()) >= 3
        assert [three.most_at_once(name) for name in three.names] == [2, 2, 2]
        assert three.doubled() == {}
        assert set(three.person.git("ls-files").split()) == {"notes.txt", *(f"1.{n}.txt" for n in range(1, 13))}


LONG = SLOW.replace("sleep(2)", "sleep(6)")


def running(one: Fleet) -> bool:
    """A worker is at work."""
    return any(not work.ended for work in one.done())


def file_there(one: Fleet, pattern: str) -> bool:
    """A file is on the machine."""
    return any(True for _ in (one.network["a"].home / ".cache" / "mission").glob(pattern))


STEPS: dict[str, Callable[[Fleet], bool]] = {
    "submitted": lambda one: any(one.person.runtime.glob("jobs/m/1.*/spec.json")),
    "requested": lambda one: file_there(one, "*/code.git/refs/mission/requests/**/1.*"),
    "begun there": lambda one: file_there(one, "*/runs/*/began"),
    "at work": running,
    "worked": lambda one: any(work.ended for work in one.done()),
    "delivered": lambda one: file_there(one, "*/code.git/refs/mission/results/**/1.*"),
}
"""How far the first attempt has come."""
HERE: dict[str, Callable[[Fleet], object]] = {
    "pulse": lambda one: one.kill_here("pulse"),
    "follower": lambda one: one.kill_here("_follow"),
    "connection": lambda one: one.kill_here("-M", "-N"),
    "git": lambda one: one.kill_here("GIT") or one.kill_here("git-upload-pack") or one.kill_here("git-receive-pack"),
}
THERE: dict[str, Callable[[Fleet], object]] = {
    "sshd": lambda one: one.network["a"].kill_each("sshd: root"),
    "keeper": lambda one: one.network["a"].kill_each("VERB FOLDER"),
    "node program": lambda one: one.network["a"].kill_each("_node --root"),
    "supervisor": lambda one: one.network["a"].kill_each("_supervise"),
    "worker": lambda one: one.network["a"].kill_each("bin/worker"),
    "machine": lambda one: one.network["a"].restart(),
}


def lived_through(one: Fleet, kill: Callable[[Fleet], object], step: str) -> list[str]:
    """Begin, kill at a step, go on; return the attempts that were made."""
    one.plan(2)
    first = one.begin_pulse()
    until(lambda: STEPS[step](one))
    kill(one)
    first.wait()
    for _ in range(ADOPTED_AFTER):
        one.pulse()
    assert one.here("_follow") or not any(open_marks(place) for place in one.person.runtime.glob("hosts/*"))
    for _ in range(PATIENCE):
        one.pulse()
        one.person.rest()
        if one.person.loaded().mission.status == "completed":
            break
    assert one.person.features() == {"1.1": "done", "1.2": "done"}
    assert one.doubled() == {}
    return sorted({work.run.partition("/")[2] for work in one.done()})


@only_at_night
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("victim", HERE)
def test_nothing_is_lost_when_something_is_killed_on_this_side(tmp_path: Path, victim: str, step: str) -> None:
    with fleet(tmp_path, ["a"], source=LONG) as one:
        assert lived_through(one, HERE[victim], step) == ["1.1-a1", "1.2-a1"]


@only_at_night
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("victim", THERE)
def test_nothing_is_done_twice_when_something_is_killed_there(tmp_path: Path, victim: str, step: str) -> None:
    with fleet(tmp_path, ["a"], source=LONG) as one:
        attempts = lived_through(one, THERE[victim], step)
        assert {attempt.partition("-")[0] for attempt in attempts} == {"1.1", "1.2"}
        assert len(attempts) <= 4


@only_at_night
@pytest.mark.timeout(900)
def test_a_network_that_is_away_for_longer_than_any_connection_lives(tmp_path: Path) -> None:
    """Keep-alives end a connection after 30 s, here and there: what holds after that holds after any time."""
    with fleet(tmp_path, ["a"], source=LONG) as one:
        one.plan(2)
        one.begin_pulse().wait()
        until(lambda: running(one))
        machine, place = one.network["a"], one.person.runtime / "hosts" / "a"
        machine.cut_off()
        until(lambda: all(work.ended for work in one.done()))
        until(lambda: not read_state(place).reachable)
        until(lambda: machine.commanded("sshd: root") == [])
        one.pulse()
        assert set(one.person.features().values()) == {"dispatched"}
        assert "a" in one.person.mission("why", "m/1.1").out
        machine.connect()
        until(lambda: not open_marks(place), one.pulse)
        for _ in range(ADOPTED_AFTER):
            one.pulse()
            one.person.rest()
        assert one.person.features() == {"1.1": "done", "1.2": "done"}
        assert sorted(work.run for work in one.done()) == ["m/1.1-a1", "m/1.2-a1"]


@only_at_night
def test_clocks_an_hour_ahead_and_behind_change_nothing(tmp_path: Path) -> None:
    with fleet(tmp_path, source=SLOW, clocks=[3600, -3600, 0]) as three:
        three.plan(6)
        three.person.run()
        assert set(three.person.features().values()) == {"done"}
        assert Counter(work.host for work in three.done()) == {"a": 2, "b": 2, "c": 2}
        assert three.doubled() == {}
        said = three.person.mission("status", "m", "--json").facts
        assert said["problems"] == []
