"""Reviews: which answers count, what several come to, and what the loop does with them."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kit.missions import (
    EXIT,
    GOOD,
    NOW,
    POLICY,
    TIP,
    WORK,
    feature,
    holds,
    milestone,
    mission,
    plan_of,
    record,
    run,
)
from tests.kit.reviews import answer, finding

from mission_cli._support.dataclass import replace
from mission_cli.document.criteria.parse import read_criterion
from mission_cli.document.reading.load import load
from mission_cli.domain.criteria.criterion import Criterion
from mission_cli.domain.ids import FeatureNumber
from mission_cli.domain.mission import Preferences
from mission_cli.domain.reviews.answer import UnreadableError, read_answer
from mission_cli.domain.reviews.rules import DIMENSIONS, Dimension, ReviewRules, dimensions_of, family_of
from mission_cli.domain.reviews.weigh import Review, confirmed, weigh, with_command
from mission_cli.domain.runs.jobs import AgentReport, CheckState, Exit, Job
from mission_cli.domain.runs.usage import Reserve, Usage
from mission_cli.domain.status import (
    Cause,
    CriterionKind,
    EndReason,
    FeatureStatus,
    GateKind,
    JobState,
    MilestoneStatus,
    MissionStatus,
    Verdict,
)
from mission_cli.domain.tables import Gate
from mission_cli.planner.core.effects import Cancel, Integrate, Recover, RunCheck, Submit
from mission_cli.planner.core.moves.features import Dispatch, Settle
from mission_cli.planner.core.moves.mission import Note
from mission_cli.planner.core.moves.waiting import Ask, MoveGate
from mission_cli.planner.core.policy import RunnerPolicy
from mission_cli.planner.milestones.judgment import check_key
from mission_cli.planner.reviewing.reviews import Change, subject_of

if TYPE_CHECKING:
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.planner.core.decisions import Decisions

NAMES = tuple(d.name for d in DIMENSIONS)
LONG_AGO = NOW - timedelta(hours=1)
RULES = ReviewRules(reviewers=("claude:opus", "codex:gpt-5", "script:"))
CRITERION = Criterion("review: errors are handled", CriterionKind.REVIEW, command="errors are handled")
RUNNERS = replace(POLICY, runners={"script": RunnerPolicy(), "claude": RunnerPolicy(), "codex": RunnerPolicy()})


# Answers


def test_an_answer_is_one_document_with_every_score() -> None:
    found = read_answer(answer(4, 2, findings=[finding(command="pytest -q")]), 2, NAMES)
    assert [(c.id, sorted(c.scores.values())) for c in found.criteria] == [("c1", [4] * 4), ("c2", [2] * 4)]
    assert [(f.title, f.first_line, f.command) for f in found.findings] == [("it is wrong", 10, "pytest -q")]
    for text in (answer(4), json.dumps(json.loads(answer(4)), indent=2)):
        assert read_answer(f"```json\n{text}\n```", 1, NAMES).criteria[0].id == "c1"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not one JSON document"),
        ("looks good to me", "not one JSON document"),
        (f"Here it is:\n{answer(5)}", "not one JSON document"),
        (f"{answer(5)}\nShip it!", "not one JSON document"),
        (f"{answer(5)}{answer(5)}", "not one JSON document"),
        (f"```json\n{answer(5)}\n```\n```json\n{answer(1)}\n```", "not one JSON document"),
        (answer(5)[:-1], "not one JSON document"),
        ('{"criteria": [], "criteria": []}', "a name appears twice"),
        ("[" * 100_000, "not one JSON document"),
        ("[]", "error at the document"),
        (answer(), "judges nothing instead of c1"),
        (answer(5, 5), "judges c1, c2 instead of c1"),
        (answer(6), "c1 scores correctness with 6, not 1 to 5"),
        (answer(0), "c1 scores correctness with 0, not 1 to 5"),
        (answer(5).replace("edge cases", "style"), "c1 has no score for edge cases"),
        (answer(5).replace('": 5', '": NaN'), "finite number"),
        (answer(5).replace('": 5', '": "high"'), "error at criteria.0.scores.correctness"),
        (answer(5, findings=[finding(priority="low")]), "error at findings.0.priority"),
        (answer(5, findings=[finding(title="")]), "error at findings.0.title"),
        (answer(5, findings=[finding(confidence=2)]), "error at findings.0.confidence"),
        (answer(5, findings=[finding()] * 51), "error at findings"),
        (answer(5, summary="x" * 100_001), "characters, at most 100000 are read"),
    ],
    ids=lambda text: text[:30],
)
def test_an_answer_of_which_a_part_cannot_be_read_counts_for_nothing(text: str, words: str) -> None:
    with pytest.raises(UnreadableError, match=r"the answer|c1") as error:
        read_answer(text, 1, NAMES)
    assert words in str(error.value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda c: st.lists(c) | st.dictionaries(st.text(), c)
    )
)
def test_no_json_is_read_as_an_answer_by_accident(value: Any) -> None:
    with pytest.raises(UnreadableError):
        read_answer(json.dumps(value), 1, NAMES)


# What several answers come to


def review(*scores: float, who: str = "claude:opus", family: str = "claude", **more: Any) -> Review:
    text = answer(*scores, **more)
    return Review(read_answer(text, len(scores), NAMES), who, family)


def test_the_median_counts_and_a_score_far_from_it_is_left_out() -> None:
    found = weigh([review(4), review(5), review(1)], "c1", DIMENSIONS)
    assert (found.total, found.dropped, found.reasons[0]) == (Decimal("4.5"), 4, "it is a 1")
    assert weigh([review(1), review(5)], "c1", DIMENSIONS).total == 3
    assert weigh([review(2)], "c1", DIMENSIONS).shown == "2.0"


def test_dimensions_are_weighted_as_the_plan_says() -> None:
    own = dimensions_of({"security": "3 can a stranger do harm?", "speed": "1", "odd": "much", "none": "0"})
    assert own == (Dimension("security", Decimal(3), "can a stranger do harm?"), Dimension("speed", Decimal(1)))
    text = json.dumps({"criteria": [{"id": "c1", "scores": {"security": 1, "speed": 5}}]})
    found = weigh([Review(read_answer(text, 1, ("security", "speed")), "a", "a")], "c1", own)
    assert found.total == 2
    assert dimensions_of({"odd": "much"}) == DIMENSIONS


def test_only_another_family_confirms_a_serious_finding_about_the_same_lines() -> None:
    mine = review(4, findings=[finding("a"), finding("b", file="src/other.py"), finding("c", priority=2)])
    same = review(4, findings=[finding("A", first_line=14, last_line=0), finding("c", priority=2)])
    other = replace(same, reviewer="codex:gpt-5", family="gpt")
    assert [f.title for f, _, _ in confirmed([mine, same])] == []
    assert [(f.title, one, two) for f, one, two in confirmed([mine, other])] == [("a", "claude:opus", "codex:gpt-5")]
    unlike = review(4, who="codex", family="gpt", findings=[finding("Naming", body="Names are hard to read.")])
    assert [*confirmed([mine, unlike])] == []
    far = review(4, who="codex", family="gpt", findings=[finding(first_line=16), finding("b", first_line=0)])
    old = review(4, who="codex", family="gpt", findings=[finding(pre_existing=True)])
    assert [*confirmed([mine, far]), *confirmed([mine, old])] == []


def test_a_command_counts_once_and_not_for_what_was_there_before() -> None:
    reviews = [
        review(4, findings=[finding(command="a"), finding(command=" ")]),
        review(4, who="codex", findings=[finding(command="a"), finding(command="b", pre_existing=True)]),
    ]
    assert [(f.command, who) for f, who in with_command(reviews)] == [("a", "claude:opus")]


@pytest.mark.parametrize(
    ("runner", "model", "family"),
    [
        ("claude", "opus", "claude"),
        ("opencode", "anthropic/claude-sonnet-4-5", "claude"),
        ("codex", "", "gpt"),
        ("opencode", "openai/o3", "gpt"),
        ("opencode", "openrouter/qwen3-coder", "qwen"),
        ("script", "", "script"),
        ("script", "House Model", "house model"),
    ],
)
def test_the_family_of_a_model_is_found_by_its_name(runner: str, model: str, family: str) -> None:
    assert family_of(runner, model) == family


# In the file


def test_the_front_matter_says_who_reviews_and_how() -> None:
    text = """\
