"""Builds the ports of one repository from its checkout, its settings and the environment."""

from __future__ import annotations

import os
import shlex
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli import __version__
from mission_cli._support.dataclass import replace
from mission_cli._support.text import digest
from mission_cli.adapters.agents import AGENTS, programs
from mission_cli.adapters.agents.own_files import OwnAgentFiles
from mission_cli.adapters.calendars import IcsCalendars
from mission_cli.adapters.channels import AppriseMessenger
from mission_cli.adapters.checks.standard import StandardChecks
from mission_cli.adapters.clock import SystemClock
from mission_cli.adapters.executors.jobs.folder import Surroundings, tree_path
from mission_cli.adapters.executors.local.executor import LocalExecutor
from mission_cli.adapters.executors.local.relocation import settle_in, trees_of
from mission_cli.adapters.forges.desk import LocalDesk
from mission_cli.adapters.fs.atomic import random_hex
from mission_cli.adapters.fs.by_look import ByLook
from mission_cli.adapters.fs.runtime import FolderRuntime
from mission_cli.adapters.git.code.code import GitCodeRepo
from mission_cli.adapters.git.code.collect import Screen
from mission_cli.adapters.git.proof.signing import Signer
from mission_cli.adapters.git.remote.share import GitShare
from mission_cli.adapters.git.repo.checkout import Checkout, find_checkout, refs_files
from mission_cli.adapters.git.repo.command import Git
from mission_cli.adapters.git.state.branch_home import find_state
from mission_cli.adapters.git.state.store import GitStateStore
from mission_cli.adapters.hosts import LocalHosts
from mission_cli.adapters.installed_agents import LocalAgents, with_known_agents
from mission_cli.adapters.judges.sign_up import ChromiumBrowsers
from mission_cli.adapters.machine import LocalMachine
from mission_cli.adapters.mail import MailPost
from mission_cli.adapters.money.purse import FilePurse
from mission_cli.adapters.money.table import TablePrices
from mission_cli.adapters.notify import CommandNotifier
from mission_cli.adapters.payments import payments_of
from mission_cli.adapters.schedule.local import LocalSchedule
from mission_cli.adapters.secrets.probes import LocalProbes
from mission_cli.adapters.secrets.screen import SecretRules, known_secrets
from mission_cli.adapters.secrets.seals import AgeSeals
from mission_cli.adapters.secrets.vault import LocalVault
from mission_cli.adapters.settings_files import UNBOXED, Found, settings_edited
from mission_cli.adapters.skills.equipment import LocalEquipment
from mission_cli.adapters.skills.index import SqliteSkills
from mission_cli.adapters.templates import JinjaTemplates
from mission_cli.adapters.user import held_out_key, key_file, only_in_key_file, own_environment, user_folder
from mission_cli.domain.errors import MissionError, UsageError
from mission_cli.domain.host import PROGRAM, Person
from mission_cli.domain.paths import SETTINGS_FILE
from mission_cli.domain.routing import default_runner
from mission_cli.engine.context import Context
from mission_cli.settings.hosts import hosts_of
from mission_cli.settings.money import prices_of
from mission_cli.wiring.command_lines import find_shell, isolated_command, pulse_command, python_command
from mission_cli.wiring.opened import Opened
from mission_cli.wiring.withholding import kept_back, secret_references, withheld_variables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mission_cli.adapters.executors.remote.executor import RemoteExecutor
    from mission_cli.adapters.git.state.branch_home import Layout
    from mission_cli.ports.executor import Executor
    from mission_cli.settings import Settings


