"""The interview before a plan, as pure rules: classes, questions, depths, reading answers, going back, the scope."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mission_cli._support.dataclass import replace
from mission_cli.domain.errors import UsageError
from mission_cli.domain.interview.amounts import budget_text, caps_in, hours_text
from mission_cli.domain.interview.classes import MissionClass, guess
from mission_cli.domain.interview.facts import Facts
from mission_cli.domain.interview.follow_ups import FollowUp, is_material
from mission_cli.domain.interview.interview import (
    MOST_ASKED,
    Depth,
    Interview,
    answered,
    asked_of,
    back,
    missing,
    next_question,
    offered,
    question_of,
    questions,
    room_for,
    skipped,
)
from mission_cli.domain.interview.probes import PROBES
from mission_cli.domain.interview.question import LONGEST, Form, numbered
from mission_cli.domain.interview.scope import ordered, scope_of
from mission_cli.domain.interview.suggestions import suggested

CODE = Facts(files=9, languages=("Python",), tests=True, ci=True, readme=True)
BARE = Facts(files=3, languages=("Go",), todos=("a.go: TODO: close it",))
GOALS = {
    "A command that counts words": MissionClass.GREENFIELD,
    "Migrate the store from JSON to SQLite": MissionClass.MIGRATION,
    "Replace requests by httpx": MissionClass.MIGRATION,
    "Compare three job queues": MissionClass.RESEARCH,
    "Deploy it with Docker": MissionClass.INFRASTRUCTURE,
}


def walked(interview: Interview, *, taking: str = "") -> Interview:
    """Answer every open question with its first option, or with a text."""
    while (question := next_question(interview)) is not None:
        usual = offered(interview, question) or taking or "Count words"
        interview = answered(interview, question.id, usual)
    return interview


def test_goal_and_repository_suggest_a_class_and_say_why() -> None:
    assert {goal: guess(goal, Facts()).kind for goal in GOALS} == GOALS
    assert guess("Count words", CODE) == guess("Improve it", replace(CODE)).__class__(
        MissionClass.ENHANCEMENT, "the repository has code"
    )
    assert guess("Improve the parser", CODE).why == "the goal says `improve`"
    assert guess("Improve the parser", Facts()).kind is MissionClass.GREENFIELD


def test_a_class_and_what_a_repository_lacks_suggest_up_to_five_features() -> None:
    assert suggested(MissionClass.ENHANCEMENT, BARE) == (
        "The change itself, behind what exists",
        "Tests that hold what works today",
        "Tests that run with one command",
        "A workflow that runs the checks for every push",
        "Resolve a.go: TODO: close it",
    )
    assert suggested(MissionClass.ENHANCEMENT, CODE) == (
        "The change itself, behind what exists",
        "Tests that hold what works today",
    )
    for kind in MissionClass:
        assert 2 <= len(suggested(kind, BARE)) <= 5


@pytest.mark.parametrize("goal", GOALS)
@pytest.mark.parametrize("depth", Depth)
def test_no_depth_asks_more_than_it_says(goal: str, depth: Depth) -> None:
    for known in ({}, {"goal": goal}, {"goal": goal, "mode": "full", "budget": "$5"}):
        interview = walked(Interview(depth, BARE, known), taking=goal)
        assert len(interview.answers) == len(asked_of(interview))
        assert len(interview.answers) <= MOST_ASKED.get(depth, 10)
        assert not interview.answers.keys() & known.keys(), "what is known is not asked"
        assert missing(interview) is None
    assert [*walked(Interview(Depth.QUICK, BARE), taking=goal).answers] == ["goal", "budget"]
    assert len(walked(Interview(Depth.DEEP, BARE), taking=goal).answers) == 10


def test_a_normal_interview_about_a_given_goal_has_eight_questions_with_three_probes_of_its_class() -> None:
    for goal, kind in GOALS.items():
        asked = [one.id for one in asked_of(Interview(Depth.NORMAL, Facts(), {"goal": goal}))]
        probes = [probe.question.id for probe in PROBES[kind]]
        assert asked == ["class", "features", "mode", "budget", "constraints", *probes]
    asked = [one.id for one in asked_of(Interview(Depth.NORMAL))]
    assert asked == ["goal", "class", "mode", "budget", "constraints", "premortem", "journey", "must"]


def test_every_question_says_why_and_has_two_to_five_options_of_which_one_is_recommended() -> None:
    for goal in GOALS:
        for question in questions(Interview(Depth.DEEP, BARE, {"goal": goal})):
            assert question.why
            assert question.label
            if question.id == "goal":
                continue
            assert 2 <= len(question.options) <= 5
            assert question.recommended
            if question.form is not Form.LINES:
                assert [option.recommended for option in question.options].count(True) == 1


def test_numbers_stand_for_options_and_everything_else_is_an_answer() -> None:
    start = Interview(Depth.DEEP, BARE, {"goal": "Count words"})
    features, budget, must = (question_of(start, name) for name in ("features", "budget", "must"))
    names = [option.value for option in features.options]
    assert numbered(features, "2, 1; my own\n3") == "\n".join([names[1], names[0], "my own", names[2]])
    assert (numbered(budget, "2"), numbered(budget, "35"), numbered(budget, "$2")) == ("$60", "35", "$2")
    assert numbered(must, "4") == must.options[3].value
    for question, text in ((must, "5"), (must, "0"), (features, "1, 9")):
        with pytest.raises(UsageError, match="there is no option"):
            numbered(question, text)


def test_budgets_are_read_in_one_line_and_written_in_one_form() -> None:
    assert caps_in("$60, 8 h and 50M tokens") == {"money_usd": "60", "time_hours": "8", "token_limit": "50000000"}
    forms = {
        "60": "$60",
        "60 usd": "$60",
        "2.50 dollars": "$2.50",
        "8h": "8 h",
        "500k tokens; 3": "$3, 500000 tokens",
        "1,500": "$1500",
        "Unlimited": "unlimited",
        "unlimited hours, 5": "$5, unlimited h",
    }
    assert {text: budget_text(text) for text in forms} == forms
    assert (hours_text("8"), hours_text("8 hours"), hours_text("unlimited")) == ("8 h", "8 h", "unlimited")
    for wrong in ("ten", "-5", "0", "$0", "5 apples", "$5 h", "5, 6", "", "1e400"):
        with pytest.raises(UsageError):
            answered(Interview(), "budget", wrong or "?")
    with pytest.raises(UsageError, match="is not a number of hours"):
        hours_text("$8")


@given(st.text(max_size=60))
def test_every_budget_that_is_read_is_written_so_that_it_is_read_again(text: str) -> None:
    try:
        once = budget_text(text)
    except UsageError:
        return
    assert budget_text(once) == once


@given(st.text(max_size=40), st.sampled_from([one.id for one in questions(Interview())]))
def test_every_answer_is_kept_as_it_is_read_or_refused_with_a_hint(text: str, name: str) -> None:
    interview = Interview(given={"goal": "Count words"})
    try:
        after = answered(interview, name, text)
    except UsageError:
        return
    if after.answers[name]:
        assert answered(interview, name, after.answers[name]).answers == after.answers


def test_answers_that_are_too_long_or_not_one_of_the_options_are_refused() -> None:
    interview = Interview(given={"goal": "x"})
    wrong = {
        "class": ("port", "`class` is `port`, which is not one of its options"),
        "must": ("x" * (LONGEST + 1), f"`must` has {LONGEST + 1} characters"),
        "constraints": ("x" * 401, "a line of `constraints` has 401 characters"),
        "features": ("\n".join(map(str, range(99, 120))), "`features` has 21 lines"),
        "mod": ("x", "there is no question `mod`"),
    }
    for name, (text, words) in wrong.items():
        with pytest.raises(UsageError) as found:
            answered(interview, name, text)
        assert found.value.message == words
        assert str(found.value.hint)
    with pytest.raises(UsageError, match="`budget` cannot be skipped"):
        skipped(interview, "budget")
    assert answered(interview, "class", "mig").answers == {"class": "migration"}


def test_back_takes_the_last_answer_back_and_offers_it_again() -> None:
    interview = Interview(given={"goal": "Count words"})
    with pytest.raises(UsageError, match="this is the first question"):
        back(interview)
    two = answered(answered(interview, "class", "research"), "features", "mine")
    one = back(two)
    question = next_question(one)
    assert (question is not None and question.id, one.answers) == ("features", {"class": "research"})
    assert offered(one, question_of(one, "features")) == "mine"
    assert next_question(back(one)) == question_of(interview, "class")


def test_another_class_drops_the_answers_to_questions_of_the_old_one() -> None:
    interview = answered(Interview(given={"goal": "x"}), "class", "research")
    interview = answered(interview, "timebox", "8")
    assert ordered(interview).budget == {"time_hours": "8"}
    again = answered(interview, "class", "migration")
    assert (dict(again.answers), ordered(again).budget) == ({"class": "migration"}, {})
    assert again.before["timebox"] == "8 h"


def test_answers_become_scope_prompt_and_decisions() -> None:
    interview = Interview(Depth.DEEP, CODE)
    said = {
        "goal": "Move to SQLite",
        "class": "migration",
        "features": "A switch\nA report",
        "mode": "full",
        "budget": "$60, 8 h",
        "constraints": "No new dependencies",
        "non_goals": "A graphical interface",
        "rollback": "By\na switch",
        "integrity": "",
        "pace": "Incremental",
    }
    for name, text in said.items():
        interview = answered(interview, name, text) if text else skipped(interview, name)
    scope, order = scope_of(interview), ordered(interview)
    assert (order.given, order.budget) == (
        {"goal": "Move to SQLite", "mode": "full"},
        {"money_usd": "60", "time_hours": "8"},
    )
    assert scope.constraints == ("No new dependencies", "Way back: By a switch", "Pace: Incremental")
    assert (scope.success_criteria, scope.non_goals) == ((), ("A graphical interface",))
    assert [(one.label, one.text) for one in scope.said] == [
        ("Class", "migration"),
        ("Features", "A switch\nA report"),
        ("Constraints", "No new dependencies"),
        ("Non-goals", "A graphical interface"),
        ("Way back", "By\na switch"),
        ("Pace", "Incremental"),
    ]
    assert [(one.decision, one.rationale) for one in scope.decisions] == [
        ("Class: migration", "answered in the interview"),
        ("Features: A switch; A report", "answered in the interview"),
        ("Mode: full", "answered in the interview"),
        ("Constraints: No new dependencies", "answered in the interview"),
        ("Non-goals: A graphical interface", "answered in the interview"),
        ("Way back: By a switch", "answered in the interview"),
        ("Pace: Incremental", "answered in the interview"),
    ]
    assert scope.decisions[0].alternatives == "greenfield; enhancement; research; infrastructure"


def test_what_was_not_asked_is_recorded_as_assumed_and_nothing_else_is() -> None:
    scope = scope_of(Interview(given={"goal": "A quick look", "budget": "$5"}))
    assert [(one.decision, one.rationale) for one in scope.decisions] == [
        ("Class: greenfield", "assumed, because the repository has no code yet"),
        ("Mode: poc", "assumed, because the goal says `quick`"),
    ]
    assert (scope.success_criteria, scope.non_goals, scope.constraints) == ((), (), ())
    assert ordered(Interview(given={"goal": "Deploy it"})).given["type"] == "operations"


def test_a_model_s_question_is_asked_if_it_changes_criteria_or_the_median_by_a_fifth() -> None:
    one = FollowUp("Gzip, too?", "It needs a library.", "no", ("yes",))
    numbers = {"1", "1.1", "1.2"}

    def moved(more: int) -> float | None:
        return more * 0.11

    assert not is_material(one, numbers, 10, moved)
    assert is_material(replace(one, criteria=("1.2",)), numbers, 10, moved)
    assert not is_material(replace(one, criteria=("7.7",)), numbers, 10, moved)
    assert [is_material(replace(one, features=n), numbers, 10, moved) for n in (1, 2, -2)] == [False, True, True]
    assert [is_material(replace(one, features=n), numbers, 10, lambda _: None) for n in (2, 3)] == [False, True]


def test_questions_of_a_model_are_an_interview_of_their_own_as_far_as_the_depth_leaves_room() -> None:
    follow = FollowUp("Gzip, too?", "It needs a library.", "no", ("yes",))
    asked = walked(Interview(Depth.NORMAL, CODE, {"goal": "x", "mode": "full", "budget": "$5"}))
    assert (room_for(asked), room_for(Interview(Depth.QUICK)), room_for(Interview(Depth.DEEP))) == (2, 0, 15)
    interview = Interview(asked=(follow, replace(follow, question="Zip?")))
    question = next_question(interview)
    assert question is not None
    assert (question.id, [option.value for option in question.options]) == ("ask-1", ["no", "yes"])
    done = skipped(answered(interview, "ask-1", numbered(question, "2")), "ask-2")
    assert (dict(done.answers), next_question(done)) == ({"ask-1": "yes", "ask-2": ""}, None)
    assert next_question(back(done)) == question_of(done, "ask-2")
