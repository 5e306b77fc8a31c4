"""Find the forge of a repository from its remote and its token; keep in the runtime folder what it answered last."""

from __future__ import annotations

import base64
import hashlib
import time
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mission_cli._support.dataclass import replace
from mission_cli._support.records import from_plain, to_plain
from mission_cli.adapters.forges.remotes import Place, place_of
from mission_cli.adapters.forges.tokens import Token, find_token, need_token
from mission_cli.adapters.fs.atomic import read_json, write_json
from mission_cli.adapters.git.remote.upstream import GitUpstream
from mission_cli.adapters.git.repo.command import Git
from mission_cli.domain.errors import ForgeError, ForgeTrouble
from mission_cli.domain.forge import facts
from mission_cli.domain.forge.memory import ForgeMemory
from mission_cli.ports.git.forge import ForgePlace

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mission_cli.adapters.git.repo.checkout import Checkout
    from mission_cli.domain.host import Person
    from mission_cli.domain.ids import MissionId
    from mission_cli.ports.git.forge import Forge
    from mission_cli.settings import ForgeSettings

_CLASSES = (
    ForgeMemory,
    facts.PullFacts,
    facts.Pull,
    facts.PullState,
    facts.Mergeable,
    facts.Check,
    facts.CheckOutcome,
    facts.Review,
    facts.ReviewState,
    facts.Author,
    facts.Thread,
    facts.Comment,
    facts.Rules,
    facts.Repository,
    facts.MergeMethod,
)
_LOGIN = {"github": "x-access-token", "gitlab": "oauth2", "forgejo": "oauth2"}
_ATTENDED, _ATTENDED_SECONDS = "attended", 60.0
_HERE = frozenset({"127.0.0.1", "localhost", "::1"})
"""Hosts to which a token may be sent without encryption."""


