"""What the latest missions of the repository show about tiers, for missions that choose by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.document.reading.placed import load_placed
from mission_cli.document.runs.record import read_run
from mission_cli.domain.forecast.patterns import patterns_in, uses_patterns
from mission_cli.domain.status import FeatureStatus, MissionStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mission_cli.domain.forecast.patterns import Seen, Sort
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Snapshot

_MOST_MISSIONS = 20
"""The latest ones by id."""
_TO_START = frozenset({FeatureStatus.PENDING, FeatureStatus.FAILED})


def patterns_of(ctx: Context, snapshot: Snapshot, mission: Mission) -> Mapping[Sort, Seen]:
    """Return what was seen of tiers, if a mission that is about to start attempts chooses by it."""
    starts = mission.status is MissionStatus.ACTIVE and any(f.status in _TO_START for f in mission.features())
    if not (starts and uses_patterns(mission)):
        return {}
    whole = ctx.state.snapshot() if snapshot.settled else snapshot  # a pulse does not read what is settled
    return patterns_in(_missions(ctx, whole))


def _missions(ctx: Context, snapshot: Snapshot) -> Iterator[tuple[Mission, list[RunRecord]]]:
    for name in sorted(snapshot.missions)[-_MOST_MISSIONS:] if snapshot.head is not None else ():
        stored = snapshot.missions[name]
        texts = ctx.state.runs(stored, snapshot.head) if snapshot.head is not None else {}
        records = [record for text in texts.values() if (record := read_run(text)) is not None]
        if records:
            yield load_placed(stored.text, stored.id).mission, records
