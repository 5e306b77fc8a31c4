"""Phases on a real repository: a rejection with its comment, an approval bound to its commit, landing in its phase."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.kit.people import Person

PLAN = """\
title: One feature
budget: {time_hours: 1}
phases:
  - {name: building, worker: milestone 1}
  - {name: checking, worker: "run: `grep -q tabs 1.1.txt || grep -q spaces 1.1.txt`", on_reject: building}
  - {name: looking, gate: code_review, on_reject: building}
  - {name: merging, worker: landing}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`"]}
"""
LISTENS = """
write(f"{FEATURE}.txt", "tabs\\n" if "use tabs" in PROMPT else "spaces\\n")
commit()
"""


def test_a_comment_reaches_the_worker_and_an_approval_survives_a_merge_of_the_base(person: Person) -> None:
    person.worker(LISTENS)
    person.plan(PLAN)
    person.start()
    person.run(ok=(3,))
    person.mission("reject", "m", "code_review", "--comment", "use tabs", ok=(0, 3))
    person.run(ok=(3,))
    assert person.git("show", "mission/m/work:1.1.txt") == "tabs"
    facts = person.mission("status", "m", "--json").facts
    assert facts["phase"] == {"name": "looking", "status": "waiting", "gate": "code_review", "progress": 50}
    assert "1.1.txt" not in person.git("ls-tree", "--name-only", "main")
    stale = person.mission("advance", "m", "--expected-phase", "building", "--json", ok=(4,)).facts
    assert stale["error"]["message"] == "m is in the phase `looking` by now, and not in `building`"
    person.mission("pause", "m")
    person.mission("approve", "m", "code_review")
    saw = person.git("rev-parse", "mission/m/work")
    person.commit("Elsewhere", **{"other.txt": "other\n"})
    person.mission("sync", "m", ok=(0, 3))
    assert person.git("rev-parse", "mission/m/work") != saw
    person.mission("resume", "m", ok=(0, 3))
    person.run()
    assert person.git("show", "main:1.1.txt") == "tabs"
    phases = [(p.name, str(p.status), p.result) for p in person.loaded().mission.phases]
    assert phases == [
        ("building", "done", "milestone 1 passed"),
        ("checking", "done", f"`grep -q tabs 1.1.txt || grep -q spaces 1.1.txt` passed on {saw[:7]}"),
        ("looking", "done", "approved by Ada"),
        ("merging", "done", f"{saw[:7]} is on main"),
    ]
