"""Whether a host has what attempts need there."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import time
from typing import TYPE_CHECKING

from mission_cli.adapters.executors.remote.launcher import Finding
from mission_cli.adapters.executors.sandbox.choose import find_sandbox
from mission_cli.adapters.git.repo.checkout import MIN_GIT, git_version
from mission_cli.adapters.user import environment
from mission_cli.domain.errors import MissionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_MIB = 1 << 20
_LITTLE = 1024
"""MiB."""


def findings(root: Path, programs: Mapping[str, str]) -> list[Finding]:
    """Return one line for each thing; `programs` are those of runners, by the name of the runner."""
    return list(_findings(root, programs))


def _findings(root: Path, programs: Mapping[str, str]) -> Iterator[Finding]:
    yield Finding("python", ok=True, words=f"{platform.python_version()} at {sys.executable}")
    yield _git()
    try:
        path = environment().get("PATH", os.defpath)
    except MissionError as error:
        path = os.environ.get("PATH", os.defpath)
        yield Finding("keys", ok=False, words=str(error), hint="fix the key file on the host")
    found = find_sandbox(path, root / "sandbox.json", needed=True)
    words = "bubblewrap" if found.command else found.words
    yield Finding("sandbox", bool(found.command), words, "" if found.command else "apt install bubblewrap")
    yield _disk(root)
    yield Finding("clock", ok=True, words=f"{time.time():.3f}")
    for name, program in programs.items():
        place = shutil.which(program, path=path)
        yield Finding(name, bool(place), place or f"`{program}` is not on PATH", "" if place else "install it there")


def _git() -> Finding:
    try:
        found = git_version()
    except MissionError as error:
        return Finding("git", ok=False, words=error.message, hint="install git on the host")
    words = ".".join(map(str, found))
    if found < MIN_GIT:
        return Finding("git", ok=False, words=f"{words} is too old", hint=f"install {'.'.join(map(str, MIN_GIT))}")
    return Finding("git", ok=True, words=words)


def _disk(root: Path) -> Finding:
    facts = os.statvfs(root)
    free = facts.f_frsize * facts.f_bavail // _MIB
    words = f"{free} MiB free at {root}"
    return Finding("disk", free >= _LITTLE, words, "" if free >= _LITTLE else "make room there")
