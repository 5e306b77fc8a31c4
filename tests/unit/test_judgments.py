"""Judgments of the orchestrator: when a model is asked, what it may cost, and which answers count."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from inline_snapshot import snapshot
from tests.kit.judgments import judgment
from tests.kit.missions import NOW, POLICY, WORK, feature, holds, mission, observation, plan_of, record

from mission_cli._support.dataclass import replace
from mission_cli._support.text import stamp
from mission_cli.document.reading.load import load
from mission_cli.document.runs.record import read_run, write_run
from mission_cli.domain.budget.spends import spends_of
from mission_cli.domain.judgments.answers import EXAMPLES, MODELS, Answer, example_of, read_judgment
from mission_cli.domain.judgments.rules import Judging, JudgmentKind, Orchestrator
from mission_cli.domain.mission import Limits
from mission_cli.domain.reviews.answer import UnreadableError
from mission_cli.domain.runs.jobs import AgentReport, Exit, Job
from mission_cli.domain.runs.usage import Reserve, Usage
from mission_cli.domain.status import Cause, EndReason, JobState, MissionStatus
from mission_cli.planner.core.draft import Draft
from mission_cli.planner.core.effects import Cancel, Recover, Submit
from mission_cli.planner.core.moves.features import Dispatch, Settle
from mission_cli.planner.core.policy import RunnerPolicy
from mission_cli.planner.judgments.asking import Question, judged, subject_of
from mission_cli.planner.judgments.limits import MOST

if TYPE_CHECKING:
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord

KIND = JudgmentKind.DIAGNOSE
ASKED = Question(KIND, "1", "pytest printed: 1 failed", subject_of(KIND, "1", "tree t"))
ALLOWED = Orchestrator(judgments=Judging.PROPOSE)


def some(**more: Any) -> Mission:
    return mission(feature("1.1"), **{"orchestrator": ALLOWED, **more})


def asked(number: int = 1, cause: Cause | None = None, **more: Any) -> RunRecord:
    values = {"about": "1", "subject": ASKED.subject, "asks": str(KIND), "evidence": ASKED.facts, **more}
    return record(f"judge-a{number}", cause, **values)


def drafted(one: Mission, *records: RunRecord, question: Question = ASKED, **more: Any) -> tuple[Answer | None, Draft]:
    """The answer to a question, and what is decided when it is asked for."""
    draft = Draft(one, observation(records=records, **more.pop("world", {})), more.pop("policy", POLICY), **more)
    return judged(draft, question), draft


def words(draft: Draft) -> list[str]:
    return [hold.detail for hold in draft.holds]


# The front matter


def test_the_front_matter_says_what_the_orchestrator_may_ask() -> None:
    text = """\
---
id: m
orchestrator:
  judgments: act
  drafts: true
  narrative: yes
  budget_pct: 2.5%
