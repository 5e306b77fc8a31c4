"""Milestones are judged by running things: what passes, what is a failure, what nobody can run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.kit.nightly import only_at_night
from tests.kit.people import HONEST

if TYPE_CHECKING:
    from tests.kit.people import Person


def plan(validation: str, features: str = "{title: one}", **more: str) -> str:
    preferences = more.get("preferences", "{land: auto}")
    budget = more.get("budget", "{time_hours: 1}")
    return f"""\
title: One milestone
budget: {budget}
preferences: {preferences}
milestones:
  - name: Only
    validation: {validation}
    features:
      - {features}
"""


def events(person: Person, name: str) -> list[str]:
    return [row.details for row in person.loaded().mission.progress if row.event == name]


def test_every_kind_of_criterion(person: Person) -> None:
    person.worker(
        'write("a.txt", "alpha 42\\n")\nwrite("count.sh", "echo lines; wc -l < a.txt\\n")\ncommit()\nwrite("left.txt", "x")\n'
    )
    person.plan(
        plan(
            """[
            "run: `grep -q alpha a.txt`",
            "file: `a.txt` `count.sh`",
            "grep: `alpha \\\\d+` in `a.txt`",
            "not grep: `beta` in `a.txt`",
            "metric: `sh count.sh` >= 1",
            "run: `test -f a.txt -a ! -e left.txt` (timeout 1m)"]"""
        )
    )
    person.start()
    person.run()
    criteria = person.loaded().mission.milestones[0].criteria
    assert [(c.kind, str(c.result.verdict) if c.result else "", c.ticked) for c in criteria] == [
        (kind, "passed", True) for kind in ("run", "file", "grep", "grep", "metric", "run")
    ]
    assert [str(c.baseline.verdict) if c.baseline else "" for c in criteria] == ["failed"] * 6


def test_a_criterion_that_passes_before_any_work_is_vacuous_and_alone_it_asks_a_person(person: Person) -> None:
    person.worker(HONEST)
    person.plan(plan('["file: `notes.txt`"]'))
    person.start()
    person.run(ok=(3,))
    waiting = person.mission("status", "m", "--json").facts["waiting_for"]
    assert [w["name"] for w in waiting] == ["milestone 1 has only criteria that passed before any work: accept it?"]
    assert "so it proves nothing about the work" in person.mission("lint", "m").out
    person.mission("answer", "m", "1", "accept, I looked at it")
    person.run()
    assert person.loaded().mission.status == "completed"


@only_at_night
def test_all_tests_skipped_is_not_a_pass(person: Person) -> None:
    skipped = "import unittest\n\n@unittest.skip('later')\nclass T(unittest.TestCase):\n    def test_x(self): pass\n"
    person.worker(
        f"""\
        if "fix:" in PROMPT.splitlines()[0]:
            write("tests/test_x.py", "import unittest\\n\\nclass T(unittest.TestCase):\\n    def test_x(self): pass\\n")
        else:
            write("tests/test_x.py", {skipped!r})
        commit()
        """
    )
    person.plan(plan('["run: `python3 -m unittest discover -s tests`"]'))
    person.start()
    person.run()
    assert person.causes() == [("1.1-a1", "done"), ("1.2-a1", "done")]
    assert person.loaded().mission.milestones[0].rounds == 1


def test_found_tests_are_run_when_a_milestone_names_no_criterion(person: Person) -> None:
    person.worker(
        """\
        broken = "fix:" not in PROMPT.splitlines()[0]
        body = f"    def test_x(self): self.assertTrue({not broken})\\n"
        write("test_it.py", "import unittest\\n\\nclass T(unittest.TestCase):\\n" + body)
        commit()
        """
    )
    person.plan(plan("[]"))
    person.start()
    person.run()
    title = person.loaded().mission.milestones[0].features[1].title
    assert title == "fix: run: python3 -m unittest"


@only_at_night
def test_a_feature_without_criteria_must_keep_green_what_was_green(person: Person) -> None:
    test = "import unittest\n\nclass T(unittest.TestCase):\n    def test_x(self): assert open('notes.txt').read()\n"
    person.commit("Add a test", **{"test_it.py": test})
    person.worker('write("notes.txt", "" if ATTEMPT == 1 else "better\\n")\nwrite("new.txt", "x\\n")\ncommit()\n')
    person.plan(plan('["file: `new.txt`"]'))
    person.start()
    person.run()
    assert person.causes() == [("1.1-a1", "criteria_failed"), ("1.1-a2", "done")]


@only_at_night
def test_the_third_failed_validation_pauses_with_a_diagnosis(person: Person) -> None:
    person.worker("write(f'{FEATURE}.txt', 'x\\n')\ncommit()\n")
    person.plan(plan('["grep: `never` in `1.1.txt`"]', '{title: one, criteria: ["file: `1.1.txt`"]}'))
    text = person.file().read_text()
    assert "fixes:" not in text
    person.start()
    # The fix features carry the criterion that failed, so they use up their attempts first.
    person.run(ok=(3,))
    fix = person.loaded().mission.milestones[0].features[1]
    assert (fix.number, fix.status) == ("1.2", "failed")
    assert len(fix.fixes) == 8
    for number in ("1.2", "1.3"):
        person.mission("skip", f"m/{number}", "--reason", "it cannot be fixed")
        person.run(ok=(3,))
    mission = person.loaded().mission
    assert mission.status == "paused"
    assert mission.milestones[0].raw_status == "failed"
    assert events(person, "mission.paused") == [
        "milestone 1 failed its validation 3 times: grep: `never` in `1.1.txt`: no match in 1 file"
    ]
    person.mission("resume", "m")
    person.rest()
    assert person.loaded().mission.milestones[0].rounds in {0, 1}


@only_at_night
def test_a_criterion_that_cannot_be_run_uses_up_nothing_and_pauses_after_its_second_try(person: Person) -> None:
    tool = person.repo.parent / "tool"
    person.worker(HONEST)
    person.plan(plan(f'["run: `{tool}`", "file: `1.1.txt`"]'))
    person.start()
    person.run(ok=(3,))
    mission = person.loaded().mission
    assert mission.status == "paused"
    assert mission.milestones[0].rounds == 0
    assert person.features() == {"1.1": "done"}
    assert events(person, "mission.paused") == [
        f"`run: `{tool}`` cannot be run: criterion: line 1: {tool}: No such file or directory"
    ]
    tool.write_text("#!/bin/sh\nexit 0\n")
    tool.chmod(0o755)
    person.mission("resume", "m")
    person.run()
    assert person.loaded().mission.status == "completed"


def test_a_manual_criterion_is_passed_by_a_person_and_by_nobody_else(person: Person) -> None:
    person.worker(HONEST)
    person.plan(plan('["manual: legal has approved the copy", "file: `1.1.txt`"]'))
    person.start()
    person.run(ok=(3,))
    inbox = person.mission("inbox", ok=(3,)).out
    assert inbox == "m: manual: legal has approved the copy\n  → mission answer m 1 ANSWER (pass or fail)\n"
    assert "begin with one of: pass, fail" in person.mission("answer", "m", "1", "maybe", ok=(2,)).err
    person.mission("answer", "m", "1", "pass")
    person.run()
    criterion = person.loaded().mission.milestones[0].criteria[0]
    assert criterion.ticked
    assert person.mission("inbox").out == "nothing waits for you\n"


@only_at_night
def test_a_box_ticked_by_hand_passes_a_manual_criterion_and_no_other(person: Person) -> None:
    person.worker("write('other.txt', 'x\\n')\ncommit()\n")
    person.set("attempts = 1")
    person.plan(plan('["manual: looks good", "file: `1.1.txt`"]'))
    text = person.file().read_text()
    person.file().write_text(text.replace("- [ ]", "- [x]"))
    person.git("commit", "--quiet", "-am", "Tick everything", cwd=person.repo / "missions")
    person.start()
    person.run(ok=(3,))
    criteria = person.loaded().mission.milestones[0].criteria
    assert [(c.kind, c.ticked) for c in criteria] == [("manual", True), ("file", False)]
    assert person.mission("inbox", ok=(3,)).out.startswith("m: 1.2: ")


@only_at_night
def test_a_criterion_in_words_is_never_passed_by_default(person: Person) -> None:
    person.worker(HONEST)
    person.plan(plan('["The code is beautiful", "file: `1.1.txt`"]'))
    person.start()
    person.run(ok=(3,))
    assert person.mission("inbox", ok=(3,)).out.startswith("m: The code is beautiful\n")
    person.mission("answer", "m", "1", "fail: it is not")
    person.rest()
    fix = person.loaded().mission.milestones[0].features[1]
    assert fix.title == "fix: The code is beautiful"
    assert "it is not" in fix.description


def test_validate_judges_on_demand(person: Person) -> None:
    person.worker(HONEST)
    person.plan(plan('["file: `1.1.txt`", "file: `notes.txt`"]'))
    not_ready = person.mission("validate", "m/1", ok=(3,))
    assert "milestone 1 is not ready: 1.1 not done" in not_ready.err
    report = person.mission("validate", "m/1", "--report-only", "--json", ok=(1,)).facts
    assert [(c["text"], c["verdict"]) for c in report["criteria"]] == [
        ("file: `1.1.txt`", "failed"),
        ("file: `notes.txt`", "passed"),
    ]
    person.start()
    person.run()
    assert person.mission("validate", "m/1").out == "passed         file: `1.1.txt`\npassed         file: `notes.txt`\n"


def test_final_validation_finds_what_a_later_milestone_broke(person: Person) -> None:
    person.worker(
        """\
        if FEATURE == "2.1":
            git("rm", "-q", "1.1.txt")
        write("1.1.txt" if "fix:" in PROMPT.splitlines()[0] else f"{FEATURE}.txt", "x\\n")
        commit()
        """
    )
    person.plan(
        """\
        title: Two
        budget: {time_hours: 1}
        preferences: {land: auto}
        milestones:
          - {name: First, validation: ["file: `1.1.txt`"], features: [{title: one, criteria: ["file: `1.1.txt`"]}]}
          - {name: Second, validation: ["file: `2.1.txt`"], features: [{title: two, criteria: ["file: `2.1.txt`"]}]}
        """
    )
    person.start()
    person.run()
    assert person.features() == {"1.1": "done", "1.2": "done", "2.1": "done"}
    assert person.git("ls-tree", "--name-only", "main").splitlines() == ["1.1.txt", "2.1.txt", "notes.txt"]
    assert any(line.startswith("final validation failed") for line in events(person, "milestone.active"))


ORPHAN = """
git("checkout", "-q", "--orphan", "mine") if ATTEMPT == 1 else None
write(f"{FEATURE}.txt", "good\\n")
commit()
if ATTEMPT == 1:
    git("branch", "-q", "-M", f"mission/m/{FEATURE}-a1")
