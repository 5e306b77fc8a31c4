"""Real agents do the work, offline, against a model server on loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.kit.agents import (
    OPENCODE_PRICES,
    feature_of,
    needs_bubblewrap,
    use_acp,
    use_claude,
    use_codex,
    use_opencode,
    writes_and_commits,
)
from tests.kit.model_server import ModelServer, Turn
from tests.kit.nightly import by_day, only_at_night
from tests.kit.reviews import answer

from mission_cli.document.runs.record import read_run

if TYPE_CHECKING:
    from tests.kit.people import Person

    from mission_cli.domain.runs.record import RunRecord

FULL = """\
title: Three features
budget: {money_usd: 5}
preferences: {land: auto, max_parallel_workers: 2}
milestones:
  - name: First
    validation: ["file: `1.1.txt` `1.2.txt`"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`"]}
      - {title: two, criteria: ["file: `1.2.txt`"]}
  - name: Second
    validation: ["file: `2.1.txt`"]
    features:
      - {title: three, criteria: ["grep: `2.1` in `2.1.txt`"]}
"""
ONE = """\
title: One feature
budget: {money_usd: 5}
preferences: {land: auto}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`"]}
"""

WHOLE = [(ONE, ["1.1"]), (FULL, ["1.1", "1.2", "2.1"])]
"""Plans with the features that come of them; six features in three milestones stand in test_first_hour.py."""


def records(person: Person) -> list[RunRecord]:
    folder = person.repo / "missions/m/runs"
    found = [read_run(p.read_text(encoding="utf-8")) for p in sorted(folder.glob("*.md"))]
    return [r for r in found if r is not None]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("plan", "done"), by_day(WHOLE, 1))
def test_opencode_in_the_sandbox_does_a_whole_mission_and_the_bill_is_the_servers(
    person: Person, plan: str, done: list[str]
) -> None:
    needs_bubblewrap()

    def script(prompt: str, step: int) -> Turn:
        if "look around" in prompt:
            return Turn("I have looked.", input=777, output=11)
        if feature_of(prompt) == "1.1" and step == 0:
            ask = {"description": "look", "prompt": "look around", "subagent_type": "general"}
            return Turn("", (("task", ask),), input=1500, output=30)
        return writes_and_commits(
            prompt, max(0, step - (feature_of(prompt) == "1.1")), input=2000, cached=500, output=40
        )

    with ModelServer(script).running() as server:
        use_opencode(person, server)
        person.set('sandbox = "required"')
        person.plan(plan)
        person.start()
        answer = person.run()
        assert answer.facts["status"] == "completed"
        assert person.causes() == [(f"{feature}-a1", "done") for feature in done]
        bill = server.bill
    spent = answer.facts["budget"]
    assert spent["tokens"]["spent"] == sum(bill.tokens.values())
    assert spent["usd"]["spent"] == pytest.approx(bill.cost(**OPENCODE_PRICES), abs=1e-6)
    first = records(person)[0]
    assert first.usage.source == "opencode, 1 subagent included"
    assert first.session.startswith("ses_")
    assert "● task look" in first.transcript
    assert [(person.repo / f"{feature}.txt").read_text() for feature in done] == [f"{feature}\n" for feature in done]


@only_at_night
@pytest.mark.timeout(300)
def test_opencode_reviews_in_a_tree_of_its_own_and_its_cost_is_on_the_bill(person: Person) -> None:
    """A model that wraps its first answer in words is not believed; the second one is read, and both are paid."""
    needs_bubblewrap()
    reviews = 0

    def script(prompt: str, step: int) -> Turn:
        nonlocal reviews
        if "# Review feature 1.1" not in prompt:
            return writes_and_commits(prompt, step, input=2000, cached=500, output=40)
        if step == 0:
            return Turn(
                "", (("bash", {"command": "ls; echo changed > 1.1.txt; git diff HEAD~1 HEAD --stat"}),), input=900
            )
        reviews += 1
        return Turn(f"Looks good!\n{answer(5)}" if reviews == 1 else answer(4), input=1000, output=60)

    with ModelServer(script).running() as server:
        use_opencode(person, server)
        person.set('sandbox = "required"')
        reviewed = ONE.replace("preferences:", "reviews: {reviewers: [opus]}\npreferences:")
        person.plan(reviewed.replace('["file: `1.1.txt`"]}', '["file: `1.1.txt`", "review: it is complete"]}'))
        person.start()
        run = person.run()
        bill = server.bill
    assert person.causes() == [("1.1-a1", "done"), ("review-a1", "wrong_output"), ("review-a2", "done")]
    assert run.facts["budget"]["usd"]["spent"] == pytest.approx(bill.cost(**OPENCODE_PRICES), abs=1e-6)
    spends = [s.description for s in person.loaded().mission.spends if s.category == "usd"]
    assert sorted(spends) == ["1.1-a1 done", "review-a1 of 1.1 wrong_output", "review-a2 of 1.1 done"]
    assert person.git("show", "main:1.1.txt") == "1.1"


@pytest.mark.timeout(300)
def test_claude_code_does_a_mission(person: Person) -> None:
    needs_bubblewrap()
    with ModelServer(lambda p, s: writes_and_commits(p, s, input=2000, cached=500, output=40)).running() as server:
        use_claude(person, server)
        person.set('sandbox = "required"')
        person.plan(ONE)
        person.start()
        answer = person.run()
        assert person.causes() == [("1.1-a1", "done")]
        bill = server.bill
    assert answer.facts["status"] == "completed"
    assert answer.facts["budget"]["tokens"]["spent"] == sum(bill.tokens.values())
    expected = bill.cost(input=2, output=10, cache_read=0.2)
    assert answer.facts["budget"]["usd"]["spent"] == pytest.approx(expected, abs=1e-6)


@pytest.mark.timeout(300)
def test_codex_does_a_mission_and_is_paid_by_list_prices(person: Person) -> None:
    needs_bubblewrap()
    with ModelServer(lambda p, s: writes_and_commits(p, s, input=2000, cached=500, output=40)).running() as server:
        use_codex(person, server)
        person.set('sandbox = "required"')
        person.plan(ONE)
        person.start()
        answer = person.run()
        assert person.causes() == [("1.1-a1", "done")]
        bill = server.bill
    assert answer.facts["budget"]["tokens"]["spent"] == sum(bill.tokens.values())
    expected = bill.cost(input=1.25, output=10, reasoning=10, cache_read=0.125)
    assert answer.facts["budget"]["usd"]["spent"] == pytest.approx(expected, abs=1e-6)
    assert records(person)[0].usage.source == "codex tokens, list prices"


@only_at_night
@pytest.mark.timeout(300)
def test_opencode_does_a_mission_over_acp_and_its_reserve_stays_held(person: Person) -> None:
    needs_bubblewrap()
    with ModelServer(writes_and_commits).running() as server:
        use_acp(person, server)
        person.set('sandbox = "required"')
        person.plan(ONE)
        person.start()
        answer = person.run()
        assert person.causes() == [("1.1-a1", "done")]
    (record,) = records(person)
    assert record.usage is not None
    assert (record.usage.usd, record.usage.source) == (None, "not reported: ACP")
    assert answer.facts["status"] == "completed"
    assert answer.facts["budget"]["usd"] == {"cap": 5, "reserved": 5, "spent": 0, "unknown_runs": 1}
    assert person.git("show", "main:1.1.txt") == "1.1"
    log = person.mission("logs", "1.1").out
    assert "1.1 is done and committed." in log
    assert "git add -A && git commit" in log


RUNNERS = {
    "codex": (use_codex, {"input": 1.25, "output": 10, "cache_read": 0.125}),
    "claude": (use_claude, {"input": 2, "output": 10, "cache_read": 0.2}),
    "opencode": (use_opencode, {k: v for k, v in OPENCODE_PRICES.items() if k != "reasoning"}),
}


def asks_then_writes(prompt: str, step: int) -> Turn:
    """What a model does that writes half of its work, asks, and finishes it with the answer."""
    used: dict[str, Any] = {"input": 2000, "cached": 500, "output": 40}
    if "the answer to your question" not in prompt:
        ask = """echo half > half.txt; echo '{"question": "Which word?", "options": ["yes", "no"]}' > "$MISSION_ASK" """
        return Turn("", (("bash", {"command": ask}),), **used) if step == 0 else Turn("I have asked.", **used)
    word = prompt.partition("A person answered: ")[2].split()[0]
    if step == 0:
        command = f"test ! -e half.txt; echo {word} > 1.1.txt; git add -A; git commit -q -m 'Do 1.1'"
        return Turn("", (("bash", {"command": command}),), **used)
    return Turn("1.1 is done.", **used)


@pytest.mark.timeout(300)
@only_at_night
@pytest.mark.parametrize("kind", RUNNERS)
def test_a_worker_that_asked_goes_on_in_its_conversation_with_the_answer(person: Person, kind: str) -> None:
    needs_bubblewrap()
    use, prices = RUNNERS[kind]
    with ModelServer(asks_then_writes).running() as server:
        use(person, server)
        person.set('sandbox = "required"')
        person.plan(ONE.replace('"file: `1.1.txt`"]}', '"grep: `yes` in `1.1.txt`"]}'))
        person.start()
        person.run(ok=(3,))
        assert person.causes() == [("1.1-a1", "question")]
        asked_in = len(server.bodies)
        person.mission("answer", "m", "1", "yes, it is")
        answer = person.run()
        bill = server.bill
        talk = [body for body in server.bodies[asked_in:] if b"the answer to your question" in body]
    assert person.causes() == [("1.1-a1", "question"), ("1.1-a2", "done")]
    first, second = records(person)
    assert (second.continues, second.conversation) == ("1.1-a1", first.session)
    assert all(b"You are a worker on the mission" in body and b"I have asked." in body for body in talk)
    assert person.git("show", "main:1.1.txt") == "yes,"
    assert answer.facts["budget"]["tokens"]["spent"] == sum(bill.tokens.values())
    assert answer.facts["budget"]["usd"]["spent"] == pytest.approx(bill.cost(**prices), abs=1e-6)
