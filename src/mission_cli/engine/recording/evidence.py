"""Write evidence files: the contract of a milestone when it starts, and what its criteria said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import stamp
from mission_cli.document.runs.evidence import EvidenceFile, write_evidence
from mission_cli.domain.evidence.verdicts import CONTRACT, FINAL, contract_of, rule_of
from mission_cli.planner.core.moves.milestones import MarkCriteria, MoveMilestone
from mission_cli.planner.core.moves.mission import Finish
from mission_cli.ports.git.state import Write, evidence_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from mission_cli.domain.evidence.verdicts import RecordedVerdict
    from mission_cli.domain.mission import Mission
    from mission_cli.planner.core.decisions import Transition
    from mission_cli.ports.git.state import Stored


def evidence_writes(
    stored: Stored, mission: Mission, transitions: Sequence[Transition], now: datetime
) -> Iterator[Write]:
    """Yield the evidence files of one commit; the evidence of attempts is in their run records."""
    for move in transitions:
        if isinstance(move, MoveMilestone) and move.started_at is not None:
            yield from _contract(stored, mission, move.number, stamp(now))
        elif isinstance(move, MarkCriteria) and move.stage:
            yield verdicts_write(stored, f"milestone {move.owner}", move.stage, move.verdicts, stamp(now))
        elif isinstance(move, Finish) and move.verdicts:
            yield verdicts_write(stored, "mission", FINAL, move.verdicts, stamp(now))


def verdicts_write(
    stored: Stored, subject: str, stage: str, found: Sequence[tuple[RecordedVerdict, str]], at: str
) -> Write:
    """Return the evidence file with these verdicts."""
    verdicts, outputs = tuple(one for one, _ in found), tuple(output for _, output in found)
    return _write(stored, EvidenceFile(stored.id, subject, stage, at, verdicts=verdicts, outputs=outputs))


def _contract(stored: Stored, mission: Mission, number: int, at: str) -> Iterator[Write]:
    milestone = mission.milestone(number)
    if milestone is not None:
        rules = tuple((owner, rule_of(one), one.text) for owner, one in contract_of(milestone))
        yield _write(stored, EvidenceFile(stored.id, f"milestone {number}", CONTRACT, at, contract=rules))


def _write(stored: Stored, file: EvidenceFile) -> Write:
    name, text = write_evidence(file)
    return Write(f"{evidence_folder(stored)}/{name}", text, by_hash=True)
