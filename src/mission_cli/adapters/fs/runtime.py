"""`.git/mission`: lock, wake-up request, STOP, idle signature. Never committed; may be deleted at any time."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import asdict
from mission_cli.adapters.fs.atomic import read_json, write_json, write_whole
from mission_cli.adapters.fs.by_look import ByLook
from mission_cli.adapters.fs.ledgers import held_book
from mission_cli.adapters.fs.locks import is_locked, share_lock, try_lock, unlock
from mission_cli.adapters.fs.noted.idle_signature import due_at, write_signature, written_at
from mission_cli.adapters.fs.noted.last_lines import append_line, kept_lines
from mission_cli.adapters.fs.noted.timelines import timeline_facts, timeline_from
from mission_cli.adapters.fs.noted.troubles import read_troubles, write_troubles
from mission_cli.adapters.fs.noted.unsent import outside_file, read_outbox, read_outside, write_outbox, write_outside
from mission_cli.adapters.fs.plannings import carried, held_texts
from mission_cli.adapters.fs.stop_files import read_stop, write_stop
from mission_cli.adapters.fs.token_key import token_for
from mission_cli.domain.ids import MissionId
from mission_cli.domain.paths import STOP_FILE
from mission_cli.domain.status import MissionStatus
from mission_cli.fastpath import KICK, has_come, look, seems_idle
from mission_cli.ports.git.state import Settled
from mission_cli.ports.runtime import Asked, Listed, Stopped, Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import timedelta
    from pathlib import Path

    from mission_cli.domain.forecast.memory import Kept
    from mission_cli.domain.news.outbox import Outbox
    from mission_cli.domain.outside.facts import Outside
    from mission_cli.domain.timing.timeline import Timeline
    from mission_cli.ports.runtime import LedgerBook, Look, Plannings


_SPARE = ("idle.json", KICK, "clock.json", "told.json", "looked.json", "listed.json", "forecasts.json")
"""Files that may be lost at any time."""
_FOLLOWED = "followed.lock"
_STOP_PAYMENTS = "STOP-PAYMENTS"
_TICKS = "ticks"
"""The folder with what rounds saw and decided, a file for each mission."""


class FolderRuntime:
    """The runtime folder of one repository. `fastpath.py` reads what `rest` writes."""

    def __init__(self, folder: Path, *, version: str, full_look: timedelta) -> None:
        self._folder = folder
        self._version = version
        self._full_look = full_look.total_seconds()
        self._by_look = ByLook()
        self._rested: float | None = None

    @contextmanager
    def lock(self) -> Iterator[bool]:
        """Yield True while holding the lock of the loop; if another process holds it, leave a wake-up request."""
        self._folder.mkdir(parents=True, exist_ok=True)
        handle = try_lock(self._folder / "lock")
        if handle is None:
            self.request_pulse()
            handle = try_lock(self._folder / "lock")
        has_come()
        if handle is None:  # a request that was left meanwhile relies on the holder, or on this process
            handle = try_lock(self._folder / "lock")
        if handle is None:
            yield False
            return
        try:
            yield True
        finally:
            unlock(handle)

    @contextmanager
    def following(self) -> Iterator[None]:
        """Hold a lock that several processes may hold; without it where nothing can be written."""
        handle = None
        with suppress(OSError):
            handle = share_lock(self._folder / _FOLLOWED)
        try:
            yield
        finally:
            if handle is not None:
                unlock(handle)

    def followed(self) -> bool:
        """Whether a process holds that lock."""
        return is_locked(self._folder / _FOLLOWED)

    def request_pulse(self) -> None:
        """Leave a wake-up request."""
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / KICK).touch()

    def take_pulse_request(self) -> bool:
        """Return whether there is a wake-up request. Removes it, after the idle signature, so a crash is harmless."""
        kick = self._folder / KICK
        if not kick.exists():
            return False
        (self._folder / "idle.json").unlink(missing_ok=True)
        kick.unlink(missing_ok=True)
        return True

    def stopped(self) -> Stopped | None:
        """Return the content of the file STOP, or None. A person may have created it, empty."""
        return read_stop(self._folder / STOP_FILE)

    def payments_stopped(self) -> Stopped | None:
        """Return the content of the file STOP-PAYMENTS in the same way."""
        return read_stop(self._folder / _STOP_PAYMENTS)

    def press_stop(self, *, on: bool, by: str = "") -> None:
        """Create or remove STOP durably: a power cut must not lift it."""
        write_stop(self._folder / STOP_FILE, by, on=on, spare=_SPARE)

    def stop_payments(self, *, on: bool, by: str = "") -> None:
        """Create or remove STOP-PAYMENTS durably."""
        write_stop(self._folder / _STOP_PAYMENTS, by, on=on, spare=_SPARE)

    def looks(self, paths: Sequence[str]) -> dict[str, Look]:
        """Return the present state of files, for the idle signature."""
        return {path: look(path) for path in paths}

    def changed_at(self, paths: Sequence[str]) -> datetime | None:
        """Return the time of the latest change of these files, or None."""
        times = [found[0] for path in paths if (found := look(path))]
        return datetime.fromtimestamp(max(map(float, times)) / 1e9, UTC) if times else None

    def rest(
        self,
        *,
        looks: Mapping[str, Look],
        jobs: Sequence[str],
        wake_at: datetime | None,
        again: bool = False,
        unfinished: bool = True,
    ) -> None:
        """Write the idle signature: the state of files, the running jobs, and when to wake up."""
        self._rested = write_signature(
            self._folder,
            self._version,
            looks=looks,
            jobs=jobs,
            wake_at=wake_at,
            full_look_s=self._full_look,
            again=again,
            unfinished=unfinished,
        )

    def rested_at(self) -> tuple[float | None, float | None]:
        """Return when the present signature was written, and when this process wrote its last one."""
        return written_at(self._folder), self._rested

    def seems_idle(self) -> bool:
        """Whether at most the full check is due."""
        return seems_idle(os.fspath(self._folder), self._version)

    def due(self) -> datetime | None:
        """Return the wake-up time of the last signature, or the time of a wake-up request, whichever is earlier."""
        return due_at(self._folder)

    def turn(self) -> str:
        """Return what `note_turn` wrote last."""
        raw = read_json(self._folder / "turn.json")
        return str(raw.get("mission", "")) if isinstance(raw, dict) else ""

    def note_turn(self, mission: str) -> None:
        """Record the next mission, not durably: without it the next pulse begins with the first mission."""
        write_json(self._folder / "turn.json", {"mission": mission}, durable=False)

    def timeline(self) -> Timeline | None:
        """Return what `note_timeline` of any version wrote, or None if it cannot be read."""
        raw = read_json(self._folder / "clock.json")
        try:
            return timeline_from(raw) if isinstance(raw, dict) else None
        except (KeyError, TypeError, ValueError):
            return None

    def note_timeline(self, timeline: Timeline) -> None:
        """Record the timeline, not durably: if it is lost in a power cut, the next pulse starts a new one."""
        self._folder.mkdir(parents=True, exist_ok=True)
        write_json(self._folder / "clock.json", timeline_facts(timeline), durable=False)

    def settled(self) -> dict[MissionId, Settled]:
        """Return what `note_settled` of this version wrote."""
        raw = read_json(self._folder / "settled.json")
        if not isinstance(raw, dict) or raw.get("version") != self._version:
            return {}
        try:
            return {MissionId(m): Settled(c, MissionStatus(status)) for m, (c, status) in raw["missions"].items()}
        except (KeyError, TypeError, ValueError, AttributeError):
            return {}

    def note_settled(self, settled: Mapping[MissionId, Settled]) -> None:
        """Record which missions are settled, if that changed."""
        if self.settled() != settled:
            missions = {mission: [one.content, one.status] for mission, one in settled.items()}
            write_json(self._folder / "settled.json", {"version": self._version, "missions": missions})

    def listed(self) -> dict[MissionId, Listed]:
        """Return what `note_listed` of this version wrote."""
        return self._by_look.of("listed", [f"{self._folder}/listed.json"], self._listed)

    def _listed(self) -> dict[MissionId, Listed]:
        raw = read_json(self._folder / "listed.json")
        if not isinstance(raw, dict) or raw.get("version") != self._version:
            return {}
        try:
            rows = {MissionId(mission): row for mission, row in raw["missions"].items()}
            return {mission: Listed(*row) for mission, row in rows.items() if len(row) == len(Listed.__match_args__)}
        except (KeyError, TypeError, AttributeError):
            return {}

    def note_listed(self, listed: Mapping[MissionId, Listed]) -> None:
        """Record what lists show; without room for it, the files are read the next time, too."""
        missions = {mission: [getattr(one, name) for name in Listed.__match_args__] for mission, one in listed.items()}
        with suppress(OSError):
            write_json(self._folder / "listed.json", {"version": self._version, "missions": missions}, durable=False)

    def forecasts(self) -> Kept:
        """Return what `note_forecasts` of this version wrote."""
        from mission_cli.adapters.fs.noted.forecasts import kept_forecasts, place_of

        place = [place_of(self._folder)]
        return self._by_look.of("forecasts", place, lambda: kept_forecasts(self._folder, self._version))

    def note_forecasts(self, kept: Kept) -> None:
        """Record it."""
        from mission_cli.adapters.fs.noted.forecasts import note_forecasts

        note_forecasts(self._folder, self._version, kept)

    def note_tick(self, mission: MissionId, line: str) -> None:
        """Append a line to the file of the mission, not durably: no decision depends on it."""
        append_line(self._folder / _TICKS / f"{mission}.jsonl", line)

    def ticks(self, mission: MissionId) -> Sequence[str]:
        """Return the lines of that file."""
        return kept_lines(self._folder / _TICKS / f"{mission}.jsonl")

    def note_troubles(self, troubles: Sequence[Trouble]) -> None:
        """Record errors for `status`. Failure is ignored: the error may be this disk, and the pulse reports it too."""
        write_troubles(self._folder, troubles)

    def troubles(self) -> tuple[Trouble, ...]:
        """Return the recorded errors, and the reason if nothing can be recorded."""
        return read_troubles(self._folder)

    def told(self) -> dict[str, dict[str, str]]:
        """Return what the person was notified of last, by mission."""
        raw = read_json(self._folder / "told.json")
        return {k: v for k, v in raw.items() if isinstance(v, dict)} if isinstance(raw, dict) else {}

    def note_told(self, told: Mapping[str, Mapping[str, str]]) -> None:
        """Record what the person was notified of."""
        write_json(self._folder / "told.json", {mission: dict(facts) for mission, facts in told.items()})

    def outbox(self) -> Outbox:
        """Return what `note_outbox` wrote; empty if it cannot be read."""
        return read_outbox(self._folder)

    def note_outbox(self, outbox: Outbox) -> None:
        """Record the messages that are not sent yet, readable only by their owner."""
        write_outbox(self._folder, outbox)

    def outside(self, mission: MissionId) -> Outside:
        """Return what `note_outside` wrote; nothing if it cannot be read."""
        return read_outside(self._folder, mission)

    def note_outside(self, mission: MissionId, outside: Outside) -> None:
        """Record what is known of the world outside of a mission, readable only by its owner."""
        write_outside(self._folder, mission, outside)

    def deciding(self) -> AbstractContextManager[LedgerBook]:
        """Hold `deciding.json`."""
        return held_book(self._folder)

    def plannings(self) -> AbstractContextManager[Plannings]:
        """Hold the folder `plannings`."""
        return held_texts(self._folder, "plannings")

    def carrying(self, planning: str) -> AbstractContextManager[bool]:
        """Take the lock of one planning."""
        return carried(self._folder, "plannings", planning)

    def interviews(self) -> AbstractContextManager[Plannings]:
        """Hold the folder `interviews`."""
        return held_texts(self._folder, "interviews")

    def interviewing(self, interview: str) -> AbstractContextManager[bool]:
        """Take the lock of one interview."""
        return carried(self._folder, "interviews", interview)

    def asked(self) -> Asked:
        """Return what is known of the remote."""
        raw = read_json(self._folder / "asked.json")
        try:
            signs = {host: (str(sign), int(times)) for host, (sign, times) in raw["signs"].items()}
            return Asked(str(raw["at"]), str(raw["beaten"]), signs, str(raw["problem"]), raw["person"] is True)
        except (KeyError, TypeError, ValueError, AttributeError):
            return Asked()

    def note_asked(self, asked: Asked) -> None:
        """Record what is known of the remote."""
        self._folder.mkdir(parents=True, exist_ok=True)
        write_json(self._folder / "asked.json", asdict(asked))

    def keep(self, name: str, text: str) -> str:
        """Write a file that only its owner can read; return its path."""
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text.encode("utf-8", "surrogateescape"), mode=0o600)
        return os.fspath(path)

    def token(self, subject: str) -> str:
        """Return a keyed hash of the subject."""
        return token_for(self._folder, subject)

    def last_look(self) -> str:
        """Return the state commit that the person saw last."""
        raw = read_json(self._folder / "looked.json")
        return str(raw.get("head", "")) if isinstance(raw, dict) else ""

    def watch(self, mission: str = "") -> list[str]:
        """Return STOP, errors, what is known of the remote, what could not be sent, and what is known of the world."""
        names = [
            STOP_FILE,
            _STOP_PAYMENTS,
            "trouble.json",
            "asked.json",
            "outbox.json",
            *([outside_file(mission)] if mission else []),
        ]
        return [f"{self._folder}/{name}" for name in names]

    def note_look(self, head: str) -> None:
        """Record that the person has seen everything up to this commit."""
        self._folder.mkdir(parents=True, exist_ok=True)
        write_json(self._folder / "looked.json", {"head": head})