class LocalDesk:
    """The forge of one checkout. Nothing is read before it is asked for."""

    def __init__(
        self, checkout: Checkout, told: ForgeSettings, environment: Mapping[str, str], *, program: Person
    ) -> None:
        self._checkout, self._told, self._environment, self._program = checkout, told, environment, program
        self._folder = checkout.runtime / "forge"
        self._forge: Forge | None = None

    @property
    def remote(self) -> str:
        """The remote, if its repository is on a forge."""
        return self._told.remote if self._place is not None else ""

    @cached_property
    def settings(self) -> str:
        """A hash of what decides which forge is asked. A new token for the same forge knows what the old one knew."""
        place = self._place
        said = "\0".join([place.api, place.name, str(self._told.fork)] if place else [])
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    @cached_property
    def upstream(self) -> GitUpstream:
        """The branches at the remote; those of pull requests are in the fork, if one is used."""
        return GitUpstream(
            self._checkout,
            remote=self._told.remote,
            program=self._program,
            login=self._login,
            branches_at=self._fork_url if self._told.fork else None,
        )

    def place(self) -> ForgePlace | None:
        """Return kind, host and name of the repository, and where the token comes from."""
        place = self._place
        if place is None:
            return None
        try:
            source = self._token.source if self._token is not None else ""
        except ForgeError:  # `ready` says it
            source = ""
        return ForgePlace(place.kind, place.host, place.name, source)

    def ready(self) -> str:
        """Return why no pull request can be opened from here, without the network; empty if nothing is known."""
        if self._place is None:
            return f"the remote `{self._told.remote}` is not on a known forge" if self._url else "there is no remote"
        try:
            self._need_token()
        except ForgeError as error:
            return error.message
        return ""

    def connect(self) -> Forge:
        """Return the adapter for the forge. Raises ForgeError without one, or without a token."""
        if self._place is None:
            hint = "set `kind` and `url` in [forge] of .mission.toml, or add a remote"
            raise ForgeError(ForgeTrouble.NOT_FOUND, self.ready(), hint=hint)
        if self._forge is None:
            self._forge = self._adapter(self._place, self._need_token())
        return self._forge

    def elsewhere(self, name: str) -> tuple[str, Forge]:
        """Return the adapter for another project. The setting for the token counts on the same host alone."""
        place, same = self._project(name)
        if place is None:
            hint = "write `owner/name`, or https://HOST/owner/name of a forge that is known"
            raise ForgeError(ForgeTrouble.NOT_FOUND, f"`{name}` is on no known forge", hint=hint)
        reference = self._told.token if same else ""
        token = find_token(place.kind, place.host, self._environment, reference)
        if token is None:
            raise need_token(place.kind, place.host, self._environment)
        return self.address(name), self._adapter(place, token)

    def address(self, name: str) -> str:
        """Return the address of the project's page."""
        place, _ = self._project(name)
        return f"{urlsplit(place.api).scheme}://{place.host}/{place.name}" if place is not None else ""

    def publish(self, branch: str, commit: str) -> None:
        """Push the first commit to a repository that has none; do nothing if it is there already.

        Raises ForgeError if the repository has other commits, and ToolError if it cannot be reached.
        """
        git = Git(self._checkout.common_dir, own_config=True)
        git = replace(git, extra={**git.extra, **self._login()})
        heads = git.ask("ls-remote", "--quiet", "--heads", "--", self._told.remote).out.decode().split()[::2]
        if not all(git.succeeds("cat-file", "-e", head) for head in heads):
            words = f"the repository at {self._url} has commits already"
            raise ForgeError(ForgeTrouble.REFUSED, words, hint="choose another name, or attach the mission to a clone")
        if not heads:
            git.ask("push", "--quiet", "--", self._told.remote, f"{commit}:refs/heads/{branch}")

    def attend(self) -> None:
        """Touch a file."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        (self._folder / _ATTENDED).touch()

    def attended(self) -> bool:
        """Look when it was touched last."""
        try:
            since = time.time() - (self._folder / _ATTENDED).stat().st_mtime
        except OSError:
            return False
        return 0 <= since < _ATTENDED_SECONDS

    def recall(self, mission: MissionId) -> ForgeMemory:
        """Return what is remembered; nothing if that cannot be read."""
        plain = read_json(self._folder / f"{mission}.json")
        try:
            found = from_plain(plain, _CLASSES) if plain is not None else None
        except (ValueError, TypeError, KeyError, AttributeError):
            found = None
        return found if isinstance(found, ForgeMemory) else ForgeMemory()

    def keep(self, mission: MissionId, memory: ForgeMemory) -> None:
        """Remember; it holds texts of a repository that may be private."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        write_json(self._folder / f"{mission}.json", to_plain(memory), mode=0o600, durable=False)

    @cached_property
    def _url(self) -> str:
        git = Git(self._checkout.common_dir, own_config=True)
        found = git.run("remote", "get-url", "--", self._told.remote, ok=(0, 2, 128))
        return found.out.decode("utf-8", "replace").strip()

    @cached_property
    def _place(self) -> Place | None:
        return place_of(self._url, self._told.kind, self._told.url) if self._url else None

    def _project(self, name: str) -> tuple[Place | None, bool]:
        """Return another project, and whether it is on the forge of this repository."""
        own = self._place
        if name.startswith("https://"):
            there = urlsplit(name).netloc.lower()
            same = own is not None and there == own.host
            found = place_of(name, self._told.kind, self._told.url) if same else place_of(name)
            return found, same
        if own is None:
            return None, False
        scheme = urlsplit(own.api).scheme
        return place_of(f"{scheme}://{own.host}/{name}", own.kind, self._told.url or f"{scheme}://{own.host}"), True

    @cached_property
    def _token(self) -> Token | None:
        place = self._place
        return find_token(place.kind, place.host, self._environment, self._told.token) if place is not None else None

    def _need_token(self) -> Token:
        place = self._place
        if place is None:
            raise ValueError("there is no forge")
        if self._token is None:
            raise need_token(place.kind, place.host, self._environment)
        return self._token

    def _adapter(self, place: Place, token: Token) -> Forge:
        folder: Path = self._folder / "answers"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if place.kind == "github":
            from mission_cli.adapters.forges.github import GitHub

            return GitHub(place, token.value, folder, environment=self._environment)
        if place.kind == "forgejo":
            from mission_cli.adapters.forges.forgejo import Forgejo

            return Forgejo(place, token.value, folder, environment=self._environment)
        from mission_cli.adapters.forges.gitlab import GitLab

        return GitLab(place, token.value, folder, environment=self._environment)

    def _fork_url(self) -> str:
        """Return the address of the fork: that of the repository, with another name."""
        place, name = self._place, self.connect().fork()
        return self._url.replace(place.name, name, 1) if place is not None else self._url

    def _login(self) -> dict[str, str]:
        """Return variables with which git sends the token to the forge's own address, and to no other."""
        place, token, there = self._place, self._token, urlsplit(self._url)
        is_safe = there.scheme == "https" or (there.scheme == "http" and there.hostname in _HERE)
        if place is None or token is None or not is_safe:
            return {}
        netloc = there.netloc.rpartition("@")[2]
        secret = base64.b64encode(f"{_LOGIN[place.kind]}:{token.value}".encode()).decode()
        return {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{there.scheme}://{netloc}/.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {secret}",
        }
