"""The missions of all repositories in which this user has used the program, and those without one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from mission_cli.app.results.views import Line
    from mission_cli.ports.runtime import Stopped


def chosen(lines: Iterable[Line], wanted: Collection[str], *, archived: bool) -> list[Line]:
    """Return the missions with one of these statuses (none: with any), in the archive or outside of it."""
    return [one for one in lines if bool(one.archived) is archived and (not wanted or one.status in wanted)]


def all_lines(note: Callable[[str], object]) -> tuple[list[Line], dict[str, Stopped]]:
    """Return one line per mission, and STOP of each repository in which it is set.

    A repository that cannot be opened is reported to `note`.
    """
    from mission_cli.domain.errors import MissionError
    from mission_cli.wiring.lists import lines_at_home, lines_in, repositories

    lines: list[Line] = []
    stopped: dict[str, Stopped] = {}
    for place in repositories():
        name = os.fspath(place)
        try:
            found, stop = lines_in(place)
        except MissionError as error:
            note(f"{name}: {error.message}")
            continue
        lines += found
        if stop is not None:
            stopped[name] = stop
    return lines + lines_at_home(), stopped
