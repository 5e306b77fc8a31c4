"""How far eight parallel workers exceed the cap of a mission when what they spend is seen late."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from math import log
from random import Random
from typing import TYPE_CHECKING

from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_host, make_mission
from tests.kit.fakes.others import NoPrices

from mission_cli.app.commands import lifecycle
from mission_cli.engine.loop import pulse
from mission_cli.ports.agents.usage import Prices
from mission_cli.settings import RunnerSettings

if TYPE_CHECKING:
    from mission_cli.ports.executor import JobSpec

WORKERS = 8
_PRICES = Prices({"input": Decimal("3e-6"), "output": Decimal("15e-6")}, "2026-11-02")
DEAREST = Decimal("1.08")
"""What a step costs at most: 200,000 tokens in, 32,000 out."""
_ROUNDS = 400


class _Listed(NoPrices):
    def prices(self, model: str) -> Prices:
        """One price."""
        del model
        return _PRICES


@dataclass(frozen=True)
class Overshoot:
    """One world."""

    cap: Decimal
    paid: Decimal
    attempts: int
    at_once: int
    """Workers that ran at a time, at most."""
    dearest: tuple[Decimal, ...]
    """The dearest step of each of the attempts with the dearest ones, as many as ran at once."""

    @property
    def over(self) -> Decimal:
        """Dollars above the cap."""
        return max(Decimal(0), self.paid - self.cap)

    @property
    def share(self) -> Decimal:
        """The same as a share of the cap."""
        return self.over / self.cap


def overshoot(seed: int, count: int = 16) -> Overshoot:
    """Let eight workers work on `count` features until the mission ends or pauses, each seen one or two steps late."""
    dice = Random(seed)  # noqa: S311 - a world, no secret
    cap = Decimal(dice.randrange(20, 300))
    usual, spread = dice.uniform(0.02, 0.6), dice.uniform(0.1, 0.8)
    steps_of: dict[str, tuple[Decimal, ...]] = {}

    def script(spec: JobSpec) -> Outcome:
        mine = Random(f"{seed} {spec.key}")  # noqa: S311 - a world, no secret
        steps = mine.randrange(4, 90)
        costs = tuple(_cents(mine.lognormvariate(log(usual), spread)) for _ in range(steps))
        steps_of[spec.key] = costs
        name = spec.program.env["MISSION_FEATURE"]
        made = {f"{name}.txt": spec.key}
        return Outcome(steps * mine.uniform(5, 90), made, costs=costs, late=mine.randrange(2), completes=name)

    host = make_host(script, machine_workers=WORKERS)
    agent = RunnerSettings(kind="opencode", command=("opencode",), models={"sonnet": "acme/big"})
    host.settings = replace(host.settings, runners={"opencode": agent}, attempts=50, retry_delays=(timedelta(0),))
    features = ", ".join(f'{{title: f{n}, criteria: ["file: `1.{n}.txt`"]}}' for n in range(1, count + 1))
    budget = f"{{money_usd: {cap}, alert_threshold_pct: 100}}"
    preferences = f"{{runner: opencode, max_parallel_workers: {WORKERS}}}"
    make_mission(
        host,
        f"title: Words\nbudget: {budget}\npreferences: {preferences}\nmilestones:\n"
        f'  - name: Only\n    validation: ["file: `1.1.txt`"]\n    features: [{features}]\n',
    )
    lifecycle.start(host.context(), "m")
    at_once = quiet = 0
    for _ in range(_ROUNDS):
        report = pulse(replace(host.context(), prices=_Listed()))
        assert not report.bugs, report.bugs
        at_once = max(at_once, len(host.jobs.at_work("worker")))
        host.jobs.clock.time.pass_by(timedelta(minutes=5))
        host.jobs.work()
        quiet = quiet + 1 if not (report.lines or host.jobs.supervisors) else 0
        if quiet > 2:
            break
    paid = {key: amount for key, amount in host.jobs.truth.paid.items() if key in steps_of}
    dearest = sorted((max(costs) for costs in steps_of.values()), reverse=True)[:at_once]
    return Overshoot(cap, sum(paid.values(), Decimal(0)), len(paid), at_once, tuple(dearest))


def _cents(usd: float) -> Decimal:
    return min(DEAREST, max(Decimal("0.001"), Decimal(str(round(usd, 4)))))
