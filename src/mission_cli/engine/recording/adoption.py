"""Approved requirements in the mission file: their milestones after the last one, with features and criteria."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.errors import DocumentError
from mission_cli.domain.phases.proposals import REQUIREMENTS
from mission_cli.domain.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.document.changes import Change
    from mission_cli.document.reading.loaded import Loaded


def adopted(loaded: Loaded, text: str) -> Iterator[Change]:
    """Yield the changes that add the milestones of the requirements. Raises DocumentError if they cannot be read."""
    from mission_cli.document.plans.additions import added_plan  # pydantic: most pulses need none
    from mission_cli.interchange.proposals.requirements import read_requirements

    read = read_requirements(text)
    if isinstance(read, Problem):
        raise DocumentError.of(f"research/{REQUIREMENTS}", [read])
    yield from added_plan(read.plan, max((m.number for m in loaded.mission.milestones), default=0))
