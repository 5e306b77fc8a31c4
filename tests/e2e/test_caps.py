"""A cap of five cents holds against agents that spend where their stream does not show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.kit.agents import OPENCODE_PRICES, feature_of, use_codex, use_opencode
from tests.kit.model_server import ModelServer, Turn
from tests.kit.nightly import only_at_night

if TYPE_CHECKING:
    from tests.kit.people import Answer, Person

CAP = 0.05
PLAN = f"""\
title: One
budget: {{money_usd: {CAP}, alert_threshold_pct: 100}}
preferences: {{land: auto}}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
      - {{title: one, criteria: ["file: `1.1.txt`"]}}
"""
CODEX_PRICES = {"input": 1.25, "output": 10, "reasoning": 10, "cache_read": 0.125}


def run_until_stuck(person: Person) -> Answer:
    person.plan(PLAN)
    person.start()
    return person.run(ok=(3,))


@only_at_night
@pytest.mark.timeout(240)
def test_the_loop_of_a_cut_stream_is_stopped_after_a_few_cuts(person: Person) -> None:
    with ModelServer(lambda *_: Turn("I will begin", input=1000, output=20, drop=True)).running() as server:
        use_opencode(person, server)
        person.set('outage_delays = ["1h"]')
        person.plan(PLAN)
        person.start()
        person.wait_for_job("m/1.1-a1")
        person.mission("pulse")
        answer = person.mission("status", "m", "--json")
        bill = server.bill
    assert person.causes() == [("1.1-a1", "provider_error")]
    assert "broke off" in answer.facts["milestones"][0]["features"][0]["detail"]
    step = (1000 * OPENCODE_PRICES["input"] + 20 * OPENCODE_PRICES["output"]) / 1_000_000
    assert bill.cost(**OPENCODE_PRICES) <= CAP + step
    assert answer.facts["budget"]["usd"]["unknown_runs"] == 1, "nobody knows what a broken step did cost"


@only_at_night
@pytest.mark.timeout(240)
def test_a_subagent_that_spends_unseen_is_stopped_within_one_step(person: Person) -> None:
    def script(prompt: str, step: int) -> Turn:
        if "look around" in prompt:
            return Turn("", (("bash", {"command": f"echo {step}"}),), input=2000, output=20, seconds=0.7)
        assert feature_of(prompt) == "1.1"
        ask = {"description": "look", "prompt": "look around", "subagent_type": "general"}
        return Turn("", (("task", ask),), input=1000, output=20)

    with ModelServer(script).running() as server:
        use_opencode(person, server)
        answer = run_until_stuck(person)
        bill = server.bill
    assert person.causes()[0] == ("1.1-a1", "over_budget")
    step = (2000 * OPENCODE_PRICES["input"] + 20 * OPENCODE_PRICES["output"]) / 1_000_000
    assert bill.cost(**OPENCODE_PRICES) <= CAP + step
    assert answer.facts["budget"]["usd"]["spent"] <= CAP + step


@only_at_night
@pytest.mark.timeout(240)
def test_an_agent_that_reports_at_the_end_of_its_turn_is_stopped_within_one_step(person: Person) -> None:
    def script(prompt: str, step: int) -> Turn:
        assert feature_of(prompt) == "1.1"
        return Turn("", (("bash", {"command": f"echo {step}"}),), input=3000, output=100, seconds=0.7)

    with ModelServer(script).running() as server:
        use_codex(person, server)
        answer = run_until_stuck(person)
        bill = server.bill
    assert person.causes()[0] == ("1.1-a1", "over_budget")
    step = (3000 * CODEX_PRICES["input"] + 100 * CODEX_PRICES["output"]) / 1_000_000
    assert bill.cost(**CODEX_PRICES) <= CAP + step
    assert answer.facts["budget"]["usd"]["spent"] <= CAP + step
