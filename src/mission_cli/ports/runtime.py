"""The loop's own place outside of any commit: its lock, the kick, the panic button, the idle signature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from mission_cli.domain.ids import MissionId
    from mission_cli.domain.timing.timeline import Timeline
    from mission_cli.ports.git.state import Settled

Look = list[int | str]
"""How a file looked: equal looks mean equal bytes; empty: it was not there. Nobody but `Runtime` reads it."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What kept a pulse from working, for people to find."""

    at: str
    message: str
    hint: str = ""
    mission: str = ""
    """The mission that could not be served; empty: none could."""
    content: str = ""
    """What the mission's folder held then, as `Stored.content` has it; once that changes, it may be over."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of the remote from the last time that it was asked."""

    at: str = ""
    """When that was; empty: never."""
    beaten: str = ""
    """When our last sign of life was left there."""
    signs: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """The last sign of each host, and how often in a row it was found there."""
    problem: str = ""
    """Why it could not be asked, or the empty string."""
    person: bool = False
    """Whether that lasts until a person has decided; else it is tried again."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """That STOP is set: nothing starts, and what runs is ended."""

    since: str
    """When it was set, in UTC."""
    by: str = ""
    """Who set it; empty where the file does not say so."""


class Runtime(Protocol):
    """Everything here may be deleted at any time."""

    def lock(self) -> AbstractContextManager[bool]:
        """Try to become the one loop of this repository; the value says whether we are."""
        ...

    def request_pulse(self) -> None:
        """Leave word that there is something to do."""
        ...

    def take_pulse_request(self) -> bool:
        """Whether somebody left word since the last call; then nothing is idle until the next `rest`."""
        ...

    def stopped(self) -> Stopped | None:
        """Since when STOP is set, and by whom; None when it is not."""
        ...

    def press_stop(self, *, on: bool, by: str = "") -> None:
        """Set STOP in the name of a person, or lift it. Set already, it stays as it is."""
        ...

    def looks(self, paths: Sequence[str]) -> dict[str, Look]:
        """How files look now; taken before something is read, it tells later whether that is still true."""
        ...

    def changed_at(self, paths: Sequence[str]) -> datetime | None:
        """When the newest of some files was changed; None when none of them is there."""
        ...

    def rest(
        self, *, looks: Mapping[str, Look], jobs: Sequence[str], wake_at: datetime | None, again: bool = False
    ) -> None:
        """Write down what has to change before there is anything to do again; with `again` each pulse looks anew."""
        ...

    def seems_idle(self) -> bool:
        """Whether nothing that is watched has changed since `rest`, and no wake-up is due."""
        ...

    def due(self) -> datetime | None:
        """Since when there has been something to do: a wake-up that was set, or a kick; None when neither is there."""
        ...

    def turn(self) -> str:
        """The mission that the last pulse served before it left the rest to the next one; empty: there is no rest."""
        ...

    def note_turn(self, mission: str) -> None:
        """Remember it."""
        ...

    def timeline(self) -> Timeline | None:
        """What the last tick had seen of the clock; None where nothing is left of it."""
        ...

    def note_timeline(self, timeline: Timeline) -> None:
        """Keep what this tick saw of the clock."""
        ...

    def settled(self) -> Mapping[MissionId, Settled]:
        """The missions that were over when this version looked last, and what they held."""
        ...

    def note_settled(self, settled: Mapping[MissionId, Settled]) -> None:
        """Remember which missions are over."""
        ...

    def note_troubles(self, troubles: Sequence[Trouble]) -> None:
        """Keep what kept the last pulse from working, in place of what was kept before. Never raises."""
        ...

    def troubles(self) -> tuple[Trouble, ...]:
        """What kept the last pulse from working."""
        ...

    def told(self) -> dict[str, dict[str, str]]:
        """What a person was told last: words by event by mission."""
        ...

    def note_told(self, told: Mapping[str, Mapping[str, str]]) -> None:
        """Remember what was told."""
        ...

    def asked(self) -> Asked:
        """What is known of the remote."""
        ...

    def note_asked(self, asked: Asked) -> None:
        """Remember what is known of the remote."""
        ...

    def keep(self, name: str, text: str) -> str:
        """Keep a text for people under a name of ours (`plans/…`); return where it lies."""
        ...

    def last_look(self) -> str:
        """The state commit that the person saw last, or empty."""
        ...

    def note_look(self, head: str) -> None:
        """The person has seen everything up to this commit."""
        ...
