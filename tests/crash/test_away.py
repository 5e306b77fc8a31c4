"""Attempts on a host: whatever dies or cannot be reached, an attempt starts once, and its result is not lost."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.kit import dies
from tests.kit.agents import needs_bubblewrap
from tests.kit.away import Away, AwayExecutor
from tests.kit.nightly import by_day, only_at_night
from tests.kit.people import HONEST

from mission_cli.adapters.git.repo.command import Git
from mission_cli.adapters.proc.scan import commanded
from mission_cli.domain.hosts.host import HostKind
from mission_cli.domain.status import EndReason, JobKind, JobState
from mission_cli.ports.executor import JobSpec, Program, SandboxAccess, Tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kit.people import Person

    from mission_cli.domain.runs.jobs import Exit
    from mission_cli.ports.executor import Executor

ONE = "m/1.1-a1"
SAYS = 'print("at work", flush=True)\n'
WAITS = f'{SAYS}\nwhile not (OUTSIDE / "go").exists():\n    time.sleep(0.02)  # poll: the test writes the file\n'
PATIENCE = 90


def spec_of(person: Person, **env: str) -> JobSpec:
    """The first attempt of a feature."""
    argv = tuple(person_command(person))
    told = {"MISSION_FEATURE": "1.1", "MISSION_ATTEMPT": "1", "MISSION_RUN": ONE, **env}
    return JobSpec(
        key=ONE,
        kind=JobKind.WORKER,
        tree=Tree(commit=person.git("rev-parse", "main"), branch=f"mission/{ONE}", base_name="main"),
        program=Program(argv=argv, env=told),
    )


def person_command(person: Person) -> list[str]:
    """The worker's command."""
    from mission_cli.wiring import compose

    return list(
        compose.open_repository(person.repo, create=True, ticking=False).context.settings.runners["script"].command
    )


def ended(executor: Executor) -> Exit:
    """Ask as often as pulses would, until the attempt has ended."""
    until = time.monotonic() + PATIENCE
    while (job := executor.poll([ONE])[ONE]).state is not JobState.ENDED:
        assert time.monotonic() < until, job
    executor.wait(ONE)
    assert job.exit is not None
    return job.exit


def until_state(executor: Executor, state: JobState) -> None:
    """Ask until the attempt is in a state."""
    until = time.monotonic() + PATIENCE
    while (job := executor.poll([ONE])[ONE]).state is not state:
        assert time.monotonic() < until, job
        assert job.state is not JobState.ENDED, job


def starts(person: Person) -> list[str]:
    """The workers that began."""
    log = person.repo.parent / "starts.log"
    return log.read_text().splitlines() if log.exists() else []


def assert_done(person: Person, executor: Executor, end: Exit) -> None:
    """The attempt ran once, and its work has arrived."""
    assert (end.reason, end.code, starts(person)) == (EndReason.EXIT, 0, [ONE]), end
    assert end.left is not None
    assert (end.left.trouble, person.git("show", f"refs/mission/tips/{ONE}:1.1.txt")) == ("", "1.1 by attempt 1")
    assert person.git("rev-parse", f"refs/mission/tips/{ONE}") == end.left.tip
    assert executor.read_log(ONE, 0).text == "at work\n"


@pytest.fixture
def away(person: Person, tmp_path: Path) -> Iterator[Away]:
    person.worker(SAYS, HONEST)
    made = Away(person, tmp_path)
    yield made
    made.leave()


@pytest.mark.parametrize("number", by_day([*range(0, 120, 2)], 1))
def test_a_follower_that_dies_anywhere_loses_nothing(person: Person, away: Away, tmp_path: Path, number: int) -> None:
    mark = tmp_path / "died"
    away.follower = [os.fspath(Path(dies.__file__)), os.fspath(mark), str(number), *away.follower]
    executor = away.context().executor
    executor.submit(spec_of(person))
    assert_done(person, executor, ended(executor))
    if away.is_clean():
        assert away.refs() == {"claims": 1, "results": 1}


@only_at_night
@pytest.mark.parametrize("number", [*range(0, 120, 3)])
def test_a_program_that_dies_anywhere_on_its_host_starts_nothing_twice(
    person: Person, away: Away, tmp_path: Path, number: int
) -> None:
    away.host.die_at(number, tmp_path / "died")
    executor = away.context().executor
    executor.submit(spec_of(person))
    end = ended(executor)
    if end.reason is EndReason.LOST:
        assert len(starts(person)) <= 1
    else:
        assert_done(person, executor, end)


@only_at_night
def test_an_answer_that_is_lost_after_the_start_starts_nothing_twice(person: Person, away: Away) -> None:
    away.host.lose_next_answer()
    executor = away.context().executor
    executor.submit(spec_of(person))
    assert_done(person, executor, ended(executor))
    assert len(away.host.ids()) <= 1


