"""Executors: a job has one name, is started once, and ends once, whoever asks how often and whatever dies."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from tests.contract.places import LAST_LINE, AwayPlace, FakePlace, RealPlace
from tests.kit.nightly import NIGHTLY

from mission_cli._support.text import parse_stamp
from mission_cli.domain.ids import MissionId
from mission_cli.domain.status import EndReason, JobKind, JobState
from mission_cli.ports.executor import JobSpec, LogPart, Program, Tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.contract.places import Place

ONCE, ENDLESS, HAND, CHECK = "m/1.1-a1", "m/1.1-a2", "m/1.1-a3", "m/checks/abc.1"
SIZE = len("reading\nthe pläne\n".encode())


AWAY_BY_DAY = ("cancelled_before",)


@pytest.fixture(params=["real", "fake", "away"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A repository with one commit on main and no mission; its workers run here, in memory, or on a host."""
    if request.param == "away" and not NIGHTLY and not any(word in request.node.name for word in AWAY_BY_DAY):
        pytest.skip("runs at night: `make nightly`")
    kinds = {"real": RealPlace, "away": AwayPlace}
    made: Place = kinds[request.param](tmp_path) if request.param in kinds else FakePlace()
    yield made
    made.leave()


def by_file(spec: JobSpec) -> JobSpec:
    """The job of a program that reports its cost in a file."""
    return replace(spec, program=replace(spec.program, agent="command"))


def worker(place: Place, key: str) -> JobSpec:
    """A worker's job on the base."""
    base = place.base(a_txt="a\n")
    attempt = key.rpartition("a")[2]
    env = {"MISSION_FEATURE": "1.1", "MISSION_ATTEMPT": attempt, "MISSION_RUN": key}
    return JobSpec(
        key=key,
        kind=JobKind.WORKER,
        tree=Tree(commit=base, branch=f"mission/{key}"),
        program=Program(argv=place.argv(), env=env),
    )


def test_a_worker_that_is_submitted_often_begins_once_and_ends(place: Place) -> None:
    executor = place.context().executor
    assert executor.poll([ONCE])[ONCE].state is JobState.UNKNOWN
    spec = worker(place, ONCE)
    executor.submit(spec)
    executor.submit(spec)
    assert executor.poll([ONCE])[ONCE].state in {JobState.WAITING, JobState.RUNNING, JobState.ENDED}
    end = place.wait(ONCE)
    place.context().executor.submit(spec)
    assert end.exit is not None
    assert (end.state, end.exit.reason, end.exit.code) == (JobState.ENDED, EndReason.EXIT, 0)
    assert place.wait(ONCE).exit == end.exit
    assert place.began() == [ONCE]
    assert executor.running() == []
    assert bool(executor.tree(ONCE)) is place.is_here


def test_a_worker_that_is_cancelled_ends_and_says_so(place: Place) -> None:
    executor = place.context().executor
    executor.submit(worker(place, ENDLESS))
    executor.cancel(ENDLESS)
    end = place.wait(ENDLESS)
    assert end.exit is not None
    assert (end.state, end.exit.reason) == (JobState.ENDED, EndReason.CANCELLED)


def test_a_worker_that_is_cancelled_before_it_is_submitted_never_begins(place: Place) -> None:
    executor = place.context().executor
    executor.cancel(ENDLESS)
    assert executor.poll([ENDLESS])[ENDLESS].state is JobState.UNKNOWN
    executor.submit(worker(place, ENDLESS))
    end = place.wait(ENDLESS)
    assert end.exit is not None
    assert (end.state, end.exit.reason, place.began()) == (JobState.ENDED, EndReason.CANCELLED, [])


def test_a_worker_whose_supervisor_died_is_lost_and_begins_never_again(place: Place) -> None:
    executor = place.context().executor
    spec = worker(place, ENDLESS)
    executor.submit(spec)
    place.kill(ENDLESS)
    gone = executor.poll([ENDLESS])[ENDLESS]
    if place.is_here:
        assert gone.state is JobState.GONE
        assert gone.quiet_since is not None
    executor.submit(spec)
    end = place.wait(ENDLESS)
    assert end.exit is not None
    assert (end.state, end.exit.reason) == (JobState.ENDED, EndReason.LOST)
    assert place.began() == [ENDLESS]


def test_the_cost_of_a_worker_whose_log_is_gone_is_unknown(place: Place) -> None:
    spec = worker(place, ENDLESS)
    place.context().executor.submit(spec)
    place.kill(ENDLESS)
    place.lose_runtime()
    place.context().executor.submit(spec)
    end = place.wait(ENDLESS)
    assert end.exit is not None
    assert (end.exit.reason, place.began()) == (EndReason.LOST, [ENDLESS])
    if place.is_here:  # otherwise the host has the log
        assert end.exit.report.usage is not None
        assert end.exit.report.usage.usd is None


