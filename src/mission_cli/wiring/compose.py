"""Composition: the only place that knows concrete classes. Builds the engine's context for a folder."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli import __version__
from mission_cli._support.dataclass import replace
from mission_cli._support.text import stamp
from mission_cli.adapters.clock import SystemClock
from mission_cli.adapters.executors.sandbox import settings_trust
from mission_cli.adapters.fs.by_look import AtOneMoment, ByLook
from mission_cli.adapters.fs.registry import Registry
from mission_cli.adapters.fs.runtime import FolderRuntime
from mission_cli.adapters.git.repo.checkout import MIN_GIT, Checkout, find_checkout, git_version
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
from mission_cli.adapters.settings_files import UNBOXED, read_settings, settings_at_any_rate
from mission_cli.adapters.user import environment, own_settings, user_folder
from mission_cli.domain.errors import DocumentError, MissionError, NoMissionsError, NotFoundError, ToolError
from mission_cli.domain.host import PROGRAM
from mission_cli.domain.notice import first_steps
from mission_cli.fastpath import find_runtime
from mission_cli.ports.runtime import Trouble
from mission_cli.settings import Settings
from mission_cli.wiring.assemble import assemble, program_of, schedule, trees_folder
from mission_cli.wiring.command_lines import python_command

if TYPE_CHECKING:
    from mission_cli.adapters.diagnostics import LocalInstruments
    from mission_cli.adapters.executors.local.storage import LocalStorage
    from mission_cli.wiring.opened import Opened


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
    program = program_of(found.settings)
    layout = find_state(checkout, here=here)
    if layout is None and (create or (remote and shared_head(checkout, remote))):
        layout = make_state(checkout, here=here, program=program, remote=remote)
    if layout is None:
        raise _no_missions(checkout)
    if not is_home(checkout.name):
        registry().remember(checkout.name)
    return assemble(checkout, layout, found, environment(), program, ticking=ticking)


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
    program, around = PROGRAM, dict(os.environ)
    try:
        program = program_of(found.settings)
        around = environment()
    except MissionError as error:
        problems.append(error)
    layout = find_state(checkout, here=found.settings.state == "here")
    if layout is None and problems:  # the setting may be in a file that cannot be read
        layout = find_state(checkout, here=True)
    if layout is None and found.settings.remote and shared_head(checkout, found.settings.remote):
        here = found.settings.state == "here"
        layout = make_state(checkout, here=here, program=program, remote=found.settings.remote)
    if layout is None:
        raise _no_missions(checkout)
    if not is_home(checkout.name):
        with suppress(OSError):
            registry().remember(checkout.name)
    found = replace(found, problems=tuple(problems))
    return assemble(checkout, layout, found, around, program, ticking=True)


def _no_missions(checkout: Checkout) -> NotFoundError:
    return NoMissionsError(f"{checkout.name} has no missions yet", hint=first_steps())


def open_unmade(start: Path, *, vouched: bool = False) -> Opened:
    """Open the repository around a folder before it has missions. Creates nothing; `state` may not exist."""
    require_git()
    checkout = find_checkout(start)
    if vouched:
        settings_trust.vouch(checkout.runtime / UNBOXED)
    found = read_settings(checkout, own_settings(), os.environ)
    layout = find_state(checkout, here=found.settings.state == "here") or unmade_state(checkout)
    return assemble(checkout, layout, found, environment(), program_of(found.settings), ticking=True)


def open_scratch(start: Path) -> Opened:
    """Open the program's empty repository, for planning without a repository, with the settings at `start`."""
    require_git()
    around = find_checkout(start) if is_in_repository(start) else None
    found = read_settings(around, own_settings(), os.environ)
    place = user_folder("state") / "scratch.git"
    make_scratch(place)
    checkout = Checkout(place, None)
    return assemble(checkout, unmade_state(checkout), found, environment(), program_of(found.settings), ticking=True)


def open_homeless(*, create: bool = False) -> GitStateStore | None:
    """Return the store of missions without a repository, or None if there is none."""
    require_git()
    place = user_folder("data")
    layout = make_home(place) if create else find_home(place)
    return GitStateStore(layout) if layout else None


def is_home(repository: Path) -> bool:
    """Whether a folder is the user's data folder, which keeps missions without a repository, and is none itself."""
    return repository.resolve() == user_folder("data").resolve()


def home_of(named: str, start: Path) -> Path | None:
    """Return the data folder if a mission there is named, or, without a repository around `start`, is the only one.

    A mission of the repository around `start` takes precedence.
    """
    store = open_homeless()
    found = _named_in(store, named) if store is not None else None
    if found is None:
        return None
    if is_in_repository(start):
        state = open_unmade(start).state
        here = _named_in(state, named) if state.layout.git_dir.is_dir() else None
        if here is not None or not (named and found.startswith(named.partition("/")[0])):
            return None
    return user_folder("data")


def _named_in(store: GitStateStore, named: str) -> str | None:
    """Return the id of the mission that is named, or None."""
    from mission_cli.app.addressing import resolve

    try:
        return resolve(store.snapshot(), named).mission.id
    except MissionError:
        return None


def pdf_of(page: str) -> bytes:
    """Return the PDF of a self-contained page. Raises ToolError without a Chromium."""
    from mission_cli.adapters.printing import print_pdf

    return print_pdf(page, os.environ)


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


def trees_of(opened: Opened) -> Path:
    """Return the folder for the trees of a clone."""
    return trees_folder(opened.checkout, opened.context.settings, opened.context.machine.me())


def storage(opened: Opened) -> LocalStorage:
    """Return access to what missions of a repository left on this machine."""
    from mission_cli.adapters.executors.local.storage import LocalStorage

    checkout, trees = opened.checkout, trees_of(opened)
    forget = getattr(opened.executor, "forget", None)  # of an executor that reaches hosts
    return LocalStorage(code=checkout.common_dir, runtime=checkout.runtime, trees_folder=trees, forget=forget)


def kept_views() -> ByLook:
    """Return what keeps the views of one repository, for readers that share them."""
    return ByLook(most=1024)


def for_one_request(views: ByLook) -> AtOneMoment:
    """Return the same as one request sees it."""
    return AtOneMoment(views)


def registry() -> Registry:
    """Return the list of repositories in which this user has used the program."""
    return Registry(user_folder("state"))


def open_known(repository: Path) -> Opened | None:
    """Open a repository of the registry; if it no longer exists, remove it from the registry and return None."""
    try:
        if repository.is_dir() and not is_home(repository) and find_checkout(repository).name.resolve() == repository:
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
            runtime.note_troubles([Trouble(stamp(SystemClock().now()), error.message, str(error.hint))])
            runtime.request_pulse()


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
