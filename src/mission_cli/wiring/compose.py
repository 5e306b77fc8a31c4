"""Composition: the only place that knows concrete classes. Builds the engine's context for a folder."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli import __version__
from mission_cli._support.dataclass import dataclass, replace
from mission_cli._support.text import stamp
from mission_cli.adapters.agents import AGENTS
from mission_cli.adapters.checks import StandardChecks
from mission_cli.adapters.clock import SystemClock
from mission_cli.adapters.executors.jobs.folder import Surroundings, tree_path
from mission_cli.adapters.executors.local.executor import LocalExecutor
from mission_cli.adapters.executors.local.relocation import settle_in, trees_of
from mission_cli.adapters.executors.sandbox import settings_trust
from mission_cli.adapters.executors.sandbox.sandbox import is_usual
from mission_cli.adapters.fs.atomic import random_hex
from mission_cli.adapters.fs.env_file import read_environment
from mission_cli.adapters.fs.registry import Registry
from mission_cli.adapters.fs.runtime import FolderRuntime
from mission_cli.adapters.git.code.code import GitCodeRepo
from mission_cli.adapters.git.code.collect import Screen
from mission_cli.adapters.git.remote.share import GitShare
from mission_cli.adapters.git.repo.checkout import (
    MIN_GIT,
    Checkout,
    checked_out,
    find_checkout,
    git_version,
)
from mission_cli.adapters.git.repo.command import Git
from mission_cli.adapters.git.state.branch_home import (
    find_home,
    find_state,
    make_home,
    make_scratch,
    make_state,
    shared_head,
    unmade_state,
)
from mission_cli.adapters.git.state.store import GitStateStore
from mission_cli.adapters.machine import LocalMachine
from mission_cli.adapters.notify import CommandNotifier
from mission_cli.adapters.prices import GenaiPrices
from mission_cli.adapters.schedule.local import LocalSchedule
from mission_cli.adapters.secrets.screen import SecretRules, known_secrets
from mission_cli.adapters.settings_files import UNBOXED, Found, read_settings, settings_at_any_rate, settings_edited
from mission_cli.adapters.templates import JinjaTemplates
from mission_cli.adapters.user import environment, key_file, own_settings, user_folder
from mission_cli.domain.errors import DocumentError, MissionError, NotFoundError, ToolError, UsageError
from mission_cli.domain.host import ROBOT, Person
from mission_cli.engine.context import Context
from mission_cli.fastpath import find_runtime
from mission_cli.ports.runtime import Trouble
from mission_cli.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.adapters.diagnostics import LocalInstruments
    from mission_cli.adapters.executors.local.storage import LocalStorage
    from mission_cli.adapters.git.state.branch_home import Layout


@dataclass(frozen=True, slots=True)
class Opened:
    """A repository with everything that its engine needs."""

    checkout: Checkout
    context: Context
    executor: LocalExecutor
    state: GitStateStore
    problems: tuple[MissionError, ...] = ()
    """Errors in settings and keys; only if the repository was opened in spite of them."""

    def default_base(self) -> str:
        """Return the checked-out branch, otherwise the remote's HEAD; empty if there is neither."""
        git = Git(self.checkout.common_dir)
        here = checked_out(git)  # whole names: git's short ones are `heads/main` and so on where a tag is called alike
        if here.startswith("refs/heads/"):
            return here.removeprefix("refs/heads/")
        remote = git.run("symbolic-ref", "--quiet", "refs/remotes/origin/HEAD", ok=(0, 1, 128)).out
        return remote.decode("utf-8", "surrogateescape").strip().removeprefix("refs/remotes/origin/")

    def usual_remote(self) -> str:
        """Return the remote to suggest for sharing: `origin` or the only one; otherwise empty."""
        names = Git(self.checkout.common_dir).text("remote").splitlines()
        return "origin" if "origin" in names else names[0] if len(names) == 1 else ""


def open_repository(start: Path, *, create: bool = False, vouched: bool = False, ticking: bool = True) -> Opened:
    """Open the repository around a folder. Raises NotFoundError if it has no missions, unless `create`.

    With `vouched`, a person acts, so the uncommitted settings count as theirs. Without `ticking`, jobs that end start
    no pulse.
    """
    require_git()
    checkout = find_checkout(start)
    if vouched:
        settings_trust.vouch(checkout.runtime / UNBOXED)
    found = read_settings(checkout, own_settings(), os.environ)
    here, remote = found.settings.state == "here", found.settings.remote
    robot = _robot(found.settings)
    layout = find_state(checkout, here=here)
    if layout is None and (create or (remote and shared_head(checkout, remote))):
        layout = make_state(checkout, here=here, robot=robot, remote=remote)
    if layout is None:
        raise _no_missions(checkout)
    registry().remember(checkout.name)
    return _assemble(checkout, layout, found, environment(), robot, ticking=ticking)


