"""What waits for a person, with what the person can do about it (`mission inbox`, `GET /inbox`, pages)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field
from mission_cli.domain.notice import NO_ADVICE, Advice

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.domain.asking.options import Option
    from mission_cli.domain.ids import MissionId


@dataclass(frozen=True, slots=True)
class Action:
    """One operation of the HTTP API that a person may choose: what a button of a page calls."""

    operation: str
    """Its `operationId`, such as `approve_gate`."""
    label: str
    """What it does, in one or two words."""
    parameters: Mapping[str, str | int | bool] = field(default_factory=dict)
    """What is known of its path, query and body, by name."""
    asks: Sequence[str] = ()
    """The parameters that the person has to give."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits for a person."""

    kind: str
    """`request`, or the kind of the hold."""
    name: str
    """The question, or what is held and why."""
    since: str = ""
    """Since when it waits; empty if unknown."""
    unblock: Advice = NO_ADVICE
    """The command or event that helps."""
    urgency: str = ""
    """Of a request: low, normal, high or urgent, as the file says; empty for everything else."""
    options: Sequence[Option] = ()
    """Of a request: what it may be answered with; empty: any text."""
    free_text: bool = False
    """Of a request with options: whether any text is an answer, too."""
    number: int = 0
    """Of a request; 0 for everything else."""
    expires: str = ""
    """Of a request: when it expires; it can still be answered then."""
    subject: str = ""
    """The feature `N.M`, the milestone `N`, or what else a request is about; empty: the whole mission."""
    waits: Sequence[str] = ()
    """Numbers of the features that cannot go on before, itself included."""
    actions: Sequence[Action] = ()
    """What a page offers as buttons, the one that helps most first; empty: only a command helps."""


@dataclass(frozen=True, slots=True)
class NeedsMe:
    """Something that waits for a person, in brief."""

    kind: str
    """`request`, or the kind of the hold."""
    question: str
    """The question, or what is held and why."""
    since: str
    """Since when; empty if unknown."""
    command: str
    """The command or event that helps."""


@dataclass(frozen=True, slots=True)
class InboxItem:
    """Something that waits for a person."""

    id: MissionId
    kind: str
    """`request`, or the kind of the hold."""
    name: str
    """The question, or what is held and why."""
    since: str
    """Since when it waits; empty if unknown."""
    unblock: Advice
    """The command or event that helps."""
    urgency: str = ""
    """Of a request: low, normal, high or urgent, as the file says; empty for everything else."""
    options: Sequence[Option] = ()
    """Of a request: what it may be answered with; empty: any text."""
    free_text: bool = False
    """Of a request with options: whether any text is an answer, too."""
    number: int = 0
    """Of a request; 0 for everything else."""
    expires: str = ""
    """Of a request: when it expires; it can still be answered then."""
    subject: str = ""
    """The feature `N.M`, the milestone `N`, or what else a request is about; empty: the whole mission."""
    waits: Sequence[str] = ()
    """Numbers of the features that cannot go on before, itself included."""
    actions: Sequence[Action] = ()
    """What a page offers as buttons, the one that helps most first; empty: only a command helps."""
    repo: str = ""
    """Its repository; only set by a server of several."""


@dataclass(frozen=True, slots=True)
class InboxNote:
    """A flaky test that is quarantined. It holds nothing."""

    id: MissionId
    name: str
    kind: str
    """test, or criterion where the tests have no names."""
    why: str
    lift: Advice
    """The command that takes it off the list."""
    repo: str = ""
    """Its repository; only set by a server of several."""


@dataclass(frozen=True, slots=True)
class Inbox:
    """Everything that waits for a person, what is urgent first."""

    inbox: Sequence[InboxItem]
    notes: Sequence[InboxNote] = ()
    """What holds nothing and is worth a look."""
