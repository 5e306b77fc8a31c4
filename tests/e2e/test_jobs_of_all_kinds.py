"""Jobs that die, cannot begin, say nothing, or lie about themselves: each ends once, and says how."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from tests.kit.agents import needs_bubblewrap
from tests.kit.nightly import by_day, only_at_night
from tests.kit.people import HONEST

from mission_cli._support.dataclass import replace
from mission_cli.adapters.executors.local.executor import LocalExecutor
from mission_cli.adapters.secrets.screen import SecretRules
from mission_cli.domain.status import EndReason, JobKind, JobState
from mission_cli.ports.executor import JobSpec, Program, SandboxAccess, Tree
from mission_cli.wiring import compose

if TYPE_CHECKING:
    from tests.kit.people import Person

    from mission_cli.domain.runs.jobs import Exit

PLAN = """\
title: One
budget: {time_hours: 1}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`"]}
"""


def run(person: Person, name: str, *argv: str, sandbox: bool = False, home: str = "") -> Exit:
    """Run a check to its end."""
    executor = compose.open_repository(person.repo, create=True, ticking=False).executor
    if home:
        assert isinstance(executor, LocalExecutor)
        around = executor._surroundings()  # noqa: SLF001 - the same job in another home
        executor._surroundings = lambda: replace(around, environment={**around.environment, "HOME": home})  # noqa: SLF001 - as above
    head = person.git("rev-parse", "main")
    spec = JobSpec(
        key=f"m/checks/{name}.1",
        kind=JobKind.CHECK,
        tree=Tree(commit=head),
        program=Program(argv=argv),
        sandbox=SandboxAccess(on=sandbox),
    )
    executor.submit(spec)
    executor.wait(spec.key)
    end = executor.poll([spec.key])[spec.key].exit
    assert end is not None
    return end


@pytest.mark.parametrize("signal", by_day(["KILL", "SEGV", "TERM"], 1))
def test_death_by_a_signal_is_the_same_in_the_sandbox_and_without(person: Person, signal: str) -> None:
    needs_bubblewrap()
    person.set('sandbox = "auto"')
    ends = [run(person, f"{signal}{box}", "/bin/sh", "-c", f"kill -{signal} $$", sandbox=box) for box in (False, True)]
    assert ends[0].reason is ends[1].reason is EndReason.EXIT
    assert ends[0].code == ends[1].code
    assert (ends[0].code or 0) < 0


def test_a_sandbox_that_cannot_be_made_is_no_fault_of_the_job(person: Person) -> None:
    needs_bubblewrap()
    person.set('sandbox = "auto"')
    end = run(person, "boxed", "/bin/true", sandbox=True, home="/usr/nothing-can-be-made-here")
    assert end.reason is EndReason.NOT_STARTED
    assert end.detail.startswith("cannot create the sandbox: bwrap: ")


def test_a_supervisor_that_never_begins_is_told_and_not_started_for_ever(person: Person) -> None:
    opened = compose.open_repository(person.repo, create=True, ticking=False)
    executor = LocalExecutor(
        jobs=person.runtime / "jobs",
        surroundings=opened.surroundings,
        supervisor=["/bin/sh", "-c", "echo no such interpreter >&2"],
        environment={"PATH": "/usr/bin:/bin"},
        rules=SecretRules(),
    )
    spec = JobSpec(
        key="m/1.1-a1",
        kind=JobKind.WORKER,
        tree=Tree(commit=person.git("rev-parse", "main")),
        program=Program(argv=("true",)),
    )
    states: list[JobState] = []
    while not states or states[-1] is JobState.UNKNOWN:
        executor.submit(spec)
        executor.wait(spec.key)
        states.append(executor.poll([spec.key])[spec.key].state)
    end = executor.poll([spec.key])[spec.key].exit
    assert end is not None
    assert states == [JobState.UNKNOWN] * 6 + [JobState.ENDED]
    assert (end.reason, end.detail) == (
        EndReason.NOT_STARTED,
        "its supervisor ended 6 times before the job began: no such interpreter",
    )


def test_an_exit_file_that_is_none_of_ours_counts_for_nothing(person: Person) -> None:
    executor = compose.open_repository(person.repo, create=True, ticking=False).executor
    head, texts = (
        person.git("rev-parse", "main"),
        ("[" * 100_000, "{}", '{"reason": "exit", "report": "good"}', "[]"),
    )
    for number, text in enumerate(texts):
        spec = JobSpec(
            key=f"m/checks/odd{number}.1", kind=JobKind.CHECK, tree=Tree(commit=head), program=Program(argv=("true",))
        )
        (person.runtime / "jobs" / spec.key).mkdir(parents=True)
        (person.runtime / "jobs" / spec.key / "exit.json").write_text(text)
        executor.submit(spec)
        executor.wait(spec.key)
        job = executor.poll([spec.key])[spec.key]
        assert job.exit is not None
        assert (job.exit.reason, job.exit.code) == (EndReason.EXIT, 0)


@only_at_night
def test_silence_ends_a_program_where_its_table_says_so(person: Person) -> None:
    person.worker("if ATTEMPT == 1: time.sleep(600)\n", HONEST)
    person.tables = [table + 'stall_after = "1s"\n' for table in person.tables]
    person.set("")
    person.plan(PLAN)
    person.start()
    person.wait_for_job("m/1.1-a1")
    person.run(ok=(3,))
    assert person.causes() == [("1.1-a1", "stalled"), ("1.1-a2", "done")]


def test_what_is_not_in_the_checkout_is_told_before_and_after(person: Person) -> None:
    first = f"if ATTEMPT == 1:\n    Path({str(person.repo / 'gone.env')!r}).unlink()\n    sys.exit(1)\n"
    person.worker(first + "(OUTSIDE / 'seen').write_text(PROMPT)\n", HONEST)
    (person.repo / "fixtures").mkdir()
    (person.repo / "fixtures/one.bin").write_text("x")
    (person.repo / "gone.env").write_text("x")
    person.tables.append('[tree]\ncopy = ["fixtures", "gone.env"]\n')
    person.set("")
    person.plan(PLAN)
    (person.repo / "gone.env").rename(person.repo / "kept.env")
    refused = person.mission("start", "m", "--headless", ok=(3,))
    assert "error: `gone.env`, listed in `copy` of `[tree]`, is not in the checkout\n" in refused.err
    (person.repo / "kept.env").rename(person.repo / "gone.env")
    person.mission("start", "m", "--headless")
    person.run(ok=(0, 3))
    assert "Missing from your clone: gone.env" in (person.repo.parent / "seen").read_text()
    assert (
        "not copied into its tree because it is not in your checkout: gone.env"
        in (person.repo / "missions/m/runs/1.1-a2.md").read_text()
    )
    assert (
        "missing in your checkout, so not copied into workers' trees: gone.env"
        in person.mission("doctor", "--offline", ok=(0, 1)).out
    )


def test_a_step_that_was_under_way_is_charged_when_it_was_cut_short(person: Person) -> None:
    event = '{"type": "step_finish", "sessionID": "s", "part": {"reason": "tool-calls", "cost": 0.5, "tokens": {"input": 9}}}'
    source = f"import os, signal\nprint('''{event}''', flush=True)\nos.kill(os.getpid(), signal.SIGKILL)\n"
    executor = compose.open_repository(person.repo, create=True, ticking=False).executor
    head = person.git("rev-parse", "main")
    spec = JobSpec(
        key="m/1.1-a1",
        kind=JobKind.WORKER,
        tree=Tree(commit=head),
        program=Program(argv=(sys.executable, "-c", source), agent="opencode"),
    )
    executor.submit(replace(spec, tree=Tree(commit=head, branch="mission/m/1.1-a1")))
    executor.wait(spec.key)
    end = executor.poll([spec.key])[spec.key].exit
    assert end is not None
    assert end.code == -9
    assert end.report.usage is not None
    assert (str(end.report.usage.usd), end.report.usage.tokens) == ("1.0", {"input": 18})
    assert end.report.usage.source == "opencode, the step under way estimated"
