"""All missions of a repository, one row for each."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli.app.queries.progress import any_dispatched, phase_of, running
from mission_cli.app.queries.troubles import unserved
from mission_cli.app.results.views import Line, PhaseView
from mission_cli.domain.asking.urgency import urgency_rank
from mission_cli.domain.budget.ledger import spent
from mission_cli.domain.mission import counts
from mission_cli.domain.phases.table import PhaseStatus
from mission_cli.domain.preview.rows import PreviewStatus
from mission_cli.domain.status import FINISHED_MISSION, FeatureStatus, GateStatus, MissionStatus, WaitStatus
from mission_cli.ports.git.state import Settled
from mission_cli.ports.runtime import Listed

if TYPE_CHECKING:
    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.domain.ids import MissionId
    from mission_cli.domain.mission import Mission
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import StateStore, Stored


def lines_of(ctx: Context, *, repo: str = "") -> list[Line]:
    """Return one line per mission by importance, with what runs and why no pulse can serve a mission.

    A file is read only if its folder has changed since the last list.
    """
    troubled = {trouble.mission for trouble in ctx.runtime.troubles()}
    noted = ctx.runtime.listed()
    known = {mission: row for mission, row in noted.items() if mission not in troubled}
    snapshot = ctx.state.snapshot({m: Settled(row.content, MissionStatus.DRAFT) for m, row in known.items()})
    kept = {mission: known[mission] for mission in snapshot.settled}
    found = [_line(ctx.state, mission, row, repo) for mission, row in kept.items()]
    for stored in snapshot.missions.values():
        loaded = _load(stored)
        row = _row(stored, loaded)
        runs = running(ctx, snapshot, stored, loaded.mission)
        errors = unserved(ctx, stored, loaded, general=False)
        if row.content and not errors and not any_dispatched(loaded.mission):
            kept[stored.id] = row
        tallies = [run.tally for run in runs if run.tally is not None]
        one = _line(ctx.state, loaded.mission.id, row, repo)
        found.append(
            replace(
                one,
                error=errors[0].detail if errors else "",
                needs_attention=one.needs_attention or (bool(errors) and not one.archived),
                usd=one.usd + sum((tally.usd or Decimal(0) for tally in tallies), Decimal(0)),
                tokens=one.tokens + sum(tally.total_tokens for tally in tallies),
                running=runs,
            )
        )
    if kept != noted:
        ctx.runtime.note_listed(kept)
    return sorted(found, key=by_importance)


def homeless_lines(store: StateStore) -> list[Line]:
    """Return one line per mission without a repository, by importance; nothing runs there."""
    stored = store.snapshot().missions.values()
    return sorted((_line(store, one.id, _row(one, _load(one)), "") for one in stored), key=by_importance)


def _load(stored: Stored) -> Loaded:
    from mission_cli.document.reading.placed import load_placed

    return load_placed(stored.text, stored.id)


def _row(stored: Stored, loaded: Loaded) -> Listed:
    mission = loaded.mission
    done, planned = counts(mission.features())
    used, phase = spent(mission.spends), phase_of(mission)
    return Listed(
        stored.content,
        stored.path,
        mission.title,
        str(mission.status or mission.raw_status),
        len(loaded.errors()),
        done,
        planned,
        str(used.usd),
        int(used.tokens),
        None if phase is None else (phase.name, phase.status, phase.gate, phase.progress),
        next((row.url for row in mission.previews if row.status is PreviewStatus.READY), ""),
        mission.priority,
        waits_for_person(mission),
        mission.archived,
    )


def _line(store: StateStore, mission: MissionId, row: Listed, repo: str) -> Line:
    return Line(
        id=mission,
        title=row.title,
        status=row.status,
        progress=round(row.done / row.planned, 4) if row.planned else 0.0,
        path=store.work_path(row.path),
        problems=row.problems,
        repo=repo,
        done=row.done,
        planned=row.planned,
        usd=Decimal(row.usd),
        tokens=row.tokens,
        phase=PhaseView(*row.phase) if row.phase is not None else None,
        preview=row.preview,
        priority=row.priority,
        needs_attention=(row.waits or bool(row.problems)) and not row.archived,
        archived=row.archived,
    )


def waits_for_person(mission: Mission) -> bool:
    """Return whether a mission waits for a person, as far as its file alone tells."""
    if not mission.managed or mission.status in FINISHED_MISSION:
        return False
    paused = mission.status is MissionStatus.PAUSED
    asked = any(request.open for request in mission.requests)
    gates = any(gate.state is GateStatus.WAITING for gate in mission.gates)
    phases = any(phase.status is PhaseStatus.WAITING for phase in mission.phases)
    waits = any(wait.status == WaitStatus.FAILED for wait in mission.waits)
    failed = any(feature.status is FeatureStatus.FAILED for feature in mission.features())
    return paused or asked or gates or phases or waits or failed


def by_importance(line: Line) -> tuple[bool, bool, int, str]:
    """Return the place of a mission in a list: what needs a person first, then by priority; finished ones last."""
    over = line.status in FINISHED_MISSION
    return over, not line.needs_attention, -urgency_rank(line.priority), line.id
