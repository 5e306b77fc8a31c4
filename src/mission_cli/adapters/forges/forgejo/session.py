"""What all requests to one repository on Forgejo or Gitea share."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from mission_cli.adapters.forges.forgejo.models import NAME, Branch, Repo, User, read, read_all
from mission_cli.adapters.forges.http import MOST_PAGES, Client, Dialect, next_page
from mission_cli.adapters.forges.transport import in_wrong_json
from mission_cli.domain.errors import ForgeError, ForgeTrouble
from mission_cli.domain.forge.facts import Author

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from typing import Any

    from mission_cli.adapters.forges.http import Answer

DIALECT = Dialect(NAME, token_form="token {}", headers={"Accept": "application/json"})  # noqa: S106 - the form of a token
PAGE = 50
"""Items of a page: more are not given, unless the administrator allows it."""
NOT_FOUND = 404
_FORBIDDEN = 403
_GHOST = -1


class Session:
    """One repository with one token: its client, whose token it is, and who may write."""

    def __init__(self, client: Client, name: str) -> None:
        self.client = client
        self.name = name
        self.owner, _, self.repo = name.partition("/")
        self._login = ""
        self._writers: frozenset[str] | None = None
        self._branches: dict[str, Branch | None] = {}

    def path(self, *parts: object) -> str:
        """Return a path below the repository; each part is escaped."""
        return "/".join(["/repos", *(quote(str(part), safe="") for part in (self.owner, self.repo, *parts))])

    def get(self, *parts: object, accept: Collection[int] = (), **query: object) -> Answer:
        """Read something below the repository."""
        return self.client.get(self.path(*parts), query, accept=accept)

    def pages(self, *parts: object, **query: object) -> Iterator[Any]:
        """Read a list below the repository. Some lists name the next page, others only how many items there are."""
        found = 0
        for page in range(1, MOST_PAGES + 1):
            answer = self.client.get(self.path(*parts), {**query, "page": page, "limit": PAGE})
            items = answer.data or []
            if not isinstance(items, list):
                raise in_wrong_json(NAME, "a list was expected")
            yield from items
            found += len(items)
            total = answer.headers.get("x-total-count", "")
            more = int(total) > found if total.isdecimal() else len(items) >= PAGE
            if not items or not (more or next_page(answer)):
                return

    def write(self, method: str, *parts: object, body: Any = None, accept: Collection[int] = ()) -> Answer:
        """Change something below the repository. Raises ForgeError; an archived repository is named as that."""
        try:
            return self.client.write(method, self.path(*parts), body, accept=accept)
        except ForgeError as error:
            if error.trouble is ForgeTrouble.LOCKED and "archived" in error.message.lower():
                hint = "unarchive it, or stop the mission"
                raise ForgeError(ForgeTrouble.ARCHIVED, f"{self.name} is archived", hint=hint) from error
            raise

    def repository(self) -> Repo:
        """Return the repository. Raises ForgeError if it does not exist, or the token may not see it."""
        return read(Repo, self.get().data)

    def login(self) -> str:
        """Return the login of the token's account."""
        if not self._login:
            self._login = read(User, self.client.get("/user").data).login
        return self._login

    def branch(self, name: str, *, again: bool = False) -> Branch | None:
        """Return a branch with its protection, asked for once or `again`; None if there is none."""
        if again or name not in self._branches:
            answer = self.get("branches", name, accept={NOT_FOUND})
            if answer.status == NOT_FOUND:
                self.repository()  # raises if it is the repository that does not exist
            self._branches[name] = None if answer.status == NOT_FOUND else read(Branch, answer.data)
        return self._branches[name]

    def author(self, user: User | None) -> Author:
        """Return who wrote something. Of bots only the forge's own are known as such: their ids are negative."""
        if user is None or user.id == _GHOST:
            return Author("ghost")
        ours = user.login.lower() == self.login().lower()
        return Author(user.login, bot=user.id < 0, ours=ours, trusted=user.login.lower() in self._who_may_write())

    def _who_may_write(self) -> frozenset[str]:
        """Return the logins, in lower case, of those to whom an issue can be assigned: they may write."""
        if self._writers is None:
            answer = self.get("assignees", accept={_FORBIDDEN})
            found = read_all(User, answer.data or []) if answer.status != _FORBIDDEN else []
            self._writers = frozenset(user.login.lower() for user in found)
        return self._writers


def refused(what: str, words: str, hint: str = "") -> ForgeError:
    """Return the error that the forge does not accept something."""
    return ForgeError(ForgeTrouble.REFUSED, f"{what}: {words or 'no reason is given'}", hint=hint)
