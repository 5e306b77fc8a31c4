"""A person on a terminal, from a goal to an approved plan."""

from __future__ import annotations

import os
import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pexpect
from inline_snapshot import snapshot
from tests.kit.plans import HOPELESS, good, use_planner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.kit.people import Person

NEXT = r"What next\? \(approve, change, edit, view, mode, budget,(?: undo,)? start over, leave, reject\), or say what to change "
GOAL = r"1 of 2\. What is the goal, in a sentence\?\r\n.*\r\n> "
BUDGET = r"2 of 2\. What is the most it may cost, in dollars, hours or tokens\?\r\n(?s:.*)> \[1\] "
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]")


@contextmanager
def terminal(person: Person, *words: str, editor: str = "") -> Iterator[pexpect.spawn[str]]:
    """A person's terminal in which `mission new` runs."""
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "100", "EDITOR": editor, "VISUAL": ""}
    command = ["-P", "-m", "mission_cli", "new", "--id", "m", "--depth", "quick", *words]
    child = pexpect.spawn(
        sys.executable, command, cwd=os.fspath(person.repo), env=env, encoding="utf-8", dimensions=(40, 100), timeout=60
    )
    try:
        yield child
    finally:
        child.close(force=True)


def end(child: pexpect.spawn[str]) -> tuple[int | None, str]:
    """Exit status, and what was printed since the last question, plain."""
    child.expect(pexpect.EOF)
    text = child.before or ""
    child.close()
    return child.exitstatus, plain(text)


def interrupted(child: pexpect.spawn[str]) -> tuple[int | None, str]:
    """Press Ctrl-C until it is taken: readline misses one between printing the prompt and waiting for keys."""
    for _ in range(10):
        child.sendintr()
        if child.expect([pexpect.EOF, pexpect.TIMEOUT], timeout=10) == 0:
            break
    assert (child.before or "").endswith("\r\n"), "what the shell prints next begins on a line of its own"
    text = plain(child.before or "")
    child.close()
    return child.exitstatus, text.replace("^C", "").strip()


def not_now(child: pexpect.spawn[str]) -> tuple[int | None, str]:
    """Do not start it; exit status, and what was printed since the plan was approved."""
    child.expect(r"Start\? \[Y/n\]: ")
    said = plain(child.before or "")
    child.sendline("n")
    code, _ = end(child)
    return code, said


def plain(text: str) -> str:
    lines = [line.rstrip() for line in _COLOURS.sub("", text).replace("\r\n", "\n").split("\n")]
    return re.sub(r"in \d+ s\b", "in TIME", "\n".join(lines)).strip("\n")


def nothing_made(person: Person) -> bool:
    return person.git("status", "--porcelain") == "" and not (person.repo / "missions").exists()


def editor(person: Person, source: str) -> str:
    """An editor that changes the text of the file it is given."""
    script = person.repo.parent / "editor.py"
    script.write_text(
        f"import sys\npath = sys.argv[1]\ntext = open(path).read()\n{source}\nopen(path, 'w').write(text)\n"
    )
    return f"{sys.executable} {script}"


def test_questions_then_the_plan_as_a_tree_then_the_mission(person: Person) -> None:
    use_planner(person, good(features=2, more='non_goals: ["a window"]'))
    with terminal(person) as child:
        child.expect(GOAL)
        child.sendline("A prototype that counts words")
        child.expect(BUDGET)
        child.sendline("$ten")
        child.expect("error: `\\$ten` is not an amount\r\n hint: ")
        child.expect(r"> \[1\] ")
        child.sendline("")
        child.expect(NEXT)
        assert plain(child.before or "").partition("Word counter")[2] == snapshot("""\
  (poc mode, at most $20, by script)
├── Milestone 1: Stage 1  (2 h)
│   ├── 1.1 Part 1.1  (1 h)
│   └── 1.2 Part 1.2  (1 h, after 1.1)
├── Milestone 2: Stage 2  (2 h)
│   ├── 2.1 Part 2.1  (1 h)
│   └── 2.2 Part 2.2  (1 h, after 2.1)
├── Milestone 3: Stage 3  (2 h)
│   ├── 3.1 Part 3.1  (1 h)
│   └── 3.2 Part 3.2  (1 h, after 3.1)
├── not included
│   └── a window
└── constraints
    └── standard library only

3 milestones, 6 features, 6 h of work by estimate; at most $20
planning cost $0.05 and 1.1 k tokens, in TIME
`view` shows descriptions, files and criteria\
""")
        assert nothing_made(person), "nothing is written before the plan is approved"
        child.sendline("a")
        code, out = not_now(child)
    assert code == 0
    assert "m is planned: " in out
    mission = person.loaded().mission
    assert (mission.goal, mission.mode, str(mission.limits.usd)) == ("A prototype that counts words", "poc", "20")
    assert mission.preferences.runner == "script"


