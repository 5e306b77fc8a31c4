"""A person discusses a plan on a terminal: changed by the model and by hand, set, undone, left, taken up again."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.e2e.test_interview import NEXT, editor, end, not_now, nothing_made, plain, terminal
from tests.kit.agents import needs_bubblewrap, use_opencode
from tests.kit.model_server import ModelServer, Turn
from tests.kit.nightly import only_at_night
from tests.kit.plans import HOPELESS, good, use_planner

if TYPE_CHECKING:
    import pexpect
    from tests.kit.people import Person

WORDS = ("Count words", "--mode", "full", "--max-usd", "3")


def told(child: pexpect.spawn[str]) -> list[str]:
    """The lines since the last question, without the wish itself and what depends on the machine."""
    lines = plain(child.before or "").splitlines()
    others = ("forecast", "planning cost")
    return [line for line in lines if line.strip() and not line.startswith(others) and "changes the plan" not in line]


def test_a_plan_is_changed_left_and_approved_later(person: Person) -> None:
    use_planner(person, good(), good(milestones=4))
    with terminal(person, *WORDS) as child:
        child.expect(NEXT)
        child.sendline("a fourth milestone")
        child.expect(NEXT)
        assert told(child) == snapshot(
            [
                "a fourth milestone",
                "changed by the model: a fourth milestone",
                "  + milestone 4 Stage 4",
                "  + 4.1 Part 4.1",
                "  + 4.2 Part 4.2",
                "milestones: 3 → 4; features: 6 → 8; work by estimate: 6 h → 8 h",
                "this change cost $0.05 and 1.1 k tokens",
            ]
        )
        child.sendline("leave")
        code, out = end(child)
    kept = next((person.repo / ".git/mission/plans").rglob("plan.yaml"))
    assert code == 0
    assert out.endswith(f"nothing was written; to come back: mission new, or mission new --plan {kept}")
    assert nothing_made(person)
    text = (
        kept.read_text().replace("file: `4.2.txt`", "run: `no-such-program`").replace("money_usd: 3.0", "time_hours: 9")
    )
    (person.repo.parent / "plan.yaml").write_text(text)
    lint = person.mission("lint", "../plan.yaml")
    assert re.sub(r":\d+:\d+:", ":", lint.out).splitlines() == snapshot(
        [
            "../plan.yaml: warning: the features are estimated at 8 h, which leaves 1 h free of 9 h (a fifth is left for failed attempts and fixes: plan at most 7 h 12 min)",
            "../plan.yaml: warning: the criterion `run: `no-such-program`` needs `no-such-program`, which is not installed here, and nothing in the plan installs it (use another program, or name it in the feature that installs it, or under `resources`)",
            "0 errors, 2 warnings",
        ]
    )
    with terminal(person) as child:
        child.expect(r"A plan for “Count words”, written \S+, waits\. Go on with it\? \[Y/n\]: ")
        child.sendline("y")
        child.expect(NEXT)
        child.sendline("approve")
        assert not_now(child)[0] == 0
    mission = person.loaded().mission
    assert (len(mission.milestones), str(mission.limits.usd)) == (4, "3")
    assert [s.category for s in mission.spends].count("usd") == 2, "both rounds of the model"


def settled(child: pexpect.spawn[str]) -> list[str]:
    """Set mode and budget, and take the latter back; return what is said of both."""
    child.sendline("mode")
    child.expect(r"Which mode\? \(full, poc\) \[full\] ")
    child.sendline("poc")
    child.expect(NEXT)
    lines = told(child)
    child.sendline("budget")
    child.expect(r"or unlimited\)\? \[3\] ")
    child.sendline("12")
    child.expect(NEXT)
    lines += told(child)
    child.sendline("undo")
    child.expect(NEXT)
    return [*lines, *(line for line in told(child) if "taken back" in line or "at most" in line)]


@only_at_night
@pytest.mark.timeout(300)
def test_every_way_to_discuss_a_plan(person: Person) -> None:
    two = good().replace("Part 1.2", "Read a file").replace("1.2.txt", "read.txt")
    use_planner(person, good(), two, HOPELESS, HOPELESS, good())
    source = "text = text.replace('title: Part 3.2', 'title: By hand')"
    with terminal(person, *WORDS, editor=editor(person, source)) as child:
        child.expect(NEXT)
        child.sendline("change")
        child.expect(r"What should be different\? ")
        child.sendline("1.2 reads a file")
        child.expect(NEXT)
        assert told(child) == snapshot(
            [
                "1.2 reads a file",
                "changed by the model: 1.2 reads a file",
                "  - 1.2 Part 1.2",
                "  + 1.2 Read a file",
                "milestones: 3; features: 6; work by estimate: 6 h",
                "this change cost $0.05 and 1.1 k tokens",
            ]
        )
        child.sendline("edit")
        child.expect(NEXT)
        assert told(child) == snapshot(
            ["edit", "edited", "  3.2 Part 3.2 → By hand", "milestones: 3; features: 6; work by estimate: 6 h"]
        )
        assert settled(child) == snapshot(
            [
                "poc",
                "set: mode poc",
                "  mode: full → poc",
                "milestones: 3; features: 6; work by estimate: 6 h",
                "12",
                "set: money_usd 12",
                "  cap in dollars: 3 → 12",
                "milestones: 3; features: 6; work by estimate: 6 h",
                "the last change is taken back",
                "Word counter  (poc mode, at most $3, by script)",
                "3 milestones, 6 features, 6 h of work by estimate; at most $3",
            ]
        )
        child.sendline("make it blue, please")
        child.expect(NEXT)
        assert "the plan stays as it was" in plain(child.before or "")
        child.sendline("view")
        child.expect(NEXT)
        assert "Write 3.1.txt." in plain(child.before or "")
        child.sendline("xyz")
        child.expect("enter one of: approve, change, edit")
        child.expect(NEXT)
        child.sendline("start over")
        child.expect(r"What is the goal, in a sentence\?")
        child.sendintr()
        assert end(child)[0] == 130
    with terminal(person, *WORDS) as child:
        child.expect(NEXT)
        child.sendline("reject")
        code, out = end(child)
        assert (code, "nothing was written; the plan is kept: mission new --plan" in out) == (0, True)
    with terminal(person) as child:
        child.expect(r"What is the goal, in a sentence\?")
        child.sendintr()
        end(child)
    assert nothing_made(person)


@only_at_night
@pytest.mark.timeout(300)
def test_a_terminal_that_dies_while_the_model_changes_a_plan(person: Person) -> None:
    folder = use_planner(person, good(), good(milestones=4))
    program = folder / "planner.py"
    waits = f"import time\nif number == 2:\n    open({os.fspath(folder / 'asked')!r}, 'a').write('once\\n')\n    time.sleep(2)  # the terminal dies meanwhile\n"
    program.write_text(program.read_text().replace("here = Path", f"{waits}here = Path", 1))
    with terminal(person, *WORDS) as child:
        child.expect(NEXT)
        child.sendline("a fourth milestone")
        while not (folder / "asked").exists():
            assert child.isalive()
        child.kill(9)
    with terminal(person) as child:
        child.expect("Go on with it")
        child.sendline("y")
        child.expect(NEXT)
        assert "4 milestones, 8 features" in plain(child.before or "")
        child.sendline("a")
        assert not_now(child)[0] == 0
    assert (folder / "asked").read_text() == "once\n"
    assert len(person.loaded().mission.milestones) == 4


@only_at_night
@pytest.mark.timeout(300)
def test_opencode_writes_a_plan_and_changes_it_in_the_same_conversation(person: Person) -> None:
    needs_bubblewrap()
    seen: list[str] = []

    def script(prompt: str, step: int) -> Turn:
        del step
        if "# Plan a mission" not in prompt and "## What the person wants changed" not in prompt:
            return Turn("a title", input=10, output=2)
        seen.append(prompt)
        return Turn([good(), good(milestones=4)][len(seen) - 1], input=3000, cached=500, output=400)

    with ModelServer(script).running() as server:
        use_opencode(person, server)
        person.set('sandbox = "required"')
        with terminal(person, *WORDS) as child:
            child.expect(NEXT, timeout=120)
            child.sendline("a fourth milestone")
            child.expect(NEXT, timeout=120)
            assert told(child)[:5] == snapshot(
                [
                    "a fourth milestone",
                    "changed by the model: a fourth milestone",
                    "  + milestone 4 Stage 4",
                    "  + 4.1 Part 4.1",
                    "  + 4.2 Part 4.2",
                ]
            )
            child.sendline("approve")
            assert not_now(child)[0] == 0
    assert len(seen) == 2
    assert "# Plan a mission" not in seen[1], "the conversation is continued"
    assert len(person.loaded().mission.milestones) == 4


@only_at_night
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "goal",
    [
        "Build a CRM with contacts, deals, and email integration",
        "Migrate this codebase to TypeScript",
        "Research and prototype a recommendation engine",
    ],
)
def test_an_approved_plan_takes_at_most_eight_questions(person: Person, goal: str) -> None:
    use_planner(person, good(), good(milestones=4))
    asked = 0
    answers = iter(["make it larger: 4 milestones", "approve"])
    with terminal(person, goal) as child:
        while True:
            found = child.expect([NEXT, r"\n> (?:\[[^\n]*\] )?$", r"\? (?:\[[^\]]*\] ?)?:? ?$", "m is planned: "])
            if found == 3:
                break
            asked += 1
            assert asked <= 8, plain(child.before or "")
            child.sendline(next(answers) if found == 0 else "")
    assert asked >= 2
    assert len(person.loaded().mission.milestones) == 4


@only_at_night
@pytest.mark.timeout(300)
def test_a_plan_without_a_repository_is_discussed_and_left_in_the_same_way(person: Person) -> None:
    use_planner(person, good(), good(milestones=4))
    with terminal(person, "--homeless", *WORDS) as child:
        child.expect(NEXT)
        child.sendline("a fourth milestone")
        child.expect(NEXT)
        assert "  + milestone 4 Stage 4" in told(child)
        child.sendline("leave")
        assert end(child)[0] == 0
    with terminal(person, "--homeless") as child:
        child.expect("Go on with it")
        child.sendline("y")
        child.expect(NEXT)
        child.sendline("undo")
        child.expect(NEXT)
        child.sendline("approve")
        code, out = end(child)
    assert (code, "m is planned: " in out, "mission attach m" in out) == (0, True, True)
    assert nothing_made(person), "nothing is made in the repository"