---
id: m
quality_threshold: 3.5
reviews:
  reviewers: ["claude:opus", "codex:"]
  per_feature: 2
  per_milestone: 5
  budget_pct: 20%
  dimensions: {security: "0.6 can a stranger do harm?", clarity: 0.4}
---
# M
"""
    assert load(text, "m").mission.reviews == ReviewRules(
        reviewers=("claude:opus", "codex:"),
        per_feature=2,
        per_milestone=5,
        budget_pct=Decimal(20),
        threshold=Decimal("3.5"),
        dimensions=(
            Dimension("security", Decimal("0.6"), "can a stranger do harm?"),
            Dimension("clarity", Decimal("0.4")),
        ),
    )
    odd = text.replace("3.5", "35").replace("per_feature: 2", "per_feature: 99").replace("20%", "-1")
    assert replace(load(odd, "m").mission.reviews, dimensions=DIMENSIONS) == ReviewRules(
        reviewers=("claude:opus", "codex:"), per_milestone=5
    )
    assert sorted(p.message for p in load(odd, "m").problems if "between" in p.message) == [
        "`quality_threshold` is `35`, which is not between 1 and 5",
        "`reviews.budget_pct` is `-1`, which is not between 0 and 100",
        "`reviews.per_feature` is `99`, which is not between 1 and 9",
    ]


def test_a_criterion_may_name_the_score_that_it_needs() -> None:
    assert read_criterion("review: errors are handled (>= 3.5)").bound == Decimal("3.5")
    assert read_criterion("review: it is fast (< 5 ms)").bound is None
    wrong = read_criterion("review: errors are handled (>= 35)")
    assert (wrong.wrong, wrong.remedy) == (
        "`(>= 35)` is not a score from 1 to 5",
        "write the minimum score as (>= 3.5)",
    )


# The loop


def reviewed(*criteria: Criterion, **more: object) -> Mission:
    """A mission whose feature 1.1 has left work, judged by these."""
    return mission(
        feature("1.1", FeatureStatus.REVIEW, criteria=criteria or (CRITERION,)), **{"reviews": RULES, **more}
    )


def attempt(**more: object) -> RunRecord:
    """The attempt at 1.1 whose work is reviewed."""
    values: dict[str, Any] = {"reserve": Reserve(usd=Decimal(4)), **more}
    return record("1.1-a1", **values)


def decided(some: Mission, *reviews: RunRecord, **more: Any) -> Decisions:
    """What is decided while the work of 1.1-a1 waits for its verdict."""
    jobs = {"m/1.1-a1": EXIT, **more.pop("jobs", {})}
    return plan_of(
        some,
        more.pop("policy", RUNNERS),
        records=(more.pop("made_by", attempt()), *reviews),
        jobs=jobs,
        evidence={"m/1.1-a1": more.pop("left", GOOD)},
        **more,
    )


def given_by(
    some: Mission, number: int, runner: str, text: str, cause: Cause = Cause.DONE, **more: object
) -> RunRecord:
    """The record of a review of 1.1 that has been settled."""
    owned = tuple(c for f in some.features() for c in f.criteria if c.kind is not CriterionKind.RUN)
    change = Change("1.1", f"m/1.1-a1 {TIP}", WORK, (attempt(),))
    runner, _, model = runner.partition(":")
    values: dict[str, Any] = {
        "runner": runner,
        "model": model,
        "about": "1.1",
        "subject": subject_of(some, change, owned),
        "criteria": tuple(c.text for c in owned),
        "last_words": text,
        **more,
    }
    return record(f"review-a{number}", cause, **values)


def started(plan: Decisions) -> list[RunRecord]:
    return [m.record for m in plan.transitions if isinstance(m, Dispatch)]


def test_a_review_starts_with_a_tenth_of_what_the_work_had_reserved() -> None:
    plan = decided(reviewed())
    [found] = started(plan)
    assert (found.run, found.about, found.base, found.head) == ("m/review-a1", "1.1", WORK, TIP)
    assert (found.runner, found.model, found.reserve.usd) == ("claude", "opus", Decimal("0.4"))
    assert not [m for m in plan.transitions if isinstance(m, Ask)]
    assert not [a for a in plan.effects if isinstance(a, Integrate)]


def test_a_poc_takes_the_work_of_a_feature_without_a_review() -> None:
    plan = decided(reviewed(mode="poc"), left=replace(GOOD, completes=(FeatureNumber("1.1"),)))
    assert (started(plan), [type(a) for a in plan.effects if isinstance(a, Integrate)]) == ([], [Integrate])


def test_a_reviewer_of_another_family_than_the_worker_comes_first() -> None:
    made_by = attempt(runner="claude", model="sonnet")
    assert [r.runner for r in started(decided(reviewed(), made_by=made_by))] == ["codex"]
    [alone] = started(decided(reviewed(reviews=replace(RULES, reviewers=("claude:opus",))), made_by=made_by))
    assert alone.runner == "claude"


def test_nothing_is_reviewed_before_what_can_be_run_has_passed() -> None:
    tests = run("pytest", 1)
    some = reviewed(CRITERION, tests)
    assert started(decided(some)) == []
    key = check_key(tests, "new", RUNNERS, some)
    passed = {key: CheckState(1, EXIT, Verdict.PASSED)}
    [found] = started(decided(some, checks=passed))
    assert found.evidence == "run: `pytest`: passed"
    failed = {key: CheckState(2, EXIT, Verdict.FAILED, "AssertionError", failed="no")}
    plan = decided(some, checks=failed)
    assert started(plan) == []
    assert [m.record.cause for m in plan.transitions if isinstance(m, Settle)] == [Cause.CRITERIA_FAILED]


@pytest.mark.parametrize(
    ("score", "bound", "passes"), [(3, None, True), (2.9, None, False), (3.9, 4, False), (4, 4, True)]
)
def test_the_score_decides(score: float, bound: int | None, passes: bool) -> None:  # noqa: FBT001 - a case
    some = reviewed(replace(CRITERION, bound=Decimal(bound) if bound else None))
    plan = decided(some, given_by(some, 1, "claude:opus", answer(score)))
    integrates = [a for a in plan.effects if isinstance(a, Integrate)]
    settled = [m.record for m in plan.transitions if isinstance(m, Settle)]
    assert (bool(integrates), [r.cause for r in settled]) == (passes, [] if passes else [Cause.CRITERIA_FAILED])
    if settled:
        assert f"the score is {score} of at least {bound or 3} by claude:opus" in settled[0].evidence


def test_a_finding_blocks_if_its_command_fails_with_the_change_and_passes_before() -> None:
    some = reviewed()
    text = answer(5, findings=[finding(command="python3 -c 'import app'")])
    given_one = given_by(some, 1, "claude:opus", text)
    plan = decided(some, given_one)
    checks = [a for a in plan.effects if isinstance(a, RunCheck)]
    assert [(c.commit, c.criterion.command) for c in checks] == [
        (TIP, "python3 -c 'import app'"),
        (WORK, "python3 -c 'import app'"),
    ]
    for now, before, blocks in (
        (Verdict.FAILED, Verdict.PASSED, True),
        (Verdict.FAILED, Verdict.FAILED, False),
        (Verdict.PASSED, Verdict.PASSED, False),
        (Verdict.COULD_NOT_RUN, Verdict.PASSED, False),
        (Verdict.FAILED, Verdict.COULD_NOT_RUN, False),
    ):
        known = {c.key: CheckState(1, EXIT, v, "it broke") for c, v in zip(checks, (now, before), strict=True)}
        plan = decided(some, given_one, checks=known)
        settled = [m.record for m in plan.transitions if isinstance(m, Settle)]
        assert [r.cause for r in settled] == ([Cause.CRITERIA_FAILED] if blocks else [])
        assert bool([a for a in plan.effects if isinstance(a, Integrate)]) is not blocks
    without = decided(some, given_one, policy=replace(RUNNERS, sandboxed=False))
    assert [a for a in without.effects if isinstance(a, RunCheck)] == []
    assert [a for a in without.effects if isinstance(a, Integrate)]


def test_a_finding_that_a_second_family_confirms_blocks_and_another_does_not() -> None:
    some = reviewed(reviews=replace(RULES, per_feature=2))
    text = answer(5, findings=[finding()])
    first = given_by(some, 1, "claude:opus", text)
    for second, blocks in (("codex:gpt-5", True), ("claude:sonnet", False)):
        plan = decided(some, first, given_by(some, 2, second, text))
        assert [m.record.cause for m in plan.transitions if isinstance(m, Settle)] == [Cause.CRITERIA_FAILED] * blocks
        assert bool([a for a in plan.effects if isinstance(a, Integrate)]) is not blocks


def test_an_answer_that_cannot_be_read_is_replaced_twice_and_then_a_person_is_asked() -> None:
    some = reviewed()
    spoilt = [
        given_by(some, n, who, "fine!", Cause.WRONG_OUTPUT, detail="inconclusive")
        for n, who in enumerate(("claude:opus", "codex:gpt-5", "claude:opus"), 1)
    ]
    assert [r.runner for r in started(decided(some, *spoilt[:1]))] == ["codex"]
    assert [r.runner for r in started(decided(some, *spoilt[:2]))] == ["script"]
    plan = decided(some, *spoilt)
    assert started(plan) == []
    [asked] = [m for m in plan.transitions if isinstance(m, Ask)]
    assert asked.why == "review: errors are handled: 3 reviews could not be used (claude: inconclusive)"
    assert not [a for a in plan.effects if isinstance(a, Integrate)]


def test_a_settled_review_whose_words_were_changed_to_no_answer_does_not_count() -> None:
    some = reviewed()
    plan = decided(some, given_by(some, 1, "claude:opus", "all good"))
    assert [r.runner for r in started(plan)] == ["codex"]


@pytest.mark.parametrize(
    ("end", "cause", "words"),
    [
        (Exit(EndReason.EXIT, 0, report=AgentReport(answer=answer(4))), Cause.DONE, "done"),
        (Exit(EndReason.EXIT, 0, report=AgentReport(answer="LGTM")), Cause.WRONG_OUTPUT, "inconclusive: "),
        (Exit(EndReason.EXIT, 0, report=AgentReport(answer=answer(4, 4))), Cause.WRONG_OUTPUT, "inconclusive: "),
        (Exit(EndReason.EXIT, 1, report=AgentReport(answer=answer(4))), Cause.WRONG_OUTPUT, "exit 1"),
        (Exit(EndReason.DEADLINE, report=AgentReport(answer=answer(4))), Cause.DEADLINE, "stopped by its deadline"),
        (Exit(EndReason.OVER_BUDGET, report=AgentReport(answer=answer(4))), Cause.OVER_BUDGET, "stopped at its budget"),
        (Exit(EndReason.LOST, report=AgentReport(usage=Usage(usd=None))), Cause.LOST, "its supervisor died"),
        (Exit(EndReason.EXIT, 0, report=AgentReport(cause=Cause.AUTH, detail="log in", answer=answer(5))), Cause.AUTH, "log in"),
    ],
)  # fmt: skip
def test_a_review_is_settled_by_its_whole_answer_and_its_cost_is_kept(end: Exit, cause: Cause, words: str) -> None:
    some = reviewed()
    running = replace(given_by(some, 1, "claude:opus", "", Cause.DONE), state=record("1.1-a1").state, cause=None)
    plan = decided(some, running, jobs={"m/review-a1": Job(JobState.ENDED, end)})
    [settled] = [m for m in plan.transitions if isinstance(m, Settle)]
    assert (settled.record.run, settled.to, settled.record.cause) == ("m/review-a1", None, cause)
    assert settled.record.detail.startswith(words)
    assert settled.record.usage.usd == (end.report.usage or Usage()).usd
    assert started(plan) == []


def test_a_running_review_is_waited_for_submitted_recovered_and_stopped() -> None:
    some = reviewed()
    running = replace(given_by(some, 1, "claude:opus", "", Cause.DONE), state=record("1.1-a1").state, cause=None)

    def effects(state: JobState, changed: Mission = some) -> list[type]:
        plan = decided(changed, running, jobs={"m/review-a1": Job(state, quiet_since=LONG_AGO)})
        return [type(a) for a in plan.effects]

    assert effects(JobState.RUNNING) == []
    assert effects(JobState.UNKNOWN) == [Submit]
    assert effects(JobState.GONE) == [Recover]
    skipped = replace(some, milestones=(milestone(1, MilestoneStatus.ACTIVE, feature("1.1", FeatureStatus.SKIPPED)),))
    assert Cancel in effects(JobState.RUNNING, skipped)
    plan = decided(some, running, jobs={"m/review-a1": Job(JobState.RUNNING)})
    assert ("review", "it is being reviewed by claude:opus") in holds(plan, "1.1")


def test_without_money_slots_or_reviewers_nothing_starts_and_it_is_said() -> None:
    some = reviewed()
    plan = decided(some, free_slots=0)
    assert started(plan) == []
    assert ("slot", "a review waits: every worker slot is taken") in holds(plan, "1.1")
    paused = decided(replace(some, status=MissionStatus.PAUSED, raw_status="paused"))
    assert started(paused) == []
    assert ("mission", "a review waits: the mission is paused") in holds(paused, "1.1")
    spent = [given_by(some, 1, "claude:opus", "no", Cause.WRONG_OUTPUT, usage=Usage(usd=Decimal("0.4")))]
    [asked] = [m for m in decided(some, *spent).transitions if isinstance(m, Ask)]
    assert asked.why.endswith("no reviewer can be used: 10% of what the work had reserved is used up")
    broken = replace(RUNNERS, runners={"script": RunnerPolicy()})
    other = reviewed(reviews=replace(RULES, reviewers=("claude:opus",)))
    [asked] = [m for m in decided(other, policy=broken).transitions if isinstance(m, Ask)]
    assert asked.why.endswith("no reviewer can be used: there is no runner called `claude`")


def test_a_tick_of_a_person_decides_and_one_of_the_program_does_not() -> None:
    ticked = reviewed(replace(CRITERION, ticked=True))
    plan = decided(ticked)
    assert started(plan) == []
    assert [a for a in plan.effects if isinstance(a, Integrate)]


def test_a_milestone_gets_three_reviews_of_everything_since_it_started() -> None:
    done = feature("1.1", FeatureStatus.DONE)
    some = mission(
        reviews=RULES,
        preferences=Preferences(max_parallel_workers=3, runner="script"),
        milestones=(milestone(1, MilestoneStatus.VALIDATING, done, criteria=(CRITERION,), started_at="bbbbbbb"),),
    )
    made_by = record("1.1-a1", Cause.DONE, reserve=Reserve(usd=Decimal(6)), runner="script")
    start = {"bbbbbbb": ("b" * 40, "old")}
    plan = plan_of(some, RUNNERS, records=(made_by,), start_trees=start)
    assert [(r.runner, r.about, r.base, r.head, r.reserve.usd) for r in started(plan)] == [
        ("claude", "1", "b" * 40, WORK, Decimal("0.2")),
        ("codex", "1", "b" * 40, WORK, Decimal("0.2")),
        ("script", "1", "b" * 40, WORK, Decimal("0.2")),
    ]


def test_a_reviewer_that_names_no_tier_has_that_of_validation() -> None:
    rules = replace(RULES, reviewers=("claude:", "sonnet"))
    some = reviewed(reviews=rules, models={"validation": "haiku"})
    [first] = started(decided(some))
    assert (first.runner, first.model) == ("claude", "haiku")
    second = decided(some, given_by(some, 1, "claude:haiku", "no", Cause.WRONG_OUTPUT))
    assert [(r.runner, r.model) for r in started(second)] == [("script", "sonnet")]


@pytest.mark.parametrize(("scores", "to"), [((4, 4), "passed"), ((2, 4), "failed")])
def test_a_quality_gate_uses_the_score_of_the_reviews(scores: tuple[float, float], to: str) -> None:
    gate = Gate(
        "good", GateKind.QUALITY, (FeatureNumber("1.1"),), (FeatureNumber("1.2"),), "minScore >= 3.5", "pending"
    )
    done = feature("1.1", FeatureStatus.DONE, criteria=(CRITERION,))
    some = mission(done, feature("1.2"), reviews=RULES, gates=(gate,))
    given_ones = [given_by(some, n, "claude:opus", answer(score)) for n, score in enumerate(scores, 1)]
    plan = plan_of(some, RUNNERS, records=(record("1.1-a1", Cause.DONE), *given_ones))
    assert [m.to for m in plan.transitions if isinstance(m, MoveGate)] == [to]


ESTIMATE = read_criterion("file: `docs/guide.md`", more=["  confidence: estimated"])


def test_an_estimated_criterion_that_fails_may_be_overruled_by_reviewers_and_a_firm_one_never() -> None:
    assert ESTIMATE.estimated
    firm = read_criterion("file: `docs/guide.md`", more=["  confidence: firm"])
    assert (firm.estimated, firm.wrong) == (False, "")
    assert read_criterion("file: `a`", more=["  confidence: high"]).wrong == "`high` is neither firm nor estimated"
    for criterion, score, causes in (
        (ESTIMATE, 4, []),
        (ESTIMATE, 2, [Cause.CRITERIA_FAILED]),
        (firm, 4, [Cause.CRITERIA_FAILED]),
    ):
        some = reviewed(criterion)
        failed = CheckState(2, EXIT, Verdict.FAILED, "docs/guide.md does not exist", failed="no")
        known = {check_key(criterion, "new", RUNNERS, some): failed}
        first = decided(some, checks=known)
        if criterion is ESTIMATE:
            [asked] = started(first)
            assert asked.criteria == (
                f"{criterion.text} (an estimate from before the work, and it fails: is what it stands for there?)",
            )
            plan = decided(some, given_by(some, 1, "claude:opus", answer(score)), checks=known)
        else:
            assert started(first) == []
            plan = first
        settled = [m.record for m in plan.transitions if isinstance(m, Settle)]
        assert [r.cause for r in settled] == causes
        assert bool([a for a in plan.effects if isinstance(a, Integrate)]) is not bool(causes)
        if causes:
            assert "docs/guide.md does not exist" in settled[0].evidence
    integrated = replace(GOOD, integrated=True)
    some = reviewed(ESTIMATE)
    known = {check_key(ESTIMATE, "new", RUNNERS, some): failed}
    done = plan_of(
        some,
        RUNNERS,
        records=(attempt(), given_by(some, 1, "claude:opus", answer(4))),
        jobs={"m/1.1-a1": EXIT},
        evidence={"m/1.1-a1": integrated},
        checks=known,
    )
    [note] = [m for m in done.transitions if isinstance(m, Note)]
    assert note.details.startswith("1.1: file: `docs/guide.md` is corrected: ")