def test_what_the_command_line_says_is_not_asked(person: Person) -> None:
    use_planner(person, good())
    with terminal(person, "Count words", "--mode", "full", "--max-usd", "3") as child:
        child.expect(NEXT)
        assert "What" not in (child.before or "")
        child.sendline("approve")
        assert not_now(child)[0] == 0
    assert person.loaded().mission.limits.usd == 3


def test_a_goal_that_speaks_of_a_prototype_suggests_a_poc(person: Person) -> None:
    use_planner(person, good())
    with terminal(person, "--depth", "normal", "--max-usd", "3") as child:
        child.expect(r"What is the goal, in a sentence\?")
        for text in ("A prototype that counts words", "", ""):
            child.expect("> ")
            child.sendline(text)
        child.expect(r"\(recommended: the goal says `prototype`\)\r\n> \[2\] ")
        assert interrupted(child)[0] == 130


def test_reject_writes_nothing_and_keeps_the_plan_that_was_paid_for(person: Person) -> None:
    use_planner(person, good())
    with terminal(person, "Count words", "--mode", "full", "--max-usd", "3") as child:
        child.expect(NEXT)
        child.sendline("reject")
        code, out = end(child)
    assert code == 0
    kept = next((person.repo / ".git/mission/plans").rglob("plan.yaml"))
    assert out.endswith(f"nothing was written; the plan is kept: mission new --plan {kept}")
    assert nothing_made(person)


def test_edit_opens_the_editor_until_the_plan_has_no_errors(person: Person) -> None:
    use_planner(person, good())
    source = """
if "BROKEN" not in text and "Part 1.1" in text:
    text = text.replace("title: Part 1.1", "title: BROKEN\\n    titel: x")
else:
    text = text.replace("BROKEN\\n    titel: x", "By hand").replace("money_usd: 3.0", "money_usd: 7")
"""
    words = ("Count words", "--mode", "full", "--max-usd", "3")
    with terminal(person, *words, editor=editor(person, source)) as child:
        child.expect(NEXT)
        child.sendline("edit")
        child.expect(r"Edit it again\? Otherwise the plan stays as it was\. \[Y/n\]: ")
        assert "plan.yaml:24:5: error: unknown key `milestones.1.features.1.titel` (did you mean `title`?)" in plain(
            child.before or ""
        )
        child.sendline("y")
        child.expect(NEXT)
        assert "1.1 Part 1.1 → By hand" in plain(child.before or "")
        child.sendline("approve")
        assert not_now(child)[0] == 0
    mission = person.loaded().mission
    assert mission.milestones[0].features[0].title == "By hand"
    assert mission.limits.usd == 7
    assert mission.goal == "Count words"


def test_a_person_may_plan_less_than_a_model_must(person: Person) -> None:
    use_planner(person, good())
    source = "head, _, _ = text.partition('- name: Stage 2')\ntext = head"
    words = ("Count words", "--mode", "full", "--max-usd", "3")
    with terminal(person, *words, editor=editor(person, source)) as child:
        child.expect(NEXT)
        child.sendline("edit")
        child.expect(NEXT)
        child.sendline("approve")
        assert not_now(child)[0] == 0
    assert len(person.loaded().mission.milestones) == 1


