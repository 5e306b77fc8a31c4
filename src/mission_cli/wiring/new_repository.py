"""A new repository for a mission: made here, with a first commit, a remote, and one on a forge if that is asked for.

Every step looks first whether it was done, so a command that was killed is given again and goes on.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.errors import NotFoundError, UsageError
from mission_cli.domain.notice import do

if TYPE_CHECKING:
    from pathlib import Path

_REMOTE = "origin"


@dataclass(frozen=True, slots=True)
class NewRepository:
    """What is asked for."""

    place: Path
    remote: str = ""
    """The URL of a remote that exists."""
    at_forge: str = ""
    """A repository to create on a forge: `owner/name` on GitHub or the forge of the settings, or its web address."""
    private: bool = False

    def refuse_nonsense(self) -> None:
        """Raise UsageError for what cannot be done. Changes nothing, and asks no server."""
        from mission_cli.adapters.git.repo.begin import is_empty
        from mission_cli.adapters.git.repo.checkout import find_checkout

        if self.remote and self.at_forge:
            raise UsageError("--remote and --forge-repo both name a remote", hint="use one of them")
        if self.private and not self.at_forge:
            raise UsageError("--private is for a repository on a forge", hint="add --forge-repo OWNER/NAME")
        if self.remote.startswith("-"):
            raise UsageError(f"`{self.remote}` is not the address of a remote", hint="write its URL or path")
        if self.place.exists() and not is_empty(self.place):
            existing = do("attach", "ID", "--repo", os.fspath(self.place))
            hint = f"choose another folder; if it is a repository: {existing}"
            raise UsageError(f"{self.place} is not empty", hint=hint)
        parent = next(one for one in (self.place.resolve(), *self.place.resolve().parents) if one.is_dir())
        try:
            around = find_checkout(parent).name
        except NotFoundError:
            around = None
        if around is not None and around.resolve() != self.place.resolve():
            raise UsageError(f"{self.place} is inside the repository {around}", hint="choose a folder outside of it")
        if self.at_forge:
            self._forge_place()

    def make(self) -> list[str]:
        """Make it, as far as it is not there; return what was done, in words for people."""
        from mission_cli.adapters.git.repo import begin
        from mission_cli.wiring.compose import is_in_repository

        self.refuse_nonsense()
        done = []
        self.place.mkdir(parents=True, exist_ok=True)
        if not is_in_repository(self.place):
            begin.make_repository(self.place)
            done.append(f"made a repository: {self.place}")
        if not begin.has_commit(self.place):
            begin.first_commit(self.place)
            done.append("made its first commit")
        url = self.remote
        if self.at_forge:
            url, created = self._created()
            done += [f"created {url}"] if created else []
        known = begin.remote_url(self.place, _REMOTE)
        if url and known and known != url:
            raise UsageError(f"the remote `{_REMOTE}` is {known}", hint="name that one, or remove it")
        if url and not known:
            begin.add_remote(self.place, _REMOTE, url)
            done.append(f"added the remote {_REMOTE}: {url}")
        if self.at_forge:
            self._publish()
            done.append(f"pushed to {_REMOTE}")
        return done

    def _settings(self) -> tuple[str, str, str]:
        """Return kind and address of the forge of the person's settings, and the reference to the token."""
        from mission_cli.adapters.settings_files import read_settings
        from mission_cli.adapters.user import own_settings

        told = read_settings(None, own_settings(), os.environ).settings.forge
        return told.kind, told.url, told.token

    def _forge_place(self) -> tuple[str, str, str, str]:
        """Return kind, host, name and API of the repository on the forge. Raises UsageError."""
        from mission_cli.adapters.forges.remotes import place_of

        kind, base, _ = self._settings()
        root = (base if "://" in base else f"https://{base}") if base else "https://github.com"
        for suffix in ("/api/v3", "/api/v4", "/api/v1"):
            root = root.rstrip("/").removesuffix(suffix)
        named = self.at_forge if "://" in self.at_forge else f"{root}/{self.at_forge}"
        found = place_of(named, kind, base)
        if found is None:
            hint = "write OWNER/NAME or its address; for a server of your own, set `kind` and `url` in [forge]"
            raise UsageError(f"`{self.at_forge}` is not a repository on a known forge", hint=hint)
        return found.kind, found.host, found.name, found.api

    def _created(self) -> tuple[str, bool]:
        """Create the repository on the forge, unless it is there; return its address, and whether it was created."""
        from mission_cli.adapters.forges.creating import create_repository
        from mission_cli.adapters.forges.remotes import Place
        from mission_cli.adapters.forges.tokens import find_token, need_token
        from mission_cli.adapters.user import environment, user_folder

        place, around = Place(*self._forge_place()), environment()
        token = find_token(place.kind, place.host, around, self._settings()[2])
        if token is None:
            raise need_token(place.kind, place.host, around)
        folder = user_folder("state") / "forge"
        return create_repository(place, token.value, folder, private=self.private, environment=around)

    def _publish(self) -> None:
        from mission_cli.adapters.forges.desk import LocalDesk
        from mission_cli.adapters.git.repo.begin import head_of
        from mission_cli.adapters.git.repo.checkout import find_checkout
        from mission_cli.adapters.settings_files import read_settings
        from mission_cli.adapters.user import environment, own_settings
        from mission_cli.domain.host import PROGRAM

        checkout = find_checkout(self.place)
        told = read_settings(None, own_settings(), os.environ).settings.forge
        desk = LocalDesk(checkout, told, environment(), program=PROGRAM)
        branch, commit = head_of(self.place)
        desk.publish(branch, commit)
