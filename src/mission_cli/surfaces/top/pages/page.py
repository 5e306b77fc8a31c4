"""What every view has: it is read when its mark has changed, and drawn for a width, outside of the screen's loop."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from mission_cli.domain.status import MissionStatus
from mission_cli.surfaces.lines import BLANK, line
from mission_cli.surfaces.top.sheet import Block
from mission_cli.surfaces.views.text import stopped_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mission_cli.engine.context import Context
    from mission_cli.ports.runtime import Stopped
    from mission_cli.surfaces.lines import Line
    from mission_cli.surfaces.top.target import Target

_MINUTE = 60


class Page(ABC):
    """One view."""

    title = ""
    key = ""
    """The key that opens it."""
    follows = False
    """Whether it stays at its end while it grows."""

    def about(self) -> Target | None:
        """Return what the keys act on while nothing in it is chosen."""
        return None

    @abstractmethod
    def mark(self) -> object:
        """Return what differs if there is something new to read; cheap. Raises MissionError."""

    @abstractmethod
    def read(self) -> None:
        """Read everything anew. Raises MissionError."""

    @abstractmethod
    def draw(self, width: int) -> list[Block]:
        """Return what was read last."""


def mark_of(ctx: Context, runs: Iterable[str] = (), *, moving: bool = False) -> object:
    """Return what differs after a change in a repository: of its state, of STOP, of errors, or of running attempts.

    While something is `moving`, it also differs every minute, because views say how long that has taken.
    """
    return (
        ctx.runtime.looks(ctx.state.watch()),
        ctx.runtime.stopped(),
        ctx.runtime.troubles(),
        [ctx.executor.tally(run) for run in runs],
        int(ctx.clock.now().timestamp()) // _MINUTE if moving else 0,
    )


def is_moving(status: str) -> bool:
    """Whether views of a mission with this status change by themselves."""
    return status == MissionStatus.ACTIVE


def block_of(*lines: Line, target: Target | None = None) -> Block:
    """Return lines that no filter removes."""
    return Block(lines, target, fixed=True)


def head_of(stopped: Stopped | None, where: str = "") -> list[Block]:
    """Return that STOP is set, if it is."""
    if stopped is None:
        return []
    return [block_of(line(where, (stopped_words(stopped), "bold red")), BLANK)]


def one_by_one(lines: Sequence[Line], *, target: Target | None = None) -> list[Block]:
    """Return a block for each line, so that a filter keeps single ones."""
    return [Block([one], target) for one in lines]
