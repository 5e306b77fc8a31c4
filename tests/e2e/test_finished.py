"""What is over costs nothing, and is looked at again when somebody changes it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.kit.people import HONEST

from mission_cli.adapters.fs.runtime import FolderRuntime
from mission_cli.domain.ids import MissionId
from mission_cli.domain.status import MissionStatus
from mission_cli.engine.loop import pulse
from mission_cli.ports.git.state import Settled
from mission_cli.wiring.compose import open_repository

if TYPE_CHECKING:
    from tests.kit.people import Person

ONE = """\
title: One file
budget: {time_hours: 1}
preferences: {land: auto}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`"]}
"""

TWO = """\
title: Two files
budget: {time_hours: 1}
preferences: {land: auto}
milestones:
  - name: Only
    validation: ["file: `1.2.txt`"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`"]}
      - {title: two, criteria: ["file: `1.2.txt`"]}
"""


def test_a_finished_mission_is_not_looked_at_until_its_folder_changes(person: Person) -> None:
    person.worker(HONEST)
    person.plan(ONE)
    person.start()
    person.run()
    (person.runtime / "kick").touch()
    person.mission("pulse")

    ctx = open_repository(person.repo).context
    report = pulse(ctx)
    assert list(report.cases) == []
    assert {m: str(s.status) for m, s in report.settled.items()} == {"m": "completed"}
    assert person.mission("run", "m", "--json").facts["shown_as"] == "completed"

    person.file().write_text(person.file().read_text() + "\nA thought for later.\n")
    person.git("commit", "--quiet", "-am", "Think", cwd=person.repo / "missions")
    assert list(pulse(ctx).cases) == ["m"]
    assert list(pulse(ctx).cases) == []


def test_a_mission_that_waits_for_a_finished_one_starts(person: Person) -> None:
    person.worker(HONEST)
    person.plan(ONE)
    person.start()
    person.run()
    (person.runtime / "kick").touch()
    person.mission("pulse")
    person.plan(TWO, identity="next")
    table = "\n## Waits\n\n| Feature | Waiting for | Since | Timeout | Status |\n| --- | --- | --- | --- | --- |\n"
    person.file("next").write_text(person.file("next").read_text() + table + "| 1.2 | mission:m | | | waiting |\n")
    person.start("next")
    assert person.run("next").facts["shown_as"] == "completed"
    assert "next/1.2-a1" in person.starts()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"version": "1"}',
        '{"version": "1", "missions": []}',
        '{"version": "1", "missions": {"m": "completed"}}',
        '{"version": "1", "missions": {"m": ["abc", "splendid"]}}',
        '{"version": "0", "missions": {"m": ["abc", "completed"]}}',
    ],
)
def test_a_note_that_cannot_be_read_means_that_everything_is_looked_at(person: Person, text: str) -> None:
    person.runtime.mkdir(parents=True)
    (person.runtime / "settled.json").write_text(text)
    assert FolderRuntime(person.runtime, version="1", full_look=timedelta(hours=1)).settled() == {}


def test_a_folder_whose_content_is_the_same_again_is_settled_again(person: Person) -> None:
    person.worker(HONEST)
    person.plan(ONE)
    state = open_repository(person.repo).context.state
    stored = state.snapshot().missions[MissionId("m")]
    told = {stored.id: Settled(stored.content, MissionStatus.FAILED)}
    assert state.snapshot(told).missions == {}
    assert state.snapshot(told).settled == told
    other = {stored.id: Settled("", MissionStatus.FAILED)}
    assert state.snapshot(other).missions == {"m": stored}
