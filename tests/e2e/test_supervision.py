"""Workers that hang, fork away or lose their supervisor: stopped, swept, saved, tried again with what they left."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.kit.people import HONEST

from mission_cli import __version__
from mission_cli._support.text import parse_stamp
from mission_cli.domain.status import JobKind
from mission_cli.fastpath import is_idle
from mission_cli.ports.executor import JobSpec, Program, Tree
from mission_cli.wiring.compose import open_repository

if TYPE_CHECKING:
    from tests.kit.people import Person

ONE = """\
title: One feature
budget: {time_hours: 1}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`"]}
"""
SLOW_AT_FIRST = """\
if ATTEMPT == 1:
    write("half.txt", "half done\\n")
    child = subprocess.Popen(["sleep", "1000"], start_new_session=True)
    with open(OUTSIDE / "child.pid", "w") as out:
        out.write(str(child.pid))
    with open(OUTSIDE / "arrived", "w") as fifo:
        fifo.write("here")
    time.sleep(1000)
write("prompt.txt", PROMPT)
write("1.1.txt", "whole\\n")
commit()
"""


def worker_arrives(person: Person) -> None:
    """Block until the worker says that it is at work."""
    assert (person.repo.parent / "arrived").read_text() == "here"


def child_is_dead(person: Person) -> bool:
    """Whether the process that the first attempt left behind is gone."""
    pid = int((person.repo.parent / "child.pid").read_text())
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"  # whoever inherited it has not looked yet


def assert_second_attempt_knows(person: Person, cause: str) -> None:
    assert person.git("show", "refs/mission/wip/m/1.1-a1:half.txt") == "half done"
    prompt = person.git("show", "mission/m/work:prompt.txt")
    assert f"Attempt 1 ended with **{cause}**" in prompt
    assert "Its uncommitted work was saved as " in prompt
    assert child_is_dead(person)


def test_a_job_that_no_pulse_watches_wakes_one_when_it_ends(person: Person) -> None:
    person.plan(ONE)
    person.mission("pulse")
    idle = person.runtime / "idle.json"
    before = idle.read_text()
    assert is_idle(os.fspath(person.runtime), __version__)
    executor = open_repository(person.repo).context.executor
    executor.submit(
        JobSpec(
            key="m/checks/unknown.1",
            kind=JobKind.CHECK,
            tree=Tree(commit=person.git("rev-parse", "HEAD")),
            program=Program(argv=("true",)),
        )
    )
    executor.wait("m/checks/unknown.1")
    person.let_pulses_end()
    assert idle.read_text() != before


TELLS = """\
(OUTSIDE / "arrived").write_text("here")
(OUTSIDE / "on").read_text()
print("edit src/app.py", flush=True)
Path(os.environ["MISSION_USAGE"]).write_text('{"cost_usd": 0.12, "input_tokens": 1200}')
(OUTSIDE / "go").read_text()
"""


def test_status_shows_what_a_worker_has_cost_and_does_while_it_runs(person: Person) -> None:
    def tally() -> dict[str, Any]:
        [milestone] = person.mission("status", "m", "--json").facts["milestones"]
        found: dict[str, Any] = milestone["features"][0]["tally"] or {}
        return found

    for name in ("arrived", "on", "go"):
        os.mkfifo(person.repo.parent / name)
    person.worker(TELLS, HONEST, deadline="10m")
    person.plan(ONE.replace("time_hours: 1", "money_usd: 1"))
    person.start()
    worker_arrives(person)
    for check in person.runtime.glob("jobs/m/checks/*"):
        person.wait_for_job(f"m/checks/{check.name}")
    person.mission("pulse")
    assert is_idle(os.fspath(person.runtime), __version__)
    assert tally() == {}
    (person.repo.parent / "on").write_text("on")
    while not (tally().get("usd") and tally().get("action")):
        pass
    told = tally()
    assert parse_stamp(told.pop("last_event")) is not None
    assert told == {"usd": 0.12, "tokens": {"input": 1200}, "steps": 0, "action": "edit src/app.py"}
    shown = person.mission("status", "m").out
    assert re.search(r"dispatched  script a1 for \d+ s  \$0\.12 so far, edit src/app\.py$", shown, re.MULTILINE), shown
    assert re.search(r"^money +\S+ \$0 of \$1, running \$0\.12 of \S+ reserved$", shown, re.MULTILINE), shown
    assert is_idle(os.fspath(person.runtime), __version__), "what a worker tells wakes nothing"
    (person.repo.parent / "go").write_text("go")
    answer = person.run(ok=(3,))
    assert answer.facts["budget"]["usd"]["spent"] == 0.12
    assert tally() == {}
    assert not (person.runtime / "jobs/m/1.1-a1/tally.json").exists()


def test_a_worker_that_hangs_is_stopped_by_its_deadline(person: Person) -> None:
    os.mkfifo(person.repo.parent / "arrived")
    person.worker(SLOW_AT_FIRST, deadline="2s")
    person.plan(ONE)
    person.start()
    worker_arrives(person)
    person.run(ok=(3,))
    assert person.causes() == [("1.1-a1", "deadline"), ("1.1-a2", "done")]
    assert_second_attempt_knows(person, "deadline")
    row = person.loaded().mission.recoveries[0]
    assert (row.feature, row.status) == ("1.1", "recovered")
    assert re.fullmatch(r"deadline: stopped by its deadline after \d+ s", row.trigger), row.trigger
    assert "Do the smallest remaining part that you can finish now" in person.git("show", "mission/m/work:prompt.txt")


def test_a_worker_that_ends_while_what_it_started_goes_on(person: Person) -> None:
    person.worker(
        """\
        child = subprocess.Popen(["sleep", "1000"], start_new_session=True, env={})
        (OUTSIDE / "child.pid").write_text(str(child.pid))
        """,
        HONEST,
    )
    person.plan(ONE)
    person.start()
    person.run(ok=(3,))
    assert person.causes() == [("1.1-a1", "done")]
    assert child_is_dead(person)
    record = (person.repo / "missions/m/runs/1.1-a1.md").read_text()
    assert "processes left running, then stopped: 1" in record


def test_kill_9_of_the_supervisor_in_mid_run(person: Person) -> None:
    os.mkfifo(person.repo.parent / "arrived")
    person.worker(SLOW_AT_FIRST)
    person.plan(ONE)
    person.start()
    worker_arrives(person)
    job = person.runtime / "jobs/m/1.1-a1"
    os.kill(json.loads((job / "started.json").read_text())["pid"], signal.SIGKILL)
    person.wait_for_job("m/1.1-a1")
    person.run(ok=(3,))
    assert person.causes() == [("1.1-a1", "lost"), ("1.1-a2", "done")]
    assert person.starts() == ["m/1.1-a1", "m/1.1-a2"]
    assert_second_attempt_knows(person, "lost")


def test_pause_now_stops_the_worker_and_keeps_its_work(person: Person) -> None:
    os.mkfifo(person.repo.parent / "arrived")
    person.worker(SLOW_AT_FIRST)
    person.plan(ONE)
    person.start()
    worker_arrives(person)
    person.mission("pause", "m", "--now", "--reason", "lunch")
    person.wait_for_job("m/1.1-a1")
    person.mission("pulse")
    person.rest()
    assert person.causes() == [("1.1-a1", "stopped")]
    assert person.features() == {"1.1": "pending"}
    assert person.mission("status", "m", "--json").facts["shown_as"] == "paused"
    person.mission("resume", "m")
    person.run(ok=(3,))
    assert person.causes() == [("1.1-a1", "stopped"), ("1.1-a2", "done")]
    assert_second_attempt_knows(person, "stopped")


def test_a_cancelled_mission_leaves_no_check_running(person: Person) -> None:
    person.worker(HONEST)
    judging = person.repo.parent / "judging"
    slow = f"run: test ! -e 1.1.txt || {{ touch {judging}; sleep 600; }}"
    person.plan(ONE.replace("file: `1.1.txt`", slow))
    person.start()
    while not judging.exists():
        person.mission("pulse")
    person.mission("cancel", "m", "--yes")
    person.rest()
    assert person.causes() == [("1.1-a1", "stopped")]


def test_the_panic_button_ends_everything_before_anything_else(person: Person) -> None:
    os.mkfifo(person.repo.parent / "arrived")
    person.worker(SLOW_AT_FIRST)
    person.plan(ONE)
    person.start()
    worker_arrives(person)
    person.mission("stop", "--all")
    person.wait_for_job("m/1.1-a1")
    assert child_is_dead(person)
    head = person.state_head()
    person.mission("pulse")
    assert person.state_head() == head
    person.mission("resume", "--all")
    person.run(ok=(3,))
    assert person.features() == {"1.1": "done"}


def test_a_skipped_feature_stops_its_worker(person: Person) -> None:
    os.mkfifo(person.repo.parent / "arrived")
    person.worker(SLOW_AT_FIRST)
    person.plan(ONE.replace('1.1.txt`"]\n    features', 'notes.txt`"]\n    features'))
    person.start()
    worker_arrives(person)
    person.mission("skip", "m/1.1", "--reason", "not needed after all")
    person.wait_for_job("m/1.1-a1")
    person.mission("pulse", "--quiet")
    person.rest()
    assert person.causes() == [("1.1-a1", "stopped")]
    assert person.features() == {"1.1": "skipped"}
    assert child_is_dead(person)


def test_nothing_that_a_worker_inherits_is_ours(person: Person) -> None:
    person.worker(
        """\
        names = sorted(os.listdir("/proc/self/fd"), key=int)
        write("1.1.txt", " ".join(n for n in names if os.path.exists(f"/proc/self/fd/{n}")) + "\\n")
        write("git.txt", " ".join(sorted(n for n in os.environ if n.startswith("GIT_"))) + "\\n")
        commit()
        """
    )
    person.plan(ONE)
    os.environ["GIT_DIR"] = os.fspath(Path("/nowhere"))
    try:
        person.start()
    finally:
        del os.environ["GIT_DIR"]
    person.run(ok=(3,))
    assert person.git("show", "mission/m/work:1.1.txt") == "0 1 2"
    ours = "GIT_ASKPASS GIT_EDITOR GIT_PAGER GIT_SEQUENCE_EDITOR GIT_TERMINAL_PROMPT"
    assert person.git("show", "mission/m/work:git.txt") == ours