def open_at_any_rate(start: Path, *, vouched: bool = False) -> Opened:
    """Open the repository for a command that must work whatever the state of settings, keys and disk.

    Creates nothing except what a clone needs to see the missions that its remote shares. What could not be read is in
    `problems`; then nothing may be started with these settings.
    """
    require_git()
    checkout = find_checkout(start)
    if vouched:
        with suppress(OSError):
            settings_trust.vouch(checkout.runtime / UNBOXED)
    found = settings_at_any_rate(checkout, own_settings(), os.environ)
    problems = [*found.problems]
    robot, around = ROBOT, dict(os.environ)
    try:
        robot = _robot(found.settings)
        around = environment()
    except MissionError as error:
        problems.append(error)
    layout = find_state(checkout, here=found.settings.state == "here")
    if layout is None and problems:  # the setting may be in a file that cannot be read
        layout = find_state(checkout, here=True)
    if layout is None and found.settings.remote and shared_head(checkout, found.settings.remote):
        here = found.settings.state == "here"
        layout = make_state(checkout, here=here, robot=robot, remote=found.settings.remote)
    if layout is None:
        raise _no_missions(checkout)
    with suppress(OSError):
        registry().remember(checkout.name)
    found = replace(found, problems=tuple(problems))
    return _assemble(checkout, layout, found, around, robot, ticking=True)


def _no_missions(checkout: Checkout) -> NotFoundError:
    return NotFoundError(f"{checkout.name} has no missions yet", hint="create the first one: mission new --plan FILE")


def open_unmade(start: Path) -> Opened:
    """Open the repository around a folder before it has missions. Creates nothing; `state` may not exist."""
    require_git()
    checkout = find_checkout(start)
    found = read_settings(checkout, own_settings(), os.environ)
    layout = find_state(checkout, here=found.settings.state == "here") or unmade_state(checkout)
    return _assemble(checkout, layout, found, environment(), _robot(found.settings), ticking=True)


def open_scratch(start: Path) -> Opened:
    """Open the program's empty repository, for planning without a repository, with the settings at `start`."""
    require_git()
    around = find_checkout(start) if is_in_repository(start) else None
    found = read_settings(around, own_settings(), os.environ)
    place = user_folder("state") / "scratch.git"
    make_scratch(place)
    checkout = Checkout(place, None)
    return _assemble(checkout, unmade_state(checkout), found, environment(), _robot(found.settings), ticking=True)


def open_homeless(*, create: bool = False) -> GitStateStore | None:
    """Return the store of missions without a repository, or None if there is none."""
    require_git()
    place = user_folder("data")
    layout = make_home(place) if create else find_home(place)
    return GitStateStore(layout) if layout else None


def register_merge_driver(opened: Opened) -> list[Path]:
    """Register field-by-field merging of a repository's mission files in git; return the files that were changed."""
    layout = opened.state.layout
    from mission_cli.adapters.git.state.merging import register

    return register(layout.git_dir, layout.folders, python_command("_merge"))


def is_in_repository(start: Path) -> bool:
    """Whether there is a repository around a folder."""
    try:
        find_checkout(start)
    except NotFoundError:
        return False
    return True


def storage(opened: Opened) -> LocalStorage:
    """Return access to what missions of a repository left on this machine."""
    from mission_cli.adapters.executors.local.storage import LocalStorage

    checkout, settings = opened.checkout, opened.context.settings
    trees = _trees(checkout, settings, opened.context.machine.me())
    return LocalStorage(code=checkout.common_dir, runtime=checkout.runtime, trees_folder=trees)


def registry() -> Registry:
    """Return the list of repositories in which this user has used the program."""
    return Registry(user_folder("state"))


def open_known(repository: Path) -> Opened | None:
    """Open a repository of the registry; if it no longer exists, remove it from the registry and return None."""
    try:
        if repository.is_dir() and find_checkout(repository).name.resolve() == repository:
            return open_repository(repository)
    except NotFoundError:
        pass
    registry().forget(repository)
    return None


def note_closed(repository: Path, error: MissionError) -> None:
    """Record that a pulse could not open a repository, so that `status` can report it; the next pulse tries again."""
    folder = Path(find_runtime(os.fspath(repository)) or os.devnull)
    if folder.is_dir():
        runtime = FolderRuntime(folder, version=__version__, full_look=Settings().full_look)
        with suppress(OSError):  # if nothing can be written, the caller reports it
            runtime.note_troubles([Trouble(stamp(SystemClock().now()), error.message, error.hint)])
            runtime.request_pulse()


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


