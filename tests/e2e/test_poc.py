"""POC mode: one worker at a time, no review, every feature lands at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.kit.agents import OPENCODE_PRICES, needs_bubblewrap, use_opencode, writes_and_commits
from tests.kit.model_server import ModelServer
from tests.kit.nightly import only_at_night
from tests.kit.people import HONEST

if TYPE_CHECKING:
    from tests.kit.people import Person

POC = """\
title: Try it
mode: poc
budget: {money_usd: 1}
milestones:
  - name: First
    validation: ["file: `1.1.txt` `1.2.txt`"]
    features: [{title: one}, {title: two}]
  - name: Second
    features: [{title: three, criteria: ["grep: `attempt` in `2.1.txt`"]}]
"""
SILENT_FIRST = """
if FEATURE == "1.1" and ATTEMPT == 1:
    write("1.1.txt", "without a word\\n")
    git("add", "1.1.txt")
    git("commit", "--quiet", "-m", "Some work")
    sys.exit(0)
"""


def test_in_a_repository_with_code_it_lands_on_a_branch_of_its_own(person: Person) -> None:
    before = person.commit("Code", **{"app.py": "print(1)\n"})
    person.worker(HONEST)
    person.plan(POC)
    person.start()
    person.run()
    assert person.features() == {"1.1": "done", "1.2": "done", "2.1": "done"}
    assert person.loaded().mission.base == "mission/m/poc"
    assert person.git("rev-parse", "main") == before
    assert person.git("ls-tree", "--name-only", "mission/m/poc").split() == [
        "1.1.txt", "1.2.txt", "2.1.txt", "app.py", "notes.txt",
    ]  # fmt: skip
    assert [line for line in person.starts() if line.endswith("-a1")] == ["m/1.1-a1", "m/1.2-a1", "m/2.1-a1"]


def test_in_a_repository_of_its_own_each_feature_lands_on_the_base_before_the_next_begins(person: Person) -> None:
    person.git("rm", "--quiet", "notes.txt")
    person.commit("Begin anew", **{"README.md": "an idea\n"})
    person.worker(
        HONEST,
        'print("base:", *sorted(subprocess.check_output(["git", "ls-tree", "--name-only", "main"], text=True).split()))',
    )
    person.plan(POC)
    person.start()
    answer = person.run()
    assert answer.facts["status"] == "completed"
    assert person.loaded().mission.base == "main"
    assert (person.repo / "2.1.txt").exists()
    seen = [(person.runtime / f"jobs/m/{n}-a1/out.log").read_text().strip() for n in ("1.1", "1.2", "2.1")]
    assert seen == ["base: README.md", "base: 1.1.txt README.md", "base: 1.1.txt 1.2.txt README.md"]


@only_at_night
def test_a_feature_without_its_trailer_is_not_done(person: Person) -> None:
    person.worker(SILENT_FIRST, HONEST)
    person.plan(POC)
    person.start()
    person.run()
    assert person.causes()[:2] == [("1.1-a1", "wrong_output"), ("1.1-a2", "done")]
    record = (person.repo / "missions/m/runs/1.1-a1.md").read_text()
    assert "detail: 'no commit has the trailer `Completes-feature: 1.1`'" in record


@only_at_night
def test_what_the_milestone_checks_makes_a_fix_feature(person: Person) -> None:
    person.worker('if FEATURE == "1.3":\n    write("more.txt", "here\\n")\n', HONEST)
    person.plan(POC.replace("`1.2.txt`", "`more.txt`"))
    person.start()
    answer = person.run()
    assert answer.facts["status"] == "completed"
    titles = [f.title for f in person.loaded().mission.features()]
    assert titles == ["one", "two", "fix: file: 1.1.txt more.txt", "three"]


@only_at_night
def test_opencode_does_a_poc_and_the_bill_is_the_servers(person: Person) -> None:
    needs_bubblewrap()
    with ModelServer(lambda p, s: writes_and_commits(p, s, input=2000, cached=500, output=40)).running() as server:
        use_opencode(person, server)
        person.set('sandbox = "required"')
        person.plan(POC.replace("attempt", "2.1"))
        person.start()
        answer = person.run()
        bill = server.bill
    assert person.causes() == [("1.1-a1", "done"), ("1.2-a1", "done"), ("2.1-a1", "done")]
    assert answer.facts["budget"]["tokens"]["spent"] == sum(bill.tokens.values())
    assert answer.facts["budget"]["usd"]["spent"] == pytest.approx(bill.cost(**OPENCODE_PRICES), abs=1e-6)
