"""Purchases: whatever dies at any step, there is one card, one charge and one row of the spend log for each."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from tests.crash.deaths import Deaths
from tests.crash.lives import End, committed, loaded
from tests.kit.buying import ORDER, PAYMENTS, RATE, laws_of
from tests.kit.fakes.bank import Bank
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.life import Kind
from tests.kit.nightly import only_at_night

from mission_cli._support.dataclass import replace
from mission_cli.app.commands.features import answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.crash.lives import StateId
    from tests.kit.fakes.host import Host

    from mission_cli.ports.executor import JobSpec

PLAN = """\
title: Bought
budget: {money_usd: 50, time_hours: 20}
preferences: {land: auto, runner: script, max_parallel_workers: 2}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features: [{title: one, criteria: ["grep: `good` in `1.1.txt`"]}]
"""
AS_IF_NOTHING_HAD_HAPPENED = End(
    status="completed",
    milestones=("passed",),
    features=(("1.1", "done"),),
    base=(("1.1.txt", "good\n"), ("notes.txt", "hello\n")),
    open_runs=0,
    edits=0,
)


def works(spec: JobSpec) -> Outcome:
    """A worker that asks for a purchase, and does its work when that is paid."""
    costs = (Decimal("0.3"),)
    if "paid" in spec.program.stdin:
        return Outcome(60.0, {"1.1.txt": "good\n"}, costs=costs, completes="1.1")
    return Outcome(60.0, costs=costs, asked=json.dumps({"purchase": ORDER}))


def helps(host: Host) -> bool:
    """A person who approves, and pays with the card; False when there is nothing to do."""
    mission, bank = loaded(committed(host)["m/mission.md"]).mission, host.bank
    assert bank is not None
    for request in mission.requests:
        if request.open:
            answer(host.context(), "m", request.number, "approve")
            return True
    card = bank.open_card()
    return bool(card) and not bank.charged() and bank.pay(card, 2000)


class Bought(Deaths):
    """A mission that buys one thing."""

    def furnish(self, host: Host) -> None:
        """Give it a bank, settings that name it, and a person."""
        super().furnish(host)
        host.bank = Bank()
        currency = replace(host.settings.currency, code="EUR", rate=RATE)
        host.settings = replace(host.settings, payments=PAYMENTS, currency=currency)

    def _look(self, states: Iterable[StateId]) -> None:
        """In every end, one thing was bought once, and the file says so."""
        states = list(states)
        super()._look(states)
        for state in states:
            host = self.lives.end(state)
            mission = loaded(committed(host)["m/mission.md"]).mission
            assert host.bank is not None
            laws_of(mission, host.bank, PAYMENTS)
            assert [(str(row.status), str(row.paid)) for row in mission.purchases] == [("paid", "20.00 EUR")]
            assert [card["status"] for card in host.bank.cards.values()] == ["canceled"]
            assert [s.amount for s in mission.spends if "purchase 1 " in s.description] == [Decimal(25)]


@only_at_night  # by day: test_purchase_cases.py
@pytest.mark.parametrize("kind", Kind)
def test_a_death_at_every_step_where_something_is_bought(
    kind: Kind, record_property: Callable[[str, object], None]
) -> None:
    deaths = Bought(plan=PLAN, script=works, person=helps)
    assert deaths.expected == AS_IF_NOTHING_HAD_HAPPENED
    deaths.every(kind)
    record_property("counts", dict(deaths.counts))