@only_at_night
def test_a_job_in_a_queue_waits_and_can_be_cancelled(person: Person, away: Away) -> None:
    away.host.hold_starts(on=True)
    executor = away.context().executor
    executor.submit(spec_of(person))
    while not away.host.ids():
        assert executor.poll([ONE])[ONE].state is JobState.WAITING
    executor.cancel(ONE)
    assert (ended(executor).reason, starts(person)) == (EndReason.CANCELLED, [])


@only_at_night
def test_while_a_host_is_away_its_job_goes_on_and_nothing_is_concluded(person: Person, away: Away) -> None:
    person.worker(WAITS, HONEST)
    executor = away.context().executor
    executor.submit(spec_of(person))
    until_state(executor, JobState.RUNNING)
    away.host.cut()
    until_state(executor, JobState.UNREACHABLE)
    (person.repo.parent / "go").touch()
    away.host.restore()
    assert_done(person, executor, ended(executor))


@only_at_night
def test_a_stop_is_passed_on_when_the_host_is_back(person: Person, away: Away) -> None:
    person.worker(WAITS, HONEST)
    executor = away.context().executor
    executor.submit(spec_of(person))
    until_state(executor, JobState.RUNNING)
    away.host.cut()
    until_state(executor, JobState.UNREACHABLE)
    executor.cancel(ONE)
    assert executor.poll([ONE])[ONE].state is JobState.UNREACHABLE
    away.host.restore()
    assert (ended(executor).reason, starts(person)) == (EndReason.CANCELLED, [ONE])


@only_at_night
def test_a_request_that_never_left_is_given_back(person: Person, away: Away) -> None:
    away.host.cut()
    executor = away.context().executor
    executor.submit(spec_of(person))
    end = ended(executor)
    assert (end.reason, end.detail) == (
        EndReason.NOT_STARTED,
        "host near: it cannot be reached: no route to the host",
    )
    assert starts(person) == []


@only_at_night
def test_a_host_that_refuses_starts_nothing(person: Person, away: Away) -> None:
    away.host.refuse(on=True)
    executor = away.context().executor
    executor.submit(spec_of(person))
    end = ended(executor)
    assert (end.reason, end.detail, starts(person)) == (EndReason.NOT_STARTED, "the host takes nothing", [])


@only_at_night
def test_a_machine_that_is_lost_ends_its_attempt_and_a_zombie_comes_too_late(person: Person, tmp_path: Path) -> None:
    person.worker(WAITS, HONEST)
    away = Away(person, tmp_path, kind=HostKind.RAY)
    executor = away.context().executor
    executor.submit(spec_of(person))
    until_state(executor, JobState.RUNNING)
    names = away.names(ONE)
    away.host.lose_sight(names.id())
    end = ended(executor)
    assert (end.reason, starts(person)) == (EndReason.LOST, [ONE])
    assert away.is_clean()
    exchange = Git(away.host.folder / "exchange.git")
    settled = exchange.text("rev-parse", names.result)
    (person.repo.parent / "go").touch()
    folder = away.host.folder / "root" / names.clone / "jobs" / ONE
    until = time.monotonic() + PATIENCE
    while folder.exists():
        assert time.monotonic() < until
    assert exchange.text("rev-parse", names.result) == settled
    assert ended(executor) == end
    assert person.git("for-each-ref", "refs/mission/tips", "refs/mission/wip") == ""
    away.leave()


@only_at_night
def test_a_secret_that_only_this_machine_knows_keeps_the_commits_out(person: Person, away: Away) -> None:
    person.worker('said = "correct-horse" + "-battery\\n"\nwrite("1.1.txt", said)\ncommit()\nprint(said, end="")\n')
    away.host.hide_variable("SOME_TOKEN")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOME_TOKEN", "correct-horse-battery")
        executor = away.context().executor
        executor.submit(spec_of(person))
        end = ended(executor)
    assert end.left is not None
    assert end.left.secrets == ("1.1.txt:1 (SOME_TOKEN)",)
    assert person.git("for-each-ref", "refs/mission/tips", "refs/mission/wip") == ""
    assert executor.read_log(ONE, 0).text == "[secret: SOME_TOKEN]\n"


@only_at_night
def test_what_a_worker_did_not_commit_arrives_too(person: Person, away: Away) -> None:
    person.worker('write("draft.txt", "half\\n")')
    executor = away.context().executor
    executor.submit(spec_of(person))
    end = ended(executor)
    assert person.git("show", f"refs/mission/wip/{ONE}:draft.txt") == "half"
    assert end.saved == person.git("rev-parse", f"refs/mission/wip/{ONE}")


