"""A person steps into a feature, works in its tree, and hands it back."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.killed import run_under
from tests.kit.nightly import by_day, only_at_night
from tests.kit.people import HONEST

from mission_cli import __version__
from mission_cli.app.commands import lifecycle
from mission_cli.document.runs.record import read_run
from mission_cli.engine.loop import pulse
from mission_cli.fastpath import is_idle
from mission_cli.wiring.compose import open_repository

if TYPE_CHECKING:
    from tests.kit.people import Answer, Person

    from mission_cli.domain.runs.record import RunRecord

PLAN = """\
title: One feature
budget: {time_hours: 1, money_usd: 5}
preferences: {land: auto}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`"]}
"""
BUSY = """\
write("begun.txt", "by the worker\\n")
commit("begin", "begun.txt")
write("half.txt", "not committed\\n")
git("config", "core.fsmonitor", "touch " + str(OUTSIDE / "evil"))
write(".git/hooks/pre-commit", "#!/bin/sh\\ntouch " + str(OUTSIDE / "evil") + "\\n")
os.chmod(".git/hooks/pre-commit", 0o755)
(OUTSIDE / "busy").write_text("begun")
import signal
signal.pause()
"""


def record(person: Person, name: str) -> RunRecord:
    found = read_run((person.repo / f"missions/m/runs/{name}.md").read_text(encoding="utf-8"))
    assert found is not None
    return found


def busy(person: Person, *, ticking: bool = True) -> None:
    """A mission whose first worker has begun and will not end by itself. Not `ticking`: its end starts no pulse."""
    person.worker(BUSY)
    person.plan(PLAN)
    told = person.repo.parent / "busy"
    os.mkfifo(told)
    ctx = open_repository(person.repo, ticking=ticking).context
    lifecycle.start(ctx, "m")
    pulse(ctx)
    assert told.read_text() == "begun"


def do_it(person: Person, tree: Path, name: str = "1.1.txt") -> None:
    (tree / name).write_text("by Ada\n")
    person.git("add", "--all", cwd=tree)
    person.git("commit", "--quiet", "-m", "By hand", cwd=tree)


def opened(person: Person) -> Answer:
    return person.mission("open", "1.1", "--print", "--json")


def test_a_running_worker_is_stopped_and_its_tree_goes_on_by_hand_without_its_hooks(person: Person) -> None:
    busy(person)
    desk = opened(person)
    tree = Path(desk.facts["path"])
    assert desk.facts["run"] == "m/1.1-a2"
    assert person.causes() == [("1.1-a1", "stopped"), ("1.1-a2", "intended")]
    assert (tree / "half.txt").read_text() == "not committed\n"
    assert person.git("branch", "--show-current", cwd=tree) == "mission/m/1.1-a2"
    assert record(person, "1.1-a1").saved
    do_it(person, tree)
    assert not (person.repo.parent / "evil").exists()
    person.mission("handback", "1.1")
    assert person.run().facts["status"] == "completed"
    assert person.starts() == ["m/1.1-a1"]
    assert person.causes() == [("1.1-a1", "stopped"), ("1.1-a2", "done")]
    assert (person.repo / "1.1.txt").read_text() == "by Ada\n"
    assert (person.repo / "begun.txt").read_text() == "by the worker\n"
    mine = record(person, "1.1-a2")
    assert (mine.by, mine.continues, mine.usage.usd, mine.usage.source, str(mine.usage.hours)) == (
        "Ada <ada@example.org>",
        "1.1-a1",
        None,
        "by hand",
        "0.0000",
    )


WRONG = """\
write("other.txt", "wrong\\n")
commit()
"""


def failed(person: Person, worker: str = WRONG) -> None:
    """A mission whose only feature has used up its tries."""
    person.set("attempts = 1")
    person.worker(worker)
    person.plan(PLAN)
    person.start()
    person.run(ok=(3,))


def stamps(text: str) -> str:
    text = re.sub(r"\d+ s of", "<hours> of", text)
    text = re.sub(r"(?<=  )\d+ (?:s|min)(?= elapsed|$)", "<time>", text, flags=re.MULTILINE)
    return re.sub(r"\w{3} \d{4}-\d\d-\d\d \d\d:\d\d", "<time>", text)


@only_at_night
def test_everything_says_who_has_it_and_how_it_comes_back(person: Person) -> None:
    failed(person)
    opened(person)
    assert stamps(person.mission("why", "1.1").out) == snapshot("""\
m/1.1: Ada has had it since <time>
  attempt 1: criteria_failed: file: `1.1.txt`: 1.1.txt does not exist
  → mission handback m/1.1
""")
    assert stamps(person.mission("inbox", ok=(3,)).out) == snapshot("""\
m: 1.1: Ada has had it since <time>
  → mission handback m/1.1
""")
    assert stamps(person.mission("status").out) == snapshot("""\
One feature  m
░░░░░░░░░░░░░░░░░░░░ 0%  0 of 1 feature  waiting  <time> elapsed  full mode, base main

▸ 1 Only  active  0/1  <time>
  1.1  one  waiting_human  2 attempts  Ada has had it since <time>  criteria_failed: file: `1.1.txt`: 1.1.txt does not exist

money   ░░░░░░░░░░ $0 of $5
time    ░░░░░░░░░░ <hours> of 1 h

Waiting for you
  1.1: Ada has had it since <time>
    mission handback m/1.1

sandbox: off (sandbox = "off"): workers can do what you can do on this machine
""")
    assert person.mission("run", ok=(3,)).code == 3
    assert person.mission("pulse", "--exit-code", ok=(3,)).code == 3


@only_at_night
def test_a_pulse_is_idle_while_a_person_has_it_and_not_when_it_is_given_back(person: Person) -> None:
    failed(person)
    opened(person)
    person.mission("pulse")
    person.rest()
    assert is_idle(os.fspath(person.runtime), __version__)
    (person.runtime / "jobs/m/1.1-a2/exit.json").touch()
    assert not is_idle(os.fspath(person.runtime), __version__)


@only_at_night
def test_what_is_not_committed_is_named_and_can_be_left_out(person: Person) -> None:
    failed(person)
    tree = Path(opened(person).facts["path"])
    do_it(person, tree)
    (tree / "new.txt").write_text("new\n")
    (tree / "notes.txt").write_text("changed\n")
    refused = person.mission("handback", "1.1", ok=(3,))
    assert refused.err.replace(os.fspath(tree), "<tree>") == snapshot("""\
error: 2 files not committed: new.txt, notes.txt
 hint: commit them in <tree>, or ignore them with --as-is
""")
    assert person.causes()[-1] == ("1.1-a2", "intended")
    person.mission("handback", "1.1", "--as-is")
    assert person.run().facts["status"] == "completed"
    assert person.git("show", "refs/mission/wip/m/1.1-a2:new.txt") == "new"
    assert not (person.repo / "new.txt").exists()


@only_at_night
def test_a_tree_on_another_branch_is_not_taken_back(person: Person) -> None:
    failed(person)
    tree = Path(opened(person).facts["path"])
    person.git("switch", "--quiet", "--create", "mine", cwd=tree)
    refused = person.mission("handback", "1.1", ok=(3,))
    assert refused.err.replace(os.fspath(tree), "<tree>") == snapshot("""\
error: the tree is on `mine`, not on `mission/m/1.1-a2`
 hint: move your commits there: git -C <tree> switch mission/m/1.1-a2
""")


@only_at_night
def test_opening_again_goes_on_and_somebody_else_is_told(person: Person) -> None:
    failed(person)
    first = opened(person).facts
    assert opened(person).facts == first
    person.git("config", "user.name", "Bob")
    refused = person.mission("open", "1.1", ok=(3,))
    assert stamps(refused.err) == snapshot("""\
error: Ada took over 1.1 at <time>
 hint: mission handback m/1.1
""")
    person.git("config", "user.name", "Ada")
    person.mission("handback", "1.1")
    person.run(ok=(3,))
    assert opened(person).facts["run"] == "m/1.1-a3"


LINKED = """\
write("other.txt", "wrong\\n")
commit()
os.rename(".git", OUTSIDE / "elsewhere.git")
os.symlink(OUTSIDE / "elsewhere.git", ".git")
"""


def test_a_tree_whose_git_dir_a_worker_linked_elsewhere_is_left_alone(person: Person) -> None:
    failed(person, LINKED)
    linked = person.repo.parent / "elsewhere.git"
    before = [(linked / name).read_bytes() for name in ("config", "HEAD")]
    tree = Path(opened(person).facts["path"])
    assert not (tree / ".git").is_symlink()
    assert not (tree / "other.txt").exists()
    assert person.git("branch", "--show-current", cwd=tree) == "mission/m/1.1-a2"
    assert [(linked / name).read_bytes() for name in ("config", "HEAD")] == before


@only_at_night
def test_what_cannot_be_stepped_into_says_why(person: Person) -> None:
    person.worker(HONEST)
    person.plan(PLAN)
    said = [person.mission("open", "1.1", ok=(3,)).err]
    person.start()
    person.run()
    said.append(person.mission("open", "1.1", ok=(3,)).err)
    said.append(person.mission("handback", "1.1", ok=(1,)).err)
    assert "".join(said) == snapshot("""\
error: m is planning
 hint: mission start m
error: m is completed
 hint: mission start m
error: 1.1 has no open manual attempt
 hint: mission open m/1.1
""")


def test_a_cancelled_mission_keeps_what_lies_in_the_tree(person: Person) -> None:
    failed(person)
    tree = Path(opened(person).facts["path"])
    (tree / "draft.txt").write_text("draft\n")
    person.mission("cancel", "m", "--yes")
    assert person.causes()[-1] == ("1.1-a2", "stopped")
    assert person.git("show", "refs/mission/wip/m/1.1-a2:draft.txt") == "draft"
    assert (tree / "draft.txt").read_text() == "draft\n"


STEPS = [
    "state.commit:before",
    "state.commit:after",
    "executor.cancel:after",
    "executor.wait:before",
    "executor.wait:after",
    "executor.submit:before",
    "executor.submit:after",
]


@pytest.mark.parametrize("step", by_day(STEPS, 1))
def test_open_killed_there_goes_on_with_the_same_attempt(person: Person, step: str, tmp_path: Path) -> None:
    busy(person, ticking=False)
    mark = tmp_path / "died"
    assert run_under(person, mark, step, "open", "1.1", "--print") == -signal.SIGKILL
    tree = Path(opened(person).facts["path"])
    assert mark.exists()
    assert person.starts() == ["m/1.1-a1"]
    assert person.causes() == [("1.1-a1", "stopped"), ("1.1-a2", "intended")]
    assert (tree / "half.txt").read_text() == "not committed\n"
    do_it(person, tree)
    person.mission("handback", "1.1")
    assert person.run().facts["status"] == "completed"


@pytest.mark.parametrize(
    "step", by_day(["executor.hand_back:after", "executor.hand_back:before", "state.commit:before"], 1)
)
@only_at_night
def test_handback_killed_there_is_finished_by_the_next_pulse(person: Person, step: str, tmp_path: Path) -> None:
    failed(person)
    do_it(person, Path(opened(person).facts["path"]))
    mark = tmp_path / "died"
    assert run_under(person, mark, step, "handback", "1.1") == -signal.SIGKILL
    if step.endswith("hand_back:before"):
        person.mission("handback", "1.1")
    assert person.run().facts["status"] == "completed"
    assert person.causes() == [("1.1-a1", "criteria_failed"), ("1.1-a2", "done")]
