"""The changes in the mission file that begin an execution, by a command or by the schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import stamp
from mission_cli.document.changes import Change, SetCell, SetCriterion, SetFeature, SetFront, SetMilestone
from mission_cli.document.criteria.parse import result_comment
from mission_cli.document.reading.features import ANNOTATION
from mission_cli.document.reading.load import feature_rows, milestone_places
from mission_cli.domain.events import EventKind
from mission_cli.domain.noted import SECTION, returns_of
from mission_cli.domain.phases.table import PhaseStatus
from mission_cli.domain.status import FeatureStatus, GateStatus, MilestoneStatus, MissionStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.ids import FeatureNumber
    from mission_cli.domain.mission import Feature, Mission
    from mission_cli.domain.phases.table import Phase
    from mission_cli.domain.runs.record import RunRecord


def begin(loaded: Loaded, records: Sequence[RunRecord], now: datetime) -> Iterator[Change]:
    """Make the mission active; from the second execution of a recurring one on, reset what the last one finished.

    Skipped parts stay skipped. Baselines stay too: the work that makes criteria pass has been done since.
    """
    mission = loaded.mission
    yield SetFront(("status",), str(MissionStatus.ACTIVE))
    yield SetFront(("started",), stamp(now))
    yield SetFront(("executions",), mission.executions + 1)
    if mission.completed:
        yield SetFront(("completed",), "")
    if not mission.recurs or not mission.executions:
        return
    for milestone in mission.milestones:
        if milestone.status is not MilestoneStatus.SKIPPED:
            yield SetMilestone(milestone.number, "Status", MilestoneStatus.PENDING)
        if milestone.rounds:
            yield SetMilestone(milestone.number, "Rounds", "0")
        yield from _unjudged(str(milestone.number), milestone.criteria)
        for feature in milestone.features:
            yield from _again(loaded, feature, records)
    for gate in mission.gates:
        yield SetCell("Gates", {"Gate": gate.name}, "Status", GateStatus.PENDING)
    for phase in mission.phases:
        yield from _phase_again(mission, phase)


def _phase_again(mission: Mission, phase: Phase) -> Iterator[Change]:
    """Make a phase pending, with all its revisions; one that a person skipped stays skipped."""
    row = {"Phase": phase.label}
    if phase.status is not PhaseStatus.SKIPPED:
        yield SetCell("Phases", row, "Status", PhaseStatus.PENDING)
        cells = {"Entered": phase.entered, "Exited": phase.exited, "Result": phase.result}
        yield from (SetCell("Phases", row, column, "") for column, text in cells.items() if text)
    if returns_of(mission, phase.name):
        yield SetFront((SECTION, f"{EventKind.PHASE_RETURNED} {phase.name}"), "0")


def fresh_tries(loaded: Loaded, feature: Feature, records: Iterable[RunRecord]) -> Iterator[Change]:
    """Make a feature pending; its earlier attempts no longer count."""
    yield SetFeature(feature.number, "Status", FeatureStatus.PENDING)
    last = max((r.attempt for r in records if r.feature == feature.number), default=0)
    if last:
        yield SetFeature(feature.number, "Feature", _annotated(loaded, feature, last))


def _again(loaded: Loaded, feature: Feature, records: Sequence[RunRecord]) -> Iterator[Change]:
    """Reset a feature; skip an open fix feature, because it belongs to the execution in which a criterion failed."""
    if feature.fixes and not feature.finished:
        yield SetFeature(feature.number, "Status", FeatureStatus.SKIPPED)
    elif not feature.fixes and feature.status is not FeatureStatus.SKIPPED:
        yield from fresh_tries(loaded, feature, records)
        yield from _unjudged(feature.number, feature.criteria)


def _unjudged(owner: str, criteria: Iterable[Criterion]) -> Iterator[Change]:
    for criterion in criteria:
        if criterion.index >= 0 and (criterion.ticked or criterion.result):
            proof = (result_comment(criterion.baseline, baseline=True),) if criterion.baseline else ()
            yield SetCriterion(owner, criterion.index, criterion.text, ticked=False, comments=proof)


def depends_on(loaded: Loaded, feature: Feature, other: FeatureNumber) -> Change:
    """Make a feature wait for another one."""
    return SetFeature(feature.number, "Feature", f"{_cell(loaded, feature).rstrip()} `[depends:{other}]`")


def _annotated(loaded: Loaded, feature: Feature, last: int) -> str:
    """Return the Feature cell with `[tries-after:K]` instead of an older one."""
    cell = _cell(loaded, feature)
    kept = ANNOTATION.sub(lambda m: "" if m["name"].lower() == "tries-after" else m[0], cell)
    return f"{kept.rstrip()} `[tries-after:{last}]`"


def _cell(loaded: Loaded, feature: Feature) -> str:
    """Return the Feature cell as it is written."""
    cell = feature.title
    for place in milestone_places(loaded.layout):
        cell = next((one.item.text for one in place.listed if one.number == feature.number), cell)
        for table in place.tables:
            for number, row in feature_rows(table, place.number):
                if number == feature.number:
                    cell = table.text(row, "feature")
    return cell
