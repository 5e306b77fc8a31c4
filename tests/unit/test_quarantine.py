"""Flaky tests: listed by name, never silently, and never so that what fails twice passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kit.missions import POLICY, feature, mission, plan_of, run
from tests.unit.test_steer import changed, planned, refused, text_of

from mission_cli._support.dataclass import replace
from mission_cli.adapters.checks.standard import StandardChecks
from mission_cli.app.commands.steer.quarantine import lift
from mission_cli.app.queries.status import flaky_of
from mission_cli.document.changes import SetFront
from mission_cli.document.editing import patch
from mission_cli.document.reading.load import load
from mission_cli.domain.judging.quarantine import LIFTED, MOST, as_subjects, differing, key_of, quarantined, unlisted
from mission_cli.domain.judging.test_results import CaseResult, CaseState, SuiteSummary, results_of, summary
from mission_cli.domain.runs.jobs import CheckState, Exit, Job
from mission_cli.domain.status import CriterionKind, EndReason, FeatureStatus, JobState, MilestoneStatus, Verdict
from mission_cli.planner.core.moves.milestones import MoveMilestone
from mission_cli.planner.core.moves.mission import Note
from mission_cli.planner.milestones.judging import turn_of
from mission_cli.planner.milestones.judgment import check_key

if TYPE_CHECKING:
    from mission_cli.domain.mission import Mission
    from mission_cli.planner.core.decisions import Decisions

CHECK = run("pytest", 0)
ENDED = Job(JobState.ENDED, Exit(EndReason.EXIT, 0))
KEY = "test.quarantined "


def told(failed: set[int], among: int = 6, form: str = "JUnit XML") -> SuiteSummary:
    """What a run of so many tests reports, of which some have failed."""
    states = {n: CaseState.FAILED if n in failed else CaseState.PASSED for n in range(among)}
    return summary(results_of([CaseResult(f"t{n}", state) for n, state in states.items()], form))


def judged(
    verdict: Verdict, first: SuiteSummary | None, then: SuiteSummary | None, noted: dict[str, str] | None = None
) -> tuple[Mission, Decisions]:
    """A milestone whose only criterion failed once, and gave a verdict when it ran again."""
    one = mission(feature("1.1", FeatureStatus.DONE), noted=noted or {})
    stage = replace(one.milestones[0], status=MilestoneStatus.VALIDATING, criteria=(CHECK,))
    one = replace(one, milestones=(stage,))
    state = CheckState(2, ENDED, verdict, "then", failed="first", tests=then, tests_failed=first)
    return one, plan_of(one, checks={check_key(CHECK, "t", POLICY, one, turn_of(one)): state})


def listed(plan: Decisions) -> list[tuple[str, ...]]:
    return [m.about for m in plan.transitions if isinstance(m, Note) and m.event == "test.quarantined"]


def passes(plan: Decisions) -> bool:
    return [m.to for m in plan.transitions if isinstance(m, MoveMilestone)] == [MilestoneStatus.PASSED]


@pytest.mark.parametrize(
    ("first", "then", "on_the_list"),
    [
        (told({1, 4}), told(set()), ("t1", "t4")),
        (None, None, ("criterion: run: `pytest`",)),
        (told({1}), None, ("criterion: run: `pytest`",)),
        (told({1}, among=3), told(set()), ("criterion: run: `pytest`",)),
        (told(set()), told(set()), ("criterion: run: `pytest`",)),
        (told(set(range(30)), among=30), told(set(), among=30), ("criterion: run: `pytest`",)),
    ],
)
def test_what_is_flaky_is_listed_by_name_or_as_a_whole(
    first: SuiteSummary | None, then: SuiteSummary | None, on_the_list: tuple[str, ...]
) -> None:
    _, plan = judged(Verdict.PASSED, first, then)
    assert (listed(plan), passes(plan)) == ([on_the_list], True)


def test_it_is_listed_once() -> None:
    _, plan = judged(Verdict.PASSED, told({1, 2}), told(set()), {f"{KEY}t1": "why"})
    assert listed(plan) == [("t2",)]
    _, plan = judged(Verdict.PASSED, told({1}), told(set()), {f"{KEY}t1": "why"})
    assert (listed(plan), passes(plan)) == ([], True)
    _, plan = judged(Verdict.PASSED, told({1}), told(set()), {f"{KEY}t1": LIFTED})
    assert listed(plan) == [("t1",)]


def test_tests_that_fail_in_one_of_two_failing_runs_are_listed_and_the_criterion_fails() -> None:
    _, plan = judged(Verdict.FAILED, told({1, 2}), told({2, 3}))
    assert (listed(plan), passes(plan)) == ([("t1", "t3")], False)


@given(st.sets(st.integers(0, 5)), st.sets(st.integers(0, 5)), st.sets(st.integers(0, 5)))
def test_a_quarantine_never_makes_what_fails_twice_pass(first: set[int], then: set[int], before: set[int]) -> None:
    noted = {f"{KEY}t{n}": "why" for n in before} | ({f"{KEY}criterion: run: `pytest`": "why"} if 0 in before else {})
    verdict = Verdict.FAILED if then else Verdict.PASSED
    _, plan = judged(verdict, told(first), told(then), noted)
    assert passes(plan) is not bool(then)
    assert not {f"t{n}" for n in first & then} & {name for names in listed(plan) for name in names}


@given(st.sets(st.integers(0, 5)), st.sets(st.integers(0, 5)), st.integers(6, 8), st.integers(6, 8))
def test_names_are_certain_or_there_are_none(first: set[int], then: set[int], one: int, other: int) -> None:
    found = differing(told(first, one), told(then, other))
    assert found == (tuple(sorted(f"t{n}" for n in first ^ then)) if one == other else ())


def test_the_list_has_an_end() -> None:
    full = mission(feature("1.1"), noted={f"{KEY}t{n}": "why" for n in range(MOST)})
    assert unlisted(full, ("new",)) == ()
    assert as_subjects((), "run: `x`\n" * 200)[0].count("\n") == 0


ODD = (
    "a::b[x: y]",
    'it\'s "odd" # no comment',
    "- [ ] {x}: |",
    "\N{LATIN SMALL LETTER A WITH DIAERESIS}: 1",
    "x" * 200,
)


@pytest.mark.parametrize("name", ODD)
def test_a_name_of_any_kind_is_listed_in_the_file_and_lifted(name: str) -> None:
    text = patch.apply(text_of(planned()), [SetFront(("noted", f"{KEY}{name}"), "why: it is")], where="m")
    found = load(text, "m")
    assert not found.errors()
    [one] = quarantined(found.mission)
    assert (one.name, one.whole, one.why) == (name, False, "why: it is")
    assert flaky_of(found.mission)[0].kind == "test"
    text = patch.apply(text, [SetFront(("noted", key_of(one)), LIFTED)], where="m")
    assert list(quarantined(load(text, "m").mission)) == []


def test_lifting_says_what_is_there() -> None:
    host = planned()
    assert refused(host, lambda ctx: lift(ctx, "m", "quarantine.x", "none")) == (
        "`x` is not quarantined → no test is quarantined"
    )
    assert refused(host, lambda ctx: lift(ctx, "m", "quarantine", "pytest")) == (
        "the quarantine can only be lifted: tests get on it by being flaky → mission set m quarantine none"
    )
    assert changed(host, lambda ctx: lift(ctx, "m", "quarantine", "none")) == []


@pytest.mark.parametrize(
    ("command", "tests", "verdict"),
    [
        ("make test", told({1}), Verdict.FAILED),
        ("make test", told(set()), Verdict.PASSED),
        ("make test", told(set(), among=0), Verdict.FAILED),
        ("make test", told({1}, form="pytest"), Verdict.PASSED),
        ("! make test", told({1}), Verdict.PASSED),
        ("make test || true", told({1}), Verdict.PASSED),
        ("make test", None, Verdict.PASSED),
    ],
)
def test_results_only_turn_a_pass_into_a_failure(command: str, tests: SuiteSummary | None, verdict: Verdict) -> None:
    checks = StandardChecks(("inspect",))
    criterion = run(command)
    assert criterion.kind is CriterionKind.RUN
    assert checks.verdict(criterion, Exit(EndReason.EXIT, 0, tests=tests), "done")[0] is verdict
    assert checks.verdict(criterion, Exit(EndReason.EXIT, 1, tests=tests), "done")[0] is Verdict.FAILED
