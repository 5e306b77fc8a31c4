"""Workers as they are: each is judged by what it left, named in `why`, and tried no more often than configured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.nightly import by_day, only_at_night

if TYPE_CHECKING:
    from tests.kit.people import Person

ONE = """\
title: One feature
budget: {time_hours: 1}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
      - {title: one, criteria: ["grep: `^good` in `1.1.txt`"]}
"""
GOOD = 'write("1.1.txt", f"good, attempt {ATTEMPT}\\n")\ncommit()\n'


def judged(person: Person, source: str, plan: str = ONE) -> tuple[list[tuple[str, str]], str, list[str]]:
    """Let a worker try until the mission needs a person; return causes, status and what `why` says."""
    person.set("attempts = 2")
    person.worker(source)
    person.plan(plan)
    person.start()
    person.run(ok=(3,))
    why = person.mission("why", "m/1.1").out.splitlines()
    return person.causes(), person.features()["1.1"], [line.strip() for line in why if "attempt " in line]


def test_one_that_does_nothing_and_exits_0(person: Person) -> None:
    causes, status, why = judged(person, "print('all done!')\n")
    assert causes == [("1.1-a1", "noop"), ("1.1-a2", "noop")]
    assert status == "failed"
    assert why == snapshot(
        [
            "attempt 1: noop: it ended with exit 0 and left no commit",
            "attempt 2: noop: it ended with exit 0 and left no commit",
        ]
    )


def test_one_that_commits_white_space(person: Person) -> None:
    source = 'write("notes.txt", "hello \\n\\n")\nwrite("empty.txt", "")\ncommit(f"work {ATTEMPT}")\n'
    causes, status, why = judged(person, source, ONE.replace(', criteria: ["grep: `^good` in `1.1.txt`"]', ""))
    assert causes == [("1.1-a1", "wrong_output"), ("1.1-a2", "wrong_output")]
    assert status == "failed"
    assert why == snapshot(
        [
            "attempt 1: wrong_output: its commits change nothing but white space or empty files",
            "attempt 2: wrong_output: its commits change nothing but white space or empty files",
        ]
    )


@only_at_night
def test_one_that_works_on_another_branch(person: Person) -> None:
    causes, status, why = judged(person, 'git("checkout", "-q", "-b", "my-own")\n' + GOOD)
    assert causes == [("1.1-a1", "wrong_output"), ("1.1-a2", "wrong_output")]
    assert status == "failed"
    assert why == snapshot(
        [
            "attempt 1: wrong_output: its commits are on my-own, not on mission/m/1.1-a1",
            "attempt 2: wrong_output: its commits are on my-own, not on mission/m/1.1-a2",
        ]
    )


def test_one_that_edits_a_mission_file(person: Person) -> None:
    causes, status, why = judged(person, 'write("missions/m/mission.md", "status: done\\n")\n' + GOOD)
    assert causes == [("1.1-a1", "tampered"), ("1.1-a2", "tampered")]
    assert status == "failed"
    assert why == snapshot(
        [
            "attempt 1: tampered: it changed protected paths: missions/m/mission.md",
            "attempt 2: tampered: it changed protected paths: missions/m/mission.md",
        ]
    )


def test_one_that_edits_the_script_of_its_criterion(person: Person) -> None:
    person.commit("Add the check", **{"check.sh": "grep -q '^good' 1.1.txt\n"})
    person.set("attempts = 1")
    person.worker('write("check.sh", "true\\n")\nwrite("1.1.txt", "bad\\n")\ncommit()\n')
    person.plan(ONE.replace("grep: `^good` in `1.1.txt`", "run: `sh check.sh`"))
    person.start()
    person.run(ok=(3,))
    assert person.causes() == [("1.1-a1", "tampered")]
    words = "tampered: it changed protected paths: check.sh"
    assert f"  attempt 1: {words}\n" in person.mission("why", "m/1.1").out
    for address in ("", "m", "m/1"):
        assert f"  attempt 1: {words}\n" in person.mission("why", address).out
    assert words in person.mission("status", "m").out
    person.mission("skip", "m/1.1", "--reason", "not needed any more")
    assert words not in person.mission("status", "m").out + person.mission("why", "m").out


def test_one_that_exits_1_after_good_work_is_done(person: Person) -> None:
    person.worker(GOOD + "sys.exit(1)\n")
    person.plan(ONE)
    person.start()
    person.run(ok=(3,))
    assert person.causes() == [("1.1-a1", "done")]
    assert person.features() == {"1.1": "done"}


def test_one_whose_work_does_not_meet_the_criteria_gets_feedback(person: Person) -> None:
    person.worker(
        """\
        if ATTEMPT == 1:
            write("1.1.txt", "bad\\n")
        else:
            write("1.1.txt", "good\\n")
            write("prompt.txt", PROMPT)
        commit()
        """
    )
    person.plan(ONE)
    person.start()
    person.run(ok=(3,))
    assert person.causes() == [("1.1-a1", "criteria_failed"), ("1.1-a2", "done")]
    prompt = person.git("show", "mission/m/work:prompt.txt")
    assert "Attempt 1 ended with **criteria_failed**: grep: `^good` in `1.1.txt`: no match in 1 file" in prompt
    assert "Do not repeat what failed." in prompt


def test_one_that_fails_in_the_same_way_without_a_new_change_is_not_tried_for_ever(person: Person) -> None:
    person.set("attempts = 9")
    person.worker('write("1.1.txt", "bad\\n")\ncommit()\n')
    person.plan(ONE)
    person.start()
    person.run(ok=(3,))
    assert person.causes() == [("1.1-a1", "criteria_failed"), ("1.1-a2", "criteria_failed")]


@only_at_night
def test_a_runner_that_cannot_be_executed_counts_against_nobody_and_stops_at_its_breaker(person: Person) -> None:
    person.worker("sys.exit(127)\n")
    person.plan(ONE)
    person.start()
    person.mission("pulse")
    while len(person.causes()) < 3 or person.causes()[-1][1] == "intended":
        person.wait_for_job(f"m/1.1-a{len(person.causes())}")
        person.mission("pulse")
    assert person.causes() == [(f"1.1-a{n}", "infrastructure") for n in (1, 2, 3)]
    assert person.features() == {"1.1": "pending"}
    assert "3 failures of `script` in a row, next probe in 2" in person.mission("why", "m/1.1").out


@pytest.mark.parametrize(
    "damage", by_day(["rm -rf .git", "rm -rf .git/objects", "echo x > .git/HEAD", r"printf '\\377' > .git/HEAD"], 2)
)
def test_one_that_breaks_its_tree(person: Person, damage: str) -> None:
    causes, status, _ = judged(person, GOOD + f'os.system("{damage}")\n')
    assert {cause for _, cause in causes} <= {"wrong_output", "noop"}
    assert status == "failed"


@pytest.mark.parametrize("place", by_day(["HEAD", "refs/heads/pipe", "objects/info/alternates", "packed-refs"], 1))
def test_one_that_leaves_a_pipe_where_git_would_read_holds_nobody_up(person: Person, place: str) -> None:
    pipes = f'place = Path(".git/{place}")\nplace.unlink(missing_ok=True)\nos.mkfifo(place)\n'
    causes, status, _ = judged(person, GOOD + 'write("more.txt", "more")\n' + pipes)
    assert (causes, status) == ([("1.1-a1", "wrong_output"), ("1.1-a2", "wrong_output")], "failed")
    record = (person.repo / "missions/m/runs/1.1-a1.md").read_text()
    assert f"its branch cannot be fetched: .git/{place} is neither a file nor a folder" in record


@only_at_night
def test_one_that_reports_its_cost_by_a_pipe_has_told_nothing(person: Person) -> None:
    person.worker(GOOD + 'os.mkfifo(os.environ["MISSION_USAGE"])\n')
    person.plan(ONE.replace("time_hours: 1", "money_usd: 2"))
    person.start()
    money = person.run(ok=(3,)).facts["budget"]["usd"]
    assert person.causes() == [("1.1-a1", "done")]
    assert (money["spent"], money["unknown_runs"]) == (0, 1)


def test_two_that_touch_the_same_lines_conflict_and_the_second_is_done_again(person: Person) -> None:
    person.worker(
        """\
        old = Path("shared.txt").read_text() if Path("shared.txt").exists() else ""
        write("shared.txt", old + FEATURE + "\\n")
        if "conflict" in PROMPT and ATTEMPT > 1:
            write("told.txt", "yes")
        commit()
        """
    )
    person.plan(
        """\
        title: Two
        budget: {time_hours: 1}
        milestones:
          - name: Only
            validation: ["grep: `1.1` in `shared.txt`", "grep: `1.2` in `shared.txt`"]
            features:
              - {title: one, criteria: ["file: `shared.txt`"]}
              - {title: two, criteria: ["file: `shared.txt`"]}
        """
    )
    person.start()
    person.run(ok=(3,))
    assert sorted(cause for _, cause in person.causes()) == ["conflict", "done", "done"]
    assert person.features() == {"1.1": "done", "1.2": "done"}
    assert sorted(person.git("show", "mission/m/work:shared.txt").splitlines()) == ["1.1", "1.2"]
    assert person.git("show", "mission/m/work:told.txt") == "yes"


def test_the_environment_that_a_worker_finds(person: Person) -> None:
    person.worker(
        """\
        names = ["ID", "FEATURE", "RUN", "ATTEMPT", "MODE", "BASE", "BRANCH"]
        lines = [f"{n}={os.environ['MISSION_' + n]}" for n in names]
        branch = subprocess.run(["git", "branch", "--show-current"], capture_output=True, text=True).stdout.strip()
        lines += [f"on={branch}", f"port={os.environ['MISSION_PORT'].isdigit()}"]
        lines += [f"remotes={subprocess.run(['git', 'remote'], capture_output=True, text=True).stdout!r}"]
        write("1.1.txt", "good\\n" + "\\n".join(lines) + "\\n")
        commit()
        """
    )
    person.plan(ONE)
    person.start()
    person.run(ok=(3,))
    assert person.git("show", "mission/m/work:1.1.txt") == snapshot("""\
