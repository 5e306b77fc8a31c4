"""A cluster of Slurm: one batch job for each launch, found again by its name.

Slurm forgets ended jobs after a while (`MinJobAge`), and the accounting is optional. Each job therefore leaves small
files in a folder that all nodes share, and these count where Slurm knows nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mission_cli.adapters.executors.hosts.slurm import scripts
from mission_cli.adapters.executors.hosts.slurm.commands import Commands
from mission_cli.adapters.executors.hosts.slurm.states import (
    NOT_LISTED,
    is_over,
    looks,
    number_free,
    options_of,
    recorded,
)
from mission_cli.adapters.executors.hosts.slurm.testing import findings
from mission_cli.adapters.executors.remote.launcher import Exchange
from mission_cli.domain.errors import ToolError
from mission_cli.domain.hosts.cleaning import Cleaned, Remains

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from mission_cli.adapters.executors.remote.launcher import Finding, Launch, LaunchLook
    from mission_cli.domain.hosts.cleaning import Cleaning
    from mission_cli.domain.hosts.host import Host

_ID = re.compile(r"[a-z0-9-]{1,63}")
_AT_ONCE = 400
"""So many ids fit into the arguments of one command."""
_PART = 256 * 1024
_PATIENCE_MIN = 2
"""After so many minutes the end is forced."""


class SlurmLauncher:
    """Starts batch jobs. `folder` is for the connection to the login node."""

    def __init__(self, host: Host, *, environment: Mapping[str, str], folder: Path) -> None:
        self._host = host
        self._commands = Commands(host, environment, folder)
        self._root = ""

    def prepare(self, program: bytes, digest: str) -> tuple[str, ...]:
        """Put the program into the shared folder; return the argv that runs it on a node."""
        name = f"mission-{_checked(digest)}.pyz"
        *there, self._root = self._commands.lines(scripts.HAS_PROGRAM, name)
        if not there:
            self._commands.run(scripts.PUT_PROGRAM, name, data=program)
        return (self._host.python, f"{self._root}/programs/{name}")

    def exchange(self) -> Exchange:
        """Return the repository of the settings, or one in the shared folder."""
        if self._host.exchange:
            return Exchange(self._host.exchange, self._host.exchange)
        return self._commands.exchange(f"{self._folder()}/exchange.git")

    def start(self, launch: Launch) -> None:
        """Submit the job, unless Slurm or the shared folder knows one of that id."""
        one = _checked(launch.id)
        folder = f"{self._folder()}/jobs/{one}"
        comment = f"mission:{launch.key}"
        options = {
            "--job-name": one,
            "--comment": comment,
            "--output": folder.replace("%", "%%") + "/output",
            "--export": "NONE",
            "--chdir": folder,
            **self._place(),
            **options_of(launch.needed or self._host.needed, launch.deadline_s),
        }
        words = [f"{name}={value}" for name, value in options.items()]
        script = scripts.batch_script(launch, folder)
        flags = ("--no-requeue", "--parsable", "--open-mode=append", "--ntasks=1", *words)
        for line in self._commands.lines(scripts.START, one, comment, *flags, data=script.encode()):
            if line.startswith("other "):
                raise ToolError(
                    f"{self._host.name}: a job {one} exists there that belongs to something else",
                    hint=f"see `squeue --name={one}`",
                )

    def look(self, ids: Sequence[str]) -> Mapping[str, LaunchLook]:
        """Return the states by Slurm's list and the files; the accounting is asked about what both do not explain."""
        found: dict[str, LaunchLook] = {}
        for some in _parts([_checked(one) for one in ids]):
            found |= looks(some, self._commands.lines(scripts.LOOK, *some))
        open_questions = [one for one, look in found.items() if look.detail == NOT_LISTED]
        return found | self._recorded(open_questions)

    def _recorded(self, ids: list[str]) -> dict[str, LaunchLook]:
        found: dict[str, LaunchLook] = {}
        for some in _parts(ids):
            try:
                found |= recorded(self._commands.lines(scripts.RECORDS, ",".join(some)))
            except ToolError:  # without accounting
                return {}
        return {one: look for one, look in found.items() if one in ids}

    def cancel(self, job: str) -> None:
        """Ask the program to end; from two minutes on, have Slurm end it."""
        try:
            self._commands.run(scripts.CANCEL, _checked(job), str(_PATIENCE_MIN))
        except ToolError as error:
            if not is_over(str(error)):
                raise

    def output(self, job: str, offset: int) -> tuple[bytes, int]:
        """Return the next part of the file in the shared folder."""
        part = self._commands.run(scripts.OUTPUT, _checked(job), str(offset + 1), str(_PART))
        return part, offset + len(part)

    def free(self) -> int | None:
        """Return how many more jobs fit on the idle CPUs, memory and GPUs of the partition."""
        return number_free(self._commands.lines(scripts.NODES, self._host.queue), self._host.needed)

    def forget(self, job: str) -> None:
        """Remove the files of an ended job."""
        self._commands.run(scripts.FORGET, _checked(job))

    def clean(self, wanted: Cleaning) -> Cleaned:
        """Say what is in the shared folder: jobs of other clones may be queued, and need it."""
        del wanted
        where = f"on {self._host.address}" if self._host.address else "on this machine"
        why = f"remove that folder {where} when `squeue --me` lists no job of mission"
        return Cleaned(kept=(Remains("program, clones and exchange", self._commands.root, why=why),))

    def test(self, runners: Mapping[str, str]) -> Sequence[Finding]:
        """Check the commands, the partition, the shared folder, and by a short job what a node has."""
        return findings(self._host, self._commands, self._place(), runners)

    def close(self) -> None:
        """Close the connection to the login node."""
        self._commands.close()

    def _folder(self) -> str:
        """Return the shared folder without `~`."""
        if not self._root:
            (self._root,) = self._commands.lines(scripts.WHERE)
        return self._root

    def _place(self) -> dict[str, str]:
        chosen = {"--partition": self._host.queue, "--account": self._host.account}
        return {name: value for name, value in chosen.items() if value}


def _parts(ids: list[str]) -> Iterator[list[str]]:
    return (ids[at : at + _AT_ONCE] for at in range(0, len(ids), _AT_ONCE))


def _checked(one: str) -> str:
    """Return an id that is safe in a path and in a list; others are never made."""
    if _ID.fullmatch(one) is None:
        raise ValueError(f"not an id: {one!r}")
    return one