@only_at_night
@pytest.mark.parametrize("oid", ["--upload-pack=touch x", "0" * 40, "HEAD", "a" * 40])
def test_a_result_that_names_what_it_did_not_send_changes_nothing(person: Person, away: Away, oid: str) -> None:
    person.worker(WAITS, HONEST)
    executor = away.context().executor
    executor.submit(spec_of(person))
    until_state(executor, JobState.RUNNING)
    names = away.names(ONE)
    away.forge_result(names, {"reason": "exit", "code": 0, "started": "x", "left": {"tip": oid}})
    away.host.kill_node(names.id())
    end = ended(executor)
    assert end.left is None or end.left.trouble or end.reason is EndReason.LOST
    assert person.git("for-each-ref", "refs/mission/tips", "refs/mission/wip") == ""


@only_at_night
def test_the_sandbox_that_this_machine_requires_is_required_there(person: Person, away: Away) -> None:
    person.set('sandbox = "required"')
    away.host.hide_program("bwrap")
    executor = away.context().executor
    executor.submit(spec_of(person))
    end = ended(executor)
    assert (end.reason, starts(person)) == (EndReason.NOT_STARTED, [])
    assert end.detail == "a sandbox is required, and this host has none: install bubblewrap there"


@only_at_night
def test_nothing_piles_up_on_the_host(person: Person, away: Away) -> None:
    executor = away.context().executor
    executor.submit(spec_of(person))
    ended(executor)
    assert away.is_clean()
    assert away.host.ids() == []
    assert away.refs() == {"claims": 1, "results": 1}
    clone = away.host.folder / "root" / away.names(ONE).clone
    assert [file for file in (clone / "jobs").rglob("*") if file.is_file()] == []
    assert [file for file in (clone / "trees").rglob("*") if file.is_file()] == []
    assert Git(clone / "code.git").text("for-each-ref", "refs/mission") == ""
    executor.submit(replace(spec_of(person), place="near"))
    assert starts(person) == [ONE]
    assert isinstance(executor, AwayExecutor)
    executor.forget(person.runtime / "jobs" / ONE)
    assert away.is_clean()
    assert away.refs() == {}


@only_at_night
def test_a_request_with_the_value_of_a_secret_does_not_leave(person: Person, away: Away) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOME_TOKEN", "correct-horse-battery")
        executor = away.context().executor
        executor.submit(spec_of(person, SAID="correct-horse-battery"))
        end = ended(executor)
    words = "the request contains the value of SOME_TOKEN, which must not leave this machine"
    assert (end.reason, end.detail) == (EndReason.NOT_STARTED, words)
    assert away.refs() == {}


@only_at_night
def test_a_machine_that_finds_the_claim_of_another_one_starts_nothing(person: Person, away: Away) -> None:
    away.host.hold_starts(on=True)
    executor = away.context().executor
    executor.submit(spec_of(person))
    while not away.host.ids():
        assert executor.poll([ONE])[ONE].state is JobState.WAITING
    exchange = Git(away.host.folder / "exchange.git")
    exchange.run("update-ref", away.names(ONE).claim, exchange.store(b'{"host": "other:123456"}\n'))
    away.host.hold_starts(on=False)
    end = ended(executor)
    assert (end.reason, starts(person)) == (EndReason.LOST, [])
    said = (person.runtime / "jobs" / ONE / "supervisor.log").read_text()
    assert "mission: m/1.1-a1 is already claimed: " in said


@only_at_night
def test_the_stop_of_everything_reaches_a_host_whose_follower_died(person: Person, away: Away) -> None:
    person.worker(WAITS, HONEST)
    executor = away.context().executor
    executor.submit(spec_of(person))
    until_state(executor, JobState.RUNNING)
    [follower] = commanded(os.fspath(person.repo), "near")
    os.kill(follower, signal.SIGKILL)
    assert executor.running() == [ONE]
    (person.runtime / "STOP").touch()
    assert (ended(executor).reason, starts(person)) == (EndReason.CANCELLED, [ONE])


@only_at_night
def test_a_job_runs_in_the_sandbox_of_its_host(person: Person, away: Away) -> None:
    needs_bubblewrap()
    person.set('sandbox = "required"')
    secret = Path(os.environ["HOME"]) / "secret"
    secret.write_text("hidden\n")
    script = f"cat {secret} || git config user.name; echo in > 1.1.txt; git add .; git commit -qm work; ls /proc | grep -c '^[0-9]'"
    spec = spec_of(person)
    program = replace(spec.program, argv=("/bin/sh", "-c", script))
    executor = away.context().executor
    executor.submit(replace(spec, program=program, sandbox=SandboxAccess(on=True)))
    end = ended(executor)
    assert (end.reason, end.code) == (EndReason.EXIT, 0), end
    assert person.git("show", f"refs/mission/tips/{ONE}:1.1.txt") == "in"
    log = executor.read_log(ONE, 0).text
    assert "hidden" not in log
    assert "Ada" in log
