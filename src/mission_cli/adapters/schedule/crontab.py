"""The crontab of this user, through the program `crontab`."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from mission_cli.adapters.proc import scan
from mission_cli.adapters.proc.run import run
from mission_cli.adapters.schedule import line as lines
from mission_cli.adapters.schedule.capture import environment_of_cron
from mission_cli.adapters.schedule.trial import try_job
from mission_cli.domain.errors import ConflictError, ToolError
from mission_cli.domain.text import one_line
from mission_cli.ports.schedule import Installed, Job

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mission_cli.adapters.proc.run import Completed
    from mission_cli.adapters.schedule.capture import Account

_DAEMONS = ("cron", "crond", "fcron", "dcron", "bcron-sched", "cronie")


class Crontab:
    """`environment` is where `crontab` is looked for."""

    kind = "cron"

    def __init__(self, environment: Mapping[str, str], who: Account) -> None:
        self._environment, self._who = dict(environment), who

    def obstacle(self) -> str:
        """Why cron would not start anything here, or empty."""
        if self._program() is None:
            return "there is no program `crontab`"
        if scan.named(_DAEMONS) is False:
            return "no cron daemon is running"
        return ""

    def installed(self) -> Installed | None:
        """Our line, if it is there. Raises ToolError when the crontab cannot be read."""
        if self._program() is None:
            return None
        found = lines.find_line(self._read())
        if found is None:
            return None
        job = lines.job_of(found.command) or Job(())
        environment = {**environment_of_cron(self._who), **job.set}
        return Installed(self.kind, job, found.text, live=found.live, environment=environment)

    def install(self, job: Job, *, sign: Path) -> Installed:
        """Try the job, write the line, read it back. Raises MissionError, and then the crontab is as it was."""
        line = lines.line_of(job)
        if not line.isprintable():
            raise ToolError(f"a path has a character that a crontab cannot hold: {line!r}")
        if len(line) > lines.LONGEST + len("* * * * * "):
            raise ToolError("the line would be too long for a crontab", hint="mission cron install --with systemd")
        before = self._read()
        command = lines.command_of(job)
        try_job(["/bin/sh", "-c", command], job, environment=environment_of_cron(self._who), sign=sign)
        if self._read() != before:
            raise ConflictError("the crontab was changed meanwhile by somebody else", hint="try again")
        self._write(lines.with_line(before, line))
        there = self.installed()
        if there is None or there.text != line:
            self._write(before)
            raise ToolError("the crontab does not hold what was written into it", hint="look at `crontab -l`")
        return there

    def remove(self) -> bool:
        """Take our line away; False when there was none."""
        if self._program() is None:
            return False
        before = self._read()
        after = lines.without_line(before)
        if after == before:
            return False
        if after:
            self._write(after)
        else:
            self._run("-r")
        return True

    def _program(self) -> str | None:
        return shutil.which("crontab", path=self._environment.get("PATH"))

    def _read(self) -> bytes:
        done = self._run("-l", ok=(0, 1))
        if done.code and b"no crontab" not in done.err:
            raise _refused(done)
        return done.out if done.code == 0 else b""

    def _write(self, crontab: bytes) -> None:
        self._run("-", stdin=crontab)

    def _run(self, word: str, *, stdin: bytes = b"", ok: tuple[int, ...] = (0,)) -> Completed:
        program = self._program()
        if program is None:
            raise ToolError(
                "there is no program `crontab`", hint="install cron, or: mission cron install --with systemd"
            )
        done = run([program, word], cwd="/", env={**self._environment, "LC_ALL": "C"}, stdin=stdin, timeout=30)
        if done.code not in ok:
            raise _refused(done)
        return done


def _refused(done: Completed) -> ToolError:
    words = one_line(done.err.decode("utf-8", "replace") or f"exit {done.code}", 400)
    return ToolError(f"crontab: {words}", hint="may you use cron here? see /etc/cron.allow and /etc/cron.deny")
