"""The one place that knows concrete classes: from a folder to an engine's world."""

from __future__ import annotations

import os
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli import __version__
from mission_cli.adapters.agents import AGENTS
from mission_cli.adapters.checks import StandardChecks
from mission_cli.adapters.clock import SystemClock
from mission_cli.adapters.executors.jobs import Surroundings, tree_path
from mission_cli.adapters.executors.local import LocalExecutor
from mission_cli.adapters.fs.atomic import read_json, write_json
from mission_cli.adapters.fs.locks import locked
from mission_cli.adapters.fs.runtime import FolderRuntime
from mission_cli.adapters.git.code import GitCodeRepo
from mission_cli.adapters.git.command import Git
from mission_cli.adapters.git.merging import register
from mission_cli.adapters.git.places import MIN_GIT, Checkout, find_checkout, git_version
from mission_cli.adapters.git.state import GitStateStore
from mission_cli.adapters.git.state_home import find_home, find_state, make_home, make_state
from mission_cli.adapters.machine import LocalMachine
from mission_cli.adapters.prices import GenaiPrices
from mission_cli.adapters.templates import JinjaTemplates
from mission_cli.domain.errors import NotFoundError, ToolError, UsageError
from mission_cli.domain.host import ROBOT, Person
from mission_cli.engine.world import World
from mission_cli.settings import Settings, check, from_environment, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.adapters.git.state_home import Layout

SETTINGS_FILE = ".mission.toml"


@dataclass(frozen=True, slots=True)
class Opened:
    """A repository with everything that its engine needs."""

    checkout: Checkout
    world: World
    executor: LocalExecutor
    state: GitStateStore

    def default_base(self) -> str:
        """The branch that is checked out, else the remote's HEAD; empty when there is neither."""
        git = Git(self.checkout.common_dir)
        here = git.run("symbolic-ref", "--quiet", "--short", "HEAD", ok=(0, 1)).out.decode().strip()
        if here:
            return here
        remote = git.run("symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD", ok=(0, 1, 128))
        return remote.out.decode().strip().removeprefix("origin/")


def user_folder(kind: str, environment: Mapping[str, str] | None = None) -> Path:
    """Return our folder among the user's `config`, `data` or `state` folders, as XDG names them."""
    environment = os.environ if environment is None else environment
    defaults = {"config": ".config", "data": ".local/share", "state": ".local/state"}
    configured = environment.get(f"XDG_{kind.upper()}_HOME", "")
    root = Path(configured) if configured.startswith("/") else Path.home() / defaults[kind]
    return root / "mission"


def read_settings(checkout: Checkout | None) -> tuple[Settings, tuple[str, ...]]:
    """Return the settings in force and the files that they were, or would be, read from."""
    places = [user_folder("config") / "config.toml"]
    if checkout is not None and checkout.main_tree is not None:
        places.append(checkout.main_tree / SETTINGS_FILE)
    settings = Settings()
    for place in places:
        try:
            text = place.read_text(encoding="utf-8")
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError) as error:
            raise ToolError(f"{place} cannot be read: {error}") from error
        settings = parse(text, os.fspath(place), settings)
    settings = from_environment(os.environ, settings)
    check(settings)
    return settings, tuple(os.fspath(p) for p in places)


def open_repository(start: Path, *, create: bool = False) -> Opened:
    """Open the repository around a folder. Raises NotFoundError where it has no missions, unless `create`."""
    require_git()
    checkout = find_checkout(start)
    settings, files = read_settings(checkout)
    here = settings.state == "here"
    robot = _robot(settings)
    layout = make_state(checkout, here=here, robot=robot) if create else find_state(checkout, here=here)
    if layout is None:
        hint = "make the first one: mission new --plan FILE"
        raise NotFoundError(f"{checkout.name} has no missions yet", hint=hint)
    remember(checkout.name)
    return _assemble(checkout, layout, settings, files, robot)


def open_homeless(*, create: bool = False) -> GitStateStore | None:
    """Return the store of missions that have no repository yet, or None when there is none."""
    require_git()
    place = user_folder("data")
    layout = make_home(place) if create else find_home(place)
    return GitStateStore(layout) if layout else None


