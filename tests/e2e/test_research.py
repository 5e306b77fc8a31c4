"""Research: what a worker writes into the mission's folder `research/` is its result, and it is kept with the mission."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.kit.people import Person

PLAN = """\
title: Which database
budget: {time_hours: 1}
preferences: {land: auto}
milestones:
  - name: Only
    validation: ["grep: `postgres` in `missions/m/research/databases.md`", "file: `app.txt`"]
    features:
      - {title: compare databases, research: true, criteria: ["grep: `postgres` in `missions/m/research/databases.md`"]}
      - {title: use it, depends: ["1.1"], criteria: ["grep: `postgres` in `app.txt`"]}
"""
WORKER = """
if FEATURE == "1.1":
    assert "missions/m/research/" in PROMPT.partition("Your findings are the result")[2]
    write("missions/m/research/databases.md", "sqlite\\n" if ATTEMPT == 1 else "postgres is best\\n")
    commit("Look around")
else:
    found = PROMPT.partition("## Findings of other workers of this mission")[2]
    assert "databases.md" in found
    write("app.txt", found.partition("postgres")[1])
    write("missions/m/research/notes/usage.md", "used\\n")
    commit("Use it")
"""


def test_research_ends_without_a_change_of_code_and_the_next_feature_reads_it(person: Person) -> None:
    person.worker(WORKER)
    person.plan(PLAN)
    person.start()
    person.run()
    assert person.causes() == [("1.1-a1", "criteria_failed"), ("1.1-a2", "done"), ("1.2-a1", "done")]
    folder = person.repo / "missions/m/research"
    found = {p.relative_to(folder).as_posix(): p.read_text() for p in folder.rglob("*.md")}
    assert found == {"databases.md": "postgres is best\n", "notes/usage.md": "used\n"}
    assert str(person.loaded().mission.status) == "completed"
    assert person.git("ls-tree", "-r", "--name-only", "main").split() == ["app.txt", "notes.txt"]
    assert person.git("log", "--format=%H", "main", "mission/m/work", "--", "missions") == "", "nor in their history"
    assert person.git("status", "--porcelain") == ""
    assert person.git("status", "--porcelain", cwd=person.repo / "missions") == ""


def test_findings_alone_are_no_result_of_a_feature_that_is_no_research_and_other_missions_stay_protected(
    person: Person,
) -> None:
    person.worker("write(f\"missions/{'m' if ATTEMPT == 1 else 'other'}/research/a.md\", 'x\\n')\ncommit()\n")
    person.set("attempts = 2")
    person.plan(PLAN.replace(", research: true", ""))
    person.start()
    person.run(ok=(3,))
    assert person.causes() == [("1.1-a1", "wrong_output"), ("1.1-a2", "tampered")]
    assert not (person.repo / "missions/m/research").exists()
