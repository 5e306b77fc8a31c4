"""A person approves a purchase, pays it from a ledger and has a part back, with the real command line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tests.kit.people import HONEST

if TYPE_CHECKING:
    from tests.kit.people import Person

PLAN = """\
title: Words
budget: {money_usd: 50}
preferences: {land: auto}
milestones:
  - name: One
    validation: ["file: `1.1.txt`"]
    features: [{title: a, criteria: ["file: `1.1.txt`"]}]
"""


def test_a_purchase_is_approved_paid_and_partly_refunded(person: Person, tmp_path: Path) -> None:
    person.worker(HONEST)
    ledger, receipt, plan = tmp_path / "payments.csv", tmp_path / "receipt.pdf", tmp_path / "plan.yaml"
    ledger.write_text("date,kind,amount,currency,reference,merchant,key\n2026-11-20,top-up,30.00,USD,,,\n")
    receipt.write_bytes(b"%PDF\xff\x00")
    plan.write_text(PLAN)
    name = person.git("config", "user.name")
    config = Path(os.environ["HOME"]) / ".config/mission/config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(f'[payments]\nprovider = "ledger"\nledger = "{ledger}"\napprovers = ["{name}"]\n')
    person.mission("new", "--plan", os.fspath(plan), "--id", "m", "--runner", "script")
    order = ("--amount", "$20", "--merchant", "example.com", "--purpose", "a test")
    written = config.read_text()
    config.write_text("")
    assert person.mission("purchase", "request", "m/1.1", *order, ok=(3,)).err == (
        "error: payments are off: the settings name no provider\n"
        " hint: set [payments] provider in config.toml of your config folder\n"
    )
    config.write_text(written)
    assert "error" not in person.mission("purchase", "request", "m/1.1", *order, "--json").facts
    person.mission("start", "m", "--headless")
    person.mission("run", "m", ok=(3,))
    listed = [one["name"].partition(";")[0] for one in person.mission("inbox", "--json", ok=(3,)).facts["inbox"]]
    assert listed == ["purchase 1: pay 20.00 USD to example.com for a test"], "once, as a question"
    person.mission("answer", "m", "1", "approve")
    person.mission("run", "m", ok=(3,))
    paid = ("--amount", "$19.50", "--receipt", os.fspath(receipt))
    assert "error" not in person.mission("purchase", "paid", "m", "1", *paid, "--json").facts
    person.mission("pulse")
    back = person.mission("purchase", "refund", "m", "1", "--amount", "$5", "--json")
    assert "error" not in back.facts
    person.mission("run", "m")
    found = person.mission("purchase", "list", "--json").facts
    [one] = found["purchases"]
    assert (one["status"], one["paid"], one["refunded"]) == ("partly-refunded", "19.50 USD", "5.00 USD")
    assert (found["differences"], found["trouble"]) == ([], "")
    assert (person.repo / "missions/m" / one["receipt"]).read_bytes() == b"%PDF\xff\x00"
