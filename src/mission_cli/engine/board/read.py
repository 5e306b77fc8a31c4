"""Read from mission files what a page shows of them. No machine, branch or clock is looked at."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import quote

from mission_cli._support.shown import quantity_of
from mission_cli._support.text import parse_stamp, stamp
from mission_cli.document.reading.placed import load_placed
from mission_cli.domain.asking.urgency import urgency_rank
from mission_cli.domain.board.values import (
    Board,
    BoardFeature,
    BoardMilestone,
    BoardMission,
    BoardMoney,
    BoardRow,
    SpendPoint,
)
from mission_cli.domain.budget.amounts import CATEGORIES, LABELS
from mission_cli.domain.budget.ledger import account
from mission_cli.domain.mission import counts
from mission_cli.domain.phases.table import current, progress
from mission_cli.domain.status import FINISHED_MISSION, FeatureStatus, HoldKind, MilestoneStatus, MissionStatus
from mission_cli.engine.board.needs import holds_in, needs_in
from mission_cli.engine.recording.decision_log import SECTION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.domain.board.values import Need
    from mission_cli.domain.mission import Feature, Milestone, Mission
    from mission_cli.planner.core.decisions import Hold
    from mission_cli.ports.git.state import Snapshot, Stored

    Needs = Callable[[Stored, Loaded, Sequence[Hold]], Sequence[Need]]

_MOST_ROWS = 10
_AT_WORK = frozenset({FeatureStatus.DISPATCHED, FeatureStatus.REVIEW})


def board_of(snapshot: Snapshot, folder: str, *, needs: Needs = needs_in, repo: str = "") -> list[BoardMission]:
    """Return the missions of a commit that are not in the archive.

    `folder`: the folder of the missions, with a slash at its end, or empty.
    """
    found = ((stored, load_placed(stored.text, stored.id)) for stored in snapshot.missions.values())
    return [
        _mission(stored, loaded, stored.path.removeprefix(folder), needs, repo)
        for stored, loaded in found
        if not loaded.mission.archived
    ]


def arranged(missions: Iterable[BoardMission]) -> Board:
    """Return the page of missions: what needs a person first, then by priority; finished ones last."""
    rows = sorted(missions, key=_place)
    return Board(rows, max((row.at for mission in rows for row in mission.history[:1]), default=""))


def _place(mission: BoardMission) -> tuple[bool, bool, int, str, str]:
    return mission.finished, not mission.needs, -urgency_rank(mission.priority), mission.repo, mission.id


def _mission(stored: Stored, loaded: Loaded, path: str, needs: Needs, repo: str) -> BoardMission:
    mission = loaded.mission
    holds = holds_in(loaded, _newest(mission))
    wanted = needs(stored, loaded, holds)
    phase, state = current(mission.phases), account(mission.limits, mission.spends, ())
    done, planned = counts(mission.features())
    return BoardMission(
        id=stored.id,
        title=mission.title or stored.id,
        goal=mission.goal,
        state="not readable" if loaded.refused else _state(mission, waits=bool(wanted)),
        finished=mission.status in FINISHED_MISSION,
        link=quote(path.encode("utf-8", "surrogateescape")),
        repo=repo,
        priority=mission.priority,
        deadline=mission.deadline,
        phase=f"{phase.name} ({progress(mission.phases)} %)" if phase is not None else "",
        done=done,
        planned=planned,
        milestones=[_milestone(mission, one, holds) for one in mission.milestones],
        money=[*_money(mission)],
        usd=state.spent.usd,
        cap=state.cap("usd"),
        curve=[*_curve(mission)],
        decisions=[*_decisions(mission)][::-1][:_MOST_ROWS],
        history=[*_history(mission)][::-1][:_MOST_ROWS],
        needs=wanted,
    )


def _state(mission: Mission, *, waits: bool) -> str:
    """Return the derived status: waiting, validating or recovering; otherwise the stored one."""
    if mission.status is not MissionStatus.ACTIVE:
        return str(mission.status or mission.raw_status)
    if any(one.status is MilestoneStatus.VALIDATING for one in mission.milestones):
        return "validating"
    if any(row.open for row in mission.recoveries):
        return "recovering"
    return "waiting" if waits and not any(f.status in _AT_WORK for f in mission.features()) else "active"


def _milestone(mission: Mission, milestone: Milestone, holds: Sequence[Hold]) -> BoardMilestone:
    done, planned = counts(milestone.features)
    features = [_feature(mission, one, holds) for one in milestone.features]
    state = str(milestone.status or milestone.raw_status)
    return BoardMilestone(milestone.number, milestone.name, state, done, planned, features)


def _feature(mission: Mission, feature: Feature, holds: Sequence[Hold]) -> BoardFeature:
    mine = [hold for hold in holds if hold.subject == feature.number]
    first = next((hold for hold in mine if hold.person), next(iter(mine), None))
    state = _feature_state(mission, feature, mine)
    if first is None:
        return BoardFeature(feature.number, feature.title, state, feature.worker)
    return BoardFeature(feature.number, feature.title, state, feature.worker, first.detail, first.unblock)


def _feature_state(mission: Mission, feature: Feature, holds: Sequence[Hold]) -> str:
    kinds = {hold.kind for hold in holds}
    if any(hold.kind is HoldKind.DEPENDENCY and hold.person for hold in holds):
        return "blocked"
    if HoldKind.REQUEST in kinds:
        return "waiting_human"
    if HoldKind.WAIT in kinds:
        return "waiting_external"
    if not feature.finished and any(row.open and row.feature == feature.number for row in mission.recoveries):
        return "recovering"
    return str(feature.status or feature.raw_status)


def _money(mission: Mission) -> Iterator[BoardMoney]:
    state = account(mission.limits, mission.spends, ())
    for category in CATEGORIES:
        cap, used = state.cap(category), state.spent.of(category)
        if cap is None and not used:
            continue
        pct = state.used_pct(category)
        shown = "" if cap is None else quantity_of(category, cap)
        yield BoardMoney(LABELS[category], quantity_of(category, used), shown, None if pct is None else int(pct))


def _curve(mission: Mission) -> Iterator[SpendPoint]:
    """Yield dollars spent so far, from the start on.

    The spend log has days; the Progress Log says when the attempt was settled that a row of the spend log is about.
    Other rows count from their day on, or from the start.
    """
    rows = [row for row in mission.spends if row.category == "usd" and row.amount]
    ends = {row.details.partition(" ")[0]: row.at for row in mission.progress}
    begin, total = _time(mission.started), Decimal(0)
    settled = [(_time(ends.get(row.description.partition(" ")[0], "")), _time(row.date), row.amount) for row in rows]
    times = [(at or (day and max(day, begin or day)), amount) for at, day, amount in settled]
    known = sorted((at, amount) for at, amount in times if at is not None and amount is not None)
    if begin is not None and known:
        yield SpendPoint(stamp(min(begin, known[0][0])), total)
    for at, amount in known:
        total += amount
        yield SpendPoint(stamp(at), total)


def _decisions(mission: Mission) -> Iterator[BoardRow]:
    for row in mission.kept:
        if row.section == SECTION and row.cells.get("decision", "").strip():
            yield BoardRow(row.cells.get("date", ""), row.cells["decision"], row.cells.get("rationale", ""))


def _history(mission: Mission) -> Iterator[BoardRow]:
    for row in mission.progress:
        at = _time(row.at)
        yield BoardRow(stamp(at) if at is not None else "", row.details or row.event)


def _newest(mission: Mission) -> datetime | None:
    """Return the time of the newest entry of its log."""
    return max((at for row in mission.progress if (at := _time(row.at)) is not None), default=None)


def _time(text: str) -> datetime | None:
    return parse_stamp(text) if text else None
