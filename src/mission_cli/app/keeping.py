"""Views of one mission that many readers share, see `ports.runtime.Views`.

A kept view is valid for the content of the mission's folder at the state commit, and as long as the files that it
depends on look the same: branches, settings, the file in the work tree, and what pulses recorded. What no file
reports, such as free memory, time, and whether a process lives, is at most a second old while a mission is under way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.status import STARTED_MISSION

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from mission_cli.app.addressing import Address
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Snapshot

    T = TypeVar("T")

_SECONDS, _AT_REST_SECONDS = 1.0, 60.0
_SPREAD = 4
"""Views at rest are made again after up to a quarter less: an inbox does not make all of them at once."""


def kept(ctx: Context, snapshot: Snapshot, address: Address, view: str, ask: Callable[[], T]) -> T:
    """Return a view of a mission, or of a part of it, that was made before, or make it."""
    stored, mission = address.stored, address.mission
    if not ctx.views.on or not stored.content:
        return ask()
    waits = any(wait.waiting_for.startswith(("mission:", "pr:")) for wait in mission.waits)
    question = (view, stored.path, address.milestone, address.feature)
    about = (stored.content, snapshot.head if waits else "")  # what it waits for may be another mission
    files = [
        *ctx.code.watch([mission.id], [mission.base]),
        *ctx.settings_files,
        *ctx.runtime.watch(mission.id),
        ctx.state.work_path(stored.path),
    ]
    early = hash(question) % 256 / 256 / _SPREAD
    seconds = _SECONDS if mission.status in STARTED_MISSION else _AT_REST_SECONDS * (1 - early)
    return ctx.views.of(question, files, ask, seconds, about)