def assemble(
    checkout: Checkout, layout: Layout, found: Found, around: Mapping[str, str], program: Person, *, ticking: bool
) -> Opened:
    """Build the ports; with `ticking`, jobs that end start a pulse."""
    settings = with_known_agents(found.settings, around)
    finder = LocalAgents(around)
    machine = _machine(checkout, settings, around)
    trees = trees_folder(checkout, settings, machine.me())
    settle_in(checkout.common_dir, trees, machine.me())
    runtime = FolderRuntime(checkout.runtime, version=__version__, full_look=settings.full_look)
    rules = SecretRules(known_secrets(around, *secret_references(settings)))

    def surroundings() -> Surroundings:
        found = _surroundings(checkout, settings, machine, trees, around, ticking=ticking)
        return replace(found, withheld=withheld_variables(state, settings))

    local = LocalExecutor(
        jobs=checkout.runtime / "jobs",
        surroundings=surroundings,
        supervisor=python_command("_supervise"),
        environment=around,
        rules=rules,
    )
    executor = _with_hosts(local, checkout, settings, surroundings)
    signer = Signer(checkout.common_dir, checkout.runtime / "signing.json", settings.sign, around)
    state = GitStateStore(layout, program=program, signer=signer)
    vault = LocalVault(around, user_folder("config"), checkout.main_tree)
    ctx = Context(
        clock=SystemClock(),
        state=state,
        equipment=LocalEquipment(around, user_folder("config")),
        skills=SqliteSkills(checkout.runtime, lambda: _elsewhere(checkout, program)),
        code=GitCodeRepo(
            checkout,
            tree_of=lambda run: tree_path(trees, run),
            screen=Screen(rules, settings.secret_exceptions, settings.max_file_mib << 20),
            program=program,
        ),
        executor=executor,
        agents=AGENTS,
        checks=StandardChecks(isolated_command("_inspect"), find_shell(), isolated_command("_judge")),
        templates=JinjaTemplates(),
        machine=machine,
        purse=FilePurse(user_folder("state") / "budgets", os.fspath(checkout.name)),
        prices=TablePrices(user_folder("config") / "prices.json", prices_of(settings.prices)),
        secrets=rules,
        seals=AgeSeals(held_out_key()),
        vault=vault,
        probes=LocalProbes(vault, around),
        runtime=runtime,
        notifier=CommandNotifier(settings.notify, folder=checkout.name, log=checkout.runtime / "notify.log"),
        messenger=AppriseMessenger(around),
        calendars=IcsCalendars(),
        browsers=ChromiumBrowsers(),
        post=MailPost(settings.mail, around),
        own_agents=OwnAgentFiles(user_folder("config"), around),
        payments=payments_of(settings.payments, around, user_folder("state"), lambda name: _value(vault, name)),
        hosts=LocalHosts(
            hosts_of(settings.hosts),
            checkout.runtime,
            environment=around,
            runners=_runner_programs(settings),
            now=SystemClock().now,
            tester=python_command("hosts", "test", "--reach", "--quiet", "--repo", os.fspath(checkout.name)),
            me=machine.me,
        ),
        settings=settings,
        settings_files=(*found.files, os.fspath(key_file())),
        command_line=shlex.join([*python_command(), "--repo", os.fspath(checkout.name)]),
        again=lambda: _again(checkout) if ticking else None,
        settings_edited=_edited(checkout),
        worker_tools=python_command("mcp") if settings.mcp.workers and find_spec("mcp") else (),
        schedule=schedule(),
        agent_finder=finder,
        named_runners=frozenset(found.settings.runners),
        default_runner=cache(lambda: _default_runner(found.settings, finder)),
        forge=LocalDesk(checkout, settings.forge, around, program=program),
        share=GitShare(checkout, layout, remote=settings.remote, me=machine.me()),
    )
    return Opened(checkout, ctx, executor, state, rules, surroundings, found.problems)


def _with_hosts(
    local: LocalExecutor,
    checkout: Checkout,
    settings: Settings,
    surroundings: Callable[[], Surroundings],
) -> Executor:
    """Return an executor that also reaches hosts, if the settings name any or jobs were on some."""
    if not settings.hosts and not (checkout.runtime / "hosts").is_dir():
        return local
    from mission_cli.adapters.executors.remote.routed import RoutedExecutor

    def remote() -> RemoteExecutor:
        from mission_cli.adapters.executors.remote.executor import RemoteExecutor

        return RemoteExecutor(
            local,
            runtime=checkout.runtime,
            hosts=lambda: hosts_of(settings.hosts),
            surroundings=surroundings,
            follower=python_command("_follow", os.fspath(checkout.name)),
            environment=own_environment(),
        )

    return RoutedExecutor(local, remote, runtime=checkout.runtime)


def _elsewhere(checkout: Checkout, program: Person) -> Iterator[tuple[str, GitStateStore]]:
    """Yield the person's other repositories with missions, by the names of their folders; the first 20 of them."""
    from mission_cli.adapters.fs.registry import Registry

    own, named = checkout.name.resolve(), set[str]()
    others = (place for place in Registry(user_folder("state")).all() if place != own and place.is_dir())
    for place in islice(others, _MOST_REPOSITORIES):
        with suppress(MissionError, OSError):
            other = find_checkout(place)
            layout = find_state(other, here=False) or find_state(other, here=True)
            name = place.name if place.name not in named else f"{place.name}-{digest(os.fspath(place))}"
            named.add(name)
            if layout is not None:
                yield name, GitStateStore(layout, program=program)


