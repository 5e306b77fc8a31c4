"""Where an attempt runs: here first, then on the host with most free slots, and never where it must not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.kit.missions import NOW, POLICY, feature, mission, observation, plan_of, record

from mission_cli._support.text import stamp
from mission_cli.domain.hosts.look import HostLook
from mission_cli.domain.ids import RunId
from mission_cli.domain.mission import Preferences
from mission_cli.domain.notice import Notice, advise
from mission_cli.domain.runs.evidence import Evidence
from mission_cli.domain.runs.jobs import Exit, Job
from mission_cli.domain.status import Cause, EndReason, FeatureStatus, JobState, RequestStatus
from mission_cli.domain.tables import InputRequest
from mission_cli.planner.core.effects import AskHost, Cancel
from mission_cli.planner.core.moves.features import Dispatch, Settle
from mission_cli.planner.core.policy import Policy, RunnerPolicy
from mission_cli.planner.decide import decide

if TYPE_CHECKING:
    from mission_cli.domain.mission import Mission
    from mission_cli.planner.core.decisions import Decisions

BOX = HostLook("box", workers=2, labels=("gpu",), checked=stamp(NOW))
FARM = HostLook("farm", workers=3, labels=("gpu", "big"), checked=stamp(NOW))
GONE = "no route to host"


def of(*on: str, count: int = 3, hosts: tuple[str, ...] = (), workers: int = 9, **more: Any) -> Mission:
    """A mission whose features ask for the same."""
    some = mission(*(feature(f"1.{n}", on=on) for n in range(1, count + 1)), **more)
    return replace(some, preferences=Preferences(max_parallel_workers=workers, runner="script", hosts=hosts))


def places(plan: Decisions) -> list[str]:
    """Where attempts start, in order; here is `-`."""
    return [move.record.ran_on or "-" for move in plan.transitions if isinstance(move, Dispatch)]


def held(plan: Decisions, subject: str = "1.1") -> list[tuple[str, str, str]]:
    """Kind, words and command of what holds a feature."""
    return [(str(h.kind), h.detail, str(h.unblock)) for h in plan.holds if h.subject == subject]


def away(host: HostLook, minutes: int = 1, checked: int = 0) -> HostLook:
    """The same host, not reachable for some minutes, and asked so many minutes ago."""
    since, asked = NOW - timedelta(minutes=minutes), NOW - timedelta(minutes=checked)
    return replace(host, problem=GONE, since=stamp(since), checked=stamp(asked))


def test_this_machine_is_filled_first_then_the_host_with_most_free_slots() -> None:
    plan = plan_of(of(count=9), hosts=(BOX, FARM), free_slots=2)
    assert places(plan) == ["-", "-", "farm", "box", "farm", "box", "farm"]
    assert held(plan, "1.8") == [("slot", "every worker slot of this machine, `box`, `farm` is taken", "")]


CASES: dict[str, tuple[Mission, dict[str, Any], list[str]]] = {
    "a label": (of("gpu"), {"hosts": (BOX, FARM)}, ["farm", "box", "farm"]),
    "two labels": (of("gpu", "big", count=2), {"hosts": (BOX, FARM)}, ["farm", "farm"]),
    "a host by its name": (of("box"), {"hosts": (BOX, FARM)}, ["box", "box"]),
    "this machine by its name": (of("local"), {"hosts": (BOX, FARM), "free_slots": 1}, ["-"]),
    "a label while this machine is full": (of("gpu", count=1), {"hosts": (BOX,), "free_slots": 0}, ["box"]),
    "nothing while this machine is short of memory": (of(count=1), {"hosts": (BOX,), "shortage": "no memory"}, ["box"]),
    "preferences that leave this machine out": (of(hosts=("box",)), {"hosts": (BOX, FARM)}, ["box", "box"]),
    "preferences with this machine": (of(hosts=("local", "box")), {"hosts": (BOX, FARM), "free_slots": 1}, ["-", "box", "box"]),
    "a POC stays here": (of(mode="poc"), {"hosts": (BOX,), "free_slots": 0}, []),
    "a POC that names a host": (of(mode="poc", hosts=("box",)), {"hosts": (BOX,)}, ["box"]),
    "the cap of the mission": (of(workers=2), {"hosts": (BOX, FARM), "free_slots": 1}, ["-", "farm"]),
    "what a host says itself": (of("farm"), {"hosts": (replace(FARM, free=1),)}, ["farm"]),
    "jobs of other missions there": (of("farm"), {"hosts": (replace(FARM, jobs=("n/1.1-a1", "m2/1.1-a1")),)}, ["farm"]),
    "one that is drained": (of("gpu"), {"hosts": (replace(BOX, drained=True), FARM)}, ["farm", "farm", "farm"]),
    "one that cannot be reached": (of("gpu"), {"hosts": (BOX, away(FARM))}, ["box", "box"]),
    "one that was never asked": (of("gpu", count=1), {"hosts": (replace(BOX, checked=""),)}, ["box"]),
    "one without the runner": (of("gpu", count=1), {"hosts": (replace(FARM, runners=("other*",)), replace(BOX, runners=("scr*",)))}, ["box"]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_an_attempt_goes_where_it_may(name: str) -> None:
    some, world, expected = CASES[name]
    assert places(plan_of(some, **world)) == expected


LIST, TEST = "mission hosts list", "mission hosts test box"
HELD: dict[str, tuple[Mission, dict[str, Any], tuple[str, str, str]]] = {
    "no host at all": (of("gpu"), {}, ("place", "no host offers `gpu`", LIST)),
    "none with the label": (of("tpu"), {"hosts": (BOX,)}, ("place", "no host offers `tpu`", LIST)),
    "none that is allowed": (of("gpu", hosts=("farm",)), {"hosts": (BOX,)}, ("place", "its preferences allow no host that offers `gpu`", LIST)),
    "preferences name none that exists": (of(hosts=("lost",)), {"hosts": (BOX,)}, ("place", "none of its hosts is configured", LIST)),
    "a POC that asks for one": (of("gpu", mode="poc"), {"hosts": (BOX,)}, ("place", "a POC goes to hosts that its preferences name, and its preferences allow no host that offers `gpu`", LIST)),
    "none has the runner": (of("gpu"), {"hosts": (replace(BOX, runners=("other",)),)}, ("place", "`box` has no runner `script`", LIST)),
    "drained": (of("gpu"), {"hosts": (replace(BOX, drained=True),)}, ("place", "`box` is drained", "mission hosts drain box --undo")),
    "away": (of("gpu"), {"hosts": (away(BOX), replace(FARM, drained=True))}, ("place", f"`box` cannot be reached: {GONE} (and 1 more)", TEST)),
    "full": (of("box"), {"hosts": (replace(BOX, jobs=("n/1.1-a1", "n/1.2-a1")),)}, ("slot", "every worker slot of `box` is taken", "")),
    "full here, and away": (of(), {"hosts": (away(BOX),), "free_slots": 0}, ("slot", f"every worker slot of this machine, `box` is taken; `box` cannot be reached: {GONE}", "")),
    "no slots and no hosts": (of(), {"free_slots": 0}, ("slot", "every worker slot of this machine is taken", "")),
}  # fmt: skip


@pytest.mark.parametrize("name", HELD)
def test_what_fits_nowhere_is_held_with_one_reason_and_one_command(name: str) -> None:
    some, world, expected = HELD[name]
    plan = plan_of(some, **world)
    assert (places(plan), held(plan)) == ([], [expected])


def test_a_runner_that_is_missing_here_works_where_it_is_installed() -> None:
    policy = Policy(
        runners={
            "script": RunnerPolicy(obstacle=Notice("`script` is not on PATH", advise("install it")), only_here=True)
        }
    )
    assert places(decide(of(count=3), observation(hosts=(BOX,)), policy)) == ["box", "box"]
    assert held(decide(of(count=3), observation(), policy)) == [("runner", "`script` is not on PATH", "install it")]
    unknown = replace(of(count=1), preferences=Preferences(runner="none", max_parallel_workers=9))
    assert held(decide(unknown, observation(hosts=(BOX,)), POLICY)) == [("runner", "there is no runner called `none`", "mission doctor")]  # fmt: skip


def open_on(host: str, number: int = 1) -> Any:
    """An open attempt on a host."""
    return record(f"1.{number}-a1", ran_on=host)


def running(host: str, state: JobState = JobState.RUNNING, **more: Any) -> tuple[Mission, dict[str, Any]]:
    """A mission with an attempt on a host, and the world around it."""
    mine = open_on(host)
    some = of("gpu", count=3, **more)
    first = replace(some.milestones[0].features[0], status=FeatureStatus.DISPATCHED, raw_status="dispatched")
    stage = replace(some.milestones[0], features=(first, *some.milestones[0].features[1:]))
    job = Job(state, started=stamp(NOW)) if state is not JobState.UNKNOWN else Job(state)
    return replace(some, milestones=(stage,)), {"records": (mine,), "jobs": {mine.run: job}}


@pytest.mark.parametrize("state", [JobState.RUNNING, JobState.WAITING, JobState.UNREACHABLE, JobState.UNKNOWN])
def test_open_attempts_count_below_the_cap_of_their_host_whatever_is_known_of_them(state: JobState) -> None:
    some, world = running("box", state)
    assert places(plan_of(some, hosts=(replace(BOX, jobs=("m/1.1-a1",)),), **world)) == ["box"]


def test_an_attempt_on_a_host_that_is_away_goes_on_unless_it_is_not_wanted_any_more() -> None:
    some, world = running("box", JobState.UNREACHABLE)
    plan = plan_of(some, hosts=(away(BOX),), **world)
    assert held(plan) == [("executor", "attempt 1 is on `box`, which cannot be reached: its result is awaited", TEST)]
    assert not [act for act in plan.effects if isinstance(act, Cancel)]
    stage = some.milestones[0]
    skipped = replace(stage.features[0], status=FeatureStatus.SKIPPED, raw_status="skipped")
    some = replace(some, milestones=(replace(stage, features=(skipped, *stage.features[1:])),))
    plan = plan_of(some, hosts=(away(BOX),), **world)
    assert [act.run for act in plan.effects if isinstance(act, Cancel)] == ["m/1.1-a1"]


def test_what_did_not_start_on_a_host_uses_up_no_try_and_goes_elsewhere() -> None:
    some, world = running("farm")
    end = Exit(EndReason.NOT_STARTED, detail="farm was never reached")
    world |= {"jobs": {"m/1.1-a1": Job(JobState.ENDED, end)}, "evidence": {"m/1.1-a1": Evidence(None)}}
    [settled] = [move for move in plan_of(some, hosts=(BOX, FARM), **world).transitions if isinstance(move, Settle)]
    assert (settled.record.cause, settled.record.detail, settled.to) == (Cause.HOST, "farm was never reached", FeatureStatus.PENDING)  # fmt: skip
    after = of("gpu", count=1)
    mine = replace(settled.record, ended=stamp(NOW))
    assert places(plan_of(after, hosts=(BOX, FARM), records=(mine,))) == ["box"]
    plan = plan_of(after, hosts=(FARM,), records=(mine,))
    words = "the last attempt did not start on `farm`: it gets the next one in 1 min"
    assert held(plan) == [("place", words, "mission hosts test farm")]
    later = NOW + timedelta(seconds=61)
    assert places(plan_of(after, hosts=(FARM,), records=(mine,), now=later)) == ["farm"]
    again = replace(mine, run=RunId("m/1.1-a2"))
    assert places(plan_of(after, hosts=(FARM,), records=(mine, again), now=later)) == [], "two in a row: 2 minutes"
    fine = record("1.2-a1", Cause.DONE, ran_on="farm", ended=stamp(later))
    assert places(plan_of(after, hosts=(FARM,), records=(mine, again, fine), now=later)) == ["farm"]


def test_a_conversation_goes_on_where_it_began_or_begins_anew() -> None:
    asked = record("1.1-a1", Cause.QUESTION, ran_on="box", session="s1", host="here", ended=stamp(NOW))
    some = of("gpu", count=1)
    request = InputRequest(1, stamp(NOW), "1.1", "1.1-a1: which?", status=RequestStatus.ANSWERED, response="this")
    for hosts, expected in (((BOX, FARM), ("box", "s1")), ((replace(BOX, drained=True), FARM), ("farm", ""))):
        plan = plan_of(replace(some, requests=(request,)), hosts=hosts, records=(asked,))
        [start] = [move.record for move in plan.transitions if isinstance(move, Dispatch)]
        assert (start.ran_on, start.conversation) == expected


def test_a_host_that_is_away_is_asked_again_while_features_wait_for_it_and_less_often_as_time_goes_on() -> None:
    def asked(some: Mission, host: HostLook, **more: Any) -> list[str]:
        return [act.host for act in plan_of(some, hosts=(host,), **more).effects if isinstance(act, AskHost)]

    waits = of("gpu", count=1)
    assert asked(waits, away(BOX, minutes=2, checked=1)) == ["box"]
    assert asked(waits, away(BOX, minutes=1, checked=0)) == []
    assert asked(waits, away(BOX, minutes=20, checked=4)) == []
    assert asked(waits, away(BOX, minutes=20, checked=5)) == ["box"]
    assert asked(waits, away(BOX, minutes=9999, checked=15)) == ["box"]
    assert asked(waits, replace(away(BOX, minutes=20, checked=9), drained=True)) == []
    assert asked(of(count=1), away(BOX, minutes=20, checked=9)) == [], "this machine has room: nothing waits for it"
    assert asked(of(count=1), away(BOX, minutes=20, checked=9), free_slots=0) == ["box"]


HOSTS = st.lists(
    st.builds(
        HostLook,
        name=st.sampled_from(["box", "farm", "lab"]),
        labels=st.sampled_from([(), ("gpu",), ("gpu", "big")]),
        workers=st.integers(1, 3),
        jobs=st.lists(st.sampled_from(["m/1.1-a1", "n/1.1-a1", "n/1.2-a1"]), max_size=3, unique=True).map(tuple),
        free=st.sampled_from([None, 0, 1, 5]),
        problem=st.sampled_from(["", GONE]),
        drained=st.booleans(),
        checked=st.just(stamp(NOW)),
        since=st.just(stamp(NOW)),
    ),
    max_size=3,
    unique_by=lambda host: host.name,
).map(tuple)


@settings(max_examples=60, deadline=None)
@given(
    HOSTS,
    st.integers(0, 2),
    st.integers(1, 6),
    st.sampled_from([(), ("gpu",), ("box",), ("local",)]),
    st.sampled_from(["", "box", "farm"]),
)
def test_no_cap_is_ever_exceeded_and_nothing_starts_where_it_must_not(
    hosts: tuple[HostLook, ...], free: int, workers: int, on: tuple[str, ...], busy: str
) -> None:
    some, world = running(busy, JobState.RUNNING, workers=workers) if busy else (of(*on, count=5, workers=workers), {})
    found = places(plan_of(some, hosts=hosts, free_slots=free, **world))
    assert found.count("-") <= free
    assert len(found) + bool(busy) <= max(workers, 1)
    for host in hosts:
        others = sum(not key.startswith("m/") for key in host.jobs)
        there = found.count(host.name)
        if there:
            assert there + others + (busy == host.name) <= host.workers
            assert (host.drained, host.problem) == (False, "")
            assert host.free is None or there <= host.free
    if not busy:
        fit = [h for h in hosts if set(on) <= {h.name, *h.labels} and not (h.drained or h.problem)]
        room = sum(
            max(0, min(h.workers - sum(k[0] != "m" for k in h.jobs), 99 if h.free is None else h.free)) for h in fit
        )
        here = free if set(on) <= {"local"} else 0
        assert len(found) == min(5, workers, here + room), "and no slot is left empty"
