"""A person's repository whose remote is on a scripted forge over HTTP; CI and reviewers act as the work arrives."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from tests.kit.forge.commits import BareCommits
from tests.kit.forge.faces.worlds import served_as
from tests.kit.forge.server import Server, served, token_of
from tests.kit.forge.site import Site
from tests.kit.forge.state import OURS
from tests.kit.forge.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.kit.people import Person

SETTINGS = """
[forge]
kind = "{kind}"
url = "{url}"
poll = "1s"
token = "env:FORGE_TOKEN"
{more}
"""


@dataclass
class Shop:
    """The forge of a person's repository."""

    world: World
    server: Server

    @property
    def site(self) -> Site:
        """The repository on it."""
        return self.world.site

    def base(self) -> dict[str, str]:
        """The files of `main`."""
        commits = self.site.commits
        assert isinstance(commits, BareCommits)

        def git(*words: str) -> str:
            return subprocess.run(
                ["git", "-C", commits.path, *words], capture_output=True, text=True, check=True
            ).stdout

        names = git("ls-tree", "-r", "--name-only", "main").splitlines()
        return {name: git("show", f"main:{name}") for name in names}


@contextmanager
def merging(
    person: Person, folder: Path, more: str = "", site: type[Site] = Site, kind: str = "github"
) -> Iterator[Shop]:
    """Serve a forge that has the repository's `main`, and set it as the remote `origin`."""
    there = folder / "acme" / "shop.git"
    there.parent.mkdir(parents=True)
    person.git("clone", "--quiet", "--bare", ".", str(there))
    world = World(site(BareCommits(there)))
    with served(world) if kind == "github" else served_as(kind, world) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORGE_TOKEN", token_of(world, OURS))
        person.git("remote", "add", "origin", server.remote)
        person.tables.append(SETTINGS.format(kind=kind, url=server.url, more=more))
        person.save_settings()
        yield Shop(world, server)
        assert server.unknown == []
