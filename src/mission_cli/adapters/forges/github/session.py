"""What all requests to one repository on GitHub share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mission_cli._support.text import one_line
from mission_cli.adapters.forges.http import Client, Dialect
from mission_cli.adapters.forges.transport import in_wrong_json
from mission_cli.domain.errors import ForgeError, ForgeTrouble

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from mission_cli.adapters.forges.http import Answer

DIALECT = Dialect("GitHub", headers={"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"})
_TROUBLES = {
    "NOT_FOUND": (ForgeTrouble.NOT_FOUND, "it does not exist, or this token may not see it"),
    "FORBIDDEN": (ForgeTrouble.FORBIDDEN, "the token lacks a right"),
    "INSUFFICIENT_SCOPES": (ForgeTrouble.FORBIDDEN, "the token lacks a right"),
    "RATE_LIMITED": (ForgeTrouble.LIMITED, "GitHub accepts no requests with this token for now"),
    "RATE_LIMIT": (ForgeTrouble.LIMITED, "GitHub accepts no requests with this token for now"),
    "SERVICE_UNAVAILABLE": (ForgeTrouble.UNREACHABLE, "GitHub has a problem"),
    "INTERNAL": (ForgeTrouble.UNREACHABLE, "GitHub has a problem"),
}
_HINTS = {
    ForgeTrouble.NOT_FOUND: "check the name of the repository and the rights of the token",
    ForgeTrouble.FORBIDDEN: "give the token more rights",
    ForgeTrouble.LIMITED: "it answers again later; nothing has to be done",
    ForgeTrouble.UNREACHABLE: "the program tries again later",
}
_LIMITED_SECONDS = 60.0
_WHAT_TIMES_OUT = "something went wrong while executing your query"


class Session:
    """One repository with one token: its client, and where its things are."""

    def __init__(self, client: Client, name: str, graphql: str) -> None:
        self.client = client
        self.name = name
        self.owner, _, self.repo = name.partition("/")
        self._graphql = graphql
        self._login = ""

    def path(self, *parts: object) -> str:
        """Return a path below the repository; each part is escaped."""
        return "/".join(["/repos", quote(self.owner, safe=""), quote(self.repo, safe=""), *map(_escaped, parts)])

    def get(self, *parts: object, **query: object) -> Answer:
        """Read something below the repository."""
        return self.client.get(self.path(*parts), query)

    def query(self, text: str, variables: Mapping[str, object], *, optional: Collection[str] = ()) -> Mapping[str, Any]:
        """Return the data of a GraphQL query. Raises ForgeError.

        `optional`: fields that may be null, each with an error of its own.
        """
        answer = self.client.ask(self._graphql, {"query": text, "variables": dict(variables)})
        data, errors = self._parts(answer)
        serious = [one for one in errors if not set(optional) & set(_path(one))]
        if serious:
            raise graphql_error(serious)
        return data

    def mutate(self, text: str, variables: Mapping[str, object]) -> str:
        """Change something by GraphQL. Returns GitHub's words if it does not accept that, else the empty string.

        Raises ForgeError if it could not be asked.
        """
        answer = self.client.write("POST", self._graphql, {"query": text, "variables": dict(variables)})
        errors = self._parts(answer, partial=True)[1]
        if not errors:
            return ""
        error = graphql_error(errors)
        if error.trouble is not ForgeTrouble.REFUSED:
            raise error
        return "; ".join(_words(one) for one in errors)

    def note_strict(self, base: str, *, holds: bool) -> None:
        """Note whether branches have to contain a base; a pull request shows it where the rule is hidden."""
        self.client.note(f"{self.name} strict {base}", holds=holds)

    def is_strict(self, base: str) -> bool:
        """Whether a pull request has shown that branches have to contain a base."""
        return self.client.noted(f"{self.name} strict {base}")

    def login(self) -> str:
        """Return the login of the token's account, without `[bot]`."""
        if not self._login:
            viewer = self.query("query { viewer { login } }", {}).get("viewer")
            login = viewer.get("login") if isinstance(viewer, dict) else None
            if not isinstance(login, str) or not login:
                raise in_wrong_json("GitHub", "it does not say whose the token is")
            self.met(login)
        return self._login

    def met(self, login: str) -> None:
        """Remember the login of the token's account."""
        self._login = plain_login(login)

    def is_ours(self, login: str | None) -> bool:
        """Whether a login is that of the token's account."""
        return bool(login) and plain_login(login or "") == self.login()

    def _parts(self, answer: Answer, *, partial: bool = False) -> tuple[Mapping[str, Any], list[dict[str, Any]]]:
        body = answer.data if isinstance(answer.data, dict) else {}
        listed = body.get("errors")
        errors = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        data = body.get("data")
        if not isinstance(data, dict) and not (errors or partial):
            raise in_wrong_json("GitHub", "it has no data")
        return data if isinstance(data, dict) else {}, errors


def plain_login(login: str) -> str:
    """Return a login as REST and GraphQL both know it: `github-actions[bot]` and `github-actions` are the same."""
    return login.removesuffix("[bot]").lower()


def graphql_error(errors: list[dict[str, Any]]) -> ForgeError:
    """Return the error for people for the errors of a GraphQL request."""
    said = "; ".join(_words(one) for one in errors[:3])
    kind = str(errors[0].get("type") or "")
    if not kind and said.lower().startswith(_WHAT_TIMES_OUT):
        kind = "INTERNAL"
    trouble, words = _TROUBLES.get(kind, (ForgeTrouble.REFUSED, "GitHub does not accept the request"))
    again = _LIMITED_SECONDS if trouble is ForgeTrouble.LIMITED else None
    return ForgeError(trouble, f"{words}: {said}", hint=_HINTS.get(trouble, ""), again=again)


def _words(error: Mapping[str, Any]) -> str:
    return one_line(str(error.get("message") or error.get("type") or "no reason is given"), 300)


def _path(error: Mapping[str, Any]) -> list[str]:
    found = error.get("path")
    return [str(part) for part in found] if isinstance(found, list) else []


def _escaped(part: object) -> str:
    return quote(str(part), safe="")