def _edited(checkout: Checkout) -> Callable[[], bool]:
    """Return the question whether the settings have changes that do not count; asked again, it starts no git."""
    kept, git = ByLook(), Git(checkout.common_dir)
    own = [checkout.runtime / UNBOXED, *([checkout.main_tree / SETTINGS_FILE] if checkout.main_tree else [])]
    return lambda: kept.of("", [*map(os.fspath, own), *refs_files(git, ())], lambda: settings_edited(checkout))


def _value(vault: LocalVault, reference: str) -> str:
    """Return the value of a reference, empty if there is none."""
    found = vault.resolve(reference)
    return found if isinstance(found, str) else ""


def _default_runner(configured: Settings, finder: LocalAgents) -> str:
    installed = finder.installed()
    return default_runner(configured.runners, (name for name in installed if finder.account(name, {})), installed)


def _surroundings(
    checkout: Checkout,
    settings: Settings,
    machine: LocalMachine,
    trees: Path,
    around: Mapping[str, str],
    *,
    ticking: bool,
) -> Surroundings:
    return Surroundings(
        code=os.fspath(checkout.common_dir),
        checkout=os.fspath(checkout.main_tree) if checkout.main_tree else "",
        trees=os.fspath(trees),
        slots=os.fspath(user_folder("state") / "slots"),
        slot_count=settings.machine_workers,
        host=machine.me(),
        unboxed=os.fspath(checkout.runtime / UNBOXED),
        keys=kept_back(settings),
        bwrap=machine.confined(),
        proxy=isolated_command("_egress"),
        network=settings.network,
        secret_exceptions=settings.secret_exceptions,
        largest=settings.max_file_mib << 20,
        sandbox_read=settings.sandbox_read,
        sandbox_write=settings.sandbox_write,
        remote=settings.remote,
        mark=random_hex(12),
        environment=around,
        of_key_file=only_in_key_file(),
        tick=pulse_command(checkout) if ticking else (),
    )


def _again(checkout: Checkout) -> None:
    """Start a detached pulse. If that fails, the next scheduled pulse continues."""
    from mission_cli.adapters.proc.run import start_detached

    with suppress(OSError):
        log = checkout.runtime / "pulse.log"
        start_detached(pulse_command(checkout), cwd=checkout.name, env=own_environment(), log=log)


def _machine(checkout: Checkout, settings: Settings, around: Mapping[str, str]) -> LocalMachine:
    return LocalMachine(
        checkout,
        slots=user_folder("state") / "slots",
        slot_count=settings.machine_workers,
        trees=Path(settings.trees) if settings.trees else user_folder("state"),
        min_free_mib=(settings.min_free_memory_mib, settings.min_free_disk_mib),
        environment=around,
        key_file=key_file(),
        confinement=(settings.sandbox, settings.network),
    )


def trees_folder(checkout: Checkout, settings: Settings, me: str) -> Path:
    """Return the folder for the trees of this clone: below `trees` of the settings, or in the state folder."""
    root = Path(settings.trees).expanduser() if settings.trees else user_folder("state") / "trees"
    return trees_of(root, checkout.name.name, me)


def program_of(settings: Settings) -> Person:
    """Return the author of the program's own commits, according to the settings."""
    if not settings.identity:
        return PROGRAM
    name, _, rest = settings.identity.partition("<")
    if not name.strip() or not rest.endswith(">"):
        raise UsageError(f"the setting `identity` is {settings.identity!r}", hint="write Name <address>")
    return Person(name.strip(), rest.removesuffix(">"))


def _runner_programs(settings: Settings) -> dict[str, str]:
    """Return the program of each runner, by name."""
    known = programs() if settings.hosts else {}
    return {n: one.command[0] if one.command else known.get(one.kind or n, n) for n, one in settings.runners.items()}


_MOST_REPOSITORIES = 20
"""Other repositories in which skills are looked for."""


def schedule() -> LocalSchedule:
    """Return the schedule of this machine."""
    configured = os.environ.get("XDG_CONFIG_HOME", "")
    config = Path(configured) if configured.startswith("/") else Path.home() / ".config"
    return LocalSchedule(
        state=user_folder("state"),
        key_file=key_file(),
        units=config / "systemd/user",
        pulse=python_command("pulse", "--all", "--quiet"),
        environment=os.environ,
    )
