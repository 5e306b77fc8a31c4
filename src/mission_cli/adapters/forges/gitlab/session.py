"""What all requests to one project on GitLab share."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.forges.gitlab.models import NAME, Access, Project, User, read
from mission_cli.adapters.forges.http import Client, Dialect
from mission_cli.domain.errors import ForgeError, ForgeTrouble
from mission_cli.domain.forge.facts import Author

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from typing import Any

    from mission_cli.adapters.forges.http import Answer

DIALECT = Dialect(NAME, headers={"Accept": "application/json"})
PAGE = 100
NOT_FOUND = 404
HIDDEN = frozenset({401, 403, NOT_FOUND})
"""Answers to a question that this version does not know, or this token may not ask."""
MAY_WRITE = 30
_HOUR, _DAY = 3600.0, 86_400.0
_BOT = pattern(r"(?:(?:project|group)_\d+_bot|service_account_|ghost_bot|gitlab-)")


class Session:
    """One project with one token: its client, whose token it is, and what the project allows."""

    def __init__(self, client: Client, name: str, clock: Callable[[], float]) -> None:
        self.client = client
        self.name = name
        self.project_path = f"/projects/{quote(name, safe='')}"
        self._clock = clock
        self._login = ""
        self._project: Project | None = None
        self._trusted: dict[int, bool] = {}

    def path(self, *parts: object) -> str:
        """Return a path below the project; each part is escaped."""
        return "/".join([self.project_path, *(quote(str(part), safe="") for part in parts)])

    def get(self, *parts: object, accept: Collection[int] = (), **query: object) -> Answer:
        """Read something below the project."""
        return self.client.get(self.path(*parts), query, accept=accept)

    def pages(self, *parts: object, **query: object) -> Iterator[Any]:
        """Read a list below the project."""
        return self.client.pages(self.path(*parts), {**query, "per_page": PAGE})

    def write(self, method: str, *parts: object, body: Any = None, accept: Collection[int] = ()) -> Answer:
        """Change something below the project. Raises ForgeError.

        GitLab refuses changes of an archived project as if a right were missing, so that is looked up then.
        """
        try:
            return self.client.write(method, self.path(*parts), body, accept=accept)
        except ForgeError as error:
            if error.trouble is ForgeTrouble.FORBIDDEN and self.project(again=True).archived:
                hint = "unarchive it, or stop the mission"
                raise ForgeError(ForgeTrouble.ARCHIVED, f"{self.name} is archived", hint=hint) from error
            raise

    def project(self, *, again: bool = False) -> Project:
        """Return the project as it was within the last hour, or as it is now. Raises ForgeError if it is not there."""
        if self._project is None or again:
            known = None if again else self.client.known(self.project_path, {}, self._clock() - _HOUR)
            self._project = read(Project, known or self.client.get(self.project_path).data)
        return self._project

    def login(self) -> str:
        """Return the login of the token's account."""
        if not self._login:
            known = self.client.known("/user", {}, self._clock() - _DAY)
            self._login = read(User, known or self.client.get("/user").data).username
        return self._login

    def author(self, user: User | None) -> Author:
        """Return who wrote something. Bots are known by their name, which GitLab gives to the accounts of tokens."""
        if user is None:
            return Author("ghost")
        ours = user.username == self.login()
        bot = user.bot or _BOT.match(user.username.lower()) is not None
        return Author(user.username, bot=bot, ours=ours, trusted=self._may_write(user.id))

    def _may_write(self, user: int) -> bool:
        """Whether an account is a member that may write, as it was within the last hour."""
        if user not in self._trusted:
            path = self.path("members", "all", user)
            data = self.client.known(path, {}, self._clock() - _HOUR)
            if data is None:
                answer = self.client.get(path, accept=HIDDEN)
                data = {} if answer.status in HIDDEN else answer.data
            self._trusted[user] = read(Access, data).access_level >= MAY_WRITE
        return self._trusted[user]


def refused(what: str, words: str, hint: str = "") -> ForgeError:
    """Return the error that the forge does not accept something."""
    return ForgeError(ForgeTrouble.REFUSED, f"{what}: {words or 'no reason is given'}", hint=hint)
