"""Everything that the program reads from a mission file, in lines."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from mission_cli.domain.phases.table import PhaseStatus
from mission_cli.domain.status import WaitStatus
from mission_cli.surfaces.lines import BLANK, flow, line, paragraph, said
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.app.results.reports import WholeMission
    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.mission import Feature, Mission
    from mission_cli.surfaces.lines import Line

_DEEP = 6


def whole_lines(whole: WholeMission, width: int) -> list[Line]:
    """Return title, goal, milestones with features, phases, waits, rows without an effect, and the file's path."""
    mission = whole.mission
    found = _head(mission.title, f"{mission.id}, {mission.raw_status}", width, "bold")
    found += [row for part in mission.goal.splitlines() or [""] for row in paragraph(part, width)]
    for milestone in mission.milestones:
        head = _head(f"Milestone {milestone.number}: {milestone.name}", milestone.raw_status, width, "bold")
        found += [BLANK, *head]
        found += _criteria(milestone.criteria, width, 2)
        for feature in milestone.features:
            found += _feature(feature, width)
    found += _phases(mission, width)
    found += _waits(whole, width)
    found += _kept(mission, width)
    return [*found, BLANK, line((clean(whole.path), "dim"))]


def _head(name: str, facts: str, width: int, style: str = "") -> list[Line]:
    return flow([line((clean(name), style)), line((f"({said(facts)})", style))], width, _DEEP)


def _feature(feature: Feature, width: int) -> Iterator[Line]:
    after = f", after {', '.join(feature.depends)}" if feature.depends else ""
    status = said(feature.raw_status) or "pending"
    yield from _head(f"  {feature.number} {said(feature.title)}", f"{status}{after}", width)
    for part in feature.description.splitlines():
        yield from paragraph(part, width, "dim", _DEEP)
    yield from _criteria(feature.criteria, width, _DEEP)


def _criteria(criteria: tuple[Criterion, ...], width: int, indent: int) -> list[Line]:
    marked = (f"[{'x' if one.ticked else ' '}] {one.text}" for one in criteria)
    return [row for text in marked for row in paragraph(text, width, indent=indent)]


def _phases(mission: Mission, width: int) -> Iterator[Line]:
    """Yield the phases: worker, gate and the phase to go back to, with status and result."""
    if mission.phases:
        yield BLANK
        yield line(("Phases", "bold"))
    for phase in mission.phases:
        back = f"back to {phase.on_reject}" if phase.on_reject else ""
        parts = ", ".join(filter(None, (phase.worker, f"gate {phase.gate}" if phase.gate else "", back)))
        status = said(phase.raw_status) or PhaseStatus.PENDING
        yield from _head(f"  {said(phase.name)}" + (f": {said(parts)}" if parts else ""), status, width)
        if phase.result:
            yield from paragraph(phase.result, width, "dim", _DEEP)


def _waits(whole: WholeMission, width: int) -> Iterator[Line]:
    """Yield the external events that features wait for, each with the data of its signal."""
    if whole.mission.waits:
        yield BLANK
        yield line(("Waits", "bold"))
    for wait in whole.mission.waits:
        status = said(wait.status) or WaitStatus.OPEN
        yield from _head(f"  {wait.feature} {said(wait.waiting_for)}", status, width)
        for part in whole.signals.get(wait.data, wait.data).splitlines():
            yield from paragraph(part, width, "dim", _DEEP)


def _kept(mission: Mission, width: int) -> Iterator[Line]:
    """Yield the rows of sections that have no effect, one line each."""
    for section, rows in itertools.groupby(mission.kept, key=lambda row: row.section):
        yield BLANK
        yield line((said(section), "bold"))
        for row in rows:
            cells = ", ".join(f"{name}: {text}" for name, text in row.cells.items() if text)
            yield from paragraph(cells, width, indent=2)