def test_an_editor_that_fails_changes_nothing(person: Person) -> None:
    use_planner(person, good())
    with terminal(person, "Count words", "--mode", "full", "--max-usd", "3", editor="false") as child:
        child.expect(NEXT)
        child.sendline("edit")
        child.expect(NEXT)
        assert "error: the editor ended with exit status 1; nothing was saved" in plain(child.before or "")
        child.sendline("approve")
        assert not_now(child)[0] == 0
    assert person.loaded().mission.milestones[0].features[0].title == "Part 1.1"


def test_ctrl_c_in_the_interview_leaves_nothing_half_made_and_keeps_the_answers(person: Person) -> None:
    folder = use_planner(person, good())
    with terminal(person) as child:
        child.expect(GOAL)
        assert interrupted(child) == (130, "")
    with terminal(person) as child:
        child.expect(GOAL)
        child.sendline("Count words")
        child.expect(BUDGET)
        assert interrupted(child) == (
            130,
            "nothing was written; your answers are kept: `mission new` continues with them",
        )
    with terminal(person) as child:
        child.expect(r"An interview about `Count words` is not finished \(1 answer\). Go on with it\? .* \[yes\] ")
        child.sendline("forget")
        child.expect("the answers are forgotten")
        child.expect(GOAL)
        assert interrupted(child)[0] == 130
    assert list((person.repo / ".git/mission/interviews").glob("*")) == []
    assert not (folder / "prompt-1.md").exists()
    assert nothing_made(person)


def test_ctrl_c_at_the_approval_leaves_nothing_half_made(person: Person) -> None:
    use_planner(person, good())
    with terminal(person, "Count words", "--mode", "full", "--max-usd", "3") as child:
        child.expect(NEXT)
        child.sendintr()
        code, out = end(child)
    assert code == 130
    kept = next((person.repo / ".git/mission/plans").rglob("plan.yaml"))
    assert out.endswith(f"nothing was written; to come back: mission new, or mission new --plan {kept}")
    assert nothing_made(person)


def test_ctrl_c_while_the_model_thinks_ends_it_and_says_what_it_cost(person: Person, tmp_path: Path) -> None:
    folder = use_planner(person, good())
    fifo = tmp_path / "started"
    os.mkfifo(fifo)
    program = folder / "planner.py"
    program.write_text(program.read_text() + f"open({os.fspath(fifo)!r}, 'w').close()\nimport signal\nsignal.pause()\n")
    with terminal(person, "Count words", "--mode", "full", "--max-usd", "3") as child:
        child.expect("asking script for a plan, for at most")
        fifo.read_bytes()
        child.sendintr()
        code, out = end(child)
    assert code == 130
    assert out.endswith("stopped, nothing was written; planning cost $0.05 and 1.1 k tokens, in TIME")
    person.rest()
    assert nothing_made(person)


def test_a_hopeless_model_ends_the_interview_with_the_problems(person: Person) -> None:
    use_planner(person, HOPELESS, HOPELESS)
    with terminal(person, "Count words", "--mode", "full", "--max-usd", "3") as child:
        code, out = end(child)
    assert code == 1
    assert "the answer contains no plan" in out
    assert nothing_made(person)


def test_a_mission_with_phases_is_asked_for_its_goal_and_budget_and_for_no_plan(person: Person) -> None:
    person.worker("")
    with terminal(person, "--phases") as child:
        child.expect(GOAL)
        child.sendline("Count words")
        child.expect(BUDGET)
        child.sendline("$5")
        code, said = not_now(child)
    assert "phases: analyzing, awaiting_feature_approval, planning, awaiting_prd_approval, executing, testing" in said
    mission = person.loaded().mission
    assert (code, mission.goal, str(mission.limits.usd), len(mission.phases)) == (0, "Count words", "5", 12)
    assert [f.title for f in mission.features()] == ["Analyze the repository", "Write the requirements"]
