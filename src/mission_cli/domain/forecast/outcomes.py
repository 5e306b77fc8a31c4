"""What a simulation is told about the mission itself, and what it finds."""

from __future__ import annotations

from mission_cli._support.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Range:
    """Where a tenth, a half and nine tenths of the simulated outcomes are."""

    p10: float
    p50: float
    p90: float


@dataclass(frozen=True, slots=True)
class SoFar:
    """What the mission itself has shown so far."""

    attempts: int = 0
    """Attempts of workers that have ended."""
    tokens: float = 0
    usd: float = 0
    minutes: float = 0


NOTHING_YET = SoFar()


@dataclass(frozen=True, slots=True)
class Part:
    """What is still to come of one milestone, as ranges."""

    tokens: Range | None
    usd: Range | None
    worked: Range


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What is still to come, as ranges."""

    tokens: Range | None
    usd: Range | None
    minutes: Range
    """Until the last milestone has passed."""
    worked: Range
    """Minutes of all workers together."""
    runs: int
    """Of the simulation."""
    parts: tuple[Part, ...] = ()
    """The same by milestone, in the order of the work."""
