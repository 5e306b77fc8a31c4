"""Purchases of a mission: asked for, approved by a named person, paid once, in the log, and never more than allowed."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from inline_snapshot import snapshot
from tests.kit.buying import table
from tests.kit.fakes.bank import HOLDER, Bank
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_host, make_mission
from tests.unit.test_keys_act import committed, go_on

from mission_cli._support.dataclass import replace
from mission_cli.app.commands import lifecycle
from mission_cli.app.commands.features import answer
from mission_cli.app.purchases.act import paid, refund
from mission_cli.app.purchases.shown import purchases_of
from mission_cli.app.queries.inbox import inbox_of
from mission_cli.document.reading.load import load
from mission_cli.domain.errors import BlockedError, DocumentError, UsageError
from mission_cli.domain.purchases.rows import PurchaseStatus
from mission_cli.domain.status import HoldKind, MissionStatus
from mission_cli.engine.loop import pulse
from mission_cli.settings import check, parse
from mission_cli.settings.payments import PaymentSettings
from mission_cli.surfaces.lines import plain
from mission_cli.surfaces.views.money.purchases import purchase_lines

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kit.fakes.host import Host

    from mission_cli.domain.purchases.rows import PurchaseRow
    from mission_cli.ports.executor import JobSpec

PLAN = """\
title: Try the domain
budget: {time_hours: 10, money_usd: 100}
preferences: {runner: script, land: auto}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features: [{title: one, criteria: ["file: `1.1.txt`"]}]
"""
ORDER = {"amount": "20.00 EUR", "merchant": "example.com", "purpose": "a test domain", "alternatives": "a subdomain"}
PAYMENTS = PaymentSettings(provider="stripe", key="env:STRIPE_KEY", cardholder=HOLDER, approvers=("Ada",))


def buying(order: dict[str, str] | None = None, prompts: dict[str, str] | None = None, **payments: Any) -> Host:
    """A started mission whose worker first asks for a purchase, and then does its work."""

    def works(spec: JobSpec) -> Outcome:
        if prompts is not None:
            prompts[spec.key] = spec.program.stdin
        if spec.key.endswith("-a1"):
            return Outcome(60.0, asked=json.dumps({"purchase": ORDER if order is None else order}))
        return Outcome(60.0, {f"{spec.program.env['MISSION_FEATURE']}.txt": "x"})

    host = make_host(works)
    host.bank = Bank()
    currency = replace(host.settings.currency, code="EUR", rate=Decimal("0.8"))
    host.settings = replace(
        host.settings, payments=replace(PAYMENTS, **payments), agree_after=timedelta(0), currency=currency
    )
    make_mission(host, PLAN, "m")
    lifecycle.start(host.context(), "m")
    return host


def the(host: Host) -> Bank:
    assert host.bank is not None
    return host.bank


def row(host: Host) -> PurchaseRow:
    return committed(host).purchases[0]


def words(host: Host) -> list[str]:
    """What holds the mission because of a purchase."""
    report = pulse(host.context())
    holds = [h for c in report.cases.values() for h in c.plan.holds if h.kind is HoldKind.PURCHASE]
    return list(dict.fromkeys(f"{h.detail}: {h.unblock}" for h in holds))


def test_a_worker_asks_a_person_approves_and_pays_and_the_worker_goes_on() -> None:
    prompts: dict[str, str] = {}
    host = buying(prompts=prompts)
    go_on(host, 8)
    assert words(host) == snapshot(
        [
            "purchase 1 waits for a person: 20.00 EUR at example.com, for a test domain; instead: a subdomain: mission answer m 1 ANSWER (approve or reject)"
        ]
    )
    assert [*the(host).cards] == []
    answer(host.context(), "m", 1, "approve")
    go_on(host, 4)
    assert row(host).status is PurchaseStatus.AUTHORIZING
    assert words(host) == snapshot(
        [
            "purchase 1 waits to be paid by a person with the card ending 0001: 20.00 EUR at example.com: pay with it; to see where it stands: mission purchase show m 1"
        ]
    )
    bank = the(host)
    assert bank.pay(bank.open_card(), 2000)
    go_on(host, 30)
    assert (row(host).status, str(row(host).paid), row(host).by) == snapshot((PurchaseStatus.PAID, "20.00 EUR", "Ada"))
    assert committed(host).status is MissionStatus.COMPLETED
    assert [card["status"] for card in bank.cards.values()] == ["canceled"]
    assert [(s.category, s.amount, s.description) for s in committed(host).spends if s.category == "usd"] == snapshot(
        [("usd", Decimal(25), "purchase 1 example.com 20.00 EUR")]
    )
    assert [line for line in prompts["m/1.1-a2"].splitlines() if "purchase" in line or "buy" in line] == snapshot(
        [
            "- purchase 1: pay 20.00 EUR to example.com for a test domain; instead: a subdomain; valid until 2026-11-21T10:04:00Z: approve",
            "Attempt 1 ended with **waiting**: it waits for purchase 1: 20.00 EUR at example.com",
            "it waits for purchase 1: 20.00 EUR at example.com",
            "- You cannot buy anything, and you never get the number of a card. If your feature needs something that costs money,",
            '  write it as JSON to the file `$MISSION_ASK`, and end: `{"purchase": {"amount": "20.00 EUR", "merchant":',
            "- purchase 1, 20.00 EUR at example.com, for a test domain: paid.",
        ]
    )
    assert [r.details for r in committed(host).progress if r.event.startswith(("purchase.", "request."))] == snapshot(
        [
            "1.1 asks for purchase 1: 20.00 EUR at example.com, for a test domain",
            "1: purchase 1: pay 20.00 EUR to example.com for a test domain; instead: a subdomain; valid until 2026-11-21T10:04:00Z",
            "request 1 is answered: approve (by Ada)",
            "purchase 1 is approved by Ada: 20.00 EUR at example.com",
            "purchase 1 goes to the provider: 20.00 EUR at example.com",
            "purchase 1 is paid: 20.00 EUR at example.com",
        ]
    )


def test_a_person_pays_from_a_ledger_keeps_the_receipt_and_has_money_back(tmp_path: Path) -> None:
    t = table()
    t.host.bank = None
    t.host.ledger = tmp_path / "payments.csv"
    t.host.ledger.write_text("date,kind,amount,currency,reference,merchant,key\n2026-11-20,top-up,30.00,EUR,,,\n")
    t.wants()
    t.go()
    t.answers("approve")
    topped = t.host.ledger.read_text()
    t.host.ledger.write_text(topped.partition("\n")[0])
    t.go(2, minutes=0)
    short = f"the ledger has 0.00 EUR left, and 20.00 EUR are needed: add a line `top-up` to {t.host.ledger}"
    assert short in next(one.name for one in inbox_of(t.context).inbox), "it is for a person at once"
    t.host.ledger.write_text(topped)
    t.go(3)
    t.seen = {one for one in t.seen if short not in one}
    assert t.seen == snapshot(
        {
            "purchase 1 waits for a person: 20.00 EUR at example.com, for a test domain",
            "purchase 1 waits to be paid by a person with the prepaid account: 20.00 EUR at example.com",
        }
    )
    for _ in range(2):
        paid(t.context, "m", 1, amount="19.50 EUR", receipt=b"%PDF", name="The Receipt.PDF")
    with pytest.raises(BlockedError, match=r"19\.50 EUR are recorded for it already"):
        paid(t.context, "m", 1, amount="19.00 EUR")
    t.go(2)
    assert (str(t.row.status), str(t.row.paid)) == ("paid", "19.50 EUR")
    assert t.row.receipt == snapshot("assets/purchase-1-the-receipt-315d429b7714cedb.pdf")
    stored = t.context.state.snapshot().missions["m"]  # type: ignore[index]  # it is there
    head = t.context.state.head()
    assert head is not None
    assert t.context.state.assets(stored, head) == snapshot(
        {
            "request-1-407633bdea12b534.json": """\
{
  "alternatives": "",
  "amount": "20.00 EUR",
  "feature": "1.1",
  "merchant": "example.com",
  "purchase": 1,
  "purpose": "a test domain",
  "seen": "c357d261114ce354",
  "valid until": "2026-11-21T10:00:00Z"
}
""",
            "purchase-1-the-receipt-315d429b7714cedb.pdf": "%PDF",
        }
    )
    refund(t.context, "m", 1, amount="5.00 EUR", reason="it was the wrong size")
    t.go(2)
    with pytest.raises(UsageError, match=r"15\.00 EUR cannot come back: 14\.50 EUR of purchase 1 are paid"):
        refund(t.context, "m", 1, amount="15.00 EUR")
    assert (str(t.row.status), str(t.row.refunded)) == ("partly-refunded", "5.00 EUR")
    assert [(s.amount, s.description) for s in t.mission.spends if s.category == "usd"] == snapshot(
        [
            (Decimal("24.38"), "purchase 1 example.com 19.50 EUR"),
            (Decimal("-6.25"), "refund of purchase 1 example.com 5.00 EUR"),
        ]
    )
    assert purchases_of(t.context).differences == ()
    assert [line.split(",")[1:4] for line in t.host.ledger.read_text().splitlines()] == snapshot(
        [
            ["kind", "amount", "currency"],
            ["top-up", "30.00", "EUR"],
            ["open", "20.00", "EUR"],
            ["paid", "19.50", "EUR"],
            ["refund", "5.00", "EUR"],
        ]
    )
    t.edits("purchase 1 example.com 19.50 EUR", "a typo")
    assert purchases_of(t.context).differences == snapshot(("m purchase 1: $18.13 are due, the spend log has -$6.25",))


def test_what_is_not_in_the_file_is_named() -> None:
    t = table()
    t.approved()
    t.pays()
    assert purchases_of(t.context).differences == snapshot(
        ("m purchase 1: the provider has charged 20.00 EUR, the mission says nothing",)
    )
    t.go(2)
    assert purchases_of(t.context).differences == ()
    t.bank.cards["ic_other"] = {**t.bank.cards["ic_1"], "id": "ic_other", "metadata": {}, "status": "active"}
    t.bank.cards["ic_other"]["spending_controls"] = {**t.bank.cards["ic_1"]["spending_controls"]}
    assert t.bank.pay("ic_other", 700)
    assert plain(purchase_lines(purchases_of(t.context), whole=False)).splitlines() == snapshot(
        [
            "m    1  paid                 20.00 EUR  example.com  a test domain",
            "difference: the provider has charged 7.00 EUR at EXAMPLE.COM on 2026-11-20, and no purchase says so",
        ]
    )
    t.bank.down = True
    assert plain(purchase_lines(purchases_of(t.context, "m", 1), whole=True)).splitlines() == snapshot(
        [
            "purchase 1 of m  paid",
            "  amount    20.00 EUR",
            "  merchant  example.com",
            "  for       a test domain",
            "  feature   1.1",
            "  asked     2026-11-20T10:00:00Z",
            "  valid     until 2026-11-21T10:00:00Z",
            "  by        Ada",
            "  reserved  $25",
            "  paid      20.00 EUR",
            "  id        mission-8ddc3d09ee65bf31a32ccbce",
            "not compared with the provider: https://api.stripe.com cannot be reached",
        ]
    )


def test_a_repository_decides_nothing_about_money() -> None:
    with pytest.raises(DocumentError) as caught:
        parse("[payments]\nprovider = 'ledger'\n", "/r/.mission.toml")
    assert caught.value.message == "/r/.mission.toml:1:1: `payments` cannot be set by a repository"
    assert parse("[payments]\nprovider = 'ledger'\n", "/c/config.toml").payments.provider == "ledger"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[payments]\nprovider = 'paypal'", "the setting `payments.provider` is 'paypal'"),
        ("[payments]\nprovider = 'stripe'", "Stripe needs `payments.key` and `payments.cardholder`"),
        ("[payments]\nkey = 'sk_x'", "the setting `payments.key` is not a reference"),
        ("[payments]\ncardholder = 'ada'", "the setting `payments.cardholder` is not the id of a cardholder"),
        ("[payments]\nask_above = {EUR = 'much'}", "the setting `payments.ask_above` has EUR = 'much'"),
        ("[payments]\nurl = 'http://stripe.example'", "the setting `payments.url` is 'http://stripe.example'"),
        ("[payments]\ncountries = ['de']", "the setting `payments.countries` has 'de'"),
        (
            "[purchase_limits.a]\namount = '5'",
            "the setting `purchase_limits.a.amount`: `5` is not an amount with a currency: write 20.00 EUR",
        ),
        ("[purchase_limits.a]\namount = '5 EUR'\nevery = 'year'", "the setting `purchase_limits.a.every` is 'year'"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(text: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        check(parse(text, "/c/config.toml"))
    assert caught.value.message == why


def test_rows_that_cannot_be_read_are_left_out_and_named() -> None:
    head = "| # | Merchant | Amount | Status | Reserved | Reference | Valid until |\n|---|---|---|---|---|---|---|\n"
    rows = [
        *(
            "| 1 | example.com | 20 | requested | | | 2026-11-21T10:00:00Z |",
            "| 2 | ex mple\N{ZERO WIDTH SPACE} | 20 EUR | requested | | | |",
        ),
        *("| | example.com | 20 EUR | requested | | | |", "| 3 | example.com | 20 EUR | bought | | | |"),
        *("| 4 | example.com | 20 EUR | approved | | | |", "| 5 | example.com | 20 EUR | paid | $5 | | |"),
        *("| 6 | example.com | 20 EUR | requested | | | |", "| 6 | other.example | 20 EUR | requested | | | |"),
    ]
    loaded = load("---\nid: m\n---\n# M\n\n## Purchases\n\n" + head + "\n".join(rows) + "\n", "m")
    assert [(one.number, one.merchant) for one in loaded.mission.purchases] == [(6, "example.com")]
    assert [p.message for p in loaded.problems if "purchase" in p.message] == snapshot(
        [
            "purchase 1 is not bought: `20` is not an amount with a currency: write 20.00 EUR",
            "purchase 2 is not bought: `ex mple\u200b` cannot be a merchant: letters, digits and .-&' only",
            "a purchase without a number is not bought",
            "purchase 3 is not bought: the status `bought` is not known: write one of requested, approved, rejected, expired, authorizing, paid, partly-refunded, refunded, failed, unclear",
            "purchase 4 is not bought: it is approved, and nothing is reserved for it",
            "purchase 5 is not bought: it is paid, and has no reference",
            "purchase 6 does not say until when it is valid, so it expires",
            "purchase 6 appears twice: only the first counts",
        ]
    )


def test_hostile_texts_stay_texts() -> None:
    t = table()
    t.wants(purpose="a $(rm -rf /) | `x` <!-- --> \\n ## Rules", alternatives="{{ 7*7 }}; ask Eve")
    t.go()
    assert (t.row.purpose, t.row.alternatives) == ("a $(rm -rf /) | `x` <!-- --> \\n ## Rules", "{{ 7*7 }}; ask Eve")
    t.answers("approve")
    t.go()
    assert str(t.row.status) == "authorizing"
