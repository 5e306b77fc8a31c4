"""The assumption of a plan is checked before its approval: on a terminal if the person wants it, headless with --probe."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.e2e.test_interview import NEXT, end, not_now, nothing_made, plain, terminal
from tests.kit.nightly import only_at_night
from tests.kit.plans import good, use_planner

if TYPE_CHECKING:
    from tests.kit.people import Person

COMMAND = 'probe: {assumption: "notes are there", command: "grep -q hello notes.txt && touch left.txt"}'
TASK = 'probe: {assumption: "notes are there", task: "look for notes.txt"}'
PLAN = """\
title: Notes
budget: {time_hours: 1}
probe: {assumption: "notes are there", command: "test -s notes.txt && echo yes"}
milestones: [{name: Only, validation: ["file: `a.txt`"], features: [{title: a, criteria: ["file: `a.txt`"]}]}]
"""


@only_at_night
def test_a_plan_file_is_checked_with_probe_and_made_only_if_its_assumption_holds(person: Person) -> None:
    plan = person.repo.parent / "plan.yaml"
    plan.write_text(PLAN.replace("test -s notes.txt && echo yes", "test -s missing.txt"))
    refused = person.mission("new", "--plan", str(plan), "--id", "m", "--probe", ok=(3,))
    assert "error: the assumption “notes are there” does not hold: exit 1" in refused.err
    assert nothing_made(person)
    plan.write_text(PLAN)
    told = person.mission("new", "--plan", str(plan), "--id", "m")
    assert "the plan names an assumption that is not checked: add --probe" in told.err
    told = person.mission("new", "--plan", str(plan), "--id", "n", "--probe")
    assert "the assumption “notes are there” holds: yes" in told.err
    record = (person.repo / "missions/n/runs/plan-a1.md").read_text()
    assert "the assumption holds: yes" in record
    assert not (person.repo / "missions/m/runs").exists()


@only_at_night
def test_headless_the_probe_of_a_model_runs_only_with_the_option(person: Person) -> None:
    use_planner(person, good(more=TASK), "I looked.\nHOLDS: there is one\n")
    person.mission("new", "Count words", "--headless", "--id", "m", "--max-usd", "5")
    assert [p.name for p in (person.repo / "missions/m/runs").iterdir()] == ["plan-a1.md"]
    facts = person.mission("new", "Count words", "--headless", "--id", "n", "--max-usd", "5", "--probe", "--json").facts
    assert sorted(p.name for p in (person.repo / "missions/n/runs").iterdir()) == ["plan-a1.md", "plan-a2.md"]
    assert json.dumps(facts["planning"]["usd"]) in {"0.1", '"0.10"', "0.10"}
    assert "left.txt" not in person.git("ls-tree", "-r", "--name-only", "main")


@only_at_night
def test_on_a_terminal_the_person_is_asked_and_may_have_the_plan_adjusted(person: Person) -> None:
    changed = good().replace("Word counter", "Note counter")
    use_planner(person, good(more=COMMAND.replace("hello", "goodbye")), "", changed)
    with terminal(person, "Count words", "--mode", "full", "--max-usd", "5") as child:
        child.expect(r"The plan depends on this: notes are there\r\n")
        child.expect(r"Check it before you decide\? `grep -q goodbye notes.txt && touch left.txt` runs in a copy")
        child.expect(r"\[y/N\]: ")
        child.sendline("y")
        child.expect(r"the assumption “notes are there” does not hold: exit 1")
        child.expect(r"Have the model adjust the plan to that\? \[Y/n\]: ")
        child.sendline("")
        child.expect(NEXT)
        assert "Note counter" in plain(child.before or "")
        child.sendline("approve")
        code, _ = not_now(child)
    assert code == 0
    names = sorted(p.name for p in (person.repo / "missions/m/runs").iterdir())
    assert names == ["plan-a1.md", "plan-a2.md", "plan-a3.md"]


@only_at_night
def test_a_person_who_wants_no_check_goes_on_and_the_planner_that_reports_none_is_not_asked(person: Person) -> None:
    use_planner(person, good(more=COMMAND), "")
    with terminal(person, "Count words", "--mode", "full", "--max-usd", "5") as child:
        child.expect(r"\[y/N\]: ")
        child.sendline("n")
        child.expect(NEXT)
        child.sendline("reject")
        code, _ = end(child)
    assert code == 0
    assert nothing_made(person)
