"""Set a repository up for missions: show what was found, write what differs from the defaults, offer the rest."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import typer

from mission_cli._support.text import command_line
from mission_cli.domain.errors import MissionError
from mission_cli.surfaces.cli.commands.offers import offer_commands, offer_pulses
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from pathlib import Path

    from mission_cli.app.results.machine import FoundRepository
    from mission_cli.ports.agents.installed import InstalledAgent
    from mission_cli.surfaces.cli.shell import Shell
    from mission_cli.wiring.opened import Opened

_HEAD = """\
# Settings of mission for this repository: what differs from the defaults.
# `mission schema settings` lists all settings with their meaning, unit and default.
"""


def set_up(shell: Shell, remote: str = "") -> None:
    """Set the repository up, and print what was found and done. On a terminal, ask and offer on the way."""
    from mission_cli.app.results.machine import Initialized
    from mission_cli.wiring.compose import register_merge_driver

    opened = shell.open(create=True)
    found = _look(opened)
    lines = [*_found_lines(found), f"mission files: {opened.state.layout.work_tree}" + _in_place(opened)]
    register_merge_driver(opened)
    lines.append(f"merge driver: registered in {opened.state.layout.git_dir}")
    remote = remote or _asked_remote(shell, opened)
    install = _asked_install(shell, opened, found)
    settings, done = _settings(opened, remote, install)
    lines += [*done, *([f"shared through: {remote}; the next pulse pushes to it"] if remote else [])]
    lines.append(_next(found))
    shell.say("\n".join(lines), Initialized(os.fspath(opened.state.layout.work_tree), settings, found))
    if shell.interactive:
        _commit(shell, opened, settings)
        offer_commands(shell, found.agents.agents)
        if not found.scheduled:
            offer_pulses(shell)


def prepare(shell: Shell) -> bool:
    """Make a repository and a first commit, as far as the person agrees; return whether both are there."""
    from mission_cli.wiring.compose import is_in_repository
    from mission_cli.wiring.host import first_commit, has_commit, make_repository

    if not is_in_repository(shell.repo):
        place = clean(os.fspath(shell.repo.resolve()))
        if not typer.confirm(f"Create a git repository here, in {place}?", default=True):
            return False
        make_repository(shell.repo)
    if has_commit(shell.repo):
        return True
    if not typer.confirm("The repository has no commit, and work starts from one. Make an empty one?", default=True):
        return False
    first_commit(shell.repo)
    return True


def introduce(shell: Shell) -> None:
    """Before the first mission of a repository: show what was found, and ask what cannot be guessed."""
    opened = shell.open_unmade()
    if opened.state.layout.git_dir.is_dir():
        return
    found = _look(opened)
    for line in _found_lines(found):
        shell.out.print(clean(line))
    install = _asked_install(shell, opened, found)
    settings, done = _settings(opened, "", install)
    for line in done if install else ():
        shell.out.print(clean(line))
    _commit(shell, opened, settings)


def _look(opened: Opened) -> FoundRepository:
    from mission_cli.app.queries.repository import found_repository
    from mission_cli.wiring.host import describe

    described = describe(opened.checkout.main_tree or opened.checkout.common_dir)
    head = opened.head_of(opened.default_base())
    return found_repository(opened.context, branch=described.branch, remotes=described.remotes, head=head)


def _found_lines(found: FoundRepository) -> list[str]:
    remotes = [f"remote {clean(name)}" for name in found.remotes]
    branch = f"branch {clean(found.branch)}" if found.branch else "no branch"
    lines = [f"repository: {', '.join([branch, *remotes])}"]
    lines += [f"agent: {_agent(agent, found.agents.default)}" for agent in found.agents.agents if agent.program]
    if not found.agents.default and not any(agent.program for agent in found.agents.agents):
        lines.append("agent: none found; install one: " + " or ".join(a.install for a in found.agents.agents))
    lines += [f"checks: {', '.join(map(clean, found.checks))}"] if found.checks else []
    lines += [f"lint, as advice: {', '.join(map(clean, found.lint))}"] if found.lint else []
    lines += [f"dependencies: {clean(found.install)}"] if found.install else []
    if found.install and found.caches:
        lines.append(f"caches to share between clones (`sandbox_write`): {', '.join(found.caches)}")
    return lines


def _agent(agent: InstalledAgent, default: str) -> str:
    version = f" {clean(agent.version)}" if agent.version else ""
    account = f"logged in with {clean(agent.account)}" if agent.account else f"not logged in: {agent.log_in}"
    return f"{agent.title}{version}, {account}" + (" (used by default)" if agent.name == default else "")


def _in_place(opened: Opened) -> str:
    return " (in place)" if opened.state.layout.in_place else ""


def _next(found: FoundRepository) -> str:
    installed = [agent for agent in found.agents.agents if agent.program]
    if installed and not any(agent.account for agent in installed):
        return f"next: {installed[0].log_in}"
    return 'next: mission new "GOAL"'


def _asked_remote(shell: Shell, opened: Opened) -> str:
    """Return the remote that the person agreed to share through; empty if they refused or could not be asked."""
    usual = "" if opened.context.settings.remote or opened.state.layout.in_place else opened.usual_remote()
    words = f"Share missions with other clones by pushing to `{clean(usual)}`?"
    return usual if usual and shell.interactive and typer.confirm(words, default=False) else ""


def _asked_install(shell: Shell, opened: Opened, found: FoundRepository) -> str:
    """Return the command that every clone runs first, if the person agreed; empty if a setting exists already."""
    if not (found.install and shell.interactive) or opened.context.settings.tree.setup:
        return ""
    words = f"Run `{clean(found.install)}` in each clone in which an agent works or a check runs?"
    return found.install if typer.confirm(words, default=True) else ""


def _settings(opened: Opened, remote: str, install: str) -> tuple[str, list[str]]:
    """Write the settings that differ from the defaults; return the path of their file, and what was done, in words."""
    from mission_cli.settings import with_remote, with_setup

    place = _place(opened)
    if place is None:
        return "", []
    there = place.read_text(encoding="utf-8") if place.exists() else None
    wanted = _HEAD if there is None else there
    wanted = with_setup(wanted, install) if install else wanted
    wanted = with_remote(wanted, remote, os.fspath(place)) if remote else wanted
    if wanted == there:
        return os.fspath(place), [f"settings: {place} (unchanged)"] if there else []
    if wanted == _HEAD:
        return os.fspath(place), ["settings: the defaults fit, so no file was written"]
    place.write_text(wanted, encoding="utf-8")
    return os.fspath(place), [f"settings: {place} ({'new' if there is None else 'changed'})"]


def _place(opened: Opened) -> Path | None:
    tree = opened.checkout.main_tree
    return tree / ".mission.toml" if tree else None


def _commit(shell: Shell, opened: Opened, settings: str) -> None:
    """Offer to commit the settings file, if it has changed. Settings of the checkout count once they are committed."""
    from mission_cli.wiring.host import commit_file, is_changed

    tree, place = opened.checkout.main_tree, _place(opened)
    if not settings or tree is None or place is None or not place.exists() or not is_changed(tree, place.name):
        return
    by_hand = f"{command_line('git', 'add', place.name)} && {command_line('git', 'commit', '-m', 'Set up mission')}"
    if not typer.confirm(f"Commit {place.name}?", default=True):
        shell.out.print(f"commit it before a mission starts: {by_hand}")
        return
    try:
        commit_file(tree, place.name, "Set up mission")
    except MissionError as error:
        shell.err.print(f"error: {clean(error.message)}")
        shell.err.print(f" hint: {by_hand}")