good
ID=m
FEATURE=1.1
RUN=m/1.1-a1
ATTEMPT=1
MODE=full
BASE=main
BRANCH=mission/m/1.1-a1
on=mission/m/1.1-a1
port=True
remotes=''\
""")


def test_what_a_worker_reports_is_paid_and_an_attempt_over_its_cap_is_stopped(person: Person) -> None:
    person.worker(
        """\
        report = Path(os.environ["MISSION_USAGE"])
        if ATTEMPT == 1:
            report.write_text('{"cost_usd": 9, "input_tokens": 1000}')
            time.sleep(60)
        report.write_text('{"cost_usd": 0.25, "input_tokens": 70, "output_tokens": 7}')
        """,
        GOOD,
    )
    person.plan(ONE.replace("time_hours: 1", "money_usd: 20, per_feature_usd: 1"))
    person.start()
    answer = person.run(ok=(3,))
    assert person.causes() == [("1.1-a1", "over_budget"), ("1.1-a2", "done")]
    assert answer.facts["budget"]["usd"] == {"cap": 20, "spent": 9.25, "reserved": 0, "unknown_runs": 0}
    assert answer.facts["budget"]["tokens"]["spent"] == 1077
    mission = person.loaded().mission
    assert [(r.feature, r.status) for r in mission.recoveries] == [("1.1", "recovered")]
