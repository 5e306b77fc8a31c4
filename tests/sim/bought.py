"""Worlds in which workers ask for purchases, at a bank that fails and loses answers; and the laws about money."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import TYPE_CHECKING

from tests.kit.buying import PAYMENTS, laws_of
from tests.kit.fakes.bank import EXAMPLE, Bank
from tests.kit.fakes.executor import Outcome
from tests.sim.sim import BrokenError, Sim
from tests.sim.workers import work

from mission_cli._support.dataclass import replace
from mission_cli.app.commands.features import answer
from mission_cli.app.purchases.act import stop_payments
from mission_cli.domain.errors import MissionError
from mission_cli.domain.purchases.rows import PENDING, purchase_of
from mission_cli.settings.payments import PurchaseLimitSettings

if TYPE_CHECKING:
    from tests.kit.fakes.host import Host
    from tests.sim.events import Event

    from mission_cli.ports.executor import JobSpec

_MOST = 500
"""The limit of the mission, in cents."""


def work_or_buy(seed: int, spec: JobSpec) -> Outcome:
    """The same as `work`; but the first attempt at half of the features asks for a purchase."""
    feature = spec.program.env.get("MISSION_FEATURE", "")
    dice = blake2b(f"{seed} buys {feature}".encode(), digest_size=1).digest()[0]
    if not feature or dice % 2 or not spec.key.endswith("-a1"):
        return work(seed, spec)
    order = {"amount": f"{1 + dice % 3}.00 EUR", "merchant": "example.com", "purpose": f"for {feature}"}
    return Outcome(30.0, asked=json.dumps({"purchase": order}))


class BuySim(Sim):
    """A world in which nothing is charged twice, or without an approval, or above a limit, and all of it is logged."""

    script = staticmethod(work_or_buy)

    def __init__(self, seed: int) -> None:
        self.bank = Bank()
        self._seed = seed
        super().__init__(seed)

    def tick(self, event: Event) -> None:
        """Let the bank fail and recover, and people decide, pay, stop and allow payments, beside everything else."""
        bank, host = self.bank, self.hosts[event.more % len(self.hosts)]
        bank.down = event.more % 11 == 0
        bank.loses = int(event.more % 7 == 0)
        bank.fails = [(500, 429, 409)[event.more % 3]] if event.more % 13 == 0 else []
        card = bank.open_card()
        if card and event.pick % 3 == 0 and bank.reference_of(card) not in bank.charged():
            shop = EXAMPLE if event.more % 5 else ("SOMEWHERE ELSE", *EXAMPLE[1:])
            bank.pay(card, 50 + event.more % 250, shop)
        ctx = self.context(host)
        with suppress(MissionError):
            if event.pick % 4 == 0:
                mission = self.mission(host)
                for request in mission.requests:
                    if request.open and purchase_of(mission.purchases, request.number) is not None:
                        answer(ctx, "m", request.number, "approve" if event.more % 4 else "reject")
            elif event.pick % 29 == 0:
                stop_payments(ctx, on=event.more % 2 == 0)
        super().tick(event)

    def end(self) -> None:
        """The bank works, payments are allowed, and what is open is paid."""
        self.bank.down, self.bank.loses, self.bank.fails = False, 0, []
        for host in self.hosts:
            stop_payments(self.context(host), on=False)
        super().end()
        self.counts["purchases"] += sum(len(self.mission(host).purchases) for host in self.hosts)
        self.counts["cards"] += len(self.bank.cards)
        self.counts["charges"] += sum(map(len, self.bank.charged().values()))

    def _make_host(self, name: str = "here:000001") -> Host:
        host = super()._make_host(name)
        host.bank = self.bank
        host.settings = replace(
            host.settings,
            payments=PAYMENTS,
            purchase_limits={"all": PurchaseLimitSettings(f"{_MOST // 100}.00 EUR", "mission")},
            currency=replace(host.settings.currency, code="EUR", rate=Decimal("0.8")),
            request_lifetime=timedelta(days=3),
        )
        return host

    def _laws(self) -> None:
        super()._laws()
        if self.reset:
            return
        charged = self.bank.charged()
        if twice := [name for name, found in charged.items() if len(found) > 1]:
            raise BrokenError(f"charged twice: {twice}")
        if sum(sum(found) for found in charged.values()) > _MOST:
            raise BrokenError(f"more than the limit is charged: {charged}")
        known = {row.reference for host in self.hosts for row in self.mission(host).purchases}
        if lost := [name for name in charged if name not in known]:  # a host that was cut off has not heard of all
            raise BrokenError(f"charged without a row: {lost}")
        for host in self.hosts:
            mission = self.mission(host)
            if mission.host != host.jobs.name:
                continue
            resting = replace(mission, purchases=[row for row in mission.purchases if row.status not in PENDING])
            try:
                laws_of(resting, self.bank, PAYMENTS)
            except AssertionError as error:
                raise BrokenError(str(error)) from None
