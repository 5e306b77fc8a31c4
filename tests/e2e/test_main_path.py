"""From a plan to finished, proven, landed work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.kit.nightly import only_at_night
from tests.kit.people import HONEST

from mission_cli.document.runs.record import read_run

if TYPE_CHECKING:
    from tests.kit.people import Person

TWO_MILESTONES = """\
title: Two files
budget: {time_hours: 1}
preferences: {land: auto}
milestones:
  - name: First
    validation: ["file: `1.1.txt` `1.2.txt`"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`"]}
      - {title: two, criteria: ["grep: `by attempt` in `1.2.txt`"]}
  - name: Second
    validation: ["run: `test -s 2.1.txt`"]
    features:
      - {title: three, depends: ["1.*"]}
"""


def test_a_mission_runs_from_its_plan_to_landed_work(person: Person) -> None:
    person.worker(HONEST)
    person.plan(TWO_MILESTONES)
    person.start()
    answer = person.run()
    assert answer.facts["shown_as"] == "completed"
    assert answer.facts["progress"] == 1
    assert person.features() == {"1.1": "done", "1.2": "done", "2.1": "done"}
    assert person.causes() == [("1.1-a1", "done"), ("1.2-a1", "done"), ("2.1-a1", "done")]
    assert sorted(person.starts()) == ["m/1.1-a1", "m/1.2-a1", "m/2.1-a1"]
    assert {p.name for p in person.repo.glob("*.txt")} == {"notes.txt", "1.1.txt", "1.2.txt", "2.1.txt"}
    assert person.git("status", "--porcelain") == ""
    assert person.git("status", "--porcelain", cwd=person.repo / "missions") == ""
    loaded = person.loaded()
    assert loaded.problems == ()
    assert [m.raw_status for m in loaded.mission.milestones] == ["passed", "passed"]
    assert loaded.mission.started <= loaded.mission.completed != ""
    assert all(c.ticked for m in loaded.mission.milestones for c in m.criteria)


@only_at_night
def test_the_next_runner_takes_over_when_the_tries_of_the_first_are_used_up(person: Person) -> None:
    person.worker("sys.exit(0)\n")
    person.worker(HONEST, name="better")
    person.plan(TWO_MILESTONES.replace("preferences:", "model_routing: {escalate: 'better:deep'}\npreferences:"))
    person.start()
    assert person.run().facts["status"] == "completed"
    runs = [read_run(p.read_text()) for p in sorted((person.repo / "missions/m/runs").glob("1.1-*.md"))]
    assert [(r.runner, r.model, str(r.cause)) for r in runs if r] == [
        ("script", "sonnet", "noop"),
        ("script", "sonnet", "noop"),
        ("better", "deep", "done"),
    ]
