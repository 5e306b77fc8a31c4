"""`kill -9` of a pulse at every step of an attempt's life: the next pulses reach the same end."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from tests.kit.killed import run_under
from tests.kit.nightly import by_day
from tests.kit.people import HONEST

from mission_cli.domain.budget.ledger import spent

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kit.people import Person

ONE = """\
title: One feature
budget: {time_hours: 1, money_usd: 5}
preferences: {land: auto}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`"]}
"""
STEPS = [
    "runtime.take_pulse_request:after",
    "state.snapshot:after",
    "state.commit:before",
    "state.commit:after",
    "state._write_journal:after",
    "state._build_index:after",
    "state._swap:before",
    "state._swap:after",
    "state._install_index:after",
    "following.follow:before",
    "following.follow:after",
    "code.make_work:before",
    "code.make_work:after",
    "executor.submit:before",
    "executor.submit:after",
    "executor.poll:after",
    "code.evidence:before",
    "code.evidence:after",
    "code.move_work:before",
    "code.move_work:after",
    "code.land:before",
    "code.land:after",
    "runtime.rest:before",
]


@pytest.mark.parametrize("step", by_day(STEPS, 3))
def test_a_pulse_killed_there(person: Person, step: str, tmp_path: Path) -> None:
    person.worker(HONEST)
    person.plan(ONE)
    mark = tmp_path / "died"
    run_under(person, mark, step, "start", "m", "--headless")
    person.rest()
    if person.loaded().mission.status == "planning":
        person.start()
    while run_under(person, mark, step, "run", "m") == -signal.SIGKILL:
        person.rest()
    answer = person.run()
    person.mission("pulse")
    assert mark.exists(), "the step was never reached"
    assert answer.facts["status"] == "completed"
    assert person.starts() == ["m/1.1-a1"]
    assert person.causes() == [("1.1-a1", "done")]
    assert person.features() == {"1.1": "done"}
    assert (person.repo / "1.1.txt").read_text() == "1.1 by attempt 1\n"
    assert person.git("status", "--porcelain") == ""
    missions = person.repo / "missions"
    assert person.git("status", "--porcelain", cwd=missions) == ""
    assert person.git("fsck", "--no-dangling", cwd=missions) == ""
    git_dir = person.repo / ".git/mission-state.git"
    assert not [p.name for p in git_dir.iterdir() if "lock" in p.name and p.name != "mission-write.lock"]
    assert not (git_dir / "mission-journal.json").exists()
    mission = person.loaded().mission
    assert spent(mission.spends).hours == spent(s for s in mission.spends if s.description == "1.1-a1 done").hours


@pytest.mark.parametrize("step", ["state._swap:after", "following.follow:before"])
def test_what_a_commit_of_ours_is_still_writing_is_no_edit_of_a_person(
    person: Person, step: str, tmp_path: Path
) -> None:
    person.worker(HONEST)
    person.plan(ONE)
    run_under(person, tmp_path / "died", step, "start", "m", "--headless")
    assert person.git("status", "--porcelain", cwd=person.repo / "missions") != ""
    assert "not committed" not in person.mission("status", "m").out

    person.mission("pulse")
    person.rest()
    file = person.repo / "missions/m/mission.md"
    file.write_text(file.read_text() + "\nA thought.\n")
    assert "1 uncommitted edit: m/mission.md (modified)" in person.mission("status", "m").out
