"""The schedule of this user on this machine: cron or systemd, whichever works, and only one of them."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.adapters.fs.atomic import read_json, write_json
from mission_cli.adapters.fs.env_file import make_environment, read_environment
from mission_cli.domain.errors import BlockedError, MissionError
from mission_cli.domain.notice import advise, do
from mission_cli.ports.schedule import Detached, Installed, Job

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from mission_cli.adapters.schedule.capture import Account
    from mission_cli.adapters.schedule.crontab import Crontab
    from mission_cli.adapters.schedule.detached import DetachedPulses
    from mission_cli.adapters.schedule.systemd import SystemdTimer

KINDS = ("cron", "systemd")


@dataclass(frozen=True, slots=True)
class Installation:
    """The result of `install`."""

    installed: Installed
    keys_made: bool
    """The key file was created."""
    left_out: tuple[str, ...] = ()
    """Folders of PATH that did not fit in a crontab line."""
    replaced: tuple[str, ...] = ()
    """Other schedules that were removed."""


class LocalSchedule:
    """`state` contains the time of the last scheduled pulse, the log, and a record of what was installed."""

    def __init__(
        self, *, state: Path, key_file: Path, units: Path, pulse: Sequence[str], environment: Mapping[str, str]
    ) -> None:
        self.key_file = key_file
        self.log = state / "cron.log"
        self._state = state
        self._sign, self._note = state / "ticked", state / "schedule.json"
        self._pulse, self._environment, self._units = tuple(pulse), dict(environment), units

    @cached_property
    def cron(self) -> Crontab:
        """The crontab of this user."""
        from mission_cli.adapters.schedule.crontab import Crontab

        return Crontab(self._environment, self._who)

    @cached_property
    def systemd(self) -> SystemdTimer:
        """The timers of this user."""
        from mission_cli.adapters.schedule.systemd import SystemdTimer

        return SystemdTimer(self._environment, self._who, self._units)

    def noted(self) -> Installed | None:
        """Return what this program installed, if it is still there; None also if that cannot be determined now."""
        note = read_json(self._note)
        kind = note.get("kind") if isinstance(note, dict) else None
        with suppress(MissionError):
            return self._of(kind).installed() if kind in KINDS else None
        return None

    def detached(self) -> Detached | None:
        """Return the detached run of this user, if there is one."""
        return self.detached_pulses.running()

    def keep(self) -> None:
        """Be the detached run."""
        self.detached_pulses.keep(self._pulse)

    @cached_property
    def detached_pulses(self) -> DetachedPulses:
        """The process that starts pulses without cron and systemd."""
        from mission_cli.adapters.schedule.detached import DetachedPulses

        ours = self._pulse[: self._pulse.index("pulse")]
        return DetachedPulses(self._state, log=self.log, command=(*ours, "_pulses"), environment=self._environment)

    def installed(self) -> Installed | None:
        """Return the installed schedule, even one that a person wrote. Raises ToolError if it cannot be read."""
        return self.cron.installed() or self.systemd.installed()

    def environment(self, installed: Installed) -> Mapping[str, str]:
        """Return the environment of a scheduled pulse, including the key file."""
        return {**read_environment(self.key_file), **installed.environment}

    def last_tick(self) -> datetime | None:
        """Return when `pulse --all` ran last, or None."""
        try:
            return datetime.fromtimestamp(self._sign.stat().st_mtime, UTC)
        except OSError:
            return None

    def job(self) -> Job:
        """Return the job that would be installed now."""
        from mission_cli.adapters.schedule.capture import captured

        return Job(self._pulse, captured(self._environment, self._who.home), str(self.log))

    def preview(self) -> Installed:
        """Return what cron would start if it were installed now."""
        from mission_cli.adapters.schedule.capture import environment_of_cron
        from mission_cli.adapters.schedule.line import line_of

        job = self.job()
        return Installed("cron", job, line_of(job), environment={**environment_of_cron(self._who), **job.set})

    def obstacle(self, kind: str) -> str:
        """Return why this kind of schedule would not start anything here, or the empty string."""
        return self._of(kind).obstacle()

    def choose(self) -> str:
        """Return the kind of schedule that works here. Raises BlockedError with the obstacle of each."""
        obstacles = {kind: self.obstacle(kind) for kind in KINDS}
        works = next((kind for kind, obstacle in obstacles.items() if not obstacle), None)
        if works is None:
            words = "; ".join(f"{kind}: {obstacle}" for kind, obstacle in obstacles.items())
            hint = advise("start cron, or run pulses in the background: ", do("run", "--detach"))
            raise BlockedError(f"no schedule works here: {words}", hint=hint)
        return works

    def install(self, kind: str, programs: Iterable[str]) -> Installation:
        """Try the job and install it; `programs` must stay on its PATH. Raises MissionError; then nothing changed."""
        from mission_cli.adapters.schedule.capture import fitted

        keys_made = make_environment(self.key_file)
        read_environment(self.key_file)
        self._sign.parent.mkdir(parents=True, exist_ok=True)
        job, left_out = fitted(self.job(), programs) if kind == "cron" else (self.job(), ())
        installed = self._of(kind).install(job, sign=self._sign)
        others = [other for other in KINDS if other != kind]
        replaced = tuple(other for other in others if self._of(other).remove())
        write_json(self._note, {"kind": kind})
        return Installation(installed, keys_made, left_out, replaced)

    def remove(self) -> tuple[str, ...]:
        """Remove all schedules; return the kinds that were removed. The key file stays."""
        removed = tuple(kind for kind in KINDS if self._of(kind).remove())
        self._note.unlink(missing_ok=True)
        return removed

    @cached_property
    def _who(self) -> Account:
        from mission_cli.adapters.schedule.capture import account

        return account()

    def _of(self, kind: str) -> Crontab | SystemdTimer:
        return self.cron if kind == "cron" else self.systemd
