"""Issues: open one per key, and close it."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from mission_cli.adapters.forges.github.models import IssueJson, read
from mission_cli.adapters.forges.github.talk import comment_below
from mission_cli.adapters.forges.marks import find, write
from mission_cli.domain.forge.facts import Issue

if TYPE_CHECKING:
    from mission_cli.adapters.forges.github.session import Session
    from mission_cli.ports.git.forge import NewIssue

_PAGE = 100
_MOST = 1000
"""How many of the newest issues and pull requests are looked at; a record of the number is kept elsewhere."""


def open_issues(session: Session, most: int) -> tuple[Issue, ...]:
    """Return the open issues, newest first. GitHub lists pull requests among them, so a page may have fewer."""
    query = {"state": "open", "sort": "created", "direction": "desc", "per_page": _PAGE}
    listed = (read(IssueJson, data) for data in islice(session.client.pages(session.path("issues"), query), _MOST))
    found = (one for one in listed if one.pull_request is None)
    return tuple(_facts(one, find(one.body or "")) for one in islice(found, most))


def issue_for(session: Session, new: NewIssue) -> Issue:
    """Open an issue, or return the one of ours with that key.

    The list is asked for, not the search, whose index lags behind: an issue opened a moment ago has to be found. Labels
    do not narrow it: people remove them, and they are not set if the account may not do that.
    """
    query = {"state": "all", "sort": "created", "direction": "desc", "per_page": _PAGE}
    for data in islice(session.client.pages(session.path("issues"), query), _MOST):
        one = read(IssueJson, data)
        mine = one.pull_request is None and find(one.body or "") == new.key
        if mine and one.user is not None and session.is_ours(one.user.login):
            return _facts(one, new.key)
    body: dict[str, object] = {"title": new.title, "body": write(new.body, new.key)}
    if new.labels:
        body["labels"] = list(new.labels)
    made = read(IssueJson, session.client.write("POST", session.path("issues"), body).data)
    return _facts(made, new.key)


def close(session: Session, number: int, comment: str) -> None:
    """Close an issue, and say why below it; nothing if it is closed."""
    one = read(IssueJson, session.get("issues", number).data)
    if one.state != "open":
        return
    if comment:
        comment_below(session, number, comment, f"closed/{number}")
    change = {"state": "closed", "state_reason": "completed"}
    session.client.write("PATCH", session.path("issues", number), change)


def _facts(one: IssueJson, key: str) -> Issue:
    return Issue(one.number, one.html_url, one.title, one.state == "open", key)
