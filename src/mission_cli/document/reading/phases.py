"""Read the table of phases, and find what in it cannot work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import did_you_mean
from mission_cli.document.criteria.parse import read_criterion
from mission_cli.document.reading.sections import rows_in
from mission_cli.document.syntax.vocabulary import plain
from mission_cli.domain.phases.gates import FORM, read_rule
from mission_cli.domain.phases.table import Phase, PhaseStatus, WorkerKind
from mission_cli.domain.problems import Problem, Severity
from mission_cli.domain.status import CriterionKind, GateKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.document.reading.sections import RowView
    from mission_cli.document.syntax.layout import Layout
    from mission_cli.domain.mission import Mission

_MARKS = ("phase", "gate")
_MILESTONE = pattern(r"milestone ([1-9]\d{0,8})")
_NOTHING = frozenset({"", "-", "—", "–"})
_WORDS = {
    "complete": PhaseStatus.DONE,
    "completed": PhaseStatus.DONE,
    "passed": PhaseStatus.DONE,
    "in progress": PhaseStatus.ACTIVE,
    "running": PhaseStatus.ACTIVE,
    **{status.value: status for status in PhaseStatus},
}
_WORKERS = "milestone N, milestones, tests, reviews, preview, landing, run: `COMMAND`, or nothing"


def phases(layout: Layout) -> Iterator[Phase]:
    """Yield the phases in the order of their rows; a row without a name is left out."""
    for row in rows_in(layout, "Phases", *_MARKS):
        if name := _bare(row["phase"]):
            yield _phase(row, name)


def _phase(row: RowView, name: str) -> Phase:
    worker, status = row["worker"].strip(), row["status"]
    kind, milestone, criterion = _kind(worker), _MILESTONE.fullmatch(plain(worker)), None
    if kind is WorkerKind.RUN:
        criterion = read_criterion(worker)
    return Phase(
        name=name,
        label=row["phase"],
        worker=worker,
        kind=kind,
        milestone=int(milestone[1]) if milestone else 0,
        command=criterion.command if criterion else "",
        timeout=criterion.timeout if criterion else None,
        gate=_bare(row["gate"]),
        on_reject=_bare(row["on reject"]),
        status=_WORDS.get(plain(status)) if _bare(status) else PhaseStatus.PENDING,
        raw_status=status,
        entered=row["entered"],
        exited=row["exited"],
        result=row["result"],
        line=row.line,
    )


def _kind(worker: str) -> WorkerKind | None:
    """Return what a Worker cell says; None if it is not known or cannot be read."""
    word = plain(worker)
    if _bare(worker) in _NOTHING:
        return WorkerKind.NONE
    if _MILESTONE.fullmatch(word):
        return WorkerKind.MILESTONE
    if word in {kind.value for kind in WorkerKind if kind not in {WorkerKind.MILESTONE, WorkerKind.RUN}}:
        return WorkerKind(word)
    if not worker.casefold().startswith("run:"):
        return None
    criterion = read_criterion(worker)
    whole = criterion.kind is CriterionKind.RUN and criterion.command and not criterion.wrong
    return WorkerKind.RUN if whole else None


def _bare(text: str) -> str:
    found = text.strip("`* ")
    return "" if found in _NOTHING else found


def phase_problems(layout: Layout, mission: Mission) -> Iterator[Problem]:
    """Yield the problems of the table: words that are not known, and what cannot be reached."""
    rows = list(rows_in(layout, "Phases", *_MARKS))
    if not rows:
        return
    columns = {row.line: row.column for row in rows}
    for row in rows:
        if not _bare(row["phase"]):
            yield Problem(row.line, row.column, "a phase without a name is left out", "write one into the column Phase")
    for place, phase in enumerate(mission.phases):
        at = (phase.line, columns.get(phase.line, 1))
        yield from (Problem(*at, words, hint) for words, hint in _worker_problems(mission, phase))
        yield from (Problem(*at, words, hint) for words, hint in _route_problems(mission.phases, place))
        yield from (Problem(*at, words, hint) for words, hint in _gate_problems(mission, place))
        if phase.status is None:
            words = f"the phase `{phase.name}` has the status `{phase.raw_status}`, which is not known"
            yield Problem(*at, words, f"write one of {', '.join(PhaseStatus)}", Severity.WARNING)
    yield from _unnamed_milestones(mission)


def _worker_problems(mission: Mission, phase: Phase) -> Iterator[tuple[str, str]]:
    if phase.kind is None:
        why = read_criterion(phase.worker).wrong if phase.worker.casefold().startswith("run:") else ""
        what = f"cannot be read: {why}" if why else "is not known"
        words = f"the worker `{phase.worker}` of the phase `{phase.name}` {what}"
        yield words, f"write {_WORKERS}; until then a person has to finish the phase"
    elif phase.kind is WorkerKind.MILESTONE and mission.milestone(phase.milestone) is None:
        words = f"the phase `{phase.name}` names milestone {phase.milestone}, which does not exist"
        yield words, f"add `### Milestone {phase.milestone}: NAME`, or name another one"


def _route_problems(phases: Sequence[Phase], place: int) -> Iterator[tuple[str, str]]:
    phase = phases[place]
    if not phase.on_reject:
        return
    known = [other.name for other in phases[: place + 1]]
    if phase.on_reject.casefold() in {name.casefold() for name in known}:
        return
    later = phase.on_reject.casefold() in {other.name.casefold() for other in phases}
    wrong = "which comes after it" if later else "which does not exist"
    words = f"the phase `{phase.name}` goes back to `{phase.on_reject}`, {wrong}"
    yield words, did_you_mean(phase.on_reject, known, f"name one of {', '.join(known)}")


def _gate_problems(mission: Mission, place: int) -> Iterator[tuple[str, str]]:
    phase, gate = mission.phases[place], mission.phases[place].gate.casefold()
    if not gate:
        return
    first = next(other for other in mission.phases if other.gate.casefold() == gate)
    if first is not phase:
        words = f"the gate `{phase.gate}` is named twice"
        yield words, f"the phase `{first.name}` in line {first.line} has it; give each gate a name of its own"
    row = next((g for g in mission.gates if g.name.casefold() == gate), None)
    if row is not None and row.kind is not GateKind.APPROVAL:
        words = f"the gate `{row.name}` in line {row.line} belongs to the phase `{phase.name}`, and is no approval"
        yield words, "write approval under Kind, or give it another name"
    elif row is not None and (why := read_rule(row.rule, row.name).wrong):
        yield f"the rule `{row.rule}` of the gate `{row.name}` cannot be read: {why}", f"for example: {FORM}"


def _unnamed_milestones(mission: Mission) -> Iterator[Problem]:
    """Yield a warning for each milestone that no phase works on: it waits until the last phase is over."""
    if any(phase.kind is WorkerKind.MILESTONES for phase in mission.phases):
        return
    worked_on = {phase.milestone for phase in mission.phases}
    for milestone in mission.milestones:
        if milestone.number not in worked_on:
            words = f"no phase works on milestone {milestone.number}: it starts when the last phase is over"
            hint = f"write `milestone {milestone.number}` or `milestones` under Worker"
            yield Problem(milestone.line, 1, words, hint, Severity.WARNING)