def test_a_claim_that_somebody_deletes_starts_nothing_again(place: Place) -> None:
    executor = place.context().executor
    spec = worker(place, ENDLESS)
    executor.submit(spec)
    place.until_begun(ENDLESS)
    place.forge_claim(ENDLESS, None)
    executor.submit(spec)
    executor.cancel(ENDLESS)
    assert place.wait(ENDLESS).state is JobState.ENDED
    executor.submit(spec)
    assert (place.wait(ENDLESS).state, place.began()) == (JobState.ENDED, [ENDLESS])


def test_a_claim_that_somebody_forges_costs_a_number_and_nothing_else(place: Place) -> None:
    executor = place.context().executor
    place.forge_claim(ONCE, "{}")
    executor.submit(worker(place, ONCE))
    end = place.wait(ONCE)
    assert end.exit is not None
    assert (end.state, end.exit.reason, place.began()) == (JobState.ENDED, EndReason.NOT_STARTED, [])
    assert end.exit.detail.startswith(f"{ONCE} is already claimed: ")
    place.forge_claim("m/1.1-a7", "{}")
    assert place.context().code.heads(MissionId("m"), "main").highest == {"1.1": 7}


def test_an_attempt_by_hand_runs_until_it_is_handed_back(place: Place) -> None:
    executor = place.context().executor
    base = place.base(a_txt="a\n")
    spec = JobSpec(key=HAND, kind=JobKind.MANUAL, tree=Tree(commit=base, branch=f"mission/{HAND}"))
    executor.submit(spec)
    executor.submit(spec)
    assert executor.poll([HAND])[HAND].state is JobState.RUNNING
    standing = executor.standing(HAND)
    assert standing is not None
    assert (standing.branch, standing.uncommitted) == (f"mission/{HAND}", ())
    executor.hand_back(HAND)
    executor.hand_back(HAND)
    end = executor.poll([HAND])[HAND]
    assert end.exit is not None
    assert (end.exit.reason, end.exit.code) == (EndReason.EXIT, 0)
    assert end.exit.report.usage is not None
    assert end.exit.report.usage.usd is None


def test_what_a_worker_has_cost_and_does_is_there_while_it_runs(place: Place) -> None:
    executor = place.context().executor
    assert executor.tally(ENDLESS) is None
    executor.submit(by_file(worker(place, ENDLESS)))
    place.until_paid(ENDLESS)
    tally = executor.tally(ENDLESS)
    assert tally is not None
    assert (tally.usd, tally.action) == (Decimal("0.25"), LAST_LINE)
    assert parse_stamp(tally.last_event) is not None
    executor.cancel(ENDLESS)
    end = place.wait(ENDLESS)
    assert end.exit is not None
    assert end.exit.report.usage is not None
    assert (executor.tally(ENDLESS), end.exit.report.usage.usd) == (None, Decimal("0.25"))


def test_a_job_without_an_agent_has_no_tally(place: Place) -> None:
    executor = place.context().executor
    executor.submit(worker(place, ENDLESS))
    place.until_begun(ENDLESS)
    while not executor.read_log(ENDLESS, 0).text:
        pass
    assert executor.tally(ENDLESS) is None


def test_a_log_is_read_part_by_part(place: Place) -> None:
    executor = place.context().executor
    assert executor.read_log(ENDLESS, 0) == LogPart("", 0, ended=True)
    executor.submit(by_file(worker(place, ENDLESS)))
    place.until_paid(ENDLESS)
    while executor.read_log(ENDLESS, 0).next_offset < SIZE:
        pass
    assert executor.read_log(ENDLESS, 0) == LogPart("reading\nthe pläne\n", SIZE, ended=False)
    assert executor.read_log(ENDLESS, 8) == LogPart("the pläne\n", SIZE, ended=False)
    assert executor.read_log(ENDLESS, SIZE) == LogPart("", SIZE, ended=False)
    assert executor.read_log(ENDLESS, 1000) == LogPart("", 1000, ended=False)
    executor.cancel(ENDLESS)
    place.wait(ENDLESS)
    assert executor.read_log(ENDLESS, SIZE) == LogPart("", SIZE, ended=True)


def test_a_check_ends_with_what_its_command_says(place: Place) -> None:
    executor = place.context().executor
    base = place.base(a_txt="a\n")
    executor.submit(
        JobSpec(key=CHECK, kind=JobKind.CHECK, tree=Tree(commit=base), program=Program(argv=("/bin/sh", "-c", "false")))
    )
    end = place.wait(CHECK)
    assert end.exit is not None
    assert (end.exit.reason, end.exit.code) == (EndReason.EXIT, 1)


def test_how_a_job_ended_can_be_looked_at(place: Place) -> None:
    ctx = place.context()
    results = ctx.executor.results([CHECK])
    assert list(ctx.runtime.looks(results).values()) == [[]]
    ctx.executor.submit(
        JobSpec(
            key=CHECK,
            kind=JobKind.CHECK,
            tree=Tree(commit=place.base(a_txt="a\n")),
            program=Program(argv=("/bin/sh", "-c", "true")),
        )
    )
    place.wait(CHECK)
    [look] = ctx.runtime.looks(results).values()
    assert look
    assert ctx.runtime.looks(ctx.executor.results([CHECK])) == {results[0]: look}
