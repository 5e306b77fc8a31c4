"""What the engine works with: ports and settings, and what follows from them."""

from __future__ import annotations

from decimal import Decimal
from importlib.util import find_spec
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli.domain.criteria.extras import without
from mission_cli.domain.deploys.targets import After, Target, TargetKind
from mission_cli.domain.notice import NO_ADVICE, Notice, advise, do, joined
from mission_cli.domain.status import CriterionKind
from mission_cli.planner.core.policy import Policy, PreviewPolicy, RunnerPolicy
from mission_cli.ports.agents.installed import NoAgents
from mission_cli.ports.agents.usage import Bill
from mission_cli.ports.git.forge import NoForge
from mission_cli.ports.git.skills import PlainSkills
from mission_cli.ports.machine import Obstacle
from mission_cli.ports.money import NoPurse
from mission_cli.ports.notifier import NoMessenger
from mission_cli.ports.outside.browser import NoBrowsers
from mission_cli.ports.outside.calendars import NoCalendars
from mission_cli.ports.outside.equipment import NoEquipment
from mission_cli.ports.outside.hosts import NoHosts
from mission_cli.ports.outside.mail import NoPost
from mission_cli.ports.outside.own_agents import NoOwnAgents
from mission_cli.ports.outside.payments import NoPayments
from mission_cli.ports.outside.probes import NoProbes
from mission_cli.ports.runtime import NoViews
from mission_cli.ports.secrets import NoSeals, NoVault
from mission_cli.settings.money import budgets_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mission_cli.domain.host import Person
    from mission_cli.ports.agents.agent import Agent
    from mission_cli.ports.agents.installed import AgentFinder
    from mission_cli.ports.checks import Checks
    from mission_cli.ports.clock import Clock
    from mission_cli.ports.executor import Executor
    from mission_cli.ports.git.code import CodeRepo
    from mission_cli.ports.git.forge import ForgeDesk
    from mission_cli.ports.git.remote import Share
    from mission_cli.ports.git.skills import Skills
    from mission_cli.ports.git.state import StateStore
    from mission_cli.ports.machine import Machine
    from mission_cli.ports.money import PriceList, Purse
    from mission_cli.ports.notifier import Messenger, Notifier
    from mission_cli.ports.outside.browser import Browsers
    from mission_cli.ports.outside.calendars import Calendars
    from mission_cli.ports.outside.equipment import Equipment
    from mission_cli.ports.outside.hosts import Hosts
    from mission_cli.ports.outside.mail import Post
    from mission_cli.ports.outside.own_agents import OwnAgents
    from mission_cli.ports.outside.payments import Payments
    from mission_cli.ports.outside.probes import Probes
    from mission_cli.ports.runtime import Runtime, Views
    from mission_cli.ports.schedule import Schedule
    from mission_cli.ports.secrets import Seals, Secrets, Vault
    from mission_cli.ports.templates import Templates
    from mission_cli.settings import RunnerSettings, Settings
    from mission_cli.settings.deploying import DeploySettings


_WORST_STEP = {"input": 200_000, "output": 32_000}