def register_merge_driver(opened: Opened) -> list[Path]:
    """Let git merge the mission files of a repository by meaning; return the files that were changed for it."""
    layout = opened.state.layout
    return register(layout.git_dir, layout.folders, python_command("_merge"))


def is_in_repository(start: Path) -> bool:
    """Whether there is a repository around a folder."""
    try:
        find_checkout(start)
    except NotFoundError:
        return False
    return True


def known_repositories() -> list[Path]:
    """Every repository that this user has used us in and that is still there."""
    raw = read_json(user_folder("state") / "repos.json")
    return [Path(p) for p in raw if Path(p).is_dir()] if isinstance(raw, list) else []


def remember(repository: Path) -> None:
    """Note a repository for `--all`."""
    place = user_folder("state") / "repos.json"
    name = os.fspath(repository.resolve())
    if name in (read_json(place) or []):
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    with locked(place.with_suffix(".lock")):
        known = read_json(place)
        write_json(place, sorted({*(known if isinstance(known, list) else []), name}))


def require_git() -> None:
    """Raise ToolError when git is missing or too old."""
    found = git_version()
    if found < MIN_GIT:
        have, want = ".".join(map(str, found)), ".".join(map(str, MIN_GIT))
        raise ToolError(f"git is {have}, {want} or newer is needed", hint="upgrade git")


def python_command(*words: str) -> tuple[str, ...]:
    """The command line of ourselves. `-P`: a package that a worker put into its tree is never imported."""
    return (sys.executable, "-P", "-m", "mission_cli", *words)


def _assemble(checkout: Checkout, layout: Layout, settings: Settings, files: tuple[str, ...], robot: Person) -> Opened:
    machine = _machine(checkout, settings)
    trees = _trees(checkout, settings, machine.me())
    runtime = FolderRuntime(checkout.runtime, version=__version__, full_look=settings.full_look)

    def surroundings() -> Surroundings:
        return Surroundings(
            code=os.fspath(checkout.common_dir),
            checkout=os.fspath(checkout.main_tree) if checkout.main_tree else "",
            trees=os.fspath(trees),
            slots=os.fspath(user_folder("state") / "slots"),
            slot_count=settings.machine_workers,
            host=machine.me(),
            bwrap=machine.bwrap(),
            sandbox_read=settings.sandbox_read,
            sandbox_write=settings.sandbox_write,
            mark=secrets.token_hex(12),
            environment=dict(os.environ),
            tick=python_command("pulse", "--quiet", "--repo", os.fspath(checkout.name)),
        )

    executor = LocalExecutor(
        jobs=checkout.runtime / "jobs",
        surroundings=surroundings,
        supervisor=python_command("_supervise"),
        environment=dict(os.environ),
    )
    state = GitStateStore(layout, robot=robot)
    world = World(
        clock=SystemClock(),
        state=state,
        code=GitCodeRepo(checkout, tree_of=lambda run: tree_path(trees, run), robot=robot),
        executor=executor,
        agents=AGENTS,
        checks=StandardChecks(python_command("_inspect")),
        templates=JinjaTemplates(),
        machine=machine,
        prices=GenaiPrices(),
        runtime=runtime,
        settings=settings,
        settings_files=files,
    )
    return Opened(checkout, world, executor, state)


def _machine(checkout: Checkout, settings: Settings) -> LocalMachine:
    return LocalMachine(
        checkout,
        slots=user_folder("state") / "slots",
        slot_count=settings.machine_workers,
        trees=Path(settings.trees) if settings.trees else user_folder("state"),
        min_memory_mib=settings.min_free_memory_mib,
        min_disk_mib=settings.min_free_disk_mib,
        path=os.environ.get("PATH", os.defpath),
        sandbox=settings.sandbox,
    )


def _trees(checkout: Checkout, settings: Settings, me: str) -> Path:
    root = Path(settings.trees).expanduser() if settings.trees else user_folder("state") / "trees"
    return root / f"{checkout.name.name}-{me.rpartition(':')[2]}"


def _robot(settings: Settings) -> Person:
    if not settings.identity:
        return ROBOT
    name, _, rest = settings.identity.partition("<")
    if not name.strip() or not rest.endswith(">"):
        raise UsageError(f"the setting `identity` is {settings.identity!r}", hint="write Name <address>")
    return Person(name.strip(), rest.removesuffix(">"))
