"""Several people with clones of one bare repository, who share their missions by it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.kit.people import Person

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Hub:
    """The remote."""

    path: Path

    @property
    def refs(self) -> dict[str, str]:
        """What it has, by name."""
        done = subprocess.run(
            ["git", "for-each-ref", "--format=%(refname) %(objectname)"],
            cwd=self.path,
            capture_output=True,
            text=True,
            check=True,
        )
        return {ref: oid for ref, _, oid in (line.partition(" ") for line in done.stdout.splitlines())}

    def go_away(self) -> None:
        """Nobody reaches it any more."""
        self.path.rename(self.path.with_suffix(".gone"))

    def come_back(self) -> None:
        """It is reached again, as it was."""
        self.path.with_suffix(".gone").rename(self.path)

    def clone(self, folder: Path, *, worker: str) -> Person:
        """One more person with a clone, whose workers do this."""
        folder.mkdir()
        subprocess.run(["git", "clone", "--quiet", os.fspath(self.path), os.fspath(folder / "repo")], check=True)
        someone = Person(folder / "repo")
        someone.set('remote = "origin"\nremote_every = "0s"')
        someone.worker(worker)
        return someone


def make_hub(folder: Path) -> Hub:
    """A bare repository with one commit on main."""
    path = folder / "hub.git"
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", os.fspath(path)], check=True)
    seed = folder / "seed"
    subprocess.run(["git", "clone", "--quiet", os.fspath(path), os.fspath(seed)], check=True, capture_output=True)
    first = Person(seed)
    first.commit("Begin", **{"notes.txt": "hello\n"})
    first.git("push", "--quiet", "origin", "HEAD:main")
    return Hub(path)
