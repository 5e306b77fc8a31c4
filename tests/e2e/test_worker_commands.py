"""Every command either only shows, or is refused to a worker of the same checkout; to nobody else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import typer.main

from mission_cli.adapters.executors.jobs.folder import JobFolder, Surroundings
from mission_cli.app.authority import READING
from mission_cli.domain.errors import BlockedError
from mission_cli.domain.status import JobKind
from mission_cli.ports.executor import JobSpec, Program, Tree
from mission_cli.surfaces.cli.app import app
from mission_cli.wiring.job_ancestry import refuse_worker

if TYPE_CHECKING:
    from tests.kit.people import Person

COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
CHANGING = sorted(name for name, one in COMMANDS.items() if name not in READING and not hasattr(one, "commands"))
NO = "error: this command was started by m/1.1-a1, and a worker cannot act for a person"
SPEC = JobSpec(key="m/1.1-a1", kind=JobKind.WORKER, tree=Tree(commit="0" * 40), program=Program(argv=("true",)))
AROUND = Surroundings(
    code="", checkout="", trees="", slots="", slot_count=1, host="here:000001", unboxed="", mark="feedbeef"
)


def with_job(person: Person) -> None:
    """A job that a worker with the mark `feedbeef` belongs to."""
    JobFolder(person.runtime / "jobs/m/1.1-a1").write_request(SPEC, AROUND)


def words_of(name: str) -> list[str]:
    """The command with as many words as it needs."""
    required = [p for p in COMMANDS[name].params if p.required]
    needed = sum(p.param_type_name == "argument" for p in required)
    options = [word for p in required if p.param_type_name == "option" for word in (p.opts[0], "1")]
    return [name, *["1", "2", "3"][:needed], *options, *(["--all"] if name == "stop" else [])]


def test_the_commands_that_show_are_the_commands_that_show() -> None:
    assert READING - COMMANDS.keys() == {"check"}  # of `mission playbooks`
    assert {"answer", "approve", "edit", "land", "pulse", "resume", "retry", "run", "set", "stop", "undo"} < {*CHANGING}


def test_what_changes_something_is_refused_to_a_worker(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    with_job(person)
    with monkeypatch.context() as around:
        around.setenv("MISSION_MARK", "feedbeef")
        for name in CHANGING:
            answer = person.mission(*words_of(name), ok=(3,))
            assert answer.err.splitlines()[0] == NO, name
        assert person.mission("list").out.startswith(f"{person.repo} has no missions yet\n")
    assert not (person.runtime / "STOP").exists()


def test_a_job_of_another_checkout_and_a_mark_of_nobody_are_no_reason(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as around:
        around.setenv("MISSION_MARK", "feedbeef")
        refuse_worker(person.repo)
        JobFolder(person.runtime / "jobs/m/1.1-a1").write_request(SPEC, replace(AROUND, mark="another"))
        refuse_worker(person.repo)
        refuse_worker(person.repo.parent)
        with_job(person)
        with pytest.raises(BlockedError):
            refuse_worker(person.repo, above=False)
