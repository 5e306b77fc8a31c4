"""`.git/mission` may be deleted at any time, and machines boot: no attempt starts twice, what was done is kept."""

from __future__ import annotations

import json
import os
import shutil
import signal
from typing import TYPE_CHECKING

import pytest
from tests.e2e.test_supervision import ONE, SLOW_AT_FIRST, assert_second_attempt_knows, worker_arrives

from mission_cli.adapters.fs.locks import wait_for
from mission_cli.wiring.compose import open_repository

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kit.people import Person

STARTS = ["m/1.1-a1", "m/1.1-a2"]
ENDS = [("1.1-a1", "lost"), ("1.1-a2", "done")]


def at_work(person: Person) -> Path:
    """A worker that has begun; return its tree."""
    os.mkfifo(person.repo.parent / "arrived")
    person.worker(SLOW_AT_FIRST)
    person.plan(ONE)
    person.start()
    worker_arrives(person)
    return person.repo / open_repository(person.repo).context.executor.tree("m/1.1-a1")


def remove_runtime(person: Person) -> None:
    """What `rm -rf .git/mission` does, in one step, so that nothing is written into it meanwhile."""
    gone = person.repo.parent / "gone"
    person.runtime.rename(gone)
    shutil.rmtree(gone)


@pytest.mark.parametrize("first", ["the supervisor", "a pulse"])
def test_the_runtime_is_deleted_while_a_worker_runs(person: Person, first: str) -> None:
    tree = at_work(person)
    remove_runtime(person)
    if first == "the supervisor":
        wait_for(tree.with_name(f"{tree.name}.lock"))
    person.run(ok=(3,))
    assert person.starts() == STARTS
    assert person.causes() == ENDS
    assert_second_attempt_knows(person, "lost")
    record = (person.repo / "missions/m/runs/1.1-a1.md").read_text()
    assert "the folder of its job was removed while it was running" in record
    assert not tree.with_name(f"{tree.name}.lock").exists()


def test_the_runtime_is_deleted_and_its_supervisor_dies(person: Person) -> None:
    tree = at_work(person)
    supervisor = json.loads((person.runtime / "jobs/m/1.1-a1/started.json").read_text())["pid"]
    remove_runtime(person)
    os.kill(supervisor, signal.SIGKILL)
    wait_for(tree.with_name(f"{tree.name}.lock"))
    person.run(ok=(3,))
    assert person.starts() == STARTS
    assert person.causes() == ENDS
    assert_second_attempt_knows(person, "lost")


def test_the_machine_boots_while_a_worker_runs(person: Person) -> None:
    at_work(person)
    job = person.runtime / "jobs/m/1.1-a1"
    started = json.loads((job / "started.json").read_text())
    os.kill(started["pid"], signal.SIGKILL)
    person.wait_for_job("m/1.1-a1")
    for name in ("started.json", "claim.json"):
        facts = json.loads((job / name).read_text())
        facts |= {"boot": "00000000-0000-0000-0000-000000000000", "pid": os.getpid()}  # the pid is somebody else's now
        (job / name).write_text(json.dumps(facts))
    person.run(ok=(3,))
    assert person.starts() == STARTS
    assert person.causes() == ENDS
    assert_second_attempt_knows(person, "lost")


def test_the_runtime_is_deleted_while_nothing_runs(person: Person) -> None:
    person.worker('write(f"{FEATURE}.txt", "x")\ncommit()\n')
    person.plan(ONE.replace("budget:", "preferences: {land: auto}\nbudget:"))
    remove_runtime(person)
    person.start()
    assert person.run().facts["status"] == "completed"
    remove_runtime(person)
    assert person.run().facts["status"] == "completed"
    assert person.starts() == ["m/1.1-a1"]
    assert person.mission("pulse").out == ""
