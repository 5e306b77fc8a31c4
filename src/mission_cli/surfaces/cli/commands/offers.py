"""Offers on the terminal to set up what a person will need next: whatever starts pulses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.errors import MissionError
from mission_cli.surfaces.cli.questions import chosen
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from mission_cli.domain.mission import Mission
    from mission_cli.surfaces.cli.shell import Shell

_CRON, _BACKGROUND, _NOBODY = "cron", "background", "no"


def offer_pulses(shell: Shell, mission: Mission) -> None:
    """Ask who starts pulses from now on, and set it up. If that fails, say why; the mission goes on without it."""
    from mission_cli.surfaces.cli.commands.cron_doctor import install
    from mission_cli.surfaces.cli.commands.run import detach

    shell.out.print("No pulse is scheduled on this machine: without one, retries and later steps wait for you.")
    choice = chosen(
        "Start pulses by cron, by a process in the background, or not?", (_CRON, _BACKGROUND, _NOBODY), _CRON
    )
    if choice == _NOBODY:
        return
    try:
        if choice == _CRON:
            install(shell)
        else:
            detach(shell, mission.id)
    except MissionError as error:
        shell.err.print(f"error: {clean(error.message)}")
        if error.hint:
            shell.err.print(f" hint: {clean(str(error.hint))}")