class Costs:
    """What a step of each model costs, with the answers that were given: a round can be decided again with them."""

    def __init__(self, ask: Callable[[str], Decimal | None], known: Mapping[str, Decimal | None] | None = None) -> None:
        self._ask = ask
        self.known: dict[str, Decimal | None] = dict(known or {})

    def __call__(self, model: str) -> Decimal | None:
        """Return the most that one step of a model can cost, in dollars; None if unknown. Asks once for each model."""
        if model not in self.known:
            self.known[model] = self._ask(model)
        return self.known[model]


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
    forge: ForgeDesk = NoForge()
    agent_finder: AgentFinder = NoAgents()
    seals: Seals = NoSeals()
    vault: Vault = NoVault()
    probes: Probes = NoProbes()
    browsers: Browsers = NoBrowsers()
    messenger: Messenger = NoMessenger()
    calendars: Calendars = NoCalendars()
    post: Post = NoPost()
    payments: Payments = NoPayments()
    views: Views = NoViews()
    own_agents: OwnAgents = NoOwnAgents()
    equipment: Equipment = NoEquipment()
    hosts: Hosts = NoHosts()
    purse: Purse = NoPurse()
    skills: Skills = PlainSkills()
    named_runners: frozenset[str] = frozenset()
    """The runners that the settings name; agents that are known by name need no settings."""
    default_runner: Callable[[], str] = lambda: ""
    """Returns the runner of missions that name none; empty: none can be chosen."""
    settings_files: tuple[str, ...] = ()
    """The files that settings and keys are read from, whether they exist or not."""
    again: Callable[[], None] = lambda: None
    """Starts another pulse that continues when this one has ended."""
    settings_edited: Callable[[], bool] = lambda: False
    """Whether the checkout's settings have changes that do not count: a job without a sandbox may have made them."""
    command_line: str = "mission"
    """How a shell calls this program for this repository."""
    worker_tools: tuple[str, ...] = ()
    """The command of the server with the tools of workers; empty: they get none."""
    actor: Person | None = None
    """Who gives the commands; None: the person whom git knows on this machine."""

    def person(self) -> Person:
        """Return who gives the commands: the author of their commits, and the name in the mission file."""
        return self.actor or self.machine.person()

    def acting_as(self, actor: Person) -> Context:
        """Return the same ports for another person: a user of HTTP, MCP, mail or chat."""
        return replace(self, actor=actor)


def policy_of(ctx: Context) -> Policy:
    """Return the policy of the planner according to the settings."""
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
        default_runner=ctx.default_runner(),
        hook_rules=settings.hooks_and_watchers,
        sandboxed=ctx.machine.sandbox().on,
        previews=_preview(ctx),
        targets={name: _target(ctx, name, told) for name, told in settings.deploy.items()},
        shared_budgets=budgets_of(settings.budgets),
        checks_grace=settings.forge.checks_grace,
        issues=settings.forge.issues,
        checks_salt="\0".join([settings.tree.setup, *settings.tree.copy]),
    )


def agent_of(ctx: Context, name: str, runner: RunnerSettings) -> Agent | None:
    """Return the adapter of a runner, or None if its kind is unknown."""
    return ctx.agents.get(runner.kind or name)


def unknown_runner(ctx: Context, name: str) -> Obstacle:
    """Return why there is no runner of this name in the settings, and what to do."""
    known = ", ".join(sorted(ctx.settings.runners))
    agent = ctx.agents.get(name)
    if agent is not None and agent.program:
        other = f"; or name another runner: {known}" if known else ""
        there = next(iter(ctx.settings.hosts), "")
        other += f"; or add it to hosts.{there}.runners if that host has it" if there else ""
        words = f"{agent.title} is not installed: `{agent.program[0]}` is not on PATH"
        return Obstacle(words, advise(agent.install, other))
    if name:
        others = f", or use another: {known}" if known else ""
        hint = f"add a table [runners.{name}] to .mission.toml{others}"
        return Obstacle(f"the runner `{name}` is not configured", advise(hint))
    if known:
        return Obstacle("the mission names no runner", advise(f"name one of {known}"))
    installs = [a.install for a in ctx.agents.values() if a.program][:1]
    return Obstacle("no coding agent is installed", joined([*map(advise, installs), do("doctor")], "; then "))


def runner_obstacle(
    ctx: Context, name: str, runner: RunnerSettings, environment: Mapping[str, str] | None = None
) -> Obstacle | None:
    """Return why a runner cannot work, in this environment or a given one; None if no problem is known."""
    if agent_of(ctx, name, runner) is None:
        known = ", ".join(sorted(ctx.agents))
        words = f"the runner `{name}` has the unknown kind `{runner.kind or name}` (known: {known})"
        return Obstacle(words, advise("fix .mission.toml"))
    needed = ctx.machine.sandbox().problem
    if needed:
        return Obstacle(needed, advise("install bubblewrap, or set `sandbox` in .mission.toml"))
    found = ctx.machine.runner_obstacle(runner.command, runner.references, environment)
    agent = agent_of(ctx, name, runner)
    if found is not None and found.program and agent is not None and runner.command == agent.program:
        return replace(found, remedy=advise(agent.install))
    return found or (_not_contained(ctx, agent, runner) if agent is not None else None)


