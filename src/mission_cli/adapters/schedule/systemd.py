"""A timer of systemd's user instance."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli._support.text import one_line
from mission_cli.adapters.fs.atomic import write_whole
from mission_cli.adapters.proc.run import run
from mission_cli.adapters.schedule import units
from mission_cli.adapters.schedule.capture import environment_of_systemd
from mission_cli.adapters.schedule.trial import try_job
from mission_cli.domain.errors import MissionError, ToolError
from mission_cli.domain.notice import do
from mission_cli.ports.schedule import Installed, Job

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.adapters.schedule.capture import Account

_LINGER = Path("/var/lib/systemd/linger")


class SystemdTimer:
    """The systemd timer as a schedule. `folder` holds the user's units: `~/.config/systemd/user`."""

    kind = "systemd"

    def __init__(self, environment: Mapping[str, str], who: Account, folder: Path) -> None:
        self._environment, self._who, self._folder = dict(environment), who, folder

    def obstacle(self) -> str:
        """Return why systemd would not start anything for this user here, or the empty string."""
        if shutil.which("systemctl", path=self._environment.get("PATH")) is None:
            return "systemd is not installed"
        try:
            self._systemctl("show-environment")
        except MissionError as error:
            return f"systemd does not run your services here ({error.message})"
        return ""

    def installed(self) -> Installed | None:
        """Return the installed timer, or None."""
        service, timer = self._folder / units.SERVICE, self._folder / units.TIMER
        if not (service.is_file() and timer.is_file()):
            return None
        job = units.job_of(service.read_text(encoding="utf-8", errors="replace")) or Job(())
        environment = {**environment_of_systemd(self._who), **job.set}
        wanted = self._folder / "timers.target.wants" / units.TIMER
        return Installed(self.kind, job, str(timer), live=wanted.exists(), environment=environment)

    def install(self, job: Job, *, sign: Path) -> Installed:
        """Try the job, write the units, start the timer. Raises MissionError; then there is no timer."""
        obstacle = self.obstacle()
        if obstacle:
            raise ToolError(obstacle, hint=do("cron install", "--with", "cron"))
        environment = {**environment_of_systemd(self._who), **job.set}
        try_job(job.argv, job, environment=environment, sign=sign)
        self._folder.mkdir(parents=True, exist_ok=True)
        write_whole(self._folder / units.SERVICE, units.service_of(job).encode())
        write_whole(self._folder / units.TIMER, units.timer().encode())
        try:
            self._systemctl("daemon-reload")
            self._systemctl("enable", "--now", units.TIMER)
        except MissionError:
            self.remove()
            raise
        there = self.installed()
        if there is None:
            raise ToolError(f"{self._folder} does not contain the units that were written")
        return there

    def remove(self) -> bool:
        """Stop the timer and remove the units; False if there were none. A running pulse continues."""
        places = [self._folder / name for name in (units.TIMER, units.SERVICE)]
        if not any(place.exists() for place in places):
            return False
        if not self.obstacle():
            self._systemctl("disable", "--now", units.TIMER)
        for place in places:
            place.unlink(missing_ok=True)
        (self._folder / "timers.target.wants" / units.TIMER).unlink(missing_ok=True)
        if not self.obstacle():
            self._systemctl("daemon-reload")
        return True

    def lingers(self) -> bool:
        """Whether timers of this user also run while the user is not logged in."""
        return (_LINGER / self._who.name).exists()

    def _systemctl(self, *words: str) -> None:
        done = run(["systemctl", "--user", "--no-pager", *words], cwd="/", env=self._environment, timeout=30)
        if done.code:
            raise ToolError(f"systemctl {words[0]}: {one_line(done.err.decode('utf-8', 'replace'), 300)}")
