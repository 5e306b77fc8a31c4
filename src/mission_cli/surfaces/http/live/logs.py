"""What the attempts of a mission print while they run. Nothing of it is in the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.addressing import resolve
from mission_cli.app.commands.features import records_of
from mission_cli.app.queries.logs import AttemptLog
from mission_cli.app.queries.stream.kinds import Logged
from mission_cli.domain.ids import MissionId, split_run_id

if TYPE_CHECKING:
    from mission_cli.engine.context import Context
    from mission_cli.surfaces.http.places import Serves

_MOST_ENTRIES = 100
"""In one message; of what was printed before a client listens, only the last ones are sent."""


class Tails:
    """The logs of the running attempts of one mission, each from its end."""

    def __init__(self, places: Serves, repo: str, mission: str) -> None:
        self._places, self._repo, self._mission = places, repo, MissionId(mission)
        self._logs: dict[str, AttemptLog] = {}
        self._over: set[str] = set()

    def read(self) -> list[Logged]:
        """Return what was printed since the last call, for each attempt. Called in a thread."""
        for name, ctx in self._places.contexts(reading=True):
            if name == self._repo:
                self._begin(ctx)
                return [found for run in [*self._logs] if (found := self._read(run)) is not None]
        return []

    def _begin(self, ctx: Context) -> None:
        new = {run for run in ctx.executor.running() if _mission_of(run) == self._mission} - {*self._logs} - self._over
        snapshot = ctx.state.snapshot() if new else None
        if snapshot is not None and self._mission in snapshot.missions:
            for record in records_of(ctx, resolve(snapshot, self._mission)):
                if record.run in new:
                    self._logs[record.run] = AttemptLog(ctx, record)

    def _read(self, run: str) -> Logged | None:
        log, entries, ended = self._logs[run], [], False
        while not ended:
            more, ended = log.read()
            entries += more
            if not more:
                break
        if ended:
            del self._logs[run]
            self._over.add(run)
        if not entries and not ended:
            return None
        shown = entries[-_MOST_ENTRIES:]
        return Logged(self._mission, run, tuple(shown), len(entries) - len(shown), ended)


def _mission_of(run: str) -> MissionId | None:
    parts = split_run_id(run)
    return parts[0] if parts is not None else None
