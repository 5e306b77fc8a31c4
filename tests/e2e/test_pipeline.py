"""Seed 000's pipeline on a real repository: suggested, chosen, planned, edited, built, tested, reviewed, seen, merged."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from tests.kit.agents import feature_of, needs_bubblewrap, use_opencode
from tests.kit.greeting import EDITED, deeds
from tests.kit.model_server import ModelServer, Turn
from tests.kit.nightly import only_at_night
from tests.kit.reviews import answer

if TYPE_CHECKING:
    from tests.kit.people import Person

PROGRAM = """\
import sys
sys.path.insert(0, {root!r})
from tests.kit.greeting import main
main({folder!r})
"""


def turns(prompt: str, step: int) -> Turn:
    """The same as a model says it."""
    done = deeds(prompt, answer(4))
    if isinstance(done, str) or step == 2:
        return Turn(done if isinstance(done, str) else "It is done.", input=100, output=10)
    if step == 0:
        words = [
            f"mkdir -p $(dirname {shlex.quote(n)}) && printf '%s' {shlex.quote(text)} > {shlex.quote(n)}"
            for n, text in done.items()
        ]
        return Turn("I will write the files.", (("bash", {"command": " && ".join(words)}),), input=100, output=10)
    words = [f"git add -A && git commit -q -m 'Do it' -m 'Completes-feature: {feature_of(prompt)}'"]
    return Turn("", (("bash", {"command": words[0]}),), input=100, output=10)


@pytest.mark.timeout(600)
@only_at_night
def test_opencode_takes_a_greeting_through_every_phase(person: Person) -> None:
    needs_bubblewrap()
    with ModelServer(turns).running() as server:
        use_opencode(person, server)
        greet(person)


@only_at_night
@pytest.mark.timeout(150)
def test_a_program_takes_a_greeting_through_every_phase(person: Person) -> None:
    folder = person.repo.parent
    (folder / "review.json").write_text(answer(4), encoding="utf-8")
    program = PROGRAM.format(root=str(Path(__file__).resolve().parents[2]), folder=str(folder))
    (folder / "agent.py").write_text(program, encoding="utf-8")
    command = json.dumps([sys.executable, str(folder / "agent.py")])
    person.tables.append(f'[runners.script]\nkind = "command"\ncommand = {command}\ndeadline = "60s"\n')
    person.save_settings()
    greet(person)


def phase(person: Person) -> str:
    """Let the mission go on until it waits; return its phase and status."""
    person.mission("run", "m", "--json", ok=(0, 3))
    person.let_pulses_end()  # not the jobs: a preview runs on
    rows = person.loaded().mission.phases
    return next((f"{row.name} {row.status}" for row in rows if not row.over), "over")


def greet(person: Person) -> None:
    """Suggestions, a choice, an edited plan, work, tests, a review, a rejection, approvals, a request, a merge."""
    person.tables.append("[preview]\nrun = 'python3 greet.py $MISSION_PORT'\n")
    person.save_settings()
    person.commit("Add an empty page", **{"greet.py": "def page(path):\n    return ''\n"})
    created = person.mission("new", "The page greets", "--phases", "--id", "m", "--hours", "2", "--headless", "--json")
    assert created.facts["id"] == "m"
    file = person.file()
    text = file.read_text().replace(
        'research: "haiku"\n', 'research: "sonnet"\nreviews:\n  reviewers: ["script:"]\n  per_milestone: 1\n'
    )
    file.write_text(text)
    person.git("commit", "-qam", "Review by the same agent", cwd=file.parent)
    person.start()

    assert phase(person) == "awaiting_feature_approval waiting"
    shown = person.mission("show", "--suggestions", "--json").facts
    assert [one["title"] for one in shown["suggestions"]] == ["Dark mode", "Greet on the page"]
    person.mission("approve", "m", "feature_selection", "--choose", "2")

    assert phase(person) == "awaiting_prd_approval waiting"
    required = person.mission("show", "--prd", "--json").facts
    assert [task["title"] for one in required["milestones"] for task in one["tasks"]] == ["Greet on the page"]
    mine = person.repo.parent / "mine.json"
    mine.write_text(json.dumps(EDITED, indent=1))
    person.mission("approve", "m", "prd_review", "--prd", str(mine))
    assert (file.parent / "research/prd.json").read_text() == mine.read_text()

    assert phase(person) == "awaiting_code_approval waiting"
    mission = person.loaded().mission
    assert [m.name for m in mission.milestones] == ["Analysis", "Plan", "Greeting"]
    assert [p.result.partition(" passed on ")[0] for p in mission.phases[5:6]] == [
        "`python3 -m unittest discover -s tests -t .` (1 test)"
    ]
    assert mission.phases[6].result.startswith("the review accepts ")
    person.mission("reject", "m", "code_review", "--comment", "say welcome instead")
    assert phase(person) == "awaiting_code_approval waiting"
    person.mission("approve", "m", "code_review")

    assert phase(person) == "previewing waiting"
    work = person.git("rev-parse", "mission/m/work").strip()
    saw = [(row.gate, row.decision, row.commit) for row in person.loaded().mission.approvals[2:]]
    assert (saw[0][:2], saw[1]) == (("code_review", "rejected"), ("code_review", "approved", work))
    assert saw[0][2] != work
    assert "Welcome" not in person.git("show", "main:greet.py"), "nothing lands before its phase"
    url = person.loaded().mission.phases[8].result
    with urlopen(url, timeout=20) as found:  # noqa: S310 - what a browser does
        assert found.read() == b"Welcome, Ada!"
    person.mission("approve", "m", "merge_approval")

    assert phase(person) == "over"
    assert "Welcome, Ada!" in person.git("show", "main:greet.py")
    assert str(person.loaded().mission.status) == "completed"
    with pytest.raises(URLError):
        urlopen(url, timeout=20)  # noqa: S310 - the server is gone


def test_what_has_no_phases_is_refused_before_anything_is_made(person: Person) -> None:
    for words, said in (
        (("--type", "opera"), "the type `opera` has no phases"),
        (("--plan", "plan.yaml"), "--phases makes a plan of its own"),
        (("--headless",), "the goal is empty"),
    ):
        goal = ("Greet",) if words[0] == "--type" else ()
        refused = person.mission("new", *goal, "--phases", *words, ok=(2,))
        assert refused.err.splitlines()[0] == f"error: {said}"
    assert not (person.repo / "missions").exists()
