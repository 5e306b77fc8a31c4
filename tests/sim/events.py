"""What may happen in a simulated world, as a list that a seed makes.

Every event stands for itself: it picks whom it befalls by a number, whatever there is to choose from. So a list with
some of them left out is another world, and a failure shrinks to the events that it needs.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


T = TypeVar("T")


class What(StrEnum):
    """What may happen."""

    MINUTE = "a minute passes"
    HOUR = "an hour passes"
    WEEK = "a host sleeps for a week"
    JUMP = "somebody sets the clock of a host"
    KILL_PULSE = "a pulse is killed"
    KILL_SUPERVISOR = "a supervisor is killed"
    POWER_CUT = "the power of a host fails"
    LOSE_JOB = "the folder of a job is removed"
    LOSE_RUNTIME = "the runtime folder is removed"
    LIE = "the executor cannot be asked"
    DENY = "the executor denies the jobs that run"
    DELAY = "the executor says that jobs which ended still run"
    DOUBLE = "the executor gets every job twice"
    HONEST = "the executor tells the truth again"
    PARTITION = "a host loses the remote"
    HEAL = "a host has the remote again"
    DEAF = "the answer of the remote is lost"
    ROLL_BACK = "somebody resets the state branch of a clone"
    FORCE_PUSH = "somebody forces the remote back"
    RETRY = "a person gives fresh tries"
    SKIP = "a person skips a feature"
    PAUSE = "a person pauses"
    RESUME = "a person resumes"
    START = "a person starts again"
    CANCEL = "a person cancels"
    ANSWER = "a person answers"
    ADD = "a person adds a feature"
    ADD_MILESTONE = "a person adds a milestone"
    MOVE = "a person moves a feature to another milestone"
    TELL = "a person tells a worker something"
    SYNC = "a person merges the base into the work"
    LAND = "a person lands what is finished"
    UNDO = "a person undoes the last decision"
    EDIT = "a person edits the file"
    SCRIBBLE = "a person leaves an edit that is not committed"
    RAISE = "a person raises or lowers the cap"
    TAKE_OVER = "a person takes the mission over"
    STOP = "a person presses STOP"
    LIFT = "a person lifts STOP"
    BASE = "a person commits on the base"


_OFTEN = {
    What.MINUTE: 60.0,
    What.HOUR: 8.0,
    What.KILL_PULSE: 12.0,
    What.KILL_SUPERVISOR: 4.0,
    What.RETRY: 6.0,
    What.RESUME: 6.0,
    What.HEAL: 6.0,
    What.HONEST: 6.0,
    What.LIFT: 3.0,
    What.ANSWER: 3.0,
    What.EDIT: 3.0,
    What.START: 3.0,
    What.CANCEL: 0.3,
    What.SKIP: 0.5,
    What.ADD_MILESTONE: 0.3,
    What.UNDO: 0.5,
}
"""Weights; what is not named has 1."""


@dataclass(frozen=True)
class Event:
    """One thing that happens: `pick` says to whom, `more` how much or where."""

    what: What
    pick: int
    more: int


def events_of(seed: int, number: int) -> list[Event]:
    """What happens in the world of a seed."""
    dice = random.Random(seed)  # noqa: S311 - dice
    kinds = dice.choices(list(What), [_OFTEN.get(what, 1.0) for what in What], k=number)
    return [Event(what, dice.randrange(1 << 16), dice.randrange(1 << 16)) for what in kinds]


def shrunk(events: Sequence[T], fails: Callable[[Sequence[T]], bool]) -> list[T]:
    """A shortest list by leaving out: without any one of its events it does not fail any more."""
    kept, size = list(events), max(1, len(events) // 2)
    while True:
        place = 0
        while place < len(kept):
            fewer = kept[:place] + kept[place + size :]
            if fails(fewer):
                kept = fewer
            else:
                place += size
        if size == 1:
            return kept
        size = max(1, size // 2)
