"""Whether this process was started by a job of a checkout (a worker, a check, a planning round), not by a person.

The job's mark in the environment shows it, because no other job has the same. If the environment was replaced, a
supervisor among the ancestors shows it, where there is a `/proc`. A person in a worker's tree has neither.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli.adapters.executors.jobs.folder import JobFolder
from mission_cli.adapters.executors.supervise.job_environment import MARKER
from mission_cli.adapters.git.repo.checkout import find_checkout
from mission_cli.adapters.proc import scan
from mission_cli.domain.errors import BlockedError, MissionError

if TYPE_CHECKING:
    from collections.abc import Sequence

_SUPERVISE = "_supervise"


def refuse_worker(start: Path, *, above: bool = True) -> None:
    """Raise BlockedError if a job of the repository around a folder has started this process.

    Without `above`, only the environment is checked, because supervisors themselves start pulses.
    """
    mark, folders = os.environ.get(MARKER, ""), _supervised() if above else []
    if not mark and not folders:
        return
    try:
        jobs = find_checkout(start).runtime / "jobs"
    except MissionError:
        return  # without a repository there are no jobs; the command itself reports the error
    key = _marked(jobs, mark) or _below(jobs, folders)
    if key:
        words = f"this command was started by {key}, and a worker cannot act for a person"
        raise BlockedError(
            words, hint="run it in your own terminal; a worker may only use commands that show something"
        )


def _supervised() -> list[Path]:
    """Return the folders of the jobs whose supervisors are ancestors of this process."""
    commands = map(scan.command_of, scan.ancestors())
    return [Path(words[words.index(_SUPERVISE) + 1]) for words in commands if _SUPERVISE in words[:-1]]


def _marked(jobs: Path, mark: str) -> str:
    """Return the key of the job with a mark; empty if no job here has it."""
    for spec in jobs.rglob("spec.json") if mark else ():
        request = JobFolder(spec.parent).read_request()
        if request is not None and request[1].mark == mark:
            return spec.parent.relative_to(jobs).as_posix()
    return ""


def _below(jobs: Path, folders: Sequence[Path]) -> str:
    """Return the key of the job that has one of the folders; empty if they belong to other checkouts."""
    place = Path(os.path.realpath(jobs))
    real = (Path(os.path.realpath(folder)) for folder in folders)
    return next((folder.relative_to(place).as_posix() for folder in real if folder.is_relative_to(place)), "")
