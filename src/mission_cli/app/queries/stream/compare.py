"""Compare two committed versions of a mission: what a client has to be told. It does not matter who made the change."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from mission_cli.app.queries.stream.kinds import (
    ApprovalRequired,
    ApprovalResolved,
    AttemptChanged,
    Decision,
    Failure,
    FeatureChanged,
    MilestoneChanged,
    PhaseChanged,
    RequestChanged,
    SpendChanged,
    StatusChanged,
)
from mission_cli.domain.budget.ledger import spent
from mission_cli.domain.mission import Mission
from mission_cli.domain.phases.table import PhaseStatus, current, progress
from mission_cli.domain.status import GateKind, GateStatus, MissionStatus, RequestStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import TypeVar

    from mission_cli.app.queries.stream.kinds import Data
    from mission_cli.domain.ids import MissionId
    from mission_cli.domain.mission import Feature, Milestone
    from mission_cli.domain.phases.table import Phase
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.domain.tables import Approval, Gate, InputRequest

    K = TypeVar("K")
    V = TypeVar("V")

_FAILED = str(MissionStatus.FAILED)
"""The word is the same for missions, phases, milestones and features."""


def changes(
    mission: MissionId,
    before: Mission | None,
    after: Mission | None,
    records: Iterable[tuple[RunRecord | None, RunRecord | None]] = (),
) -> Iterator[Data]:
    """Yield what differs between two versions of a mission, and of its run records; None: it does not exist.

    The order is that in which a client may apply them: the mission, its parts, what people have to do, failures.
    """
    nothing = Mission(mission, "", None)
    old, new = before or nothing, after or nothing
    yield from _statuses(mission, old, new)
    for was, now in records:
        yield from _attempt(mission, was, now)
    if (sums := spent(new.spends)) != spent(old.spends):
        yield SpendChanged(mission, sums.usd, sums.hours, sums.tokens, sums.unknown)
    yield from _requests(mission, old, new)
    made = _made(old, new)
    yield from (Decision(mission, a.gate, a.decision, a.by, a.comment, a.commit) for a in made)
    yield from _approvals(mission, old, new, made)
    yield from _failures(mission, old, new)


def status_of(mission: Mission) -> str:
    """Return the status of a mission as views show it."""
    return str(mission.status or mission.raw_status)


def _statuses(name: MissionId, old: Mission, new: Mission) -> Iterator[Data]:
    at, was_at = _phase(new), _phase(old)
    if status_of(new) != status_of(old):
        yield StatusChanged(name, status_of(new), status_of(old), at)
    if at != was_at:
        yield PhaseChanged(name, at, was_at, progress(new.phases))
    for number, was, now in _pairs(_milestones(old), _milestones(new)):
        if _word(was) != _word(now):
            yield MilestoneChanged(name, number, (now or was or _NO_NAME).name, _word(now), _word(was))
    for feature, before, after in _pairs(_features(old), _features(new)):
        if _word(before) != _word(after):
            shown = after or before
            yield FeatureChanged(name, feature, shown.title if shown else "", _word(after), _word(before))


class _NoName:
    name = ""


_NO_NAME = _NoName()


def _attempt(name: MissionId, was: RunRecord | None, now: RunRecord | None) -> Iterator[Data]:
    """Yield the event of a run record; one that goes into a yearly archive has none."""
    if now is None or (was is not None and was.state is now.state):
        return
    usd = None if now.open else now.usage.usd
    cause = str(now.cause or "")
    facts = (now.attempt, str(now.state), cause, now.detail, now.runner, now.model, usd)
    yield AttemptChanged(name, now.run, now.feature, *facts)


def _requests(name: MissionId, old: Mission, new: Mission) -> Iterator[Data]:
    for number, was, now in _pairs(_asked(old), _asked(new)):
        shown = now or was
        if shown is None or _request_status(was) == _request_status(now):
            continue
        status, previous = _request_status(now), _request_status(was)
        yield RequestChanged(name, number, shown.feature, shown.prompt, shown.urgency, status, previous, shown.response)


def _request_status(request: InputRequest | None) -> str:
    return "" if request is None else request.status or RequestStatus.OPEN


def _made(old: Mission, new: Mission) -> list[Approval]:
    """Return the decisions that are new."""
    left = Counter(old.approvals)
    found = []
    for row in new.approvals:
        if left[row]:
            left[row] -= 1
        else:
            found.append(row)
    return found


def _approvals(name: MissionId, old: Mission, new: Mission, made: list[Approval]) -> Iterator[Data]:
    def resolved(gate: str, phase: str, word: str) -> ApprovalResolved:
        rows = [row for row in made if row.gate.casefold() == gate.casefold()] or [
            row for row in new.approvals if row.gate.casefold() == gate.casefold()
        ]
        return ApprovalResolved(name, gate, phase, word, rows[-1].by if rows else "")

    for _, was, now in _pairs(_phases(old), _phases(new)):
        asked, asks = _phase_asks(was), _phase_asks(now)
        if asked and not asks and was is not None:
            yield resolved(was.gate, was.name, _outcome(now))
        elif asks and not asked and now is not None:
            yield ApprovalRequired(name, now.gate, now.name)
    in_phases = {phase.gate.casefold() for phase in (*old.phases, *new.phases)}
    for key, before, after in _pairs(_gates(old), _gates(new)):
        if key in in_phases:
            continue
        asked, asks = _asks(before), _asks(after)
        if asks and not asked and after is not None:
            yield ApprovalRequired(name, after.name, "")
        elif not asks and (asked or _decided(before, after)):
            shown = after or before
            rejected = any(r.gate.casefold() == key and r.decision == GateStatus.REJECTED for r in made)
            word = GateStatus.REJECTED if rejected else after.state if after is not None else None
            yield resolved(shown.name if shown else key, "", str(word or ""))


def _asks(gate: Gate | None) -> bool:
    """Whether a gate waits for a person."""
    if gate is None:
        return False
    return gate.state is GateStatus.WAITING or (gate.kind is GateKind.QUALITY and gate.state is GateStatus.FAILED)


def _decided(was: Gate | None, now: Gate | None) -> bool:
    """Whether a gate was decided before it waited."""
    words = {GateStatus.APPROVED, GateStatus.REJECTED}
    return was is not None and now is not None and was.state is not now.state and now.state in words


def _phase_asks(phase: Phase | None) -> bool:
    return phase is not None and bool(phase.gate) and phase.status is PhaseStatus.WAITING


def _outcome(phase: Phase | None) -> str:
    """Return what became of a phase whose gate waited."""
    if phase is None:
        return ""
    if phase.status is PhaseStatus.DONE:
        return GateStatus.APPROVED
    if phase.status in {PhaseStatus.PENDING, PhaseStatus.FAILED}:
        return GateStatus.REJECTED
    return _word(phase)


def _failures(name: MissionId, old: Mission, new: Mission) -> Iterator[Data]:
    phase = _phase(new)
    for part, words in _failed(name, old, new):
        yield Failure(name, words, phase, part)
    known = {(row.at, row.feature, row.trigger) for row in old.recoveries}
    for row in new.recoveries:
        if row.open and (row.at, row.feature, row.trigger) not in known:
            yield Failure(name, f"safety stop: {row.trigger}", phase, row.feature)


def _failed(name: MissionId, old: Mission, new: Mission) -> Iterator[tuple[str, str]]:
    """Yield each part that has failed since, and what to say of it."""
    if status_of(new) == _FAILED != status_of(old):
        yield "", f"{name} has failed"
    parts: list[tuple[str, Mapping[Any, Any], Mapping[Any, Any]]] = [
        ("phase ", _phases(old), _phases(new)),
        ("milestone ", _milestones(old), _milestones(new)),
        ("", _features(old), _features(new)),
    ]
    for what, before, after in parts:
        for key, was, now in _pairs(before, after):
            if _word(now) == _FAILED != _word(was):
                yield str(key), getattr(now, "result", "") or f"{what}{key} has failed"


def _pairs(old: Mapping[K, V], new: Mapping[K, V]) -> Iterator[tuple[K, V | None, V | None]]:
    """Yield (key, before, after) of everything that is there before or after, what is there now first."""
    yield from ((key, old.get(key), new.get(key)) for key in (*new, *(key for key in old if key not in new)))


def _word(part: Milestone | Feature | Phase | None) -> str:
    return "" if part is None else str(part.status or part.raw_status)


def _phase(mission: Mission) -> str:
    found = current(mission.phases)
    return found.name if found is not None else ""


def _milestones(mission: Mission) -> dict[int, Milestone]:
    return {one.number: one for one in mission.milestones}


def _features(mission: Mission) -> dict[str, Feature]:
    return {one.number: one for one in mission.features()}


def _phases(mission: Mission) -> dict[str, Phase]:
    return {one.name: one for one in mission.phases}


def _gates(mission: Mission) -> dict[str, Gate]:
    return {one.name.casefold(): one for one in mission.gates}


def _asked(mission: Mission) -> dict[int, InputRequest]:
    return {one.number: one for one in mission.requests}
