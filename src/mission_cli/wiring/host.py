"""What surfaces use of this machine: programs on the terminal, files, keys, git's settings, other agents' commands."""

from __future__ import annotations

import os
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from mission_cli.adapters.fs.atomic import write_whole
from mission_cli.adapters.fs.env_file import resolved
from mission_cli.adapters.fs.exchange import replace_unless_changed
from mission_cli.adapters.git.repo.checkout import find_checkout
from mission_cli.adapters.proc.run import feed, interact, run, start_detached
from mission_cli.adapters.user import environment, key_file, shorten_log
from mission_cli.domain.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from mission_cli.adapters.fs.access_file import AccessFile
    from mission_cli.adapters.git.repo.describe import Described
    from mission_cli.adapters.git.state.merging import MergedFile
    from mission_cli.adapters.git.state.store import GitStateStore as GitStateStore  # noqa: PLC0414 - for surfaces
    from mission_cli.adapters.schedule.local import (
        Installation as Installation,  # noqa: PLC0414 - for surfaces
    )
    from mission_cli.adapters.schedule.local import (
        LocalSchedule as LocalSchedule,  # noqa: PLC0414 - for surfaces
    )
    from mission_cli.adapters.servers.running import Servers
    from mission_cli.adapters.servers.sessions import SessionFile
    from mission_cli.domain.host import Person
    from mission_cli.ports.git.state import Relocation, Stored
    from mission_cli.ports.slash_commands import SlashCommands
    from mission_cli.ports.templates import PlaybookFiles, Templates

__all__ = [
    "access_file",
    "commit_file",
    "describe",
    "environment",
    "feed",
    "find_checkout",
    "first_commit",
    "git_person",
    "has_commit",
    "interact",
    "is_changed",
    "key_file",
    "make_repository",
    "manual_page",
    "merge_texts",
    "now",
    "playbook_files",
    "replace_unless_changed",
    "resolved",
    "run",
    "schedules",
    "servers",
    "shorten_log",
    "slash_commands",
    "start_detached",
    "templates",
    "transfer",
    "webhook_key",
    "write_whole",
]


def access_file() -> AccessFile:
    """Return the tokens of the server's users."""
    from mission_cli.adapters.fs.access_file import AccessFile
    from mission_cli.adapters.user import access_file

    return AccessFile(access_file())


def servers() -> Servers:
    """Return the servers of this user that are running."""
    from mission_cli.adapters.servers.running import Servers
    from mission_cli.adapters.user import user_folder

    return Servers(user_folder("state") / "servers")


def session_file(address: str) -> SessionFile:
    """Return the sessions of the web page that the server at an address, such as `127.0.0.1:8765`, keeps."""
    from mission_cli.adapters.servers.sessions import SessionFile
    from mission_cli.adapters.user import user_folder

    return SessionFile(user_folder("state") / "sessions", address)


def webhook_key() -> str:
    """Return the key from which the secrets of waits for webhooks are made; it is made if there is none."""
    from mission_cli.adapters.fs.access_file import webhook_key
    from mission_cli.adapters.user import webhook_key_file

    return webhook_key(webhook_key_file())


def describe(place: Path) -> Described:
    """Return branch and remotes of a repository, for a person."""
    from mission_cli.adapters.git.repo.describe import describe

    return describe(place)


def make_repository(place: Path) -> None:
    """Create a git repository in a folder."""
    from mission_cli.adapters.git.repo.begin import make_repository

    make_repository(place)


def has_commit(place: Path) -> bool:
    """Whether the checked-out branch has a commit."""
    from mission_cli.adapters.git.repo.begin import has_commit

    return has_commit(place)


def first_commit(place: Path) -> None:
    """Make an empty first commit in the person's name."""
    from mission_cli.adapters.git.repo.begin import first_commit

    first_commit(place)


def is_changed(place: Path, name: str) -> bool:
    """Whether a file of a work tree differs from the last commit."""
    from mission_cli.adapters.git.repo.begin import is_changed

    return is_changed(place, name)


def commit_file(place: Path, name: str, message: str) -> None:
    """Commit one file and nothing else, in the person's name."""
    from mission_cli.adapters.git.repo.begin import commit_file

    commit_file(place, name, message)


def git_person(where: Path) -> Person:
    """Return who commits there by git's settings."""
    from mission_cli.adapters.machine import git_person

    return git_person(where)


def manual_page(topic: str) -> str:
    """Return a page of `docs/`. Raises NotFoundError if it was not installed."""
    from mission_cli.adapters.templates import manual_page

    return manual_page(topic)


def merge_texts(base: str, ours: str, theirs: str, *, path: str, marker_size: int) -> MergedFile:
    """Merge three versions of a file of a mission by their meaning."""
    from mission_cli.adapters.git.state.merging import merge_texts

    return merge_texts(base, ours, theirs, path=path, marker_size=marker_size)


def now() -> datetime:
    """Return the time by the clock of this machine."""
    from mission_cli.adapters.clock import SystemClock

    return SystemClock().now()


def playbook_files(place: Path) -> PlaybookFiles:
    """Return the playbooks that can be named at a place: of the repository around it, the person and the program."""
    from mission_cli.adapters.templates import PlaybookFolders, template_folder
    from mission_cli.adapters.user import user_folder

    folders = {"person": user_folder("config") / "playbooks", "program": template_folder() / "playbooks"}
    try:
        tree = find_checkout(place).main_tree
    except NotFoundError:
        tree = None
    return PlaybookFolders({**({"repository": tree / "playbooks"} if tree else {}), **folders})


def write_skills(folder: Path, files: Mapping[str, str], mark: str) -> tuple[list[str], list[str]]:
    """Write skills as folders; return the paths that were written, and those of others that were kept."""
    from mission_cli.adapters.skills.folder import write_skills as write

    return write(folder, files, mark)


def skills_folder() -> str:
    """Return where an agent reads the skills of a repository, relative to it: the preferred one that is installed."""
    from mission_cli.adapters.agents import FILES
    from mission_cli.adapters.installed_agents import LocalAgents

    order = [*LocalAgents(environment()).installed(), *FILES]
    return next(folder for name in order if (folder := FILES[name].skills))


def schedules() -> tuple[str, ...]:
    """Return the names of what can start pulses."""
    from mission_cli.adapters.schedule.local import KINDS

    return tuple(KINDS)


def slash_commands() -> SlashCommands:
    """Return what finds, writes and removes the slash commands of agents."""
    from mission_cli.adapters.slash_commands import SlashCommandFiles
    from mission_cli.wiring.command_lines import python_command

    return SlashCommandFiles(os.environ, python_command("mcp"))


def templates() -> Templates:
    """Return what renders a new mission file."""
    from mission_cli.adapters.templates import JinjaTemplates

    return JinjaTemplates()


def transfer(home: GitStateStore, state: GitStateStore, stored: Stored) -> Relocation:
    """Return the way of a mission's files and history from one state repository to another."""
    from mission_cli.adapters.git.state.attach import Move

    here, there = PurePosixPath(stored.path).parent, PurePosixPath(state.path_for(stored.id)).parent
    return Move(home, state, folder=str(here), to=str(there))
