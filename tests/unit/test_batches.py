"""Finished attempts that are judged as one batch, halved where it fails, and the order in which they are merged."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from math import ceil, log2
from typing import TYPE_CHECKING

import pytest
from tests.kit.missions import EXIT, GOOD, POLICY, feature, holds, mission, observation, record, run
from tests.kit.nightly import NIGHTLY, by_day

from mission_cli._support.dataclass import replace
from mission_cli.domain.ids import RunId, Sha
from mission_cli.domain.runs.jobs import CheckState, Job
from mission_cli.domain.status import Cause, FeatureStatus, JobState, Verdict
from mission_cli.planner.attempts.queue import Candidate, merge_order
from mission_cli.planner.core.effects import Integrate, RunCheck
from mission_cli.planner.core.moves.features import Settle
from mission_cli.planner.decide import decide

if TYPE_CHECKING:
    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.evidence import Evidence
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.planner.core.decisions import Decisions

SUITE = run("make test")
ALL_CHECKS_AT_ONCE = replace(POLICY, checks_at_once=64)


def name_of(parts: tuple[str, ...]) -> Sha:
    return Sha("+".join(parts).encode().hex().ljust(40, "0"))


@dataclass
class Queue:
    """Attempts that have ended at once, on a machine that judges what the planner asks for."""

    guilty: frozenset[str]
    waiting: list[str]
    each: bool = False
    """Whether each has a check of its own beside the common one."""
    flaky: frozenset[str] = frozenset()
    """Attempts on whose candidates the common check fails the first time."""
    work: tuple[str, ...] = ("w",)
    checks: dict[str, CheckState] = field(default_factory=dict)
    judged: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    """Command and content of every check that ran for the first time."""
    ended: dict[str, RunRecord] = field(default_factory=dict)

    def line(self) -> dict[str, tuple[str, ...]]:
        """What each candidate contains."""
        return {one: (*self.work, *self.waiting[: place + 1]) for place, one in enumerate(self.waiting)}

    def mission(self) -> Mission:
        """The mission with its features as they stand."""
        return mission(*(feature(one, self._status(one), criteria=self._criteria(one)) for one in self._all()))

    def _all(self) -> list[str]:
        return sorted({*self.waiting, *self.work[1:], *self.ended})

    def _criteria(self, one: str) -> tuple[Criterion, ...]:
        return (SUITE, run(f"test {one}", 1)) if self.each else (SUITE,)

    def _status(self, one: str) -> FeatureStatus:
        if one not in self.ended:
            return FeatureStatus.REVIEW
        return FeatureStatus.DONE if self.ended[one].cause is Cause.DONE else FeatureStatus.FAILED

    def decide(self) -> Decisions:
        """What the planner decides, once everything that it looks up is there."""
        evidence: dict[RunId, Evidence] = {}
        for one, parts in self.line().items():
            below = parts[:-1]
            evidence[RunId(f"m/{one}-a1")] = replace(
                GOOD, candidate=name_of(parts), tree="+".join(parts), work=name_of(below), work_tree="+".join(below)
            )
        for one in self.work[1:]:
            if one not in self.ended:
                place = self.work.index(one) + 1
                there = replace(GOOD, integrated=True, candidate=name_of(self.work[:place]))
                evidence[RunId(f"m/{one}-a1")] = replace(there, tree="+".join(self.work[:place]))
        return decide(
            self.mission(),
            observation(
                work=name_of(self.work),
                work_tree="+".join(self.work),
                records=tuple(self.ended.get(one, record(f"{one}-a1")) for one in self._all()),
                jobs=dict.fromkeys(evidence, EXIT),
                evidence=evidence,
                checks=self.checks,
                free_checks=64,
                free_slots=0,
            ),
            ALL_CHECKS_AT_ONCE,
        )

    def round(self) -> bool:
        """Carry out what is decided; False if that is nothing."""
        plan = self.decide()
        for act in plan.effects:
            if isinstance(act, RunCheck):
                self._run(act)
            elif isinstance(act, Integrate):
                parts = tuple(bytes.fromhex(act.candidate).rstrip(b"\0").decode().split("+"))
                self._may_be_integrated(parts)
                self.waiting = [one for one in self.waiting if one not in parts]
                self.work = parts
        for move in plan.transitions:
            if isinstance(move, Settle):
                self.ended[move.record.feature] = move.record
                self.waiting = [one for one in self.waiting if one != move.record.feature]
        return bool(plan.effects or plan.transitions)

    def _run(self, act: RunCheck) -> None:
        parts = tuple(bytes.fromhex(act.commit).rstrip(b"\0").decode().split("+"))
        bad = bool(self.guilty & {*parts}) if act.criterion == SUITE else act.criterion.command[5:] in self.guilty
        first = self.checks.get(act.key)
        if first is None:
            self.judged.append((act.criterion.command, parts))
            bad = bad or (act.criterion == SUITE and parts[-1] in self.flaky)
        verdict = Verdict.FAILED if bad else Verdict.PASSED
        self.checks[act.key] = CheckState(act.attempt, EXIT, verdict, failed="no" if first else None)

    def _may_be_integrated(self, parts: tuple[str, ...]) -> None:
        """Every check of everything that is integrated now has passed on the very tree that is integrated."""
        for one in parts[len(self.work) :]:
            for criterion in self._criteria(one):
                assert (criterion.command, parts) in self.judged
        assert not self.guilty & {*parts}

    def end(self) -> None:
        """Go on until nothing is to be done."""
        for _ in range(200):
            if not self.waiting and {*self.work[1:]} <= {*self.ended}:
                return
            assert self.round(), "it stands still"
        raise AssertionError("it does not come to an end")


def numbers(count: int) -> list[str]:
    return [f"1.{n}" for n in range(1, count + 1)]


@pytest.mark.parametrize("each", [False, True])
@pytest.mark.parametrize("count", by_day([5, 8, 3, 2], 1))
def test_a_batch_is_halved_until_the_guilty_ones_are_known(count: int, *, each: bool) -> None:
    """The guilty alone fail, on a tree of finished work and themselves, after few judgings."""
    names = numbers(count)
    for size in range(min(count, 3) + 1):
        for guilty in [*map(frozenset, combinations(names, size))][:: 3 if NIGHTLY else 7]:
            queue = Queue(guilty, [*names], each=each)
            queue.end()
            causes = {one: done.cause for one, done in queue.ended.items()}
            assert causes == {n: Cause.CRITERIA_FAILED if n in guilty else Cause.DONE for n in names}
            for one in guilty:
                assert queue.ended[one].tree.split("+")[-1] == one
                assert not guilty & {*queue.ended[one].tree.split("+")[:-1]}
            trees = {parts for _, parts in queue.judged}
            assert len(trees) <= size * (ceil(log2(count)) + 1) + 1, (guilty, trees)


def test_what_passes_together_is_judged_once() -> None:
    queue = Queue(frozenset(), numbers(4))
    assert holds(queue.decide(), "1.2") == [("review", "attempt 1 is being judged together with 1.1, 1.3, 1.4")]
    queue.end()
    assert queue.judged == [("make test", ("w", "1.1", "1.2", "1.3", "1.4"))]
    assert {done.tree for done in queue.ended.values()} == {"w+1.1+1.2+1.3+1.4"}


def test_a_check_that_failed_by_chance_convicts_no_attempt() -> None:
    queue = Queue(frozenset(), numbers(4), flaky=frozenset(numbers(4)))
    queue.end()
    assert {done.cause for done in queue.ended.values()} == {Cause.DONE}
    assert len(queue.judged) == 1


def test_one_that_comes_later_is_judged_on_top_and_makes_no_verdict_useless() -> None:
    queue = Queue(frozenset(), numbers(2))
    queue.round()
    queue.waiting += ["1.3", "1.4"]
    queue.end()
    assert queue.judged == [("make test", ("w", *numbers(2))), ("make test", ("w", *numbers(4)))]


def test_candidates_without_a_common_check_are_judged_one_by_one() -> None:
    own = tuple(feature(n, FeatureStatus.REVIEW, criteria=(run(f"test {n}"),)) for n in ("1.1", "1.2"))
    low, top = name_of(("w", "1.1")), name_of(("w", "1.1", "1.2"))
    first = replace(GOOD, candidate=low, tree="low")
    second = replace(GOOD, candidate=top, tree="top", work=low, work_tree="low")
    ended = {RunId("m/1.1-a1"): first, RunId("m/1.2-a1"): second}
    seen = observation(
        records=(record("1.1-a1"), record("1.2-a1")), jobs=dict.fromkeys(ended, EXIT), evidence=ended, free_slots=0
    )
    acts = [act for act in decide(mission(*own), seen, POLICY).effects if isinstance(act, RunCheck)]
    assert [(act.commit, act.criterion.command) for act in acts] == [(low, "test 1.1"), (top, "test 1.2")]


def test_what_conflicts_with_the_queue_waits_until_that_is_judged() -> None:
    some = mission(*(feature(n, FeatureStatus.REVIEW, criteria=(run(f"test {n}"),)) for n in ("1.1", "1.2")))
    ended = {RunId("m/1.1-a1"): GOOD, RunId("m/1.2-a1"): replace(GOOD, behind=("a.py",))}
    records = (record("1.1-a1"), record("1.2-a1"))
    plan = decide(some, observation(records=records, jobs=dict.fromkeys(ended, EXIT), evidence=ended), POLICY)
    words = "attempt 1 conflicts with earlier ones in a.py, and waits until they are judged"
    assert holds(plan, "1.2") == [("review", words)]
    assert [act.criterion.command for act in plan.effects if isinstance(act, RunCheck)] == ["test 1.1"]


def candidates(clashes: dict[str, str], **lost: int) -> list[Candidate]:
    """Candidates a, b, c … by age, with those that each conflicts with."""
    return [Candidate(RunId(one), frozenset(map(RunId, others)), lost.get(one, 0)) for one, others in clashes.items()]


def ordered(clashes: dict[str, str], **lost: int) -> str:
    return "".join(merge_order(candidates(clashes, **lost)))


def test_the_order_of_merges_loses_the_fewest_and_then_goes_by_age() -> None:
    assert ordered({"a": "", "b": "", "c": ""}) == "abc"
    assert ordered({"a": "bcd", "b": "a", "c": "a", "d": "a"}) == "bcda"
    assert ordered({"a": "c", "b": "", "c": "a"}) == "abc"
    assert ordered({}) == ""


def test_who_has_lost_by_conflicts_comes_first_next_time() -> None:
    star = {"a": "bcdefgh", **dict.fromkeys("bcdefgh", "a")}
    assert ordered(star) == "bcdefgha"
    assert ordered(star, a=1) == "abcdefgh"
    assert ordered(star, a=1, b=1, c=1) == "bcdefgha"
    assert ordered(star, a=2, b=1, c=1) == "abcdefgh"


def test_who_lost_twice_goes_first_while_it_is_worked_on() -> None:
    some = mission(feature("1.1", FeatureStatus.REVIEW, criteria=(SUITE,)), feature("1.2", FeatureStatus.DISPATCHED))
    lost = [record(f"1.2-a{n}", Cause.CONFLICT, conflicts=("a",)) for n in (1, 2)]
    seen = {
        "jobs": {RunId("m/1.1-a1"): EXIT, RunId("m/1.2-a3"): Job(JobState.RUNNING)},
        "evidence": {RunId("m/1.1-a1"): GOOD},
    }
    plan = decide(some, observation(records=(record("1.1-a1"), *lost, record("1.2-a3")), **seen), POLICY)
    words = "attempt 1 waits: 1.2 is being worked on and goes first, it lost 2 attempts by conflicts in a"
    assert holds(plan, "1.1") == [("review", words)]
    plan = decide(some, observation(records=(record("1.1-a1"), lost[0], record("1.2-a3")), **seen), POLICY)
    assert holds(plan, "1.1") == [("review", "attempt 1 is being judged")]
