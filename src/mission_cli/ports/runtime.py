"""Data of the loop outside of any commit: lock, wake-up request, STOP, idle signature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime
    from typing import TypeVar

    from mission_cli.domain.deciding.grants import Ledger
    from mission_cli.domain.forecast.memory import Kept
    from mission_cli.domain.ids import MissionId
    from mission_cli.domain.news.outbox import Outbox
    from mission_cli.domain.outside.facts import Outside
    from mission_cli.domain.timing.timeline import Timeline
    from mission_cli.ports.git.state import Settled

    T = TypeVar("T")

Look = list[int | str]
"""The state of a file: equal looks mean equal bytes; empty: it did not exist. Only `Runtime` interprets it."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a pulse could not work, for `mission status`."""

    at: str
    message: str
    hint: str = ""
    mission: str = ""
    """The mission that could not be served; empty: none could."""
    content: str = ""
    """The content of the mission's folder then (`Stored.content`); if it has changed, the trouble may be over."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of the remote from the last fetch or push."""

    at: str = ""
    """When that was; empty: never."""
    beaten: str = ""
    """When this clone last renewed its heartbeat."""
    signs: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """The last heartbeat of each host, and how often in a row it was unchanged."""
    problem: str = ""
    """Why the remote could not be used, or the empty string."""
    person: bool = False
    """Whether a person has to decide; otherwise it is tried again."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """STOP is set: nothing starts, and what runs is ended."""

    since: str
    """When it was set, in UTC."""
    by: str = ""
    """Who set it; empty if the file does not name anyone."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What a list shows of a mission whose folder has not changed since."""

    content: str
    """`Stored.content` then."""
    path: str
    """`Stored.path`."""
    title: str
    status: str
    problems: int = 0
    """Number of errors in the file."""
    done: int = 0
    planned: int = 0
    usd: str = "0"
    tokens: int = 0
    phase: tuple[str, str, str, int] | None = None
    """Name and status of the current phase, the gate that waits, and percent of the phases; None without phases."""
    preview: str = ""
    """`Line.preview`."""
    priority: str = "normal"
    waits: bool = False
    """Whether something in the file waits for a person."""
    archived: str = ""


class LedgerBook(Protocol):
    """The ledger of decisions from outside, held by this process alone."""

    ledger: Ledger
    """As it is stored."""

    def note(self, ledger: Ledger) -> None:
        """Store it, durably, readable only by its owner."""
        ...


class Plannings(Protocol):
    """The plannings of the API, or the interviews, held by this process alone."""

    @property
    def texts(self) -> Mapping[str, str]:
        """Return them as they are stored, by id."""
        ...

    def note(self, name: str, text: str) -> None:
        """Store one, durably, readable only by its owner; an empty text removes it."""
        ...


