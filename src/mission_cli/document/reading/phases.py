"""Read the table of phases, and find what in it cannot work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import did_you_mean
from mission_cli.document.criteria.parse import read_criterion
from mission_cli.document.reading.sections import rows_in
from mission_cli.document.syntax.vocabulary import plain
from mission_cli.domain.phases.gates import FORM, read_rule
from mission_cli.domain.phases.table import Phase, PhaseStatus, WorkerKind, named, with_gate
from mission_cli.domain.problems import Problem, Severity
from mission_cli.domain.status import CriterionKind, GateKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

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
    status = row["status"]
    return replace(
        phase_of(name, row["worker"], row["gate"], row["on reject"]),
        label=row["phase"],
        status=_WORDS.get(plain(status)) if _bare(status) else PhaseStatus.PENDING,
        raw_status=status,
        entered=row["entered"],
        exited=row["exited"],
        result=row["result"],
        line=row.line,
    )


def phase_of(name: str, worker: str, gate: str, on_reject: str) -> Phase:
    """Return a pending phase, as a person has written it."""
    worker = worker.strip()
    kind, milestone, criterion = _kind(worker), _MILESTONE.fullmatch(plain(worker)), None
    if kind is WorkerKind.RUN:
        criterion = read_criterion(worker)
    return Phase(
        name=name,
        worker=worker,
        kind=kind,
        milestone=int(milestone[1]) if milestone else 0,
        command=criterion.command if criterion else "",
        timeout=criterion.timeout if criterion else None,
        gate=_bare(gate),
        on_reject=_bare(on_reject),
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
    numbers = {milestone.number for milestone in mission.milestones}
    for place, phase in enumerate(mission.phases):
        at = (phase.line, columns.get(phase.line, 1))
        yield from (Problem(*at, words, hint) for _, words, hint in written_problems(mission.phases, place, numbers))
        asked = next((g for g in mission.gates if g.name.casefold() == phase.gate.casefold()), None)
        if asked is not None:
            approval = asked.kind is GateKind.APPROVAL
            yield from (
                Problem(*at, words, hint)
                for words, hint in gate_problems(phase.name, asked.name, asked.rule, approval=approval)
            )
        if phase.status is None:
            words = f"the phase `{phase.name}` has the status `{phase.raw_status}`, which is not known"
            yield Problem(*at, words, f"write one of {', '.join(PhaseStatus)}", Severity.WARNING)


def written_problems(
    phases: Sequence[Phase], place: int, milestones: Collection[int]
) -> Iterator[tuple[str, str, str]]:
    """Yield what cannot work in a phase as a person has written it: the field, the problem, and what to do."""
    phase = phases[place]
    if phase.kind is None:
        why = read_criterion(phase.worker).wrong if phase.worker.casefold().startswith("run:") else ""
        what = f"cannot be read: {why}" if why else "is not known"
        words = f"the worker `{phase.worker}` of the phase `{phase.name}` {what}"
        yield "worker", words, f"write {_WORKERS}; until then a person has to finish the phase"
    elif phase.kind is WorkerKind.MILESTONE and phase.milestone not in milestones:
        words = f"the phase `{phase.name}` names milestone {phase.milestone}, which does not exist"
        yield "worker", words, f"add `### Milestone {phase.milestone}: NAME`, or name another one"
    if phase.on_reject and (wrong := _wrong_route(phases, place)):
        known = [other.name for other in phases[: place + 1]]
        words = f"the phase `{phase.name}` goes back to `{phase.on_reject}`, {wrong}"
        yield "on_reject", words, did_you_mean(phase.on_reject, known, f"name one of {', '.join(known)}")
    first = with_gate(phases[:place], phase.gate) if phase.gate else None
    if first is not None:
        where = f" in line {first.line}" if first.line else ""
        words = f"the gate `{phase.gate}` is named twice"
        yield "gate", words, f"the phase `{first.name}`{where} has it; give each gate a name of its own"


def _wrong_route(phases: Sequence[Phase], place: int) -> str:
    """Return why a phase cannot go back to the one in On reject; empty if it can."""
    wanted = phases[place].on_reject
    if named(phases[: place + 1], wanted) is not None:
        return ""
    return "which comes after it" if named(phases, wanted) is not None else "which does not exist"


def gate_problems(phase: str, gate: str, rule: str, *, approval: bool) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the row of the gate of a phase: the problem, and what to do."""
    if not approval:
        words = f"the gate `{gate}` belongs to the phase `{phase}`, but is not an approval"
        yield words, "write approval under Kind, or give it another name"
    elif why := read_rule(rule, gate).wrong:
        yield f"the rule `{rule}` of the gate `{gate}` cannot be read: {why}", f"for example: {FORM}"


def unnamed_milestones(mission: Mission) -> Iterator[Problem]:
    """Yield a warning for each milestone that no phase works on: it waits until the last phase is over."""
    if not mission.phases or any(phase.kind is WorkerKind.MILESTONES for phase in mission.phases):
        return
    worked_on = {phase.milestone for phase in mission.phases}
    for milestone in mission.milestones:
        if milestone.number not in worked_on:
            words = f"no phase works on milestone {milestone.number}: it starts when the last phase is over"
            hint = f"write `milestone {milestone.number}` or `milestones` under Worker"
            yield Problem(milestone.line, 1, words, hint, Severity.WARNING)
