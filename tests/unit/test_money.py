"""Fair shares, late bills, lowered caps, and a budget that is used up: no dead end, and no cent above a cap."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kit.missions import (
    EXIT,
    GOOD,
    NOW,
    POLICY,
    feature,
    holds,
    milestone,
    mission,
    observation,
    plan_of,
    record,
    run,
    verdicts,
)

from mission_cli._support.dataclass import replace
from mission_cli._support.text import stamp
from mission_cli.domain.branches.landing import Landing, LandState
from mission_cli.domain.budget.ledger import account, fair_share
from mission_cli.domain.budget.spends import BY_HAND, spends_of
from mission_cli.domain.ids import RunId
from mission_cli.domain.mission import Limits, Preferences
from mission_cli.domain.runs.jobs import AgentReport, Exit, Job
from mission_cli.domain.runs.usage import Reserve, Usage
from mission_cli.domain.status import (
    Cause,
    EndReason,
    FeatureStatus,
    JobState,
    MilestoneStatus,
    MissionStatus,
    RecordState,
    Verdict,
)
from mission_cli.domain.tables import Spend
from mission_cli.planner.core.effects import Cancel, Integrate, Land
from mission_cli.planner.core.moves.features import Dispatch, Settle
from mission_cli.planner.core.moves.milestones import MoveMilestone
from mission_cli.planner.core.moves.mission import Finish, MoveMission, Note
from mission_cli.planner.release.routes import first_reserves

if TYPE_CHECKING:
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.planner.core.decisions import Decisions

TEN = Limits(usd=Decimal(10))
DONE = FeatureStatus.DONE
RAISE = "raise the cap (mission set m budget.money_usd 20), or stop (mission cancel m)"


def dispatched(plan: Decisions) -> list[tuple[str, Decimal]]:
    return [(m.record.run, m.record.reserve.usd) for m in plan.transitions if isinstance(m, Dispatch)]


def money(amount: str) -> tuple[Spend, ...]:
    return (Spend("", "usd", Decimal(amount)),)


def paused(plan: Decisions) -> list[str]:
    return [m.why for m in plan.transitions if isinstance(m, MoveMission)]


# Fair shares


def test_an_attempt_may_cost_twice_its_share_and_never_what_the_others_need() -> None:
    many = [feature(f"1.{n}") for n in range(1, 36)]
    plan = plan_of(mission(*many, limits=Limits(usd=Decimal(50))))
    assert dispatched(plan) == [("m/1.1-a1", Decimal("2.857142")), ("m/1.2-a1", Decimal("2.773109"))]


def test_the_share_goes_by_the_estimate_and_one_odd_estimate_takes_nothing_from_the_others() -> None:
    hours = [Decimal(4), Decimal(1), None, Decimal(10**9)]
    some = mission(*(feature(f"1.{n}", estimate_hours=h) for n, h in enumerate(hours, 1)), limits=TEN)
    caps = [r.usd for r in first_reserves(some, POLICY, observation(free_slots=1))]
    assert caps == [Decimal("1.632653"), Decimal("0.408163"), Decimal("1.632653"), Decimal(10)]


def test_the_last_two_features_can_run_beside_each_other_and_the_last_one_may_take_the_rest() -> None:
    two = plan_of(mission(feature("1.1"), feature("1.2"), limits=TEN))
    assert dispatched(two) == [("m/1.1-a1", Decimal(5)), ("m/1.2-a1", Decimal(5))]
    one = plan_of(mission(feature("1.1", DONE), feature("1.2"), limits=TEN))
    assert dispatched(one) == [("m/1.2-a1", Decimal(10))]


@given(st.lists(st.decimals("0.1", 100, places=1), min_size=1, max_size=30), st.integers(1, 8), st.data())
def test_no_share_is_more_than_twice_the_feature_s_own(weights: list[Decimal], slots: int, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(weights) - 1))
    share = fair_share(weights[place], weights, slots)
    own = weights[place] / sum(weights, Decimal(0))
    assert share == 1 if len(weights) == 1 else own <= share <= 2 * own
    assert share <= 1


def test_hours_and_tokens_are_shared_alike_and_have_their_margin() -> None:
    limits = Limits(hours=Decimal(2), tokens=Decimal(10_000))
    plan = plan_of(mission(*(feature(f"1.{n}") for n in range(1, 5)), limits=limits), free_slots=1)
    (first,) = [m.record for m in plan.transitions if isinstance(m, Dispatch)]
    assert (first.reserve.tokens, first.reserve.cap_tokens) == (5000, 4000)
    assert (first.reserve.hours, first.deadline_s) == (Decimal(1), 3480)


def test_a_cap_of_one_s_own_counts_as_before() -> None:
    limits = Limits(usd=Decimal(10), per_feature_usd=Decimal(4))
    plan = plan_of(mission(*(feature(f"1.{n}") for n in range(1, 9)), limits=limits))
    assert [m.record.reserve.cap_usd for m in plan.transitions if isinstance(m, Dispatch)] == [Decimal(4), Decimal(4)]


# What costs nothing goes on


def test_a_mission_at_its_cap_with_nothing_left_to_pay_for_is_judged_landed_and_completed() -> None:
    spends, look = money("10"), run("make")
    stage = milestone(1, MilestoneStatus.ACTIVE, feature("1.1", DONE), criteria=(look,), started_at="aaaaaaa")
    some = mission(milestones=(stage,), limits=TEN, spends=spends)
    assert [m.to for m in plan_of(some).transitions if isinstance(m, MoveMilestone)] == ["validating"]
    judged = replace(some, milestones=(replace(stage, status=MilestoneStatus.VALIDATING),))
    checks = verdicts(some, "t", a=(look, Verdict.PASSED))
    assert [m.to for m in plan_of(judged, checks=checks).transitions if isinstance(m, MoveMilestone)] == ["passed"]
    passed = replace(
        some,
        milestones=(replace(stage, status=MilestoneStatus.PASSED),),
        preferences=Preferences(runner="script", land="auto"),
    )
    landing = Landing(LandState.FORWARD, observation().work, "t")
    assert [type(a) for a in plan_of(passed, checks=checks, landing=landing, target=observation().work).effects] == [
        Land
    ]
    done = plan_of(passed, checks=checks, landing=Landing(LandState.LANDED))
    assert [type(m) for m in done.transitions] == [Finish]


def test_work_that_is_paid_for_is_judged_and_integrated_at_the_cap() -> None:
    name = RunId("m/1.1-a1")
    some = mission(feature("1.1", FeatureStatus.REVIEW), limits=TEN, spends=money("10"))
    plan = plan_of(some, records=(record("1.1-a1"),), jobs={name: EXIT}, evidence={name: GOOD})
    assert [type(a) for a in plan.effects] == [Integrate]
    assert not paused(plan)


@pytest.mark.parametrize(
    ("spent", "words", "command"),
    [
        (
            "8",
            f"80% of the money is spent, the threshold is 80%: continue (mission resume m), {RAISE}",
            "mission resume m",
        ),
        (
            "10.5",
            f"105% of the money is spent, the threshold is 80%: no attempt can start: {RAISE.replace(' 20', ' 21')}",
            "mission set m budget.money_usd 21",
        ),
    ],
)
def test_the_pause_comes_when_an_attempt_is_next_and_says_what_helps(spent: str, words: str, command: str) -> None:
    some = mission(feature("1.1"), limits=TEN, spends=money(spent))
    plan = plan_of(some)
    assert paused(plan) == [words]
    assert [str(h.unblock) for h in plan.holds if h.kind == "budget"] == [command]
    resting = plan_of(replace(some, status=MissionStatus.PAUSED, raw_status="paused"))
    assert [(h.kind, str(h.unblock)) for h in resting.holds] == [("paused", command)]


def test_a_milestone_that_can_be_judged_is_judged_before_the_pause() -> None:
    look = run("make")
    first = milestone(1, MilestoneStatus.VALIDATING, feature("1.1", DONE), criteria=(look,))
    later = milestone(2, MilestoneStatus.PENDING, feature("2.1"))
    some = mission(milestones=(first, later), limits=TEN, spends=money("9"))
    assert not paused(plan_of(some))
    after = replace(
        some,
        milestones=(
            replace(first, status=MilestoneStatus.PASSED),
            replace(later, status=MilestoneStatus.ACTIVE),
        ),
        noted={"budget.projected": ""},
    )
    assert paused(plan_of(after)) != []


# The projection


@pytest.mark.parametrize(
    ("spends", "estimate", "said", "why"),
    [
        (("usd", "4"), None, "$8 of $10", ""),
        (("usd", "6"), None, "$12 of $10, more than the cap", ""),
        (("usd", "7.6"), None, "$15.20 of $10, more than the cap", "$15.20 where $10 are allowed"),
        (("hours", "1"), 1, "2 h where 2 h are estimated", ""),
        (("hours", "1.6"), 1, "3 h 12 min where 2 h are estimated", "3 h 12 min where 2 h are estimated"),
    ],
)
def test_after_the_first_milestone_cost_is_held_against_caps_and_estimates(
    spends: tuple[str, str], estimate: int | None, said: str, why: str
) -> None:
    hours = Decimal(estimate) if estimate else None
    first = milestone(1, MilestoneStatus.PASSED, feature("1.1", DONE, estimate_hours=hours))
    later = milestone(2, MilestoneStatus.ACTIVE, feature("2.1", estimate_hours=hours))
    log = (Spend("", spends[0], Decimal(spends[1])),)
    plan = plan_of(mission(milestones=(first, later), limits=TEN, spends=log))
    notes = [m.details for m in plan.transitions if isinstance(m, Note)]
    assert f"after milestone 1 the whole mission will cost about {said}" in notes
    ways = "continue (mission resume m), skip features, or stop (mission cancel m)"
    assert [m.why for m in plan.transitions if isinstance(m, MoveMission)] == (
        [f"it will cost about {why}: {ways}"] if why else []
    )


# Late bills


def test_a_bill_that_is_known_counts_before_it_is_settled() -> None:
    bill = Exit(EndReason.EXIT, 0, report=AgentReport(usage=Usage(usd=Decimal("4.5"))))
    features = (feature("1.1", DONE), feature("1.2", FeatureStatus.DISPATCHED), feature("1.3"))
    some = mission(*features, limits=TEN, spends=money("4.5"))
    late = record("1.2-a1", reserve=Reserve(usd=Decimal(1), hours=Decimal(1)))
    plan = plan_of(some, records=(late,), jobs={late.run: Job(JobState.ENDED, bill)})
    assert dispatched(plan) == []
    assert holds(plan, "1.3") == [("budget", "90% of the money is spent, the threshold is 80%")]


def test_an_ended_run_is_held_at_the_greater_one_of_reserve_and_bill() -> None:
    bill = Exit(EndReason.EXIT, 0, report=AgentReport(usage=Usage(usd=Decimal(1))))
    some = mission(feature("1.1", FeatureStatus.DISPATCHED), feature("1.2"), limits=TEN)
    ended = record("1.1-a1", reserve=Reserve(usd=Decimal(4), hours=Decimal(1)))
    plan = plan_of(some, records=(ended,), jobs={ended.run: Job(JobState.ENDED, bill)})
    assert dispatched(plan) == [("m/1.2-a1", Decimal(6))]


def test_a_deleted_row_of_an_attempt_frees_nothing_beside_what_was_spent_by_hand() -> None:
    done = replace(
        record("1.1-a1", usage=Usage(usd=Decimal(4))), state=RecordState.SETTLED, cause=Cause.DONE, ended=stamp(NOW)
    )
    by_hand = Spend("2026-11-20", "usd", Decimal(3), f"{BY_HAND}a domain")
    log = (*spends_of(done), by_hand)
    assert [account(TEN, rows, [done]).spent.usd for rows in (log, log[1:], log[:1], ())] == [7, 7, 4, 4]


# A cap that is lowered


def running(name: str, usd: str, minutes: int) -> tuple[RunRecord, Job]:
    one = record(name, reserve=Reserve(usd=Decimal(usd), hours=Decimal(1)))
    return one, Job(JobState.RUNNING, started=stamp(NOW - timedelta(minutes=minutes)))


def lowered(cap: str) -> Decisions:
    features = [feature(f"1.{n}", FeatureStatus.DISPATCHED) for n in (1, 2, 3)]
    (one, a), (two, b), (three, c) = running("1.1-a1", "1", 30), running("1.2-a1", "1", 10), running("1.3-a1", "1", 20)
    jobs = {one.run: a, two.run: b, three.run: c}
    return plan_of(mission(*features, limits=Limits(usd=Decimal(cap))), records=(one, two, three), jobs=jobs)


def test_a_lowered_cap_stops_the_attempts_that_no_longer_fit_the_newest_first() -> None:
    assert [a.run for a in lowered("3").effects if isinstance(a, Cancel)] == []
    two = [a for a in lowered("1").effects if isinstance(a, Cancel)]
    assert [a.run for a in two] == ["m/1.2-a1", "m/1.3-a1"]
    assert two[0].why == "it was stopped for the budget: $1 are reserved for it, and budget.money_usd is $1 now"


def test_what_another_attempt_cost_above_its_reserve_stops_nobody() -> None:
    dear = record("1.4-a1", Cause.DONE, reserve=Reserve(usd=Decimal(1)), usage=Usage(Decimal(3)))
    plan = plan_of(
        mission(feature("1.1", FeatureStatus.DISPATCHED), limits=Limits(usd=Decimal(4)), spends=money("3")),
        records=(dear, record("1.1-a1", reserve=Reserve(usd=Decimal(3), hours=Decimal(1)))),
        jobs={RunId("m/1.1-a1"): Job(JobState.RUNNING, started=stamp(NOW))},
    )
    assert plan.effects == ()


def test_an_attempt_without_a_bound_does_not_fit_below_a_new_cap() -> None:
    one = record("1.1-a1", reserve=Reserve(hours=Decimal(3)))
    plan = plan_of(
        mission(feature("1.1", FeatureStatus.DISPATCHED), limits=Limits(tokens=Decimal(1000))),
        records=(one,),
        jobs={one.run: Job(JobState.RUNNING, started=stamp(NOW))},
    )
    words = "it was stopped for the budget: it has no limit, and budget.token_limit is 1 k tokens now"
    assert plan.effects == (Cancel(one.run, words),)


def test_the_stopped_attempt_says_why_it_was_stopped() -> None:
    one = record("1.1-a1", reserve=Reserve(usd=Decimal(3), hours=Decimal(1)))
    plan = plan_of(
        mission(feature("1.1", FeatureStatus.DISPATCHED), limits=Limits(usd=Decimal(1))),
        records=(one,),
        jobs={one.run: Job(JobState.ENDED, Exit(EndReason.CANCELLED))},
        evidence={one.run: GOOD},
    )
    (settled,) = [m for m in plan.transitions if isinstance(m, Settle)]
    assert (settled.record.cause, settled.to) == (Cause.STOPPED, FeatureStatus.PENDING)
    assert (
        settled.record.detail == "it was stopped for the budget: $3 are reserved for it, and budget.money_usd is $1 now"
    )
