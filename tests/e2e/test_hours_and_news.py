"""Hours in which workers may run, and the hook that tells a person what happened."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from inline_snapshot import snapshot
from tests.kit.loopback import Reply, loopback
from tests.kit.nightly import only_at_night
from tests.kit.people import HONEST

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kit.people import Person

ONE = """\
title: One; $(touch pwned)
budget: {time_hours: 1}
preferences: {land: auto}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features: [{title: one, criteria: ["file: `1.1.txt`"]}]
"""


class Ear:
    """A named pipe that the hook writes lines to."""

    def __init__(self, place: Path) -> None:
        os.mkfifo(place)
        self._pipe = os.open(place, os.O_RDWR)
        self._rest = b""

    def hear(self, count: int) -> list[str]:
        """The next lines, sorted: hooks run beside each other."""
        while self._rest.count(b"\n") < count:
            self._rest += os.read(self._pipe, 4096)
        *lines, self._rest = self._rest.split(b"\n")
        return sorted(line.decode() for line in lines)


def test_outside_of_its_hours_nothing_is_started_and_why_says_until_when(person: Person) -> None:
    person.worker(HONEST)
    opens = datetime.now().astimezone() + timedelta(hours=2)
    person.set(f'hours = "{opens:%H:%M}-{opens + timedelta(hours=1):%H:%M}"')
    person.plan(ONE)
    person.start()
    blocked = person.mission("why", "m/1.1", "--json").facts["why"][0]["holds"][0]
    assert (blocked["kind"], blocked["detail"]) == (
        "hours",
        f"outside the hours in which workers may run, until {opens:%H:%M}",
    )
    assert person.starts() == []
    person.rest()
    person.set('hours = "00:00-24:00"')
    person.run()
    assert person.starts() == ["m/1.1-a1"]


def test_the_hook_is_told_what_landed_failed_waits_and_is_completed_once(person: Person, tmp_path: Path) -> None:
    ear = Ear(tmp_path / "ear")
    person.worker("if ATTEMPT <= 2:\n    sys.exit(0)\n", HONEST)
    person.set(f'notify = \'printf "%s|%s|%s\\n" "$MISSION_ID" "$MISSION_EVENT" "$MISSION_WORDS" >> {tmp_path}/ear\'')
    person.plan(ONE)
    person.start()
    person.run(ok=(3,))
    assert ear.hear(2) == snapshot(
        [
            "m|failed|1.1 one: noop: it ended with exit 0 and left no commit",
            "m|waiting|1.1 it failed twice in the same way without any new change (noop: it ended with exit 0 and left no commit): mission retry m/1.1",
        ]
    )
    person.mission("pulse")
    person.mission("retry", "m/1.1")
    person.run()
    heard = ear.hear(2)
    commit = person.loaded().mission.milestones[0].passed_at[:7]
    assert [line.replace(commit, "COMMIT") for line in heard] == snapshot(
        [
            "m|completed|every milestone passed, the final validation passed, and the work has landed",
            "m|landed|COMMIT is on main",
        ]
    )
    assert not (person.repo / "pwned").exists()


@only_at_night
def test_after_six_looks_in_which_nothing_moved_the_hook_is_told_what_blocks(person: Person, tmp_path: Path) -> None:
    ear = Ear(tmp_path / "ear")
    person.worker("sys.exit(127)\n")
    person.set(f'notify = \'printf "%s|%s|%s\\n" "$MISSION_ID" "$MISSION_EVENT" "$MISSION_WORDS" >> {tmp_path}/ear\'')
    person.set('outage_delays = ["0s", "1h"]')
    person.plan(ONE.replace("}]\n", "}, {title: two, depends: ['1.1']}]\n"))
    person.start()
    while person.causes() != [("1.1-a1", "infrastructure"), ("1.1-a2", "infrastructure")]:
        person.rest()
        person.mission("pulse")
    assert [person.mission("pulse", "m").out for _ in range(8)] == [""] * 8
    [line] = ear.hear(1)
    until = line.partition(" until ")[2].partition(",")[0]
    assert line.replace(until, "UNTIL") == snapshot(
        "m|stuck|no progress in 6 observations: 1.1 backoff: until UNTIL, after infrastructure: the runner's command could not be executed (exit 127); 1.2 dependency: it depends on 1.1, which is pending"
    )
    told = json.loads((person.runtime / "told.json").read_text())
    assert sorted(told["m"]) == ["still.looks", "still.mark", "stuck"]

    person.worker(HONEST)
    person.mission("retry", "m/1.1")
    person.run()
    assert "stuck" not in json.loads((person.runtime / "told.json").read_text())["m"]


def test_a_rule_sends_to_its_channel_and_the_address_is_written_nowhere(person: Person, tmp_path: Path) -> None:
    person.worker(HONEST)
    with loopback(lambda _: Reply(200)) as ear:
        (tmp_path / "channel").write_text(f"{ear.url.replace('http:', 'json:')}/hush-4711")
        rule = f'[notifications.ops]\nchannels = ["file:{tmp_path}/channel"]\nevents = ["milestone.passed", "mission.l*"]\n'
        person.tables.append(rule)
        person.save_settings()
        person.plan(ONE)
        person.mission("pulse")
        person.start()
        person.run()
        person.mission("pulse")
        assert [(one.path, one.json["title"]) for one in ear.asked] == [
            ("/hush-4711", "m: milestone.passed"),
            ("/hush-4711", "m: mission.landed"),
        ]
    written = [file for file in (person.repo / ".git/mission").rglob("*") if file.is_file()]
    assert [file.name for file in written if b"hush-4711" in file.read_bytes()] == []