---
# M
"""
    assert load(text, "m").mission.orchestrator == Orchestrator(
        judgments=Judging.ACT, drafts=True, narrative=True, budget_pct=Decimal("2.5")
    )
    assert load("---\nid: m\norchestrator:\n  judgments: off\n---\n# M\n", "m").mission.orchestrator == Orchestrator()
    odd = text.replace("act", "always").replace("true", "perhaps").replace("yes", "no").replace("2.5%", "101")
    assert load(odd, "m").mission.orchestrator == Orchestrator()
    assert [(p.line, p.column, p.message, str(p.hint)) for p in load(odd, "m").problems if "orch" in p.message] == (
        snapshot(
            [
                (4, 14, "`orchestrator.judgments` is `always`, which is not known", "use one of off, propose, act"),
                (
                    5,
                    11,
                    "`orchestrator.drafts` is neither true nor false: `perhaps`",
                    "it is read as false; write true or false",
                ),
                (
                    7,
                    15,
                    "`orchestrator.budget_pct` is `101`, which is not between 0 and 100",
                    "the default counts instead",
                ),
            ]
        )
    )


# Answers


@pytest.mark.parametrize("kind", JudgmentKind)
def test_an_answer_of_each_kind_is_one_object(kind: JudgmentKind) -> None:
    assert set(MODELS) == set(EXAMPLES) == set(JudgmentKind)
    found = read_judgment(kind, example_of(kind))
    assert isinstance(found, MODELS[kind])
    assert found.decision
    assert read_judgment(kind, f"```json\n{example_of(kind)}\n```") == found


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the answer is not one JSON document: Expecting value: line 1 column 1 (char 0)"),
        ("Sure! " + judgment(KIND), "the answer is not one JSON document: Expecting value: line 1 column 1 (char 0)"),
        ("[]", "the answer has an error at the object: Input should be a valid dictionary or instance of Diagnosis"),
        (judgment(KIND, money=5), "the answer has an error at money: Extra inputs are not permitted"),
        (judgment(KIND, advice=""), "the answer has an error at advice: String should have at least 1 character"),
        (judgment(KIND, advice="x" * 2001), "the answer has an error at advice: String should have at most 2000 characters"),
        (judgment(KIND, evidence=[]), "the answer has an error at evidence: Tuple should have at least 1 item after validation, not 0"),
        (judgment(KIND, cause="\x1b[2J"), "the answer has an error at cause: Value error, it contains control characters"),
        ('{"a": 1, "a": 2}', "the answer is not one JSON document: a name appears twice in one object"),
        ("x" * 40_001, "the answer has 40001 characters, at most 40000 are read"),
        ("[" * 30_000, "the answer is not one JSON document: maximum recursion depth exceeded while decoding a JSON array from a unicode string"),
    ],
)  # fmt: skip
def test_anything_else_does_not_count(text: str, why: str) -> None:
    with pytest.raises(UnreadableError, match="answer") as caught:
        read_judgment(KIND, text)
    assert str(caught.value) == why


def test_a_draft_without_a_text_is_no_draft() -> None:
    kind = JudgmentKind.DRAFT_AGENT
    assert read_judgment(kind, '{"needed": false, "reason": "it would not help"}').decision == "no agent is needed"
    for odd in ({"text": " "}, {"name": ""}, {"name": "../up"}, {"name": "a/b"}, {"tools": ["rm -rf"]}):
        with pytest.raises(UnreadableError):
            read_judgment(kind, judgment(kind, **odd))


# Asking


def test_a_question_is_asked_once_within_the_share_of_all_judgments() -> None:
    answer, draft = drafted(some(models={"orchestrator": "opus", "workers": "sonnet"}))
    (move,) = draft.transitions
    assert isinstance(move, Dispatch)
    new = move.record
    assert (answer, new.run, new.asks, new.about, new.subject) == (None, "m/judge-a1", KIND, "1", ASKED.subject)
    assert (new.base, new.head, new.evidence, new.deadline_s) == (WORK, WORK, ASKED.facts, 600)
    assert (new.runner, new.model) == ("script", "opus")
    assert (new.reserve.usd, move.why) == (Decimal("0.5"), "judgment 1 of 1 (diagnose): $0.50 and 10 min at most")
    assert judged(draft, ASKED) is None
    other = Question(KIND, "1", "x", subject_of(KIND, "1", "another tree"))
    assert [judged(draft, other) for _ in range(3)] == [None] * 3
    reserves = [m.record.reserve.usd for m in draft.transitions if isinstance(m, Dispatch)]
    assert reserves == [Decimal("0.5"), Decimal("0.25")]
    assert sum(reserves) <= Decimal(20) * 5 / 100


def test_while_it_runs_and_when_it_is_answered_nothing_is_asked() -> None:
    answer, draft = drafted(some(), asked())
    assert (answer, draft.transitions, draft.holds) == (None, [], [])
    done = asked(cause=Cause.DONE, last_words=judgment(KIND))
    answer, draft = drafted(some(), done)
    assert answer == read_judgment(KIND, judgment(KIND))
    assert (draft.transitions, draft.holds) == ([], [])
    assert drafted(some(), asked(1, Cause.WRONG_OUTPUT), asked(2, Cause.DONE, last_words=judgment(KIND)))[0] == answer


def test_an_unusable_answer_is_asked_for_once_more_and_then_given_up() -> None:
    _, draft = drafted(some(), asked(1, Cause.WRONG_OUTPUT))
    assert [m.record.run for m in draft.transitions if isinstance(m, Dispatch)] == ["m/judge-a2"]
    answer, draft = drafted(some(), asked(1, Cause.WRONG_OUTPUT), asked(2, Cause.DEADLINE))
    assert (answer, draft.transitions, draft.holds) == (None, [], [])


@pytest.mark.parametrize("kind", JudgmentKind)
def test_what_is_not_allowed_is_not_asked(kind: JudgmentKind) -> None:
    question = replace(ASKED, kind=kind)
    for rules in (Orchestrator(), Orchestrator(Judging.ACT), Orchestrator(drafts=True), Orchestrator(narrative=True)):
        _, draft = drafted(some(orchestrator=rules), question=question)
        assert bool(draft.transitions) is rules.allows(kind)
        assert draft.holds == []
    assert not Orchestrator().asks


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"world": {"free_slots": 0}}, "every worker slot is taken"),
        ({"world": {"work": None, "base": None}}, "no commit can be looked at yet"),
        ({"world": {"shortage": "little memory"}}, "little memory"),
        ({"halted": "the budget runs short"}, "the budget runs short"),
        ({"policy": replace(POLICY, runners={})}, "there is no runner called `script`"),
        (
            {"policy": replace(POLICY, runners={"script": RunnerPolicy(self_priced=False, step_cost=lambda _: None)})},
            "the price of `` is unknown, and only dollars limit the mission",
        ),
    ],
)
def test_what_cannot_be_asked_says_why_and_holds_nothing_else(more: dict[str, Any], why: str) -> None:
    answer, draft = drafted(some(), **more)
    assert (answer, draft.transitions) == (None, [])
    assert words(draft) == [f"the orchestrator does not judge it (diagnose): {why}"]
    assert [(h.subject, h.kind, h.person) for h in draft.holds] == [("1", "judgment", False)]


def test_the_share_of_the_budget_is_the_most_for_all_judgments() -> None:
    for one, why in (
        (some(orchestrator=replace(ALLOWED, budget_pct=Decimal(0))), "0% of the cap is the most for all judgments, and it is used up"),
        (some(limits=Limits(usd=Decimal(20), hours=Decimal(1)), orchestrator=replace(ALLOWED, budget_pct=Decimal(0))), "0% of the cap is the most for all judgments, and it is used up"),
        (some(limits=Limits(usd=Decimal(0))), "nothing is left to reserve: $0.00 spent and $0.00 reserved of $0.00"),
    ):  # fmt: skip
        _, draft = drafted(one)
        assert words(draft)[0].startswith("the orchestrator does not judge it (diagnose): ")
        assert draft.transitions == []
        assert why.partition(":")[0] in words(draft)[0] or "used up" in words(draft)[0]
    used = asked(1, Cause.DONE, subject="other", last_words=judgment(KIND), usage=Usage(usd=Decimal(1)))
    _, draft = drafted(some(), used)
    assert words(draft) == [
        "the orchestrator does not judge it (diagnose): 5% of the cap is the most for all judgments, and it is used up"
    ]
    unknown = replace(used, usage=Usage(usd=None), reserve=Reserve(usd=Decimal("0.9")))
    _, draft = drafted(some(), unknown)
    (move,) = draft.transitions
    assert isinstance(move, Dispatch)
    assert move.record.reserve.usd == Decimal("0.1")
    free = some(limits=Limits(unlimited=frozenset({"usd"})))
    assert len(drafted(free)[1].transitions) == 1


def test_a_mission_asks_for_so_many_judgments_and_no_more() -> None:
    _, draft = drafted(some(), world={"highest": {"judge": MOST}})
    assert words(draft) == [f"the orchestrator does not judge it (diagnose): {MOST} judgments are the most that one mission may ask for"]  # fmt: skip


def test_a_usage_limit_is_waited_for() -> None:
    until = NOW + timedelta(hours=2)
    limited = asked(1, Cause.RATE_LIMIT, reset_at=stamp(until))
    _, draft = drafted(some(), limited)
    assert [(h.detail, h.until) for h in draft.holds] == [
        ("the orchestrator does not judge it (diagnose): script is at its usage limit", until)
    ]
    assert draft.wakes == [until]
    assert len(drafted(some(), limited, world={"now": until})[1].transitions) == 1


def test_a_paused_mission_is_judged_only_if_the_pause_is_what_it_is_about() -> None:
    paused = some(status=MissionStatus.PAUSED, raw_status="paused")
    assert words(drafted(paused)[1]) == ["the orchestrator does not judge it (diagnose): the mission is paused"]
    assert len(drafted(paused, question=replace(ASKED, paused=True))[1].transitions) == 1
    ended = some(status=MissionStatus.COMPLETED, raw_status="completed")
    assert drafted(ended, question=replace(ASKED, paused=True))[1].transitions == []


# Records, and what becomes of them


def test_a_record_is_written_and_read_and_its_cost_is_in_the_spend_log() -> None:
    usage = Usage(usd=Decimal("0.02"), tokens={"input": 300})
    done = asked(3, Cause.DONE, usage=usage, last_words=judgment(KIND), ended=stamp(NOW))
    assert read_run(write_run(done)) == done
    whole = replace(done, about="")
    assert read_run(write_run(whole)) == whole
    assert [(row.category, row.description, row.milestone) for row in spends_of(done)] == [
        ("usd", "judge-a3 of 1 done", "1"),
        ("tokens", "judge-a3 of 1 done", "1"),
    ]
    assert [(row.description, row.milestone) for row in spends_of(whole)][:1] == [("judge-a3 done", "")]


@pytest.mark.parametrize(
    ("answer", "cause", "why"),
    [
        (judgment(KIND), Cause.DONE, "judge-a1 of 1 by script is complete: diagnosis: total() returns None for an empty list."),
        ("I think so", Cause.WRONG_OUTPUT, "judge-a1 of 1 by script ended with wrong_output: it does not count: the answer is not one JSON document: Expecting value: line 1 column 1 (char 0); it is asked once more"),
    ],
)  # fmt: skip
def test_a_judgment_that_has_ended_is_settled(answer: str, cause: Cause, why: str) -> None:
    end = Exit(EndReason.EXIT, 0, report=AgentReport(answer=answer, usage=Usage(usd=Decimal("0.1"))))
    plan = plan_of(some(), records=(asked(),), jobs={"m/judge-a1": Job(JobState.ENDED, end)})
    settled = next(move for move in plan.transitions if isinstance(move, Settle))
    assert (settled.record.cause, settled.to, settled.why, settled.record.usage.usd) == (
        cause,
        None,
        why,
        Decimal("0.1"),
    )


def test_the_second_failure_gives_it_up() -> None:
    end = Exit(EndReason.DEADLINE)
    records = (asked(1, Cause.WRONG_OUTPUT), asked(2))
    plan = plan_of(some(), records=records, jobs={"m/judge-a2": Job(JobState.ENDED, end)})
    settled = next(move for move in plan.transitions if isinstance(move, Settle))
    assert (
        settled.why == "judge-a2 of 1 by script ended with deadline: stopped by its deadline after 0 s; it is given up"
    )


def test_an_open_judgment_is_submitted_watched_and_recovered_like_a_review() -> None:
    def effects(job: Job, one: Mission | None = None) -> list[type[object]]:
        plan = plan_of(one or some(), records=(asked(),), jobs={"m/judge-a1": job})
        return [type(effect) for effect in plan.effects if getattr(effect, "run", "") == "m/judge-a1"]

    assert effects(Job(JobState.UNKNOWN)) == [Submit]
    assert effects(Job(JobState.RUNNING)) == []
    assert effects(Job(JobState.GONE, quiet_since=NOW - timedelta(hours=1))) in ([Recover], [])
    off = some(orchestrator=Orchestrator())
    assert effects(Job(JobState.RUNNING), off) == [Cancel]
    plan = plan_of(some(), records=(asked(),), jobs={"m/judge-a1": Job(JobState.RUNNING)})
    assert ("judgment", "script judges it for the orchestrator (diagnose)") in holds(plan, "1")
    assert [m.record.run for m in plan.transitions if isinstance(m, Dispatch)] == ["m/1.1-a1"]  # nothing waits for it
