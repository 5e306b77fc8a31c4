"""Find what keeps pulses from serving a mission: a file that cannot be read, or an error of the last pulse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.notice import Advice, advise, do
from mission_cli.domain.problems import Problem
from mission_cli.domain.status import HoldKind
from mission_cli.planner.core.decisions import Hold

if TYPE_CHECKING:
    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Stored
    from mission_cli.ports.runtime import Trouble


def unserved(ctx: Context, stored: Stored, loaded: Loaded, *, general: bool = True) -> list[Hold]:
    """Return why no pulse can serve a mission; empty if the last pulse could and the file can be read.

    Without `general` only errors of this mission are returned, not those of the whole pulse.
    """
    found = []
    if loaded.refused:
        problem = next(iter(loaded.errors()), None)
        words = problem.at(ctx.state.work_path(stored.path)) if problem else stored.path
        found.append(
            Hold("", HoldKind.ERROR, f"the mission file cannot be read: {words}", unblock=_edit(stored), person=True)
        )
    for trouble in troubles_of(ctx, stored):
        if not (trouble.mission or general):
            continue
        if trouble.mission:
            in_file = stored.path in trouble.message
            said = f"{trouble.message} ({trouble.hint})" if in_file and trouble.hint else trouble.message
            words = f"the last pulse could not serve the mission: {said}"
            help_by = _edit(stored) if in_file else advise(trouble.hint)
        else:
            words, help_by = f"the last pulse failed: {trouble.message}", advise(trouble.hint)
        found.append(Hold("", HoldKind.ERROR, words, unblock=help_by or do("pulse", "--debug"), person=True))
    return found


def troubles_of(ctx: Context, stored: Stored) -> list[Trouble]:
    """Return the errors that kept the last pulse from serving a mission, unless its folder has changed since."""
    return [
        trouble
        for trouble in ctx.runtime.troubles()
        if not trouble.mission or (trouble.mission == stored.id and trouble.content in {"", stored.content})
    ]


def problems_of(ctx: Context, stored: Stored) -> list[Problem]:
    """Return the errors of the last pulse for a mission, as problems for `lint`."""
    own = [t for t in troubles_of(ctx, stored) if t.mission]
    return [Problem(1, 1, f"the last pulse could not serve the mission: {t.message}", hint=t.hint) for t in own]


def _edit(stored: Stored) -> Advice:
    return do("edit", stored.id)
