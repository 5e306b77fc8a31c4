"""Everything that the engine was handed."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.planner.core.policy import Policy, RunnerPolicy
from mission_cli.ports.agents import Bill
from mission_cli.ports.machine import Obstacle

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mission_cli.ports.agents import Agent
    from mission_cli.ports.checks import Checks
    from mission_cli.ports.clock import Clock
    from mission_cli.ports.executor import Executor
    from mission_cli.ports.git.code import CodeRepo
    from mission_cli.ports.git.remote import Share
    from mission_cli.ports.git.state import StateStore
    from mission_cli.ports.machine import Machine
    from mission_cli.ports.notifier import Notifier
    from mission_cli.ports.prices import PriceList
    from mission_cli.ports.runtime import Runtime
    from mission_cli.ports.schedule import Schedule
    from mission_cli.ports.secrets import Secrets
    from mission_cli.ports.templates import Templates
    from mission_cli.settings import RunnerSettings, Settings


_WORST_STEP = {"input": 200_000, "output": 32_000}


@dataclass(frozen=True, slots=True)
class Context:
    """The ports of one repository."""

    clock: Clock
    state: StateStore
    code: CodeRepo
    executor: Executor
    agents: Mapping[str, Agent]
    checks: Checks
    templates: Templates
    machine: Machine
    prices: PriceList
    secrets: Secrets
    runtime: Runtime
    notifier: Notifier
    settings: Settings
    schedule: Schedule
    share: Share
    settings_files: tuple[str, ...] = ()
    """Where settings and keys were read from, or would be."""
    again: Callable[[], None] = lambda: None
    """Start one more pulse that goes on when this one has ended."""
    settings_edited: Callable[[], bool] = lambda: False
    """Whether the checkout's settings say what does not count: a job outside of the sandbox may have written it."""


def policy_of(ctx: Context) -> Policy:
    """The numbers that the planner decides by."""
    settings = ctx.settings
    return Policy(
        attempts=settings.attempts,
        validation_rounds=settings.validation_rounds,
        retry_delays=settings.retry_delays,
        outage_delays=settings.outage_delays,
        max_parallel_workers=settings.max_parallel_workers,
        lost_grace=settings.lost_grace,
        agree_after=settings.agree_after,
        request_lifetime=settings.request_lifetime,
        check_timeout=settings.check_timeout,
        checks_at_once=settings.machine_workers,
        runners={name: _runner(ctx, name, runner) for name, runner in settings.runners.items()},
        checks_salt="\0".join([settings.tree.setup, *settings.tree.copy]),
    )


def agent_of(ctx: Context, name: str, runner: RunnerSettings) -> Agent | None:
    """The adapter that a runner uses, or None when there is none of that kind."""
    return ctx.agents.get(runner.kind or name)


def runner_obstacle(
    ctx: Context, name: str, runner: RunnerSettings, environment: Mapping[str, str] | None = None
) -> Obstacle | None:
    """Why a runner cannot work, in our environment or in another; None when nothing is known against it."""
    if agent_of(ctx, name, runner) is None:
        known = ", ".join(sorted(ctx.agents))
        words = f"the runner `{name}` has the kind `{runner.kind or name}`, which is not known (known: {known})"
        return Obstacle(words, "fix .mission.toml")
    needed = ctx.machine.sandbox().problem
    if needed:
        return Obstacle(needed, "install bubblewrap, or set `sandbox` in .mission.toml")
    return ctx.machine.runner_obstacle(runner.command, runner.given, environment)


def _runner(ctx: Context, name: str, runner: RunnerSettings) -> RunnerPolicy:
    obstacle = runner_obstacle(ctx, name, runner)
    agent = agent_of(ctx, name, runner)
    bill = agent.bill if agent is not None else Bill.FILE

    def step_cost(model: str) -> Decimal | None:
        return Decimal(0) if bill is Bill.FILE else ctx.prices.prices(model).cost(_WORST_STEP)

    return RunnerPolicy(
        deadline=runner.deadline,
        models=runner.models,
        problem=obstacle.words if obstacle else "",
        remedy=obstacle.remedy if obstacle else "",
        step_cost=step_cost,
        self_priced=bill is not Bill.TOKENS,
        bounded=bool(runner.max_steps),
    )