def instruments(place: Path) -> LocalInstruments:
    """Return the instruments of `mission doctor`. A key file that cannot be read becomes a diagnosis."""
    from mission_cli.adapters.diagnostics import LocalInstruments

    try:
        around = environment()
    except DocumentError:
        around = dict(os.environ)
    pulse = python_command("pulse", "--all", "--quiet")
    return LocalInstruments(place, schedule=schedule(), registry=registry(), environment=around, pulse=pulse)


def require_git() -> None:
    """Raise ToolError if git is missing or too old."""
    found = git_version()
    if found < MIN_GIT:
        have, want = ".".join(map(str, found)), ".".join(map(str, MIN_GIT))
        raise ToolError(f"git {have} is too old; {want} or newer is needed", hint="upgrade git")


def find_shell() -> str:
    """Return the path of bash, or of the system's `sh` if there is no bash."""
    places = [path for path in ("/bin/bash", "/usr/bin/bash") if os.access(path, os.X_OK)]
    return places[0] if places else shutil.which("bash") or "/bin/sh"


def python_command(*words: str) -> tuple[str, ...]:
    """Return the command line of this program. `-P`: a package that a worker put into its tree is never imported."""
    return (sys.executable, "-P", "-m", "mission_cli", *words)


def _assemble(
    checkout: Checkout, layout: Layout, found: Found, around: Mapping[str, str], robot: Person, *, ticking: bool
) -> Opened:
    settings = found.settings
    machine = _machine(checkout, settings, around)
    trees = _trees(checkout, settings, machine.me())
    settle_in(checkout.common_dir, trees, machine.me())
    runtime = FolderRuntime(checkout.runtime, version=__version__, full_look=settings.full_look)
    rules = SecretRules(known_secrets(around, *(r.given for r in settings.runners.values())))
    executor = LocalExecutor(
        jobs=checkout.runtime / "jobs",
        surroundings=lambda: _surroundings(checkout, settings, machine, trees, around, ticking=ticking),
        supervisor=python_command("_supervise"),
        environment=around,
        rules=rules,
    )
    state = GitStateStore(layout, robot=robot)
    ctx = Context(
        clock=SystemClock(),
        state=state,
        code=GitCodeRepo(
            checkout,
            tree_of=lambda run: tree_path(trees, run),
            screen=Screen(rules, settings.secret_exceptions, settings.max_file_mib << 20),
            robot=robot,
        ),
        executor=executor,
        agents=AGENTS,
        checks=StandardChecks(python_command("_inspect"), find_shell()),
        templates=JinjaTemplates(),
        machine=machine,
        prices=GenaiPrices(),
        secrets=rules,
        runtime=runtime,
        notifier=CommandNotifier(settings.notify, folder=checkout.name, log=checkout.runtime / "notify.log"),
        settings=settings,
        settings_files=(*found.files, os.fspath(key_file())),
        again=lambda: _again(checkout, around) if ticking else None,
        settings_edited=lambda: settings_edited(checkout),
        schedule=schedule(),
        share=GitShare(checkout, layout, remote=settings.remote, me=machine.me()),
    )
    return Opened(checkout, ctx, executor, state, found.problems)


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
        keys=tuple(name for name in read_environment(key_file()) if not is_usual(name)),
        bwrap=machine.confined(),
        network=settings.network,
        secret_exceptions=settings.secret_exceptions,
        largest=settings.max_file_mib << 20,
        sandbox_read=settings.sandbox_read,
        sandbox_write=settings.sandbox_write,
        remote=settings.remote,
        mark=random_hex(12),
        environment=around,
        tick=_tick(checkout) if ticking else (),
    )


def _tick(checkout: Checkout) -> tuple[str, ...]:
    return python_command("pulse", "--quiet", "--repo", os.fspath(checkout.name))


def _again(checkout: Checkout, around: Mapping[str, str]) -> None:
    """Start a detached pulse. If that fails, the next scheduled pulse continues."""
    from mission_cli.adapters.proc.run import start_detached

    with suppress(OSError):
        start_detached(_tick(checkout), cwd=checkout.name, env=around, log=checkout.runtime / "pulse.log")


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


def _trees(checkout: Checkout, settings: Settings, me: str) -> Path:
    root = Path(settings.trees).expanduser() if settings.trees else user_folder("state") / "trees"
    return trees_of(root, checkout.name.name, me)


def _robot(settings: Settings) -> Person:
    if not settings.identity:
        return ROBOT
    name, _, rest = settings.identity.partition("<")
    if not name.strip() or not rest.endswith(">"):
        raise UsageError(f"the setting `identity` is {settings.identity!r}", hint="write Name <address>")
    return Person(name.strip(), rest.removesuffix(">"))
