"""Views of one mission that many readers share, see `ports.runtime.Views`.

A kept view is valid for the content of the mission's folder at the state commit, and as long as the files that it
depends on look the same: branches, settings, the file in the work tree, and what pulses recorded. What no file
reports, such as free memory, time, and whether a process lives, is at most a second old while a mission is under way.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from mission_cli.domain.status import STARTED_MISSION
from mission_cli.engine.context import policy_of
from mission_cli.engine.observing.observe import consider

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from mission_cli.app.addressing import Address
    from mission_cli.engine.case import Case
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Snapshot

    T = TypeVar("T")

_SECONDS, _AT_REST_SECONDS = 1.0, 60.0
_numbers = itertools.count()
_SPREAD = 4
"""Views at rest are made again after up to a quarter less: an inbox does not make all of them at once."""


def kept(ctx: Context, snapshot: Snapshot, address: Address, view: str, ask: Callable[[Case], T]) -> T:
    """Return a view of a mission, or of a part of it, that was made before, or make it from what was observed.

    A mission is observed once for all its views: each of them is as old as that.
    """
    if not ctx.views.on or not address.stored.content:
        return ask(_considered(ctx, snapshot, address))
    case, number = _kept_case(ctx, snapshot, address)
    question = (view, address.stored.path, address.milestone, address.feature)
    return ctx.views.of(question, (), lambda: ask(case), float("inf"), number)


def _considered(ctx: Context, snapshot: Snapshot, address: Address) -> Case:
    return consider(ctx, policy_of(ctx), snapshot, address.stored, address.loaded, look_only=True)


def _kept_case(ctx: Context, snapshot: Snapshot, address: Address) -> tuple[Case, int]:
    """Return what was observed of a mission and decided, and a number that no other observation has."""
    stored, mission = address.stored, address.mission
    waits = any(wait.waiting_for.startswith(("mission:", "pr:")) for wait in mission.waits)
    question = ("case", stored.path)
    about = (stored.content, snapshot.head if waits else "")  # what it waits for may be another mission
    files = [
        *ctx.code.watch([mission.id], [mission.base]),
        *ctx.settings_files,
        *ctx.runtime.watch(mission.id),
        ctx.state.work_path(stored.path),
    ]
    early = hash(question) % 256 / 256 / _SPREAD
    seconds = _SECONDS if mission.status in STARTED_MISSION else _AT_REST_SECONDS * (1 - early)
    return ctx.views.of(question, files, lambda: (_considered(ctx, snapshot, address), next(_numbers)), seconds, about)
