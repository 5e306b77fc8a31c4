"""Create a repository on a forge, unless it exists: for one person or organization, empty, private or public."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mission_cli._support.dataclass import dataclass
from mission_cli.adapters.forges.forgejo.session import DIALECT as FORGEJO
from mission_cli.adapters.forges.github.session import DIALECT as GITHUB
from mission_cli.adapters.forges.gitlab.session import DIALECT as GITLAB
from mission_cli.adapters.forges.http import Client
from mission_cli.adapters.forges.transport import in_wrong_json
from mission_cli.domain.errors import ForgeError, ForgeTrouble

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mission_cli.adapters.forges.http import Answer, Dialect
    from mission_cli.adapters.forges.remotes import Place

_NOT_FOUND = 404
_REFUSED = frozenset({400, 409, 422})
"""What forges answer for a repository that they will not create: one of that name exists, or the name is bad."""


@dataclass(frozen=True, slots=True)
class _Words:
    """What one kind of forge calls things."""

    dialect: Dialect
    login: str
    """The key of the account's name."""
    name: str
    """The key of a repository's `owner/name`."""
    address: str
    """The key of the address for git over HTTPS."""


_KINDS: Mapping[str, _Words] = {
    "github": _Words(GITHUB, "login", "full_name", "clone_url"),
    "forgejo": _Words(FORGEJO, "login", "full_name", "clone_url"),
    "gitlab": _Words(GITLAB, "username", "path_with_namespace", "http_url_to_repo"),
}


def create_repository(
    place: Place, token: str, folder: Path, *, private: bool, environment: Mapping[str, str]
) -> tuple[str, bool]:
    """Return the address of a repository for git, and whether it was created now. Raises ForgeError.

    It can be repeated: what exists is not created again. Whether that is empty, only its branches tell.
    """
    words = _KINDS[place.kind]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    client = Client(place.api, token, folder, words.dialect, environment=environment)
    found = _existing(client, place)
    if found is not None:
        return _address(client, words, place, found), False
    made = _create(client, words, place, private=private)
    if made.status in _REFUSED:
        found = _existing(client, place)  # an answer may have been lost
        if found is None:
            hint = "choose another name, or create it there and name it with --remote URL"
            raise ForgeError(
                ForgeTrouble.REFUSED, f"{client.forge} does not create {place.name}: {made.words}", hint=hint
            )
        return _address(client, words, place, found), False
    return _address(client, words, place, made.data), True


def _existing(client: Client, place: Place) -> Any:
    path = f"/projects/{quote(place.name, safe='')}" if place.kind == "gitlab" else f"/repos/{place.name}"
    answer = client.get(path, accept={_NOT_FOUND})
    return None if answer.status == _NOT_FOUND else answer.data


def _create(client: Client, words: _Words, place: Place, *, private: bool) -> Answer:
    owner, _, name = place.name.rpartition("/")
    own = _text(client, client.get("/user").data, words.login).lower() == owner.lower()
    if place.kind == "gitlab":
        body: dict[str, object] = {"name": name, "path": name, "visibility": "private" if private else "public"}
        if not own:
            group = client.get(f"/namespaces/{quote(owner, safe='')}").data
            body["namespace_id"] = group.get("id") if isinstance(group, dict) else None
        return client.write("POST", "/projects", body, accept=_REFUSED)
    path = "/user/repos" if own else f"/orgs/{owner}/repos"
    return client.write("POST", path, {"name": name, "private": private, "auto_init": False}, accept=_REFUSED)


def _address(client: Client, words: _Words, place: Place, data: Any) -> str:
    """Return the address of a repository. Raises ForgeError if it is another one: the name has moved."""
    name = _text(client, data, words.name)
    if name.lower() != place.name.lower():
        hint = "name it as it is called now, or choose another name"
        raise ForgeError(ForgeTrouble.REFUSED, f"{place.name} is called {name} now", hint=hint)
    return _text(client, data, words.address)


def _text(client: Client, data: Any, key: str) -> str:
    found = data.get(key) if isinstance(data, dict) else None
    if not isinstance(found, str) or not found:
        raise in_wrong_json(client.forge, f"it has no `{key}`")
    return found