"""


@only_at_night
def test_a_worker_that_begins_a_history_of_its_own_is_told_so_and_tried_again(person: Person) -> None:
    person.worker(ORPHAN)
    person.plan(plan('["file: `1.1.txt`"]'))
    person.start()
    person.run()
    assert person.causes() == [("1.1-a1", "wrong_output"), ("1.1-a2", "done")]
    words = "its commits have no history in common with finished work: they must follow the commit it started from"
    assert words in (person.repo / "missions/m/runs/1.1-a1.md").read_text()
    assert words in (person.repo / "missions/m/runs/1.1-a2.md").read_text(), "the next one is told"


@only_at_night
def test_a_base_whose_history_was_rewritten_waits_for_a_person_and_goes_on_as_they_are_told(person: Person) -> None:
    person.worker(HONEST)
    person.plan(plan('["file: `1.1.txt`"]', preferences="{}"))
    person.start()
    person.run(ok=(3,))
    person.git("commit", "-q", "--amend", "-m", "Begin, in other words")
    person.mission("land", "m", "--yes", ok=(3,))
    assert held(person) == (
        "`main` was rewritten: it has no history in common with mission/m/work",
        "git switch mission/m/work && git merge --allow-unrelated-histories main && git switch -",
    )
    as_told(person)
    assert held(person) == ("everything is done and waits for you to land it", "mission land m")
    person.mission("land", "m", "--yes")
    person.run()
    assert person.git("show", "main:1.1.txt") == "1.1 by attempt 1"


@only_at_night
def test_work_that_conflicts_with_the_base_at_the_end_lands_once_a_person_has_merged_it(person: Person) -> None:
    person.worker(HONEST)
    person.plan(plan('["file: `1.1.txt`"]', preferences="{}"))
    person.start()
    person.run(ok=(3,))
    person.commit("Mine", **{"1.1.txt": "1.1 by Ada\n"})
    person.mission("land", "m", "--yes", ok=(3,))
    assert held(person) == (
        "`main` has moved and conflicts with finished work in 1.1.txt",
        "git switch mission/m/work && git merge main && git switch -",
    )
    person.git("switch", "-q", "mission/m/work")
    person.git("merge", "-q", "main", ok=(1,))
    person.write("1.1.txt", "1.1 by both\n")
    person.git("commit", "-q", "-a", "-m", "Both")
    person.git("switch", "-q", "main")
    person.mission("land", "m", "--yes")
    person.run()
    assert person.git("show", "main:1.1.txt") == "1.1 by both"


def held(person: Person) -> tuple[str, str]:
    """What `why` says of the mission, with its help, once a pulse has looked."""
    person.run(ok=(3,))
    first, second = person.mission("why", "m").out.strip().splitlines()[:2]
    return first.removeprefix("m: "), second.strip().removeprefix("→ ")


def as_told(person: Person) -> None:
    """Do what `why` advises."""
    for command in held(person)[1].split(" && "):
        person.git(*command.split(" ")[1:])


def test_validate_asks_the_judges_files_of_the_base_too(person: Person) -> None:
    person.commit("A target that judges", Makefile="check:\n\tgrep -q right notes.txt\n")
    person.worker(HONEST)
    person.plan(plan('["run: `make check`"]'))
    person.git("switch", "--quiet", "-c", "mission/m/work")
    person.commit("A target that judges nothing", Makefile="check:\n\ttrue\n")
    person.git("switch", "--quiet", "main")
    (found,) = person.mission("validate", "m/1", "--report-only", "--json", ok=(1,)).facts["criteria"]
    assert found["verdict"] == "failed"
    assert found["detail"].startswith("with Makefile as on the base, run: `make check`: ")
    person.git("switch", "--quiet", "mission/m/work")
    person.commit("It is right", **{"notes.txt": "right\n"})
    person.git("switch", "--quiet", "main")
    assert person.mission("validate", "m/1", "--report-only").out.split()[0] == "passed"
