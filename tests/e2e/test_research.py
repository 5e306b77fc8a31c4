"""Research: what a worker writes into the mission's folder `research/` is its result, and it is kept with the mission."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.kit.agents import OPENCODE_PRICES, feature_of, needs_bubblewrap, use_opencode, writes_and_commits
from tests.kit.model_server import ModelServer, Turn
from tests.kit.nightly import only_at_night
from tests.kit.plans import good

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


@only_at_night
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


TOPIC = """\
title: Search
budget: {time_hours: 1}
preferences: {land: auto}
research: [{topic: "Full-text search", question: Which engine?}]
milestones:
  - name: Only
    validation: ["file: `app.txt`"]
    features: [{title: use it, criteria: ["grep: `fts5` in `app.txt`"]}]
"""
FINDS_OUT = """
DOCUMENT = "## Decision\\nfts5\\n## Options\\nlike\\n## Sources\\n`notes.txt`\\n## Pitfalls\\nnone\\n"
if FEATURE == "1.2":
    import os, subprocess
    denied = []
    for path in ("notes.txt", "new.txt", "missions/m/mission.md", "missions/other/research/a.md"):
        try:
            write(path, "mine\\n")
        except OSError:
            denied.append(path)
    print("denied:", *denied)
    write("missions/m/research/full-text-search.md", DOCUMENT)
    write("missions/m/research/full-text-search/table.csv", "engine,ms\\n")
    commit("Find it out")
else:
    write("app.txt", PROMPT.partition("full-text-search.md:")[2].partition("## Decision")[2].split()[0] + "\\n")
    commit("Use it")
"""


def test_a_worker_at_a_topic_can_write_its_document_and_nothing_else(person: Person) -> None:
    needs_bubblewrap()
    person.worker(FINDS_OUT)
    person.set('sandbox = "required"')
    person.plan(TOPIC)
    person.start()
    person.run()
    assert person.causes() == [("1.1-a1", "done"), ("1.2-a1", "done")]
    assert (
        "denied: notes.txt new.txt missions/m/mission.md missions/other/research/a.md"
        in person.mission("logs", "m/1.2").out
    )
    folder = person.repo / "missions/m/research"
    found = {p.relative_to(folder).as_posix(): p.read_text() for p in folder.rglob("*.*")}
    assert found == {
        "full-text-search.md": "## Decision\nfts5\n## Options\nlike\n## Sources\n`notes.txt`\n## Pitfalls\nnone\n",
        "full-text-search/table.csv": "engine,ms\n",
    }
    rows = [list(row.cells.values())[:3] for row in person.loaded().mission.kept if row.section == "Research"]
    assert rows == [["full-text-search", "fts5", "`research/full-text-search.md`"]]
    assert person.git("show", "main:app.txt") == "fts5"
    assert person.git("log", "--format=%H", "main", "--", "missions") == ""


@only_at_night
@pytest.mark.timeout(300)
def test_opencode_finds_it_out_on_the_cheap_tier_in_a_tree_that_it_cannot_write(person: Person) -> None:
    """The first document lacks a part, so it is sent back; the prompt of the work contains the second one."""
    needs_bubblewrap()
    document = "## Decision\nUse fts5.\n## Options\nlike\n## Sources\n`notes.txt`\n## Pitfalls\nnone\n"
    prompts: list[str] = []

    def script(prompt: str, step: int) -> Turn:
        if feature_of(prompt) == "1.1":
            prompts.append(prompt)
            return writes_and_commits(prompt, step)
        text = document if "Earlier attempts" in prompt else document.replace("## Pitfalls\nnone\n", "")
        path = "missions/m/research/full-text-search.md"
        words = f"(echo mine > notes.txt) 2>&1 | sed 's/^/denied: /'; printf '%s' '{text}' > {path}; "
        words += f"git add {path} && git commit -qm 'Find it out' -m 'Completes-feature: 1.2'"
        return Turn("", (("bash", {"command": words, "description": "find out"}),)) if step == 0 else Turn("Done.")

    with ModelServer(script).running() as server:
        use_opencode(person, server)
        person.set('sandbox = "required"')
        plan = TOPIC.replace("budget: {time_hours: 1}", "budget: {money_usd: 5}\nmodel_routing: {research: sonnet}")
        person.plan(plan.replace("fts5", "1.1").replace("app.txt", "1.1.txt"))
        person.start()
        person.run()
        bill = server.bill.cost(**OPENCODE_PRICES)
    assert person.causes() == [("1.1-a1", "done"), ("1.2-a1", "wrong_output"), ("1.2-a2", "done")]
    assert "Read-only file system" in person.mission("logs", "m/1.2").out
    assert document in prompts[0]
    spent = person.mission("status", "m", "--json").facts["budget"]["usd"]["spent"]
    assert spent == pytest.approx(bill, abs=1e-6)
    assert person.git("show", "main:notes.txt") == "hello"


@only_at_night
@pytest.mark.timeout(300)
def test_opencode_checks_the_assumption_of_a_plan_in_a_clone_that_is_thrown_away(person: Person) -> None:
    needs_bubblewrap()

    def script(prompt: str, step: int) -> Turn:
        if "Check one assumption" not in prompt:
            return Turn(good(more='probe: {assumption: "notes are there", task: "Look for notes.txt"}'))
        words = "cat notes.txt && touch scribble.txt"
        return (
            Turn("", (("bash", {"command": words, "description": "look"}),))
            if step == 0
            else Turn("HOLDS: it says hello")
        )

    with ModelServer(script).running() as server:
        use_opencode(person, server)
        person.set('sandbox = "required"')
        words = ("new", "Count words", "--headless", "--probe", "--id", "m", "--max-usd", "5")
        told = person.mission(*words)
        bill = server.bill.cost(**OPENCODE_PRICES)
    assert "the assumption “notes are there” holds: it says hello" in told.err
    names = sorted(path.name for path in (person.repo / "missions/m/runs").iterdir())
    assert names == ["plan-a1.md", "plan-a2.md"]
    spent = person.mission("status", "m", "--json").facts["budget"]["usd"]["spent"]
    assert spent == pytest.approx(bill, abs=1e-6)
    assert person.git("status", "--porcelain") == ""
