"""The table of causes in `docs/machines.md`, row by row: each test asserts its whole row, through `decide`."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.kit.missions import GOOD, NOW, POLICY, TIP, feature, mission, observation, record

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import stamp
from mission_cli.domain.criteria.criterion import Criterion
from mission_cli.domain.runs.evidence import Evidence
from mission_cli.domain.runs.jobs import AgentReport, CheckState, Exit, Job
from mission_cli.domain.status import Cause, CriterionKind, EndReason, FeatureStatus, JobState, Verdict
from mission_cli.domain.tables import InputRequest, Recovery
from mission_cli.planner.core.effects import Integrate
from mission_cli.planner.core.moves.features import CloseRecovery, Dispatch, MoveFeature, Settle
from mission_cli.planner.core.moves.waiting import Ask, MoveRequest
from mission_cli.planner.core.policy import RunnerPolicy
from mission_cli.planner.decide import decide
from mission_cli.planner.milestones.judgment import check_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.planner.core.decisions import Decisions, Hold

NONE = Evidence(None)
CHECK = Criterion("run: `t`", CriterionKind.RUN, command="t", index=0)
AT_ONCE = timedelta(0)
PROBED = replace(POLICY, runners={"script": RunnerPolicy(), "other": RunnerPolicy()})


@dataclass(frozen=True, slots=True)
class Row:
    """What became of an attempt, as the columns of the table say it."""

    cause: Cause
    becomes: str
    counts: bool
    next_try: timedelta | str
    """How long after its end, or the kind of what holds the feature."""
    recovery: bool
    breaker: bool
    """Three of its kind hold the runner back."""
    asks: bool = False


def end_of(reason: EndReason = EndReason.EXIT, code: int | None = 0, *, cause: Cause | None = None, detail: str = "", reset_at: str = "") -> Exit:  # fmt: skip
    report = AgentReport(cause=cause, detail=detail, reset_at=reset_at)
    return Exit(reason, code, started=stamp(NOW), ended=stamp(NOW), report=report)


def ended(end: Exit, evidence: Evidence, earlier: Sequence[RunRecord] = (), *, failed: bool = False) -> Decisions:
    """The round that sees how the attempt after `earlier` ended; `failed`: its criterion did not pass."""
    open_one = record(f"1.1-a{len(earlier) + 1}")
    some = mission(feature("1.1", FeatureStatus.DISPATCHED, criteria=(CHECK,) if failed else ()))
    checks = {check_key(CHECK, "new", POLICY, some): CheckState(2, Job(JobState.ENDED, Exit(EndReason.EXIT, 1)), Verdict.FAILED, "AssertionError", failed="no")}  # fmt: skip
    return decide(
        some,
        observation(
            records=(*earlier, open_one),
            jobs={open_one.run: Job(JobState.ENDED, end, "its last words")},
            evidence={open_one.run: evidence},
            checks=checks,
        ),
        POLICY,
    )


def settled(plan: Decisions) -> Settle:
    (found,) = (m for m in plan.transitions if isinstance(m, Settle))
    return found


def looked(records: Sequence[RunRecord], *features: Any, at: timedelta = AT_ONCE, policy: Any = POLICY, **more: Any) -> Decisions:  # fmt: skip
    """A later round, with these attempts behind it."""
    features = features or (feature("1.1"),)
    return decide(mission(*features, **more.pop("mission", {})), observation(now=NOW + at, records=tuple(records), **more), policy)  # fmt: skip


def dispatched(plan: Decisions) -> list[str]:
    return [m.record.run for m in plan.transitions if isinstance(m, Dispatch)]


def hold_of(plan: Decisions, number: str = "1.1") -> Hold:
    return next(h for h in plan.holds if h.subject == number)


def row(end: Exit, evidence: Evidence = NONE, earlier: Sequence[RunRecord] = (), *, failed: bool = False) -> Row:
    """Everything that follows from an end, seen from outside."""
    plan = ended(end, evidence, earlier, failed=failed)
    move = settled(plan)
    mine, cause = move.record, move.record.cause
    assert cause is not None
    asked = [m.request for m in plan.transitions if isinstance(m, Ask)]
    after = looked(
        [*earlier, mine], feature("1.1", move.to or FeatureStatus.PENDING), mission={"requests": tuple(asked)}
    )
    return Row(
        cause=cause,
        becomes=str(move.to),
        counts=_counts(mine, earlier),
        next_try=AT_ONCE if dispatched(after) else _when(hold_of(after)) if move.to is not FeatureStatus.DONE else "",
        recovery=move.opens_recovery,
        breaker=_holds_the_runner_back(mine),
        asks=bool(asked),
    )


def _when(hold: Hold) -> timedelta | str:
    return hold.until - NOW if hold.kind == "backoff" and hold.until else hold.kind


def _counts(mine: RunRecord, earlier: Sequence[RunRecord]) -> bool:
    """Whether one failure less is needed after it until the tries are used up."""
    return _failures_left([*earlier, mine]) < _failures_left(earlier)


def _failures_left(behind: Sequence[RunRecord]) -> int:
    ten = replace(POLICY, attempts=10)
    for more in range(1, 11):
        noop = [
            record(f"1.1-a{90 + n}", Cause.NOOP, ended=stamp(NOW), signature=f"n{n}", tree=str(n)) for n in range(more)
        ]
        if any("of 10 attempts used up" in words for words in hold_texts(looked([*behind, *noop], policy=ten))):
            return more
    raise AssertionError("they are never used up")


def hold_texts(plan: Decisions) -> list[str]:
    return [h.detail for h in plan.holds if h.subject == "1.1"]


def _holds_the_runner_back(mine: RunRecord) -> bool:
    three = [replace(mine, run=type(mine.run)(f"m/1.{n}-a1")) for n in (5, 6, 7)]
    others = [feature(f"1.{n}", FeatureStatus.SKIPPED) for n in (5, 6, 7)]
    plan = looked(three, feature("1.1"), *others)
    return not dispatched(plan) and hold_of(plan).kind == "breaker"


def same(cause: Cause, times: int, **more: Any) -> list[RunRecord]:
    """Attempts that ended alike, each with another signature and tree."""
    return [
        record(f"1.1-a{n}", cause, ended=stamp(NOW), signature=f"s{n}", tree=f"t{n}", **more)
        for n in range(1, times + 1)
    ]


# The rows


def test_row_done() -> None:
    integrated = replace(GOOD, integrated=True, candidate=None)
    expected = Row(Cause.DONE, "done", counts=False, next_try="", recovery=False, breaker=False)
    assert row(end_of(), integrated) == expected

    stop = Recovery(stamp(NOW), "1.1", "deadline", "open")
    plan = looked([], feature("1.1", FeatureStatus.DONE), mission={"recoveries": (stop,)})
    assert [(m.feature, m.to) for m in plan.transitions if isinstance(m, CloseRecovery)] == [("1.1", "recovered")]

    outage = [record(f"1.{n}-a1", Cause.INFRASTRUCTURE, ended=stamp(NOW - timedelta(minutes=n))) for n in (5, 6, 8)]
    done = record("1.7-a1", Cause.DONE, ended=stamp(NOW - timedelta(minutes=7)))
    skipped = [feature(f"1.{n}", FeatureStatus.SKIPPED) for n in (5, 6, 7, 8)]
    assert dispatched(looked([*outage, done], feature("1.1"), *skipped)) == ["m/1.1-a1"]
    assert hold_of(looked(outage, feature("1.1"), *skipped)).kind == "breaker"


@pytest.mark.parametrize(
    ("cause", "end", "evidence", "failed"),
    [
        (Cause.NOOP, end_of(), NONE, False),
        (Cause.WRONG_OUTPUT, end_of(code=1), NONE, False),
        (Cause.WRONG_OUTPUT, end_of(), replace(GOOD, substantial=False), False),
        (Cause.WRONG_OUTPUT, end_of(), replace(NONE, elsewhere=("main",)), False),
        (Cause.CRITERIA_FAILED, end_of(), GOOD, True),
    ],
    ids=["no commits, exit 0", "no commits, another exit", "white space", "a foreign branch", "a criterion fails"],
)
def test_row_noop_wrong_output_criteria_failed(cause: Cause, end: Exit, evidence: Evidence, failed: bool) -> None:  # noqa: FBT001 - a table
    for times, minutes in enumerate((1, 4)):
        expected = Row(
            cause, "pending", counts=True, next_try=timedelta(minutes=minutes), recovery=False, breaker=False
        )
        assert row(end, evidence, same(cause, times), failed=failed) == expected
    third = row(end, evidence, same(cause, 2), failed=failed)
    assert (third.becomes, third.next_try) == ("failed", "failed")
    patient = replace(POLICY, attempts=9)
    assert hold_of(looked(same(cause, 3), policy=patient)).until == NOW + timedelta(minutes=16)
    told = settled(ended(end, evidence, failed=failed)).record
    assert told.detail
    assert told.detail in told.evidence


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (Cause.DEADLINE, EndReason.DEADLINE),
        (Cause.STALLED, EndReason.STALLED),
        (Cause.OVER_BUDGET, EndReason.OVER_BUDGET),
        (Cause.TOO_MANY_STEPS, EndReason.TOO_MANY_STEPS),
    ],
)
@pytest.mark.parametrize("evidence", [NONE, GOOD], ids=["nothing", "commits"])
def test_row_deadline_stalled_over_budget_too_many_steps(cause: Cause, reason: EndReason, evidence: Evidence) -> None:
    end = replace(end_of(reason, -15), saved="a" * 40)
    assert row(end, evidence) == Row(cause, "pending", counts=True, next_try=AT_ONCE, recovery=True, breaker=False)
    move = settled(ended(end, evidence))
    assert (move.record.saved, "uncommitted work saved: " + "a" * 40 in move.record.evidence) == ("a" * 40, True)
    assert move.next_route == "the smallest piece that can be finished, as the prompt asks"
    again = settled(ended(end, evidence, same(Cause.DEADLINE, 1)))
    assert again.to is FeatureStatus.FAILED
    waits = hold_of(looked([*same(Cause.DEADLINE, 1), again.record], feature("1.1", FeatureStatus.FAILED)))
    assert (waits.detail, waits.person) == (f"two safety stops in a row (deadline, {cause})", True)


def test_row_conflict() -> None:
    clash = replace(GOOD, conflicts=("a.txt",), candidate=None)
    for times in range(3):
        expected = Row(Cause.CONFLICT, "pending", counts=False, next_try=AT_ONCE, recovery=False, breaker=False)
        assert row(end_of(), clash, same(Cause.CONFLICT, times)) == expected
    (again,) = (m.record for m in looked(same(Cause.CONFLICT, 1), work=TIP).transitions if isinstance(m, Dispatch))
    assert again.base == TIP
    fourth = row(end_of(), clash, same(Cause.CONFLICT, 3))
    assert (fourth.becomes, fourth.counts) == ("failed", True)


@pytest.mark.parametrize("cause", [Cause.QUESTION, Cause.PERMISSION, Cause.AUTH])
def test_rows_question_and_permission_auth(cause: Cause) -> None:
    end = end_of(code=1, cause=cause, detail="which database?")
    breaker = cause is not Cause.QUESTION
    expected = Row(cause, "pending", counts=False, next_try="request", recovery=False, breaker=breaker, asks=True)
    assert row(end) == expected
    plan = ended(end, NONE)
    (asked,) = (m.request for m in plan.transitions if isinstance(m, Ask))
    assert (asked.feature, asked.prompt, asked.number) == ("1.1", "1.1-a1: which database?", 1)

    mine = [settled(plan).record]
    waits = hold_of(looked(mine, mission={"requests": (asked,)}))
    assert (waits.person, str(waits.unblock)) == (True, "mission answer m 1 TEXT")
    late = replace(asked, status="expired")
    assert hold_of(looked(mine, at=timedelta(days=9), mission={"requests": (late,)})).kind == "request"
    answered = replace(asked, status="answered", response="Postgres")
    assert dispatched(looked(mine, mission={"requests": (answered,)})) == ["m/1.1-a2"]
    assert hold_of(looked(mine)).kind == "attempts"


def test_permission_and_auth_are_also_tried_again_when_settings_change_and_a_question_is_not() -> None:
    later = NOW + timedelta(minutes=5)
    for cause in (Cause.PERMISSION, Cause.AUTH, Cause.QUESTION):
        mine = same(cause, 1, detail="no key")
        asked = InputRequest(1, stamp(NOW), "1.1", "1.1-a1: no key")
        before = {"mission": {"requests": (asked,)}, "settings_at": NOW - timedelta(days=1)}
        assert dispatched(looked(mine, at=timedelta(hours=1), **before)) == []
        plan = looked(mine, at=timedelta(hours=1), mission={"requests": (asked,)}, settings_at=later)
        withdrawn = [(m.number, m.to) for m in plan.transitions if isinstance(m, MoveRequest)]
        assert withdrawn == ([] if cause is Cause.QUESTION else [(1, "withdrawn")])
        gone = {"requests": (replace(asked, status="withdrawn"),)}
        after = looked(mine, at=timedelta(hours=1), mission=gone, settings_at=later)
        assert dispatched(after) == ([] if cause is Cause.QUESTION else ["m/1.1-a2"])


def test_a_question_is_withdrawn_when_a_person_retries_or_skips() -> None:
    mine = same(Cause.QUESTION, 1)
    asked = InputRequest(1, stamp(NOW), "1.1", "1.1-a1: which?")
    for some in (feature("1.1", tries_after=1), feature("1.1", FeatureStatus.SKIPPED)):
        plan = looked(mine, some, mission={"requests": (asked,)})
        assert [(m.number, m.to) for m in plan.transitions if isinstance(m, MoveRequest)] == [(1, "withdrawn")]


def test_row_rate_limit() -> None:
    end = end_of(code=1, cause=Cause.RATE_LIMIT, detail="slow down")
    first = Row(Cause.RATE_LIMIT, "pending", counts=False, next_try=AT_ONCE, recovery=False, breaker=False)
    assert row(end) == first
    for times, minutes in ((2, 30), (3, 120), (4, 1440), (5, 1440)):
        plan = looked(same(Cause.RATE_LIMIT, times), feature("1.1"), feature("1.2"))
        assert {(h.subject, h.kind, h.until) for h in plan.holds} == {
            (number, "parked", NOW + timedelta(minutes=minutes)) for number in ("1.1", "1.2")
        }, "it parks the runner, for every feature"
    told = settled(ended(replace(end, report=replace(end.report, reset_at=stamp(NOW + timedelta(hours=7)))), NONE))
    parked = hold_of(looked([told.record]))
    assert (parked.kind, parked.until) == ("parked", NOW + timedelta(hours=7))
    assert dispatched(looked([told.record], at=timedelta(hours=7))) == ["m/1.1-a2"]


@pytest.mark.parametrize(
    ("cause", "end"),
    [
        (Cause.PROVIDER_ERROR, end_of(code=1, cause=Cause.PROVIDER_ERROR, detail="500")),
        (Cause.PROVIDER_ERROR, end_of(EndReason.CUT, -15)),
        (Cause.INFRASTRUCTURE, end_of(code=126)),
        (Cause.INFRASTRUCTURE, end_of(code=127)),
        (Cause.INFRASTRUCTURE, end_of(EndReason.SETUP_FAILED, 1)),
        (Cause.INFRASTRUCTURE, end_of(EndReason.NOT_STARTED, None)),
    ],
    ids=["a provider's error", "a stream that keeps breaking", "126", "127", "a setup that fails", "not started"],
)
def test_row_provider_error_infrastructure(cause: Cause, end: Exit) -> None:
    first = row(end)
    assert isinstance(first.next_try, timedelta)
    assert replace(first, next_try="") == Row(cause, "pending", counts=False, next_try="", recovery=False, breaker=True)
    patient = replace(POLICY, breaker_failures=99)
    waits: list[timedelta] = []
    for times in range(1, 10):
        until = hold_of(looked(same(cause, times), policy=patient)).until
        assert until is not None
        waits.append(until - NOW)
    for wait, minutes in zip(waits, (1, 2, 4, 8, 16, 32, 60, 60, 60), strict=True):
        assert timedelta(minutes=minutes) <= wait <= timedelta(minutes=minutes) * 1.25
    last = same(cause, 1)[0]
    others = {
        hold_of(looked([replace(last, run=type(last.run)(f"m/1.1-a{n}"))], policy=patient)).until for n in range(1, 9)
    }
    assert len(others) > 4, "the jitter comes from the run id"
    assert settled(ended(end, NONE, same(cause, 20))).to is FeatureStatus.PENDING


@pytest.mark.parametrize(
    ("cause", "end"),
    [(Cause.KILLED, end_of(code=-9)), (Cause.LOST, end_of(EndReason.LOST, None))],
)
def test_row_killed_lost(cause: Cause, end: Exit) -> None:
    for times in (0, 4, 5):
        expected = Row(cause, "pending", counts=times == 5, next_try=AT_ONCE, recovery=False, breaker=False)
        assert row(end, NONE, same(cause, times)) == expected
    kept = ended(end, GOOD)
    assert [m.to for m in kept.transitions if isinstance(m, MoveFeature)] == [FeatureStatus.REVIEW]
    assert [type(a) for a in kept.effects] == [Integrate]


def test_row_stopped() -> None:
    end = end_of(EndReason.CANCELLED, -15)
    expected = Row(Cause.STOPPED, "pending", counts=False, next_try=AT_ONCE, recovery=False, breaker=False)
    assert row(end) == expected
    assert row(end, GOOD, same(Cause.STOPPED, 20)) == expected


@pytest.mark.parametrize(
    "evidence",
    [replace(GOOD, protected=("missions/m/mission.md",)), replace(GOOD, secrets=("a.txt:1 (a key)",))],
    ids=["protected paths", "a secret"],
)
def test_row_tampered(evidence: Evidence) -> None:
    for times, minutes in enumerate((1, 4)):
        expected = Row(Cause.TAMPERED, "pending", counts=True, next_try=timedelta(minutes=minutes), recovery=False, breaker=False)  # fmt: skip
        assert row(end_of(), evidence, same(Cause.TAMPERED, times)) == expected
    plan = ended(end_of(), evidence)
    assert not [a for a in plan.effects if isinstance(a, Integrate)], "what it touched is dropped"
    assert settled(plan).record.detail in settled(plan).record.evidence


# Below the table


def test_an_attempt_by_hand_counts_for_nothing() -> None:
    by_hand = same(Cause.CRITERIA_FAILED, 9, by="Ada <ada@example.org>")
    assert hold_texts(looked(by_hand, at=timedelta(days=1))) == []
    outage = same(Cause.INFRASTRUCTURE, 9, by="Ada <ada@example.org>")
    assert hold_of(looked(outage)).kind == "backoff"


def test_after_the_last_attempt_of_the_last_route_a_person_is_waited_for() -> None:
    models = {"workers": "sonnet", "escalate": "other:opus"}
    three, six = same(Cause.NOOP, 3), same(Cause.NOOP, 6)
    plan = looked(three, at=timedelta(hours=1), policy=PROBED, mission={"models": models})
    assert [(m.record.runner, m.record.model) for m in plan.transitions if isinstance(m, Dispatch)] == [
        ("other", "opus")
    ]
    over = looked(six, feature("1.1", FeatureStatus.FAILED), at=timedelta(hours=1), policy=PROBED, mission={"models": models})  # fmt: skip
    assert (hold_of(over).kind, hold_of(over).person, str(hold_of(over).unblock)) == (
        "failed",
        True,
        "mission retry m/1.1",
    )
    assert dispatched(looked(six, feature("1.1", tries_after=6), policy=PROBED)) == ["m/1.1-a7"]


def test_the_signature_of_a_failure_that_repeats_without_any_new_diff_ends_the_tries_early() -> None:
    end, evidence = end_of(code=1), NONE
    first = settled(ended(end, evidence)).record
    again = settled(ended(end, evidence, [first]))
    assert again.to is FeatureStatus.FAILED
    waits = hold_of(looked([first, again.record], feature("1.1", FeatureStatus.FAILED)))
    assert (
        waits.detail == "it failed twice in the same way without any new change (wrong_output: exit 1 without a commit)"
    )
    moved = replace(first, tree="another")
    assert settled(ended(end, evidence, [moved])).to is FeatureStatus.PENDING


def test_a_breaker_lets_one_probe_through_and_closes_by_progress_only() -> None:
    outage = [record(f"1.{n}-a1", Cause.INFRASTRUCTURE, ended=stamp(NOW - timedelta(minutes=n))) for n in (5, 6, 7)]
    skipped = [feature(f"1.{n}", FeatureStatus.SKIPPED) for n in (4, 5, 6, 7)]
    two = [feature("1.1"), feature("1.2"), *skipped]
    held = looked(outage, *two)
    assert {(h.subject, h.kind, h.until) for h in held.holds if h.kind == "breaker"} == {
        (n, "breaker", NOW + timedelta(minutes=25)) for n in ("1.1", "1.2")
    }
    probe = looked(outage, *two, at=timedelta(minutes=26))
    assert dispatched(probe) == ["m/1.1-a1"]
    assert hold_of(probe, "1.2").detail == "one attempt probes whether `script` works again"
    lost = record("1.4-a1", Cause.LOST, ended=stamp(NOW - timedelta(minutes=1)))
    assert hold_of(looked([*outage, lost], *two)).kind == "breaker", "that it was lost says nothing about the runner"
    worked = replace(lost, cause=Cause.CRITERIA_FAILED)
    assert dispatched(looked([*outage, worked], *two)) == ["m/1.1-a1", "m/1.2-a1"]
