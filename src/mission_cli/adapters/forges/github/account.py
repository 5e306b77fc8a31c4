"""Whose token is used, what the repository allows, and the account's fork."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import parse_stamp, stamp
from mission_cli.adapters.forges.github.models import Repo, User, read
from mission_cli.domain.errors import ForgeError, ForgeTrouble
from mission_cli.domain.forge.facts import Account, MergeMethod, Repository

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.adapters.forges.github.session import Session

_KINDS = {
    "ghp_": "personal access token (classic)",
    "github_pat_": "fine-grained token",
    "gho_": "login of an app, such as gh",
    "ghu_": "token of a person for an app",
    "ghs_": "installation",
}
_OF_ACTIONS = "token of a GitHub Actions job"
_OLD = pattern(r"[0-9a-f]{40}\Z")
_FORBIDDEN, _NOT_FOUND = 403, 404


def token_kind(token: str, environment: Mapping[str, str]) -> str:
    """Return the kind of a token, by its first letters; empty if it is not known."""
    if token.startswith("ghs_") and environment.get("GITHUB_ACTIONS"):
        return _OF_ACTIONS
    if _OLD.match(token):
        return _KINDS["ghp_"]
    return next((kind for prefix, kind in _KINDS.items() if token.startswith(prefix)), "")


def account_of(session: Session, kind: str) -> Account:
    """Return whose token is used. An installation has no user: its login is asked for otherwise."""
    answer = session.client.get("/user", accept={_FORBIDDEN})
    app = kind in {_OF_ACTIONS, _KINDS["ghs_"]}
    if answer.status == _FORBIDDEN:
        if not app:
            raise ForgeError(
                ForgeTrouble.FORBIDDEN,
                f"the token may not say whose it is: {answer.words}",
                hint="give the token more rights",
            )
        login, bot = session.login(), True
    else:
        user = read(User, answer.data)
        login, bot = user.login, user.type == "Bot"
        session.met(login)
    scopes = answer.headers.get("x-oauth-scopes", "")
    return Account(
        login=login,
        bot=bot,
        kind=kind,
        scopes=tuple(sorted(scope.strip() for scope in scopes.split(",") if scope.strip())),
        starts_checks=kind != _OF_ACTIONS,
        expires=_moment(answer.headers.get("github-authentication-token-expiration", "")),
    )


def repository_of(session: Session) -> Repository:
    """Return what the repository allows."""
    one = read(Repo, session.get().data)
    allowed = {
        MergeMethod.MERGE: one.allow_merge_commit,
        MergeMethod.SQUASH: one.allow_squash_merge,
        MergeMethod.REBASE: one.allow_rebase_merge,
    }
    methods = tuple(method for method, on in allowed.items() if on)
    return Repository(
        name=one.full_name,
        url=one.html_url,
        default=one.default_branch,
        archived=one.archived,
        may_push=one.permissions is not None and one.permissions.push,
        methods=methods or (MergeMethod.MERGE,),
        auto_merge=bool(one.allow_auto_merge),
        deletes_branches=bool(one.delete_branch_on_merge),
    )


def fork_of(session: Session) -> str:
    """Return `owner/name` of the account's fork. GitHub makes one in the background if there is none."""
    there = session.client.get(f"/repos/{session.login()}/{session.repo}", accept={_NOT_FOUND})
    if there.status != _NOT_FOUND:
        found = read(Repo, there.data)
        if found.fork and found.parent and found.parent.full_name.lower() == session.name.lower():
            return found.full_name
    return read(Repo, session.client.write("POST", session.path("forks"), {}).data).full_name


def _moment(text: str) -> str:
    """Return a moment of GitHub's, such as `2026-12-31 09:00:00 UTC`, as other moments are written."""
    moment = parse_stamp(text.replace(" UTC", "+00:00"))
    return stamp(moment) if moment else text
