"""Effects: what a round starts, stops and moves outside of the mission file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from mission_cli.domain.ids import RunId, Sha
    from mission_cli.domain.mission import Criterion


# Transitions


@dataclass(frozen=True, slots=True)
class Submit:
    """Submit an intended attempt to the executor, again if necessary."""

    run: RunId
    why: str


@dataclass(frozen=True, slots=True)
class Recover:
    """Recover a job whose supervisor died: end its processes, save the work, write the exit file."""

    run: RunId
    why: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop a running attempt and keep its work."""

    run: RunId
    why: str


@dataclass(frozen=True, slots=True)
class RunCheck:
    """Judge one criterion on one commit."""

    key: str
    attempt: int
    criterion: Criterion
    commit: Sha
    why: str


@dataclass(frozen=True, slots=True)
class Integrate:
    """Move `work` from `expect` to the candidate of an attempt."""

    run: RunId
    candidate: Sha
    expect: Sha
    why: str


@dataclass(frozen=True, slots=True)
class MakeWork:
    """Create the branch of finished features at the base."""

    base: Sha
    why: str


@dataclass(frozen=True, slots=True)
class MoveWork:
    """Move `work` to the commit that has the base merged in."""

    to: Sha
    expect: Sha
    why: str


@dataclass(frozen=True, slots=True)
class PutBaseBack:
    """Move the base back to where it was before a worker moved it."""

    to: Sha
    expect: Sha
    why: str


@dataclass(frozen=True, slots=True)
class Land:
    """Fast-forward the base to a commit that was judged."""

    commit: Sha
    expect: Sha
    why: str


Effect = Submit | Recover | Cancel | RunCheck | Integrate | MakeWork | MoveWork | PutBaseBack | Land
