"""A mission that wants to buy one thing, in memory, with Stripe's contract behind it; and the laws about money."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from tests.kit.fakes.bank import EXAMPLE, HOLDER, Bank
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_host, make_mission
from tests.kit.fakes.life import Fate
from tests.kit.fakes.others import ADA

from mission_cli._support.dataclass import replace
from mission_cli.app.commands import lifecycle
from mission_cli.app.commands.features import answer
from mission_cli.app.purchases.act import request_purchase
from mission_cli.document.reading.load import load
from mission_cli.domain.host import Person
from mission_cli.domain.purchases.money import part_of
from mission_cli.domain.purchases.rows import PurchaseStatus
from mission_cli.domain.status import HoldKind
from mission_cli.engine.loop import pulse
from mission_cli.ports.git.state import Write
from mission_cli.settings.payments import PaymentSettings, PurchaseLimitSettings

if TYPE_CHECKING:
    from tests.kit.fakes.bank import Shop
    from tests.kit.fakes.host import Host

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.purchases.rows import PurchaseRow
    from mission_cli.engine.context import Context
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
ORDER = {"amount": "20.00 EUR", "merchant": "example.com", "purpose": "a test domain"}
PAYMENTS = PaymentSettings(provider="stripe", key="env:STRIPE_KEY", cardholder=HOLDER, approvers=("Ada",))
RATE = Decimal("0.8")
EVE = Person("Eve", "eve@example.org")
_STATUS = PurchaseStatus


def limit(amount: str, every: str = "day", *merchants: str) -> dict[str, PurchaseLimitSettings]:
    """A limit in the settings."""
    return {"test": PurchaseLimitSettings(amount, every, merchants)}


def _slow(spec: JobSpec) -> Outcome:
    return Outcome(1800.0, {f"{spec.program.env['MISSION_FEATURE']}.txt": "x"})


@cache
def _begun() -> Host:
    """A started mission without a purchase."""
    host = make_host(_slow)
    host.bank = Bank()
    currency = replace(host.settings.currency, code="EUR", rate=RATE)
    host.settings = replace(host.settings, payments=PAYMENTS, agree_after=timedelta(0), currency=currency)
    make_mission(host, PLAN, "m")
    lifecycle.start(host.context(), "m")
    return host


@dataclass
class Table:
    """One case: what people, merchants and the provider do, and what came of it."""

    host: Host
    forced: bool = False
    """A merchant does what it may not: takes more, twice, or in another currency."""
    seen: set[str] = field(default_factory=set)

    @property
    def bank(self) -> Bank:
        """Stripe."""
        assert self.host.bank is not None
        return self.host.bank

    @property
    def mission(self) -> Mission:
        """The mission as it is committed."""
        return self.of("m")

    def of(self, name: str) -> Mission:
        """A mission as it is committed."""
        return load(self.context.state.snapshot().missions[name].text, name).mission  # type: ignore[index]  # it is there

    @property
    def context(self) -> Context:
        """The ports of a new process."""
        return self.host.context()

    @property
    def row(self) -> PurchaseRow:
        """The purchase."""
        return self.mission.purchases[0]

    def wants(self, mission: str = "m", **order: str) -> None:
        """A person asks for the purchase on behalf of the feature."""
        request_purchase(self.context, f"{mission}/1.1", **{**ORDER, **order})

    def go(self, times: int = 1, minutes: float = 2) -> None:
        """Let pulses go on."""
        for _ in range(times):
            report = pulse(self.context)
            assert not report.bugs, report.bugs
            holds = [h for c in report.cases.values() for h in c.plan.holds if h.kind is HoldKind.PURCHASE]
            assert not [h.detail for h in holds if h.person and not h.unblock], "a person is not told what to do"
            self.seen |= {h.detail for h in holds}
            self.host.jobs.clock.time.pass_by(timedelta(minutes=minutes))

    def answers(self, word: str, by: Person = ADA, number: int = 1, mission: str = "m") -> None:
        """A person answers the request."""
        answer(self.context.acting_as(by), mission, number, word)

    def approved(self, **order: str) -> None:
        """Ask, approve, and go to the provider."""
        self.wants(**order)
        self.go()
        self.answers("approve")
        self.go()

    def pays(self, minor: int = 2000, shop: Shop = EXAMPLE) -> bool:
        """A person pays with the open card."""
        return self.bank.pay(self.bank.open_card(), minor, shop)

    def settings(self, limits: dict[str, PurchaseLimitSettings] | None = None, **payments: Any) -> None:
        """Change the settings."""
        mine = replace(self.host.settings.payments, **payments)
        self.host.settings = replace(self.host.settings, payments=mine, purchase_limits=limits or {})

    def edits(self, old: str, new: str) -> None:
        """A person changes the file."""
        state = self.context.state
        stored = state.snapshot().missions["m"]  # type: ignore[index]  # it is there
        assert old in stored.text, stored.text
        write = Write(stored.path, stored.text.replace(old, new), stored.text)
        state.commit([write], message="Edit\n", expect=state.head(), author=ADA)

    def result(self) -> tuple[str, list[int], int, str]:
        """Status, what was charged, cards that still work, and the dollars in the spend log."""
        self.laws()
        charged = [minor for found in self.bank.charged().values() for minor in found]
        works = sum(card["status"] == "active" for card in self.bank.cards.values())
        spent = sum((s.amount or Decimal(0) for s in self.mission.spends if s.category == "usd"), Decimal(0))
        return str(self.row.status), charged, works, f"{spent:.2f}"

    def laws(self) -> None:
        """Never charged twice, never without an approval, never more than approved, always in the log."""
        for name in self.context.state.snapshot().missions:
            laws_of(self.of(name), self.bank, self.host.settings.payments, forced=self.forced)


def laws_of(mission: Mission, bank: Bank, payments: PaymentSettings, *, forced: bool = False) -> None:
    """Raise AssertionError if a charge breaks a law. `forced`: merchants do what they may not."""
    charged = bank.charged()
    cards = [bank.reference_of(name) for name in bank.cards]
    assert len(cards) == len(set(cards)), "two cards for one purchase"
    for row in mission.purchases:
        mine = charged.get(row.reference, []) if row.reference else []
        if mine and not forced:
            assert len(mine) == 1, f"{row.name} was charged {len(mine)} times"
            assert mine[0] <= row.amount.minor, f"{row.name} was charged {mine[0]}"
        if row.reference in cards:
            by = {a.by for a in mission.approvals if a.gate == row.name and a.decision == "approved"}
            free = payments.ask_above.get(row.amount.currency, "")
            assert by & set(payments.approvers) or (free and Decimal(free) >= row.amount.amount), (
                f"{row.name}: no approval"
            )
        if row.status in {_STATUS.EXPIRED, _STATUS.REJECTED, _STATUS.FAILED, _STATUS.REQUESTED, _STATUS.APPROVED}:
            assert not mine, f"{row.name} is {row.status}, and was charged"
        if row.paid is not None:
            assert row.paid.minor == sum(mine), f"{row.name}: {row.paid} in the file, {mine} at the provider"
            logged = [s for s in mission.spends if s.description.startswith(f"{row.name} ")]
            due = part_of(row.reserved, row.paid.minor, row.amount.minor)
            assert sum((s.amount or Decimal(0) for s in logged), Decimal(0)) == due, f"{row.name}: {logged}"


def table() -> Table:
    """A fresh table: the same moment, with everything of its own."""
    return Table(_begun().copy(Fate()))
