"""Whether this process was started by a job of a checkout: by a worker, a check or a planner, and not by a person.

The mark in the environment tells, which no other job has; and, for one that was started with another environment, the
supervisor above it (where there is a `/proc`). A person who steps in works below no supervisor and has no mark.
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
    """Raise BlockedError where a job of the repository around a folder has started this process.

    Not `above`: only the environment is asked. Supervisors themselves start pulses.
    """
    mark, folders = os.environ.get(MARKER, ""), _supervised() if above else []
    if not mark and not folders:
        return
    try:
        jobs = find_checkout(start).runtime / "jobs"
    except MissionError:
        return  # what is no repository has no jobs; the command itself says what is wrong
    key = _marked(jobs, mark) or _below(jobs, folders)
    if key:
        words = f"{key} has started this command, and a worker cannot speak for a person"
        raise BlockedError(
            words, hint="type it on a terminal of your own; a worker may use the commands that only show"
        )


def _supervised() -> list[Path]:
    """The folders of the jobs whose supervisors are above this process."""
    commands = map(scan.command_of, scan.ancestors())
    return [Path(words[words.index(_SUPERVISE) + 1]) for words in commands if _SUPERVISE in words[:-1]]


def _marked(jobs: Path, mark: str) -> str:
    """The key of the job with a mark; empty where it is none of these."""
    for spec in jobs.rglob("spec.json") if mark else ():
        request = JobFolder(spec.parent).read_request()
        if request is not None and request[1].mark == mark:
            return spec.parent.relative_to(jobs).as_posix()
    return ""


def _below(jobs: Path, folders: Sequence[Path]) -> str:
    """The key of the job that has one of the folders; empty where they belong to other checkouts."""
    place = Path(os.path.realpath(jobs))
    real = (Path(os.path.realpath(folder)) for folder in folders)
    return next((folder.relative_to(place).as_posix() for folder in real if folder.is_relative_to(place)), "")
