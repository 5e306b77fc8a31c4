"""Optimistic locking: the state of a repository in which one mission must be as the client last saw it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import replace
from mission_cli.surfaces.http.problems import ChangedMeanwhileError

if TYPE_CHECKING:
    from mission_cli.domain.ids import MissionId
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Snapshot


def tag_of(ctx: Context, snapshot: Snapshot, mission: MissionId) -> str:
    """Return the commit that last changed a mission; empty if it has none."""
    return ctx.state.last_change(snapshot.missions[mission])


def expecting(ctx: Context, mission: MissionId, tags: str) -> Context:
    """Return the ports for a command that is refused if the mission has changed since one of some commits.

    `tags` is the header If-Match. Raises ChangedMeanwhileError.
    """
    wanted = {tag.strip().removeprefix("W/").strip('"') for tag in tags.split(",")}
    snapshot = ctx.state.snapshot()
    now = tag_of(ctx, snapshot, mission)
    if "*" not in wanted and now not in wanted:
        raise _changed(mission, now)
    return replace(ctx, state=_Guarded(ctx.state, mission, snapshot.missions[mission].content, now))


def _changed(mission: MissionId, now: str) -> ChangedMeanwhileError:
    words = f"{mission} has changed meanwhile; its commit is {now}"
    return ChangedMeanwhileError(words, hint="look at it again, and send the new ETag in If-Match")


class _Guarded:
    """A state store whose snapshots have one mission as it was, up to the commit that is made on one of them."""

    def __init__(self, state: Any, mission: MissionId, content: str, tag: str) -> None:
        self._state, self._mission, self._content, self._tag = state, mission, content, tag
        self._committed = False

    def snapshot(self, *args: Any, **values: Any) -> Snapshot:
        """Return the committed missions. Raises ChangedMeanwhileError."""
        found: Snapshot = self._state.snapshot(*args, **values)
        stored = found.missions.get(self._mission)
        if not self._committed and (stored is None or stored.content != self._content):
            raise _changed(self._mission, "another")
        return found

    def commit(self, *args: Any, **values: Any) -> Any:
        """Commit what the command changes; what it looks at afterwards is its own work."""
        made = self._state.commit(*args, **values)
        self._committed = True
        return made

    def __getattr__(self, name: str) -> Any:
        return getattr(self._state, name)