def _not_contained(ctx: Context, agent: Agent, runner: RunnerSettings) -> Obstacle | None:
    """Return why an agent must not run, because nothing is known to keep its tools in their place."""
    if agent.only_boxed and not ctx.machine.sandbox().on:
        words = f"{agent.title} runs in the sandbox only, and there is none here"
        return Obstacle(words, advise('install bubblewrap, and set sandbox = "auto" in .mission.toml'))
    version = ctx.agent_finder.version(runner.command[0]) if agent.majors and runner.command else ""
    major = version.partition(".")[0]
    if not major.isdecimal() or int(major) in agent.majors:
        return None
    known = " or ".join(f"{number}.x" for number in agent.majors)
    words = f"{agent.title} {version} is not known to run its tools in the sandbox: a server outside of it may do that"
    return Obstacle(words, advise(f"install version {known}"))


def _preview(ctx: Context) -> PreviewPolicy:
    told, sandbox = ctx.settings.preview, ctx.machine.sandbox()
    obstacle = None
    if not (told.run or told.deploy):
        hint = 'add `[preview]` with `run = "COMMAND"` to .mission.toml; the server listens on $MISSION_PORT'
        obstacle = Notice("the settings name no command for it", advise(hint))
    elif sandbox.problem:
        obstacle = Notice(sandbox.problem, advise("install bubblewrap, or set `sandbox` in .mission.toml"))
    elif sandbox.on and ctx.settings.network != "on":
        words = f'the sandbox has no network (network = "{ctx.settings.network}"), so it could not be opened'
        obstacle = Notice(words, advise('set network = "on" in .mission.toml'))
    return PreviewPolicy(
        ready=told.ready,
        expires=told.expires,
        path=told.path,
        deploys=bool(told.deploy),
        cleans=bool(told.cleanup),
        obstacle=obstacle,
    )


def _runner(ctx: Context, name: str, runner: RunnerSettings) -> RunnerPolicy:
    obstacle = runner_obstacle(ctx, name, runner)
    agent = agent_of(ctx, name, runner)
    bill = agent.bill if agent is not None else Bill.FILE

    def step_cost(model: str) -> Decimal | None:
        return Decimal(0) if bill is Bill.FILE else ctx.prices.prices(model).cost(_WORST_STEP)

    return RunnerPolicy(
        deadline=runner.deadline,
        models=runner.models,
        obstacle=Notice(obstacle.words, obstacle.remedy) if obstacle else None,
        step_cost=Costs(step_cost),
        self_priced=bill is not Bill.TOKENS,
        bounded=bool(runner.max_steps),
        only_here=agent is not None,
    )


def _target(ctx: Context, name: str, told: DeploySettings) -> Target:
    return Target(
        name,
        TargetKind(told.kind),
        After(told.after),
        told.url,
        told.confirm,
        bool(told.health),
        told.health.startswith("/"),
        bool(told.rollback),
        told.needs,
        told.timeout,
        _target_obstacle(ctx, told),
    )


def _target_obstacle(ctx: Context, told: DeploySettings) -> Notice | None:
    sandbox = ctx.machine.sandbox()
    if sandbox.problem:
        return Notice(sandbox.problem, advise("install bubblewrap, or set `sandbox` in .mission.toml"))
    if sandbox.on and ctx.settings.network != "on":
        words = f'the sandbox has no network (network = "{ctx.settings.network}")'
        return Notice(words, advise('set network = "on" in .mission.toml'))
    if told.health and find_spec("httpx") is None:
        return Notice(without(CriterionKind.HTTP, "httpx"), NO_ADVICE)
    return None
