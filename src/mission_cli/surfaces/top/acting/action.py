"""One key: when it makes sense, what the person is asked, and which command of the application it gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli.app.pulses.after import follow_up
from mission_cli.surfaces.plain import complaints

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mission_cli.app.queries.before.consequences import Consequence
    from mission_cli.app.transaction import Done
    from mission_cli.domain.asking.options import Option
    from mission_cli.engine.context import Context
    from mission_cli.engine.report import Report
    from mission_cli.surfaces.lines import Line
    from mission_cli.surfaces.top.repositories import Acting
    from mission_cli.surfaces.top.target import Target


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is shown and asked before a command is given."""

    title: str
    shown: Callable[[int], Sequence[Line]] = lambda _: ()
    """What they decide about, for a width."""
    text: str = ""
    """What they may write; empty: nothing."""
    needed: bool = False
    """Whether they have to write something."""
    options: Sequence[Option] = ()
    """One of which they choose; with a text, the text counts if there is one."""
    yes: bool | None = None
    """For a question that is answered by yes or no: which of them is meant by Enter alone."""
    saw: str = ""
    """The commit or document that is shown; the command is refused if it is another by then."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a person answered."""

    text: str = ""
    option: str = ""
    """The label of the option."""
    saw: str = ""


Words = list[str]
"""What a command did, and what went wrong after it, in lines."""


@dataclass(frozen=True, slots=True)
class Action:
    """One key."""

    key: str
    name: str
    """What it does, in one word for the last line of the screen."""
    about: str
    """The same in a sentence."""
    command: str
    """Of the command line: `act` does what it does."""
    fits: Callable[[Target], bool]
    act: Callable[[Acting, Target, Said], Words]
    ask: Callable[[Acting, Target], Question]
    before: Callable[[Context, Target, Said], Consequence | None] | None = None
    """What it does that a person may not expect; they have to agree."""
    choose: Callable[[Target], Sequence[Target]] = lambda target: (target,)
    """The single things that it may be about."""
    named: Callable[[Target], str] = lambda target: target.waiting[0].name
    """How a single thing is named, where there are several."""
    at_any_rate: bool = False
    """Whether it works with invalid settings, too."""


def one_each(command: str) -> Callable[[Target], list[Target]]:
    """Return how to find the single things that wait for this command."""

    def found(target: Target) -> list[Target]:
        mine = (w for w in target.waiting if any(r.command == command for r in w.unblock.remedies))
        return [replace(target, waiting=(one,)) for one in mine]

    return found


def finished(acting: Acting, done: Done, *, only: bool = False) -> Words:
    """Run the pulse that a command calls for; return what happened."""
    report = follow_up(acting.context, done, settings_valid=not acting.problems, only=only)
    return [done.words, *failures(report)]


def failures(report: Report | None) -> Words:
    """Return what went wrong in a pulse."""
    return complaints(report) if report is not None else []
