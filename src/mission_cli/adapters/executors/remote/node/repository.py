"""The repositories of a host: the one in which jobs of a clone work, and an exchange that is kept there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mission_cli.adapters.fs.locks import locked
from mission_cli.adapters.git.repo.command import Git, plain_git

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_FEW = 2000
"""Loose objects with which a repository is packed."""


def make_bare(folder: Path, name: str) -> Path:
    """Return a bare repository below a folder, made if it is missing."""
    place = folder / name
    if (place / "HEAD").exists():
        return place
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / f"{name}.lock"):
        if not (place / "HEAD").exists():
            new = folder / f".{name}.new"
            plain_git(folder, "init", "--quiet", "--bare", "--template=", os.fspath(new))
            new.rename(place)
    return place


def configure(code: Path, settings: Mapping[str, str]) -> None:
    """Give a repository the settings of the person's git that jobs need."""
    git = Git(code)
    said = git.run("config", "--local", "--null", "--list").out.decode("utf-8", "replace")
    there = dict(entry.partition("\n")[::2] for entry in said.split("\0"))
    with locked(code / "mission-config.lock"):
        for name, value in settings.items():
            if there.get(name.lower()) != value:
                git.run("config", "--local", name, value)


def tidy(code: Path) -> None:
    """Pack a repository that has many loose objects; what nothing refers to goes after two weeks."""
    git = Git(code)
    git.run("-c", f"gc.auto={_FEW}", "-c", "gc.autoDetach=false", "gc", "--auto", "--quiet", ok=tuple(range(256)))