class Runtime(Protocol):
    """Runtime data. All of it may be deleted at any time."""

    def lock(self) -> AbstractContextManager[bool]:
        """Try to take the lock of the loop in this repository; the value is whether that worked."""
        ...

    def following(self) -> AbstractContextManager[None]:
        """Let others see, while it is open, that this process keeps running pulses in this repository."""
        ...

    def followed(self) -> bool:
        """Whether a process keeps running pulses here: `mission run` in some terminal, or detached."""
        ...

    def request_pulse(self) -> None:
        """Leave a wake-up request."""
        ...

    def take_pulse_request(self) -> bool:
        """Return whether a wake-up was requested since the last call; then nothing is idle until the next `rest`."""
        ...

    def stopped(self) -> Stopped | None:
        """Return since when STOP is set, and by whom; None if it is not."""
        ...

    def press_stop(self, *, on: bool, by: str = "") -> None:
        """Set STOP in the name of a person, or remove it. If it is set already, it stays unchanged."""
        ...

    def payments_stopped(self) -> Stopped | None:
        """Return since when and by whom payments are stopped, or None."""
        ...

    def stop_payments(self, *, on: bool, by: str = "") -> None:
        """Stop payments durably, or allow them again."""
        ...

    def looks(self, paths: Sequence[str]) -> dict[str, Look]:
        """Return the state of files now; taken before they are read, it shows later whether they have changed."""
        ...

    def changed_at(self, paths: Sequence[str]) -> datetime | None:
        """Return when the newest of some files was changed; None if none exists."""
        ...

    def rest(
        self,
        *,
        looks: Mapping[str, Look],
        jobs: Sequence[str],
        wake_at: datetime | None,
        again: bool = False,
        unfinished: bool = True,
    ) -> None:
        """Write the idle signature: what has to change before there is work; with `again` every pulse checks.

        `unfinished` tells whether a mission is under way or waits for its time.
        """
        ...

    def rested_at(self) -> tuple[float | None, float | None]:
        """Return when the present idle signature was written, by any process, and when this process wrote its last one.

        In seconds since the epoch; None if there is none. They differ if another process has run a pulse since.
        """
        ...

    def seems_idle(self) -> bool:
        """Return whether no watched file has changed since `rest`, and no wake-up is due."""
        ...

    def due(self) -> datetime | None:
        """Return since when a wake-up time or request has been due; None if there is neither."""
        ...

    def turn(self) -> str:
        """Return the mission after which the last pulse left the rest to the next one; empty: it left nothing."""
        ...

    def note_turn(self, mission: str) -> None:
        """Store it."""
        ...

    def timeline(self) -> Timeline | None:
        """Return the timeline of the last pulse; None if there is none."""
        ...

    def note_timeline(self, timeline: Timeline) -> None:
        """Store the timeline of this pulse."""
        ...

    def settled(self) -> Mapping[MissionId, Settled]:
        """Return the missions that were finished when this version last looked, with their content."""
        ...

    def note_settled(self, settled: Mapping[MissionId, Settled]) -> None:
        """Store which missions are finished."""
        ...

    def listed(self) -> Mapping[MissionId, Listed]:
        """Return what this version noted for lists."""
        ...

    def note_listed(self, listed: Mapping[MissionId, Listed]) -> None:
        """Store what lists show of missions, so that their files need not be read again. Never raises."""
        ...

    def forecasts(self) -> Kept:
        """Return what this version noted of forecasts."""
        ...

    def note_forecasts(self, kept: Kept) -> None:
        """Store what forecasts were made from, and their outcomes. Never raises."""
        ...

    def note_tick(self, mission: MissionId, line: str) -> None:
        """Add what a round saw and decided to the newest ones of a mission. Never raises."""
        ...

    def ticks(self, mission: MissionId) -> Sequence[str]:
        """Return what was noted of the rounds of a mission, oldest first; the oldest may be gone."""
        ...

    def note_troubles(self, troubles: Sequence[Trouble]) -> None:
        """Store what kept the last pulse from working, replacing earlier troubles. Never raises."""
        ...

    def troubles(self) -> tuple[Trouble, ...]:
        """Return what kept the last pulse from working."""
        ...

    def told(self) -> dict[str, dict[str, str]]:
        """Return the last notifications: text by event by mission."""
        ...

    def note_told(self, told: Mapping[str, Mapping[str, str]]) -> None:
        """Store what was notified."""
        ...

    def outbox(self) -> Outbox:
        """Return the messages that are not sent yet."""
        ...

    def note_outbox(self, outbox: Outbox) -> None:
        """Store them, durably."""
        ...

    def outside(self, mission: MissionId) -> Outside:
        """Return what is remembered of the world outside of a mission; nothing if that cannot be read."""
        ...

    def note_outside(self, mission: MissionId, outside: Outside) -> None:
        """Store it, durably."""
        ...

    def deciding(self) -> AbstractContextManager[LedgerBook]:
        """Hold the ledger of decisions from outside, so that no other process changes it. Raises BusyError."""
        ...

    def plannings(self) -> AbstractContextManager[Plannings]:
        """Hold the plannings of the API, so that no other process changes them. Raises BusyError."""
        ...

    def carrying(self, planning: str) -> AbstractContextManager[bool]:
        """Try to be the one that carries out a planning; the value is whether that worked."""
        ...

    def interviews(self) -> AbstractContextManager[Plannings]:
        """Hold the interviews that are not a mission yet, so that no other process changes them. Raises BusyError."""
        ...

    def interviewing(self, interview: str) -> AbstractContextManager[bool]:
        """Try to be the one that asks the questions of an interview; the value is whether that worked."""
        ...

    def asked(self) -> Asked:
        """Return what is known of the remote."""
        ...

    def note_asked(self, asked: Asked) -> None:
        """Store what is known of the remote."""
        ...

    def keep(self, name: str, text: str) -> str:
        """Store a text for people under a relative name (`plans/…`); return its path."""
        ...

    def token(self, subject: str) -> str:
        """Return a text that nobody can guess, always the same for a subject; it is stored nowhere."""
        ...

    def last_look(self) -> str:
        """Return the state commit that the person last saw, or the empty string."""
        ...

    def watch(self, mission: str = "") -> list[str]:
        """Return the files whose content views of a mission show, or those of all missions, beside jobs."""
        ...

    def note_look(self, head: str) -> None:
        """Store that the person has seen everything up to this commit."""
        ...


class Views(Protocol):
    """What a program that runs for long keeps of its views, so that many readers cost as much as one."""

    @property
    def on(self) -> bool:
        """Whether anything is kept."""
        ...

    def of(
        self, question: Hashable, files: Sequence[str], ask: Callable[[], T], seconds: float = 1, about: Hashable = None
    ) -> T:
        """Return the answer that was kept, or ask: again after some seconds, or if a file or `about` has changed."""
        ...


class NoViews:
    """Keeps nothing: a command looks once."""

    on = False

    def of(
        self,
        question: Hashable,  # noqa: ARG002 - of the port
        files: Sequence[str],  # noqa: ARG002 - of the port
        ask: Callable[[], T],
        seconds: float = 1,  # noqa: ARG002 - of the port
        about: Hashable = None,  # noqa: ARG002 - of the port
    ) -> T:
        """Ask."""
        return ask()
