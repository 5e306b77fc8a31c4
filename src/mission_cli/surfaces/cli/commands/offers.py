"""Offers on the terminal to set up what a person will need next: whatever starts pulses."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import typer

from mission_cli.domain.errors import MissionError
from mission_cli.surfaces.cli.questions import chosen
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mission_cli.domain.mission import Mission
    from mission_cli.ports.agents.installed import InstalledAgent
    from mission_cli.surfaces.cli.shell import Shell

_CRON, _BACKGROUND, _NOBODY = "cron", "background", "no"


def offer_pulses(shell: Shell, mission: Mission | None = None) -> None:
    """Ask who starts pulses from now on, and set it up. If that fails, say why; nothing else depends on it.

    A process in the background is offered only for a mission that is under way; it ends when there is none.
    """
    choices = ((_CRON,) if _cron_works() else ()) + ((_BACKGROUND,) if mission is not None else ())
    if not choices:
        return
    shell.out.print("No pulse is scheduled on this machine: without one, retries and later steps wait for you.")
    ways = {_CRON: "by cron", _BACKGROUND: "by a process in the background"}
    question = f"Start pulses {', '.join(ways[one] for one in choices)}, or not?"
    choice = chosen(question, (*choices, _NOBODY), choices[0])
    if choice == _CRON:
        _try(shell, lambda: _install(shell))
    elif choice == _BACKGROUND and mission is not None:
        _try(shell, lambda: _detach(shell, mission))


def _cron_works() -> bool:
    """Whether cron, or a timer of systemd, would start something here."""
    from mission_cli.wiring.assemble import schedule

    try:
        schedule().choose()
    except MissionError:
        return False
    return True


def offer_commands(shell: Shell, agents: Sequence[InstalledAgent]) -> None:
    """Offer to add `/mission` to the agents that are installed and can have it."""
    from mission_cli.app.slash_commands import install, wanting
    from mission_cli.wiring.host import slash_commands

    ours = slash_commands()
    missing = wanting(ours, [agent.name for agent in agents if agent.program])
    titles = " and ".join(agent.title for agent in agents if agent.name in missing)
    if missing and typer.confirm(f"Add the command `/mission` to {titles}?", default=True):
        for name in missing:
            _try(shell, partial(install, ours, name))


def _install(shell: Shell) -> None:
    from mission_cli.surfaces.cli.commands.cron_doctor import install

    install(shell)


def _detach(shell: Shell, mission: Mission) -> None:
    from mission_cli.surfaces.cli.commands.run import detach

    detach(shell, mission.id)


def _try(shell: Shell, action: Callable[[], object]) -> None:
    try:
        action()
    except MissionError as error:
        shell.err.print(f"error: {clean(error.message)}")
        if error.hint:
            shell.err.print(f" hint: {clean(str(error.hint))}")
